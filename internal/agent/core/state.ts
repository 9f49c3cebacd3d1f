/**
 * What an agent knows, as one immutable value. `step.ts` is the only thing that changes it.
 *
 * Durable parts are in the checkpoint before anybody hears of them; the session with a master and
 * the back-offs are not, and start anew with each process.
 */
import { Map as ImmutableMap } from 'immutable';
import { unreachable } from '#internal/base/assert.ts';
import { type Brand, brand } from '#internal/base/brand.ts';
import type { Conversion } from '#internal/resources/conversion.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { conversionFromWire } from '#internal/wire/operation-record.ts';
import { resourcesAsWritten } from '#internal/wire/resources.ts';
import type { Recovered, RecoveredTask } from '#storage/checkpoint/records.ts';
import type {
  Description,
  ExecutorRecord,
  ExecutorRecord_Cause,
  KillRecord_Cause,
  OperationRecord,
  PodRecord,
  ProcessRecord,
  ProgressRecord,
  TaskRecord,
} from '#proto/gen/altiplano/agent/v1.ts';
import type {
  ExecutorInfo,
  FrameworkInfo,
  Offer_Operation,
  OperationStatus,
  TaskInfo,
  TaskState,
  TaskStatus,
} from '#proto/gen/mesos/v1.ts';
import { uuidText } from '#internal/base/uuid.ts';
import { recoveredTotal } from './resources.ts';

export type AgentState = {
  /** Empty until the first `start` draws it. */
  readonly registration: string;
  /** Undefined until a master has admitted us. */
  readonly agentId: string | undefined;
  /** Invariant: never falls. */
  readonly term: bigint;
  readonly session: Session;
  /** Which master is dialled next; how many of this round were; how many rounds went in vain. */
  readonly cursor: number;
  readonly tried: number;
  readonly round: number;
  /** Number of the next link, so that words of an old one are known as such. */
  readonly nextLink: number;
  readonly frameworks: ImmutableMap<string, Framework>;
  readonly tasks: ImmutableMap<TaskKey, Task>;
  /** All that it has, with what operations made of it. */
  readonly total: Resources;
  /** Volumes that were destroyed, and whose data may still be there. */
  readonly doomed: Resources;
  /** By uuid: asked of us and not acknowledged. */
  readonly operations: ImmutableMap<string, Operation>;
  /** Of groups, and those that frameworks brought, while they live. Command tasks need none. */
  readonly executors: ImmutableMap<ExecutorKey, Executor>;
  readonly ending: Ending;
  /** Set while an operator wants the agent empty. Masters say so at each registration. */
  readonly drain: Drain | undefined;
};

/** `maxGraceMs`: no task gets longer; `isGoneThen`: the agent does not come back from it. */
export type Drain = {
  readonly maxGraceMs: number;
  readonly isGoneThen: boolean;
  /** The master's clock: which drain it is. */
  readonly sinceMs: number;
};

export type Session =
  | { readonly kind: 'idle' }
  /** Until the `dial` timer. */
  | { readonly kind: 'waiting' }
  | {
      readonly kind: 'dialing';
      readonly link: number;
      readonly target: string;
      readonly hops: number;
    }
  | {
      readonly kind: 'registered';
      readonly link: number;
      readonly target: string;
      readonly silenceMs: number;
    };

/** How the agent goes: not at all, when its tasks have ended, or also for good. */
export type Ending =
  | { readonly kind: 'none' }
  | { readonly kind: 'closing' }
  /** Everything is killed and forgotten, and nobody told. */
  | { readonly kind: 'cleaning' }
  | { readonly kind: 'expelled'; readonly reason: string };

export type Framework = {
  readonly info: FrameworkInfo;
  /** Nobody is told any more how its tasks end. */
  readonly removed: boolean;
};

export type Operation = {
  readonly uuid: string;
  readonly frameworkId: string | undefined;
  readonly info: Offer_Operation;
  readonly conversions: readonly Conversion[];
  /** What is told, again and again until it is acknowledged. Pending: its volumes are being made. */
  readonly status: OperationStatus;
  /** After so long it is told again. */
  readonly retryMs: number;
};

