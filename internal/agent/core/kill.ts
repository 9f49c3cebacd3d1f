/**
 * Ending tasks. TERM to the whole container first, KILL when the grace is over (contract 7.6); a later
 * kill with a shorter grace shortens it, a longer one changes nothing. The grace is the kill's own,
 * else the task's, else 3 s.
 */
import { forgetResources } from './operations.ts';
import type { KillTask } from '#proto/gen/altiplano/agent/v1.ts';
import type { FrameworkInfo, KillPolicy } from '#proto/gen/mesos/v1.ts';
import type { ContainerEnd } from '../containerizer.ts';
import type { Ending, Kill, Task } from './state.ts';
import { isOwn } from './executor-book.ts';
import { endGracefully } from './executor-end.ts';
import { abandonDelegated, askToKill } from './executor-tasks.ts';
import { isDelegated, taskKey } from './state.ts';
import { outcomeOf, wantsKilling } from './status.ts';
import { type Turn, act, change, count, forget, getTask, keep, note } from './turn.ts';
import { seenUnhealthy } from './unhealthy.ts';
import { report } from './updates.ts';

export function killTask(turn: Turn, message: KillTask): void {
  const key = taskKey(message.framework_id.value, message.task_id.value);
  const task = getTask(turn, key);
  if (task === undefined) {
    // The master reconciles what we do not know when we register.
    note(turn, 'warn', 'kill of an unknown task', { task: key });
    return;
  }
  const graceMs =
    graceOf(message.kill_policy) ?? graceOf(task.info.kill_policy) ?? turn.settings.killGraceMs;
  if (isDelegated(task)) {
    const kill: Kill = { cause: 'REQUESTED', graceMs, sinceMs: turn.moment.monotonicMs };
    askToKill(turn, task, kill, message.kill_policy);
  } else request(turn, task, graceMs);
}

type Orderly = Extract<Kill['cause'], 'REQUESTED' | 'DRAINED' | 'DRAINED_GONE' | 'UNHEALTHY'>;

/** A scheduler, an operator, its health or the agent's own orderly end wants the task killed. */
export function request(
  turn: Turn,
  task: Task,
  graceMs: number,
  cause: Orderly = 'REQUESTED',
): void {
  if (task.life.kind === 'ended') return;
  if (isDelegated(task)) {
    const nanoseconds = BigInt(Math.round(graceMs * 1e6));
    const kill: Kill = { cause, graceMs, sinceMs: turn.moment.monotonicMs };
    askToKill(turn, task, kill, { grace_period: { nanoseconds } });
    return;
  }
  if (task.kill !== undefined) {
    // mark: a kill that came twice
    shorten(turn, task, task.kill, graceMs);
    return;
  }
  const sinceMs = turn.moment.monotonicMs;
  if (task.life.kind === 'launching') {
    // mark: a kill that came before the container
    // Its container may exist already: it is killed as soon as it is known.
    keep(turn, { ...task, kill: { cause: 'DURING_LAUNCH', graceMs: 0, sinceMs } });
    return;
  }
  const kill: Kill = { cause, graceMs, sinceMs };
  const info = frameworkInfo(turn, task);
  const killed = { ...task, kill };
  if (info !== undefined && wantsKilling(info)) {
    report(turn, killed, {
      state: 'TASK_KILLING',
      source: 'SOURCE_EXECUTOR',
      ...(isDrain(cause) && { reason: 'REASON_AGENT_DRAINING' }),
    });
  } else keep(turn, killed);
  signal(turn, killed, kill);
}

function shorten(turn: Turn, task: Task, kill: Kill, graceMs: number): void {
  if (graceMs >= kill.graceMs || task.life.kind !== 'running') return;
  keep(turn, { ...task, kill: { ...kill, graceMs } });
  const delayMs = Math.max(0, kill.sinceMs + graceMs - turn.moment.monotonicMs);
  act(turn, { kind: 'set-timer', timer: { kind: 'escalate', task: task.key }, delayMs });
}

const isDrain = (cause: Kill['cause']): boolean => cause === 'DRAINED' || cause === 'DRAINED_GONE';

const isOrderly = ({ cause }: Kill): boolean =>
  cause === 'REQUESTED' || cause === 'UNHEALTHY' || isDrain(cause);

/** Carries a kill out on a container that runs. */
export function signal(turn: Turn, task: Task, kill: Kill): void {
  const { containerId, key } = task;
  if (kill.graceMs === 0 && !isOrderly(kill)) {
    act(turn, { kind: 'signal', containerId, signal: 'KILL' });
    return;
  }
  act(
    turn,
    { kind: 'signal', containerId, signal: 'TERM' },
    { kind: 'set-timer', timer: { kind: 'escalate', task: key }, delayMs: kill.graceMs },
  );
}

