/** Commands about the log itself, as they are written down. */
import { unreachable } from '#internal/base/assert.ts';
import type { LogCommand } from '#internal/state/command-log.ts';
import type { Histories } from '#internal/state/state.ts';
import type * as written from '#proto/gen/altiplano/state/v1.ts';

export function logToWritten(command: LogCommand): Omit<written.Command, 'at_ms'> {
  switch (command.kind) {
    case 'raise-version': {
      const { version, clusterId } = command;
      return { raise_version: { version, ...(clusterId && { cluster_id: clusterId }) } };
    }
    case 'limit-histories':
      return { limit_histories: historiesToWritten(command.histories) };
    case 'check-digest': {
      const { index, parts } = command;
      return { check_digest: { index, parts: [...parts] }, ignorable: true };
    }
    default:
      return unreachable(command);
  }
}

export function logFromWritten(from: written.Command): LogCommand | undefined {
  if (from.raise_version !== undefined) {
    const { version, cluster_id: clusterId } = from.raise_version;
    return { kind: 'raise-version', version, ...(clusterId !== undefined && { clusterId }) };
  }
  if (from.limit_histories !== undefined) {
    return { kind: 'limit-histories', histories: historiesFromWritten(from.limit_histories) };
  }
  if (from.check_digest !== undefined) {
    const { index, parts = [] } = from.check_digest;
    return { kind: 'check-digest', index, parts };
  }
  return undefined;
}

export function historiesToWritten(histories: Histories): written.Histories {
  const { completedFrameworks, completedTasks, unreachableTasks } = histories;
  return {
    completed_frameworks: completedFrameworks,
    completed_tasks: completedTasks,
    unreachable_tasks: unreachableTasks,
  };
}

export function historiesFromWritten(from: written.Histories): Histories {
  return {
    completedFrameworks: from.completed_frameworks,
    completedTasks: from.completed_tasks,
    unreachableTasks: from.unreachable_tasks,
  };
}