/** Framework and task id, joined by a `/`, which neither can contain. */
export type TaskKey = Brand<string, 'TaskKey'>;

export const taskKey = (frameworkId: string, taskId: string): TaskKey =>
  brand<TaskKey>(`${frameworkId}/${taskId}`);

/** Framework and executor id, joined in the same way. */
export type ExecutorKey = Brand<string, 'ExecutorKey'>;

export const executorKey = (frameworkId: string, executorId: string): ExecutorKey =>
  brand<ExecutorKey>(`${frameworkId}/${executorId}`);

export type Executor = {
  readonly frameworkId: string;
  readonly info: ExecutorInfo;
  /** What the agent runs of its tasks is nested in it. */
  readonly containerId: string;
  /** It was given some. One of the agent's own ends with the last of them, or waits to be shut down. */
  readonly hasTasks: boolean;
  /** Undefined: it is no process of its own, the agent looks after its tasks. */
  readonly own: OwnProcess | undefined;
  /** One of its tasks was killed because of its health. */
  readonly isUnhealthy: boolean;
};

/** An executor that its framework brought. */
export type OwnProcess = {
  readonly phase:
    /** It has not subscribed. */
    | { readonly kind: 'registering' }
    | { readonly kind: 'running' }
    | { readonly kind: 'terminating'; readonly cause: EndCause };
  /** Undefined until its container runs. */
  readonly process: ProcessRecord | undefined;
  /** The number of its stream, while there is one. The agent's own end ends it as well. */
  readonly connection: number | undefined;
  /** To this agent since it was started: what it says before could come before what it said earlier. */
  readonly hasSubscribed: boolean;
  /**
   * Ids of the newest updates that it made of tasks that are forgotten, oldest first: it says them again
   * when it did not hear that we have them.
   */
  readonly heard: readonly string[];
};

/** Why an executor has to end. */
export type EndCause = Exclude<ExecutorRecord_Cause, 'UNKNOWN_CAUSE'>;

/** The place of a task that does not stand alone. */
export type Pod = {
  readonly executorId: string;
  /** Of the executor. */
  readonly containerId: string;
  /** Tasks that have the same share their fate. Undefined for one that shares none. */
  readonly groupId: string | undefined;
  /** Its executor gets those with lower ones first. */
  readonly place: number;
};

export type Task = {
  readonly key: TaskKey;
  readonly frameworkId: string;
  readonly info: TaskInfo;
  readonly containerId: string;
  /** Undefined for a task that was launched alone. */
  readonly pod: Pod | undefined;
  readonly life: Life;
  /** The newest state, acknowledged or not; TASK_STAGING before the first update. */
  readonly state: TaskState;
  readonly status: TaskStatus | undefined;
  readonly kill: Kill | undefined;
  /** Undefined while its health check, if it has one, has told nothing. */
  readonly health: Health | undefined;
  /** Its executor speaks of it, but nobody launched it here. */
  readonly isStray: boolean;
  /**
   * Not acknowledged, oldest first. Only the first one is under way. Bounded: of checks no more are
   * kept than `checkUpdatesMax`, then the newest takes the place of the one before.
   */
  readonly updates: readonly PendingUpdate[];
  /** Ids of the newest updates that its executor made, oldest first: each may come again. */
  readonly heard: readonly string[];
  readonly nextUpdate: number;
  /** After so long the first update is sent again. */
  readonly retryMs: number;
};

export type Life =
  /** Of one whose executor looks after it: not handed to it yet; handed to it. */
  | { readonly kind: 'queued' }
  | { readonly kind: 'delivered' }
  /** Of one that the agent runs. */
  | { readonly kind: 'launching' }
  | { readonly kind: 'running'; readonly process: ProcessRecord; readonly startedMs: number }
  | { readonly kind: 'ended' };

export type Kill = {
  readonly cause: Exclude<KillRecord_Cause, 'UNKNOWN'>;
  readonly graceMs: number;
  /** Monotonic. A kill that a restart interrupted starts its grace anew. */
  readonly sinceMs: number;
};