/** The grace is over. */
export function escalate(turn: Turn, task: Task): void {
  if (task.life.kind !== 'running' || task.kill === undefined) return;
  act(turn, { kind: 'signal', containerId: task.containerId, signal: 'KILL' });
}

/** It ran longer than `max_completion_time`: no policy softens that (contract 9.7). */
export function overtime(turn: Turn, task: Task): void {
  if (task.life.kind !== 'running' || task.kill !== undefined) return;
  const kill: Kill = { cause: 'COMPLETION_TIME', graceMs: 0, sinceMs: turn.moment.monotonicMs };
  keep(turn, { ...task, kill });
  signal(turn, task, kill);
}

/** The framework is gone: its tasks are killed and nobody is told. */
export function shutdownFramework(turn: Turn, frameworkId: string): void {
  const framework = turn.state.frameworks.get(frameworkId);
  if (framework === undefined) return;
  const removed = { ...framework, removed: true };
  change(turn, { frameworks: turn.state.frameworks.set(frameworkId, removed) });
  turn.writes.push({ kind: 'framework', frameworkId, record: removed });
  const tasks = turn.state.tasks.filter((task) => task.frameworkId === frameworkId);
  for (const task of tasks.values()) abandon(turn, task);
  for (const executor of turn.state.executors.values()) {
    if (executor.frameworkId === frameworkId && isOwn(executor)) endGracefully(turn, executor);
  }
}

/** Kills a task of which nobody wants to hear any more. */
function abandon(turn: Turn, task: Task): void {
  if (task.life.kind === 'ended') {
    forget(turn, task);
    return;
  }
  const graceMs = graceOf(task.info.kill_policy) ?? turn.settings.killGraceMs;
  const sinceMs = turn.moment.monotonicMs;
  const kill: Kill = { cause: 'ABANDONED', graceMs, sinceMs };
  if (isDelegated(task)) {
    abandonDelegated(turn, task, kill);
    return;
  }
  keep(turn, { ...task, kill });
  if (task.life.kind === 'running' && task.kill === undefined) signal(turn, task, kill);
}

/** Kills everything; the agent stops when nothing is left alive. */
export function end(turn: Turn, ending: Exclude<Ending, { readonly kind: 'none' }>): void {
  if (turn.state.ending.kind !== 'none') return;
  change(turn, { ending });
  for (const task of turn.state.tasks.values()) {
    if (ending.kind !== 'closing') abandon(turn, task);
    else request(turn, task, graceOf(task.info.kill_policy) ?? turn.settings.killGraceMs);
  }
  for (const executor of turn.state.executors.values()) {
    if (isOwn(executor)) endGracefully(turn, executor);
  }
  stopWhenEmpty(turn);
}

export function containerEnded(turn: Turn, task: Task, how: ContainerEnd): void {
  if (task.life.kind === 'ended') return;
  act(
    turn,
    { kind: 'cancel-timer', timer: { kind: 'escalate', task: task.key } },
    { kind: 'cancel-timer', timer: { kind: 'overtime', task: task.key } },
  );
  // The agent was the executor of one that stood alone.
  if (task.pod === undefined) count(turn, 'executors_terminated');
  if (task.kill?.cause === 'ABANDONED') forget(turn, { ...task, life: { kind: 'ended' } });
  else {
    const outcome = outcomeOf(how, task, frameworkInfo(turn, task));
    report(turn, task, seenUnhealthy(turn, task, outcome));
  }
}

export function stopWhenEmpty(turn: Turn): void {
  const { ending, tasks, executors } = turn.state;
  if (ending.kind === 'none' || tasks.some(({ life }) => life.kind !== 'ended')) return;
  if (executors.some(isOwn)) return;
  if (ending.kind !== 'closing') {
    // A later start is that of a new agent.
    turn.writes.push({ kind: 'remove-identity' });
    change(turn, { agentId: undefined, registration: '' });
    forgetResources(turn);
  }
  const reason = ending.kind === 'expelled' ? ending.reason : ending.kind;
  act(turn, { kind: 'stopped', reason });
}

const frameworkInfo = (turn: Turn, { frameworkId }: Task): FrameworkInfo | undefined =>
  turn.state.frameworks.get(frameworkId)?.info;

export function graceOf(policy: KillPolicy | undefined): number | undefined {
  const nanoseconds = policy?.grace_period?.nanoseconds;
  return nanoseconds === undefined ? undefined : Math.max(0, Number(nanoseconds) / 1e6);
}
