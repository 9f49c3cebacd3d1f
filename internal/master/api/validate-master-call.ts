/**
 * What an operator's call must look like (contract 1.7 row 10, 10.1, 10.2). The text follows
 * `Failed to validate master::Call: `.
 */
import type { Call, Call_Type } from '#proto/gen/mesos/v1/master.ts';
import { breadthProblem } from './call-breadth.ts';

/** The part that a call of this type must carry; calls that are not listed carry none. */
const parts: ReadonlyMap<Call_Type, keyof Call> = new Map<Call_Type, keyof Call>([
  ['GET_METRICS', 'get_metrics'],
  ['SET_LOGGING_LEVEL', 'set_logging_level'],
  ['LIST_FILES', 'list_files'],
  ['READ_FILE', 'read_file'],
  ['UPDATE_WEIGHTS', 'update_weights'],
  ['RESERVE_RESOURCES', 'reserve_resources'],
  ['UNRESERVE_RESOURCES', 'unreserve_resources'],
  ['CREATE_VOLUMES', 'create_volumes'],
  ['DESTROY_VOLUMES', 'destroy_volumes'],
  ['GROW_VOLUME', 'grow_volume'],
  ['SHRINK_VOLUME', 'shrink_volume'],
  ['UPDATE_MAINTENANCE_SCHEDULE', 'update_maintenance_schedule'],
  ['START_MAINTENANCE', 'start_maintenance'],
  ['STOP_MAINTENANCE', 'stop_maintenance'],
  ['DRAIN_AGENT', 'drain_agent'],
  ['DEACTIVATE_AGENT', 'deactivate_agent'],
  ['REACTIVATE_AGENT', 'reactivate_agent'],
  ['UPDATE_QUOTA', 'update_quota'],
  ['SET_QUOTA', 'set_quota'],
  ['REMOVE_QUOTA', 'remove_quota'],
  ['TEARDOWN', 'teardown'],
  ['MARK_AGENT_GONE', 'mark_agent_gone'],
]);

/** What is wrong with the call, or undefined. */
export function masterCallProblem(call: Call): string | undefined {
  if (call.type === undefined) return `Expecting 'type' to be present`;
  const part = parts.get(call.type);
  if (part !== undefined && call[part] === undefined) return `Expecting '${part}' to be present`;
  return breadthProblem(call);
}