export type Health = {
  /** Up to the newest result, one after the other. */
  readonly failures: number;
  /** From then on there is no grace any more. */
  readonly hasPassed: boolean;
  /** Wall time of the newest failure. */
  readonly failedMs: number | undefined;
};

export type PendingUpdate = { readonly number: number; readonly status: TaskStatus };

/** What does not change while the agent lives. */
export type AgentSettings = {
  /** `host:port` of their agent service, in the order in which they are tried. */
  readonly masters: readonly string[];
  /** Without an id: that is the state's. */
  readonly description: Description;
  /** `ip:port` of our own HTTP face, for tasks. */
  readonly endpoint: string;
  /** PATH of tasks that bring none. */
  readonly path: string;
  /** A master that does not answer a registration for so long is given up. */
  readonly registrationTimeoutMs: number;
  /** The wait between two rounds is drawn below the first; after `steadyRounds` it doubles. */
  readonly backoffMs: number;
  readonly backoffMsMax: number;
  readonly steadyRounds: number;
  readonly updateRetryMs: number;
  readonly updateRetryMsMax: number;
  /** Between TERM and KILL when nobody says otherwise. */
  readonly killGraceMs: number;
  /** Of the machine's kernel; undefined where nobody asks. */
  readonly bootId?: string;
  readonly executors: ExecutorTimes;
};

/** Of executors that frameworks bring, in milliseconds (contract 9.5). */
export type ExecutorTimes = {
  /** From the launch to the first SUBSCRIBE. */
  readonly registrationMs: number;
  /** From the start of an agent to the SUBSCRIBE of an executor that an earlier one left. */
  readonly reregistrationMs: number;
  /** From SHUTDOWN to its end, when it does not say otherwise. */
  readonly shutdownGraceMs: number;
  /** For how long it looks for an agent that is gone, if its framework has checkpoints. */
  readonly recoveryMs: number;
  /** It waits no longer than this between two attempts. */
  readonly backoffMsMax: number;
};

/** The contract's numbers (2.2). */
export const usualTimes: Pick<
  AgentSettings,
  | 'registrationTimeoutMs'
  | 'backoffMs'
  | 'backoffMsMax'
  | 'steadyRounds'
  | 'updateRetryMs'
  | 'updateRetryMsMax'
  | 'killGraceMs'
  | 'executors'
> = {
  registrationTimeoutMs: 10_000,
  backoffMs: 1000,
  backoffMsMax: 60_000,
  // An election takes one or two seconds: an agent that has just lost its leader looks often for a
  // while, before it thinks of sparing the masters.
  steadyRounds: 10,
  updateRetryMs: 10_000,
  updateRetryMsMax: 600_000,
  killGraceMs: 3000,
  executors: {
    registrationMs: 60_000,
    reregistrationMs: 2000,
    shutdownGraceMs: 5000,
    recoveryMs: 900_000,
    backoffMsMax: 2000,
  },
};

/** The state that a checkpoint leads to. Throws `ResourcesError` when the machine cannot hold it. `monotonicMs` is now. */
export function recoveredState(
  recovered: Recovered,
  settings: AgentSettings,
  monotonicMs: number,
): AgentState {
  return {
    registration: recovered.identity?.registration_uuid ?? '',
    agentId: recovered.identity?.agent_id,
    term: recovered.term,
    session: { kind: 'idle' },
    cursor: 0,
    tried: 0,
    round: 0,
    nextLink: 1,
    frameworks: ImmutableMap(
      recovered.frameworks.map(({ info, removed = false }) => [
        info.id?.value ?? '',
        { info, removed },
      ]),
    ),
    tasks: ImmutableMap(
      recovered.tasks
        .map((task) => recoveredTask(task, settings, monotonicMs))
        .map((task) => [task.key, task]),
    ),
    total: recoveredTotal(settings, resourcesAsWritten(recovered.resources?.changed)),
    doomed: resourcesAsWritten(recovered.resources?.doomed),
    operations: ImmutableMap(
      recovered.operations.map((record) => [record.uuid, recoveredOperation(record, settings)]),
    ),
    executors: ImmutableMap(
      recovered.executors
        .map(recoveredExecutor)
        .map((one) => [executorKey(one.frameworkId, one.info.executor_id.value), one]),
    ),
    ending: { kind: 'none' },
    drain: undefined,
  };
}

