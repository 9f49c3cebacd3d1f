/**
 * Whether what schedulers were told in the end is what happened: each task's last word against the fate
 * of its container, which nobody in the cluster had a hand in.
 */
import type { ContainerEnd } from '#internal/agent/containerizer.ts';
import type { End } from '#internal/frameworks/run/task-end.ts';
import { unreachable } from '#internal/base/assert.ts';
import type { TaskState } from '#proto/gen/mesos/v1.ts';
import type { Cluster } from './cluster-run.ts';

/** What may be said of a task whose agent is out of the books, however it really ended. */
const lostStates: ReadonlySet<TaskState> = new Set([
  'TASK_LOST',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
  'TASK_DROPPED',
  'TASK_UNKNOWN',
]);

/** And of one whose executor died with what it had to say of it. */
const unheardStates: ReadonlySet<TaskState> = new Set(['TASK_FAILED', 'TASK_GONE', 'TASK_LOST']);

type Fate = ContainerEnd | { readonly kind: 'never-started' | 'running' };

export function tellTruth({ ground, shells, schedulers }: Cluster): void {
  const { witness } = ground;
  const { containers } = witness.laws;
  const check = (task: string, told: string, isTrue: boolean): void => {
    if (isTrue) return;
    const fate = JSON.stringify(containers.fateOf(task));
    witness.refute('truth', `${task} is told to be ${told}, but its container: ${fate}`);
  };
  const isWrittenOff = (state: TaskState, task: string): boolean =>
    containers.wasWrittenOff(task) && lostStates.has(state);
  for (const { tasks, hasLeft, refuted, name } of schedulers) {
    for (const { draft, state } of hasLeft ? [] : tasks.all) {
      const fate = containers.fateOf(draft.id);
      const mayBeKilled = containers.wasKillAsked(draft.id);
      check(
        draft.id,
        `${state}`,
        state !== undefined &&
          (fits(state, fate, mayBeKilled) ||
            isWrittenOff(state, draft.id) ||
            (containers.wasMistakable(draft.id) && unheardStates.has(state))),
      );
    }
    if (refuted !== undefined) witness.refute('truth', `${name}: ${refuted}`);
  }
  for (const { draft, end } of shells) {
    const fate = containers.fateOf(draft.id);
    // Nobody but an operator who drains the agent kills a task of a shell that still waits for it.
    const wasDrained = containers.wasKillAsked(draft.id) && end !== undefined && isKill(end, fate);
    const isLost = containers.wasWrittenOff(draft.id) && end?.kind === 'failed';
    const isTrue = isLost || wasDrained || (end !== undefined && endFits(end, fate));
    check(draft.id, JSON.stringify(end), isTrue);
  }
}

/** Whether `state` may be the last word on a task with that fate. */
function fits(said: TaskState, fate: Fate, mayBeKilled: boolean): boolean {
  // As tasks are called that are killed for an agent that is drained and then gone (7.3).
  const state = said === 'TASK_GONE_BY_OPERATOR' && mayBeKilled ? 'TASK_KILLED' : said;
  switch (fate.kind) {
    case 'never-started':
      // It could not begin, was killed before, or was refused; or the launch was lost on its way.
      return state !== 'TASK_FINISHED' && state !== 'TASK_RUNNING';
    case 'running':
      return false;
    case 'exited': {
      if (state === 'TASK_KILLED') return mayBeKilled;
      return state === (fate.status === 0 ? 'TASK_FINISHED' : 'TASK_FAILED');
    }
    case 'signaled':
      return state === 'TASK_KILLED';
    case 'limited':
    case 'lost':
      return state === 'TASK_FAILED' || (state === 'TASK_KILLED' && mayBeKilled);
    default:
      return unreachable(fate);
  }
}

const killedStates: readonly TaskState[] = ['TASK_KILLED', 'TASK_GONE_BY_OPERATOR'];

/** Whether that is what a shell says of a task that was killed. One may still have ended by itself. */
function isKill(end: End, fate: Fate): boolean {
  // Of an agent that was drained and then gone, a master may be the first to say so.
  const isOfGone = end.kind === 'failed' && end.text.startsWith('TASK_GONE_BY_OPERATOR');
  if (fate.kind === 'signaled') return end.kind === 'signalled' || isOfGone;
  return (
    fate.kind === 'exited' &&
    end.kind === 'failed' &&
    killedStates.some((state) => end.text === `${state}: Command exited with status ${fate.status}`)
  );
}

/** Whether a shell may say so. One that gave up may have done so before anything began. */
function endFits(end: End, fate: Fate): boolean {
  const gaveUp = end.kind === 'timed-out' || end.kind === 'interrupted';
  switch (fate.kind) {
    case 'never-started':
      return gaveUp || end.kind === 'failed';
    case 'running':
      return false;
    case 'exited':
      return gaveUp || (end.kind === 'exited' && end.status === fate.status);
    case 'signaled':
      return gaveUp;
    case 'limited':
    case 'lost':
      return gaveUp || end.kind === 'failed';
    default:
      return unreachable(fate);
  }
}
