/**
 * What is remembered of what is over, and what is forgotten first: the oldest that completed, the tasks
 * that are unreachable longest. All masters forget alike, so how much is kept is part of the state.
 */
import type { Task } from '#internal/model/cluster.ts';
import { compareIds } from './order.ts';
import type { FrameworkRecord, Histories, State } from './state.ts';

type Drafted = { state: State };

/** Forgets at once what is more than there may be from now on. */
export function limitHistories(draft: Drafted, histories: Histories): void {
  const { state } = draft;
  const { completedFrameworks } = state;
  const surplus = Math.max(0, completedFrameworks.size - histories.completedFrameworks);
  draft.state = {
    ...state,
    histories,
    completedFrameworks: surplus > 0 ? completedFrameworks.skip(surplus) : completedFrameworks,
    frameworks: state.frameworks.map((record) => within(record, histories)),
  };
}

/** The record with no more than may be kept of its tasks; itself when there is no more. */
export function within(record: FrameworkRecord, histories: Histories): FrameworkRecord {
  const surplus = record.completed.size - histories.completedTasks;
  const lost = record.unreachable.size - histories.unreachableTasks;
  if (surplus <= 0 && lost <= 0) return record;
  return {
    ...record,
    ...(surplus > 0 && {
      completed: record.completed.skip(surplus),
      completedFirst: record.completedFirst + surplus,
    }),
    ...(lost > 0 && { unreachable: withoutLongest(record.unreachable, lost) }),
  };
}

function withoutLongest(
  tasks: FrameworkRecord['unreachable'],
  count: number,
): FrameworkRecord['unreachable'] {
  if (count === 1) {
    const oldest = tasks.valueSeq().min(unreachableLonger);
    return oldest === undefined ? tasks : tasks.remove(oldest.id);
  }
  const oldest = [...tasks.values()].toSorted(unreachableLonger).slice(0, count);
  return tasks.removeAll(oldest.map(({ id }) => id));
}

function unreachableLonger(left: Task, right: Task): number {
  return unreachableSince(left) - unreachableSince(right) || compareIds(left.id, right.id);
}

const unreachableSince = ({ update }: Task): number =>
  update?.kind === 'master' ? update.atMs : 0;