function recoveredOperation(
  { uuid, framework_id: frameworkId, info, status, conversions = [] }: OperationRecord,
  { updateRetryMs: retryMs }: AgentSettings,
): Operation {
  const meant = conversions.map(conversionFromWire);
  return { uuid, frameworkId, info, status, conversions: meant, retryMs };
}

function recoveredExecutor({ phase, process, cause, ...record }: ExecutorRecord): Executor {
  const { framework_id: frameworkId, info, container_id: containerId, has_tasks } = record;
  const isUnhealthy = record.unhealthy === true;
  const executor = { frameworkId, info, containerId, hasTasks: has_tasks, isUnhealthy };
  const heard = (record.heard ?? []).map(uuidText);
  const own = { process, connection: undefined, hasSubscribed: false, heard };
  switch (phase) {
    case 'REGISTERING':
      return { ...executor, own: { ...own, phase: { kind: 'registering' } } };
    case 'RUNNING':
      return { ...executor, own: { ...own, phase: { kind: 'running' } } };
    case 'TERMINATING': {
      const known = cause === undefined || cause === 'UNKNOWN_CAUSE' ? 'SHUTDOWN' : cause;
      return { ...executor, own: { ...own, phase: { kind: 'terminating', cause: known } } };
    }
    case 'UNKNOWN_PHASE':
    case undefined:
      return { ...executor, own: undefined };
    default:
      return unreachable(phase);
  }
}

function recoveredTask(
  { task, progress, updates }: RecoveredTask,
  settings: AgentSettings,
  monotonicMs: number,
): Task {
  const { health, kill } = progress;
  return {
    key: taskKey(task.framework_id, task.info.task_id.value),
    frameworkId: task.framework_id,
    info: task.info,
    containerId: task.container_id,
    pod: task.pod && recoveredPod(task.pod),
    life: recoveredLife(task, progress),
    state: progress.state,
    status: progress.status,
    kill:
      kill === undefined || kill.cause === 'UNKNOWN'
        ? undefined
        : { cause: kill.cause, graceMs: kill.grace_ms, sinceMs: monotonicMs },
    isStray: task.stray === true,
    health: health && {
      failures: health.failures,
      hasPassed: health.has_passed,
      failedMs: health.failed_ms,
    },
    updates: updates.map(({ number, record }) => ({ number, status: record.status })),
    heard: (progress.heard ?? []).map(uuidText),
    nextUpdate: Number(progress.next_update),
    retryMs: settings.updateRetryMs,
  };
}

function recoveredLife({ info, stray }: TaskRecord, progress: ProgressRecord): Life {
  const { state, process, delivered, started_ms: startedMs = 0 } = progress;
  if (isTerminal(state) || stray === true) return { kind: 'ended' };
  if (isDelegated({ info })) return { kind: delivered === true ? 'delivered' : 'queued' };
  return process === undefined ? { kind: 'launching' } : { kind: 'running', process, startedMs };
}

const recoveredPod = ({ executor_id, container_id, group_id, place = 0n }: PodRecord): Pod => ({
  place: Number(place),
  executorId: executor_id,
  containerId: container_id,
  groupId: group_id === '' ? undefined : group_id,
});

/** Whether the executor that its framework brought looks after it, and not the agent. */
export const isDelegated = ({ info }: { readonly info: Pick<TaskInfo, 'executor'> }): boolean =>
  info.executor !== undefined && info.executor.type !== 'DEFAULT';

/** TASK_UNREACHABLE and TASK_UNKNOWN are not, and no agent makes them. */
export function isTerminal(state: TaskState): boolean {
  return terminalStates.has(state);
}

const terminalStates: ReadonlySet<TaskState> = new Set([
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_ERROR',
  'TASK_LOST',
  'TASK_DROPPED',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
]);
