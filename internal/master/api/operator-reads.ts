/**
 * The reading calls of the operator API (contract 10.2): what each replies, made step by step of one
 * view, so that a large cluster does not hold up the loop.
 */
import { atOnce, type Steps } from '#internal/base/steps.ts';
import type { Streamed } from '#internal/wire/streamed.ts';
import type {
  Call,
  Call_Type,
  Response,
  Response_GetFlags,
  Response_GetMaster,
  Response_GetMetrics,
  Response_GetVersion,
} from '#proto/gen/mesos/v1/master.ts';
import type { MasterView } from '../door.ts';
import { masterInfo } from '../leader/events.ts';
import { type MasterProfile, versionInfo } from './master-profile.ts';
import type { Metrics } from './metrics.ts';
import { getOperations } from './operations.ts';
import {
  agentsSteps,
  frameworksSteps,
  getExecutors,
  getTasks,
  rolesSteps,
  stateSteps,
} from './operator-replies.ts';
import {
  getMaintenanceSchedule,
  getMaintenanceStatus,
  getQuota,
  getWeights,
} from './policy-replies.ts';

export type Source = {
  readonly view: MasterView;
  readonly metrics: Metrics;
  readonly profile: MasterProfile;
};

type Reply = Streamed<Response>;

export type Read = {
  /** Of what was decided: the view must be no older than the question. */
  readonly isOfState: boolean;
  readonly reply: (source: Source) => Steps<Reply>;
};

/** What a master says of itself, also when no other master is up. */
const ofMaster = (reply: Read['reply']): Read => ({ isOfState: false, reply });

const inSteps = (reply: (view: MasterView) => Steps<Reply>): Read => ({
  isOfState: true,
  reply: ({ view }) => reply(view),
});

const ofState = (reply: (view: MasterView) => Reply): Read =>
  inSteps((view) => atOnce(() => reply(view)));

export const reads: ReadonlyMap<Call['type'], Read> = new Map<Call_Type, Read>([
  [
    'GET_HEALTH',
    ofMaster(() => atOnce(() => ({ type: 'GET_HEALTH', get_health: { healthy: true } }))),
  ],
  ['GET_FLAGS', ofMaster((source) => atOnce(() => getFlags(source)))],
  ['GET_VERSION', ofMaster((source) => atOnce(() => getVersion(source)))],
  ['GET_METRICS', ofMaster(getMetrics)],
  [
    'GET_LOGGING_LEVEL',
    ofMaster(() => atOnce(() => ({ type: 'GET_LOGGING_LEVEL', get_logging_level: { level: 0 } }))),
  ],
  [
    'GET_STATE',
    inSteps(function* (view) {
      return { type: 'GET_STATE', get_state: yield* stateSteps(view) };
    }),
  ],
  [
    'GET_AGENTS',
    inSteps(function* (view) {
      return { type: 'GET_AGENTS', get_agents: yield* agentsSteps(view) };
    }),
  ],
  [
    'GET_FRAMEWORKS',
    inSteps(function* (view) {
      return { type: 'GET_FRAMEWORKS', get_frameworks: yield* frameworksSteps(view) };
    }),
  ],
  [
    'GET_EXECUTORS',
    ofState((view) => ({ type: 'GET_EXECUTORS', get_executors: getExecutors(view) })),
  ],
  [
    'GET_OPERATIONS',
    ofState((view) => ({ type: 'GET_OPERATIONS', get_operations: getOperations(view) })),
  ],
  ['GET_TASKS', ofState((view) => ({ type: 'GET_TASKS', get_tasks: getTasks(view) }))],
  [
    'GET_ROLES',
    inSteps(function* (view) {
      return { type: 'GET_ROLES', get_roles: yield* rolesSteps(view) };
    }),
  ],
  ['GET_MASTER', { isOfState: true, reply: (source) => atOnce(() => getMaster(source)) }],
  ['GET_WEIGHTS', ofState((view) => ({ type: 'GET_WEIGHTS', ...getWeights(view) }))],
  ['GET_QUOTA', ofState((view) => ({ type: 'GET_QUOTA', get_quota: getQuota(view) }))],
  [
    'GET_MAINTENANCE_STATUS',
    ofState((view) => ({
      type: 'GET_MAINTENANCE_STATUS',
      get_maintenance_status: getMaintenanceStatus(view),
    })),
  ],
  [
    'GET_MAINTENANCE_SCHEDULE',
    ofState((view) => ({
      type: 'GET_MAINTENANCE_SCHEDULE',
      get_maintenance_schedule: getMaintenanceSchedule(view),
    })),
  ],
]);

function getFlags({ profile: { flags } }: Source): Reply {
  const get_flags: Response_GetFlags = {
    flags: Object.entries(flags).map(([name, value]) => ({ name, value })),
  };
  return { type: 'GET_FLAGS', get_flags };
}

function getVersion({ profile: { build } }: Source): Reply {
  const get_version: Response_GetVersion = { version_info: versionInfo(build) };
  return { type: 'GET_VERSION', get_version };
}

function* getMetrics({ view, metrics }: Source): Steps<Reply> {
  const all = yield* metrics(view);
  const get_metrics: Response_GetMetrics = {
    metrics: [...all].map(([name, value]) => ({ name, value })),
  };
  return { type: 'GET_METRICS', get_metrics };
}

function getMaster({ view, profile }: Source): Reply {
  const get_master: Response_GetMaster = {
    master_info: masterInfo(view.self, {
      version: profile.build.version,
      domain: profile.domain,
    }),
    start_time: view.startedMs / 1000,
    ...(view.electedMs !== undefined && { elected_time: view.electedMs / 1000 }),
  };
  return { type: 'GET_MASTER', get_master };
}
