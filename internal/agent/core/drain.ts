/** An operator wants the agent empty: every task is killed, none is started (contract 10.6). */
import type { Drain as DrainMessage } from '#proto/gen/altiplano/agent/v1.ts';
import { isOwn } from './executor-book.ts';
import { graceOf, request } from './kill.ts';
import type { Drain } from './state.ts';
import { change, note, tell, type Turn } from './turn.ts';

/** Said again it may shorten what tasks are left; what is being killed is not saved by its end. */
export function drain(turn: Turn, { config }: DrainMessage): void {
  if (config === undefined) {
    // mark: a drain was taken back
    if (turn.state.drain !== undefined) note(turn, 'info', 'not draining any more');
    change(turn, { drain: undefined });
    return;
  }
  const { max_grace_ms: maxGraceMs = Infinity, gone_then: isGoneThen, since_ms: sinceMs } = config;
  const wanted: Drain = { maxGraceMs, isGoneThen, sinceMs };
  if (turn.state.drain === undefined) note(turn, 'info', 'draining', wanted);
  change(turn, { drain: wanted });
  for (const task of turn.state.tasks.values()) {
    const own = graceOf(task.info.kill_policy) ?? turn.settings.killGraceMs;
    const cause = isGoneThen ? 'DRAINED_GONE' : 'DRAINED';
    request(turn, task, Math.min(own, maxGraceMs), cause);
  }
  tellDrained(turn);
}

/**
 * Nothing runs any more, or will. The master cannot know: of what frameworks leave behind, and of what
 * ends after its scheduler was told of another end, it hears nothing.
 */
export function tellDrained(turn: Turn): void {
  const { drain: wanted, tasks, executors } = turn.state;
  if (wanted === undefined || tasks.some(({ life }) => life.kind !== 'ended')) return;
  if (executors.some(isOwn)) return;
  tell(turn, { drained: { since_ms: wanted.sinceMs } });
}
