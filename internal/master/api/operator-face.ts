/**
 * `/api/v1`: the face that operators, web UIs and exporters talk to (contract 10). Every read is
 * answered from one view. Calls that nothing stands behind are answered 501.
 */
import type { Clock } from '#internal/runtime/clock.ts';
import type { HttpHandler, HttpResponse } from '#internal/runtime/http.ts';
import { toJson } from '#internal/wire/json.ts';
import { type MediaType, negotiateMediaType } from '#internal/wire/media-type.ts';
import { encode } from '#internal/wire/protobuf.ts';
import type {
  Call,
  Call_Type,
  Response,
  Response_GetFlags,
  Response_GetMaster,
  Response_GetMetrics,
  Response_GetVersion,
} from '#proto/gen/mesos/v1/master.ts';
import type { MasterDoor, MasterView } from '../door.ts';
import { masterInfo } from '../leader/events.ts';
import { operations } from '../leader/operators/operate.ts';
import { type MasterProfile, versionInfo } from './master-profile.ts';
import type { Metrics } from './metrics.ts';
import {
  getAgents,
  getExecutors,
  getFrameworks,
  getRoles,
  getState,
  getTasks,
} from './operator-replies.ts';
import { newObserverStream } from './observer-stream.ts';
import { parseCall } from './parse-call.ts';
import {
  getMaintenanceSchedule,
  getMaintenanceStatus,
  getQuota,
  getWeights,
} from './policy-replies.ts';
import type { RecordStreamOptions } from './record-stream.ts';
import {
  answerResponse,
  bodyResponse,
  errorResponse,
  notAcceptable,
  notImplemented,
  type WholeResponse,
} from './response.ts';
import { masterCallProblem } from './validate-master-call.ts';

export type OperatorDependencies = {
  readonly door: MasterDoor;
  readonly metrics: Metrics;
  readonly clock: Clock;
};

export type OperatorOptions = MasterProfile & { readonly limits: RecordStreamOptions };

export function operatorHandler(
  dependencies: OperatorDependencies,
  options: OperatorOptions,
): HttpHandler {
  return (request) => {
    const parsed = parseCall('mesos.v1.master.Call', request);
    if (!parsed.ok) return parsed.refusal;
    const problem = masterCallProblem(parsed.value);
    if (problem !== undefined) {
      return errorResponse(400, `Failed to validate master::Call: ${problem}`);
    }
    const mediaType = negotiateMediaType(request.headers['accept']);
    if (mediaType === undefined) return notAcceptable();
    if (parsed.value.type === 'SUBSCRIBE') return subscribe(mediaType, dependencies, options);
    return answer(parsed.value, mediaType, dependencies, options);
  };
}

/** A stream without an id: nobody ever refers to it (contract 11). */
function subscribe(
  mediaType: MediaType,
  { door, clock }: OperatorDependencies,
  { limits }: OperatorOptions,
): HttpResponse {
  return {
    kind: 'stream',
    status: 200,
    headers: { 'content-type': mediaType },
    open: (sink) => door.observe(newObserverStream(sink, clock, { mediaType, ...limits })),
  };
}

function answer(
  call: Call,
  mediaType: MediaType,
  dependencies: OperatorDependencies,
  profile: MasterProfile,
): WholeResponse | Promise<WholeResponse> {
  if (operations.has(call.type)) return dependencies.door.operate(call).then(answerResponse);
  // No file is shown to operators, so none is found (contract 10.2: 404 with an empty body).
  if (call.type === 'LIST_FILES' || call.type === 'READ_FILE') return errorResponse(404, '');
  const read = reads.get(call.type);
  if (read === undefined) return notImplemented();
  const reply = read({ view: dependencies.door.view(), metrics: dependencies.metrics, profile });
  const name = 'mesos.v1.master.Response';
  const body = mediaType === 'application/json' ? toJson(name, reply) : encode(name, reply);
  return bodyResponse(mediaType, body);
}

type Source = {
  readonly view: MasterView;
  readonly metrics: Metrics;
  readonly profile: MasterProfile;
};

type Read = (source: Source) => Response;

const reads: ReadonlyMap<Call['type'], Read> = new Map<Call_Type, Read>([
  ['GET_HEALTH', () => ({ type: 'GET_HEALTH', get_health: { healthy: true } })],
  ['GET_FLAGS', ({ profile }) => ({ type: 'GET_FLAGS', get_flags: getFlags(profile) })],
  ['GET_VERSION', ({ profile }) => ({ type: 'GET_VERSION', get_version: getVersion(profile) })],
  ['GET_METRICS', (source) => ({ type: 'GET_METRICS', get_metrics: getMetrics(source) })],
  ['GET_LOGGING_LEVEL', () => ({ type: 'GET_LOGGING_LEVEL', get_logging_level: { level: 0 } })],
  ['GET_STATE', ({ view }) => ({ type: 'GET_STATE', get_state: getState(view) })],
  ['GET_AGENTS', ({ view }) => ({ type: 'GET_AGENTS', get_agents: getAgents(view) })],
  [
    'GET_FRAMEWORKS',
    ({ view }) => ({ type: 'GET_FRAMEWORKS', get_frameworks: getFrameworks(view) }),
  ],
  ['GET_EXECUTORS', ({ view }) => ({ type: 'GET_EXECUTORS', get_executors: getExecutors(view) })],
  ['GET_OPERATIONS', () => ({ type: 'GET_OPERATIONS', get_operations: {} })],
  ['GET_TASKS', ({ view }) => ({ type: 'GET_TASKS', get_tasks: getTasks(view) })],
  ['GET_ROLES', ({ view }) => ({ type: 'GET_ROLES', get_roles: getRoles(view) })],
  ['GET_MASTER', (source) => ({ type: 'GET_MASTER', get_master: getMaster(source) })],
  ['GET_WEIGHTS', ({ view }) => ({ type: 'GET_WEIGHTS', ...getWeights(view) })],
  ['GET_QUOTA', ({ view }) => ({ type: 'GET_QUOTA', get_quota: getQuota(view) })],
  [
    'GET_MAINTENANCE_STATUS',
    ({ view }) => ({
      type: 'GET_MAINTENANCE_STATUS',
      get_maintenance_status: getMaintenanceStatus(view),
    }),
  ],
  [
    'GET_MAINTENANCE_SCHEDULE',
    ({ view }) => ({
      type: 'GET_MAINTENANCE_SCHEDULE',
      get_maintenance_schedule: getMaintenanceSchedule(view),
    }),
  ],
]);

const getFlags = ({ flags }: MasterProfile): Response_GetFlags => ({
  flags: Object.entries(flags).map(([name, value]) => ({ name, value })),
});

const getVersion = ({ build }: MasterProfile): Response_GetVersion => ({
  version_info: versionInfo(build),
});

const getMetrics = ({ view, metrics }: Source): Response_GetMetrics => ({
  metrics: [...metrics(view)].map(([name, value]) => ({ name, value })),
});

const getMaster = ({ view, profile }: Source): Response_GetMaster => ({
  master_info: masterInfo(view.self, profile.build.version),
  start_time: view.startedMs / 1000,
  ...(view.electedMs !== undefined && { elected_time: view.electedMs / 1000 }),
});
