/**
 * What an executor's call must look like before anybody asks whether it can be done (contract 9.1, 9.2).
 * The text follows `Failed to validate Executor::Call: `.
 */
import { unreachable } from '#internal/base/assert.ts';
import type { Call } from '#proto/gen/mesos/v1/executor.ts';
import type { CheckStatusInfo } from '#proto/gen/mesos/v1.ts';

export function executorCallFault(call: Call): string | undefined {
  switch (call.type) {
    case undefined:
      return expecting('type');
    case 'SUBSCRIBE':
      return call.subscribe === undefined ? expecting('subscribe') : replayFault(call);
    case 'UPDATE':
      return updateFault(call);
    case 'MESSAGE':
      return call.message === undefined ? expecting('message') : undefined;
    case 'HEARTBEAT':
    case 'UNKNOWN':
      return undefined;
    default:
      return unreachable(call.type);
  }
}

const expecting = (name: string): string => `Expecting '${name}' to be present`;

/** What was never heard is judged when it comes again: it is taken like any other update. */
function replayFault(call: Call): string | undefined {
  for (const update of call.subscribe?.unacknowledged_updates ?? []) {
    const fault = updateFault({ ...call, update });
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function updateFault({ update, executor_id, framework_id }: Call): string | undefined {
  if (update === undefined) return expecting('update');
  const { uuid, executor_id: named, source, state, check_status: check } = update.status;
  if (uuid === undefined) return expecting('uuid');
  if (!isUuid(uuid)) return 'Not a valid UUID';
  if (named !== undefined && named.value !== executor_id.value) {
    return `ExecutorID in Call: ${executor_id.value} does not match ExecutorID in TaskStatus: ${named.value}`;
  }
  const who = `from executor ${executor_id.value} of framework ${framework_id.value}`;
  if (source !== 'SOURCE_EXECUTOR') {
    return `Received Call ${who} with invalid source, expecting 'SOURCE_EXECUTOR'`;
  }
  if (state === 'TASK_STAGING') return `Received TASK_STAGING ${who} which is not allowed`;
  return check && checkFault(check);
}

/** 16 bytes, of a version that exists (contract 7.2). */
function isUuid(bytes: Uint8Array): boolean {
  const version = (bytes[6] ?? 0) >> 4;
  return bytes.length === 16 && version >= 1 && version <= 5;
}

function checkFault({ type, command, http, tcp }: CheckStatusInfo): string | undefined {
  switch (type) {
    case undefined:
      return "CheckStatusInfo must specify 'type'";
    case 'COMMAND':
      return command === undefined ? missing('command', 'COMMAND') : undefined;
    case 'HTTP':
      return http === undefined ? missing('http', 'HTTP') : undefined;
    case 'TCP':
      return tcp === undefined ? missing('tcp', 'TCP') : undefined;
    case 'UNKNOWN':
      return `'${type}' is not a valid check's status type`;
    default:
      return unreachable(type);
  }
}

const missing = (field: string, type: string): string =>
  `Expecting '${field}' to be set for ${type} check's status`;
