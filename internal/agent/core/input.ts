/** What happens to an agent, and what it wants done about it: the whole traffic of `step`. */
import type { Random } from '#internal/base/random.ts';
import type { Resources } from '#internal/resources/resource.ts';
import type { CheckpointWrite } from '#storage/checkpoint/records.ts';
import type { AgentMessage, MasterMessage, ProcessRecord } from '#proto/gen/altiplano/agent/v1.ts';
import type { AdoptedVolume, NewVolume } from '../volumes.ts';
import type { FoundVolume } from '#internal/model/volume.ts';
import type { ContainerEnd, ContainerLimits, ContainerSpec } from '../containerizer.ts';
import type { Call_Subscribe, Event } from '#proto/gen/mesos/v1/executor.ts';
import type { TaskStatus } from '#proto/gen/mesos/v1.ts';
import type { CheckKind, CheckTarget } from './check-plan.ts';
import type { Counter } from './counters.ts';
import type { AgentState, ExecutorKey, TaskKey } from './state.ts';

export type Input =
  /** Once, after every container of the checkpoint was looked for. */
  | { readonly kind: 'start' }
  | { readonly kind: 'message'; readonly link: number; readonly message: MasterMessage }
  | { readonly kind: 'link-closed'; readonly link: number; readonly reason: string }
  | { readonly kind: 'timer'; readonly timer: TimerId }
  | {
      readonly kind: 'launched';
      readonly task: TaskKey;
      readonly containerId: string;
      readonly process: ProcessRecord;
    }
  | {
      readonly kind: 'launch-failed';
      readonly task: TaskKey;
      readonly containerId: string;
      readonly reason: string;
    }
  | {
      readonly kind: 'container-ended';
      readonly task: TaskKey;
      readonly containerId: string;
      readonly end: ContainerEnd;
    }
  /** What a look at a task has shown. */
  | {
      readonly kind: 'probed';
      readonly task: TaskKey;
      readonly containerId: string;
      readonly check: CheckKind;
      readonly result: ProbeResult;
    }
  /** A container that the checkpoint knows was never started, and cannot start any more. */
  | { readonly kind: 'container-absent'; readonly task: TaskKey; readonly containerId: string }
  /** The same, of the containers of executors that frameworks brought. */
  | {
      readonly kind: 'executor-launched';
      readonly executor: ExecutorKey;
      readonly containerId: string;
      readonly process: ProcessRecord;
    }
  | {
      readonly kind: 'executor-launch-failed';
      readonly executor: ExecutorKey;
      readonly containerId: string;
      readonly reason: string;
    }
  | {
      readonly kind: 'executor-ended';
      readonly executor: ExecutorKey;
      readonly containerId: string;
      readonly end: ContainerEnd;
    }
  | {
      readonly kind: 'executor-absent';
      readonly executor: ExecutorKey;
      readonly containerId: string;
    }
  /** One of them opened a stream, the newest, and says what nobody has acknowledged to it. */
  | {
      readonly kind: 'executor-subscribed';
      readonly executor: ExecutorKey;
      readonly connection: number;
      readonly subscribe: Call_Subscribe;
    }
  | {
      readonly kind: 'executor-hung-up';
      readonly executor: ExecutorKey;
      readonly connection: number;
    }
  | {
      readonly kind: 'executor-updated';
      readonly executor: ExecutorKey;
      readonly status: TaskStatus;
    }
  | { readonly kind: 'executor-spoke'; readonly executor: ExecutorKey; readonly data: Uint8Array }
  /** Before `start`: the manifests of what it has, and of what it does not know. */
  | {
      readonly kind: 'volumes-surveyed';
      readonly held: readonly FoundVolume[];
      readonly found: readonly FoundVolume[];
    }
  /** A task has them. */
  | { readonly kind: 'volumes-used'; readonly used: readonly FoundVolume[] }
  /** Volumes of an operation are there, or cannot be (`fault` says why). */
  | {
      readonly kind: 'volumes-made';
      readonly operation: string;
      readonly made: readonly FoundVolume[];
      readonly fault: string | undefined;
    }
  /** Nobody finds their data any more. */
  | { readonly kind: 'volumes-removed'; readonly volumes: Resources }
  /** Kill every task, report it as killed, and stop. */
  | { readonly kind: 'close' }
  /** Instead of `start`: kill every task, forget it and who the agent is, and stop. */
  | { readonly kind: 'clean-up' };

/** What executors say in calls of their own. */
export type ExecutorSaying = Extract<
  Input,
  { readonly kind: 'executor-subscribed' | 'executor-updated' | 'executor-spoke' }
>;

export type Effect =
  | { readonly kind: 'dial'; readonly link: number; readonly target: string }
  | { readonly kind: 'hang-up'; readonly link: number }
  | { readonly kind: 'send'; readonly link: number; readonly message: AgentMessage }
  | { readonly kind: 'launch'; readonly task: TaskKey; readonly spec: ContainerSpec }
  | {
      readonly kind: 'launch-executor';
      readonly executor: ExecutorKey;
      readonly spec: ContainerSpec;
    }
  | { readonly kind: 'tell-executor'; readonly connection: number; readonly event: Event }
  | {
      readonly kind: 'update-container';
      readonly containerId: string;
      readonly limits: ContainerLimits;
    }
  | { readonly kind: 'close-executor'; readonly connection: number }
  | { readonly kind: 'signal'; readonly containerId: string; readonly signal: 'TERM' | 'KILL' }
  | { readonly kind: 'release'; readonly containerId: string }
  /** `containerId` is the task's. There is one at a time of each kind of check. */
  | {
      readonly kind: 'probe';
      readonly task: TaskKey;
      readonly containerId: string;
      readonly check: CheckKind;
      readonly probe: Probe;
    }
  /** Nobody wants to know any more what is looked at for this container. */
  | { readonly kind: 'stop-probes'; readonly containerId: string }
  /** One after the other, in this order, with the removals. */
  | {
      readonly kind: 'make-volumes';
      readonly operation: string;
      readonly volumes: readonly NewVolume[];
      /** One that is taken on besides. */
      readonly adopted: AdoptedVolume | undefined;
    }
  | { readonly kind: 'remove-volumes'; readonly volumes: Resources }
  /** Replaces a timer of the same id. */
  | { readonly kind: 'set-timer'; readonly timer: TimerId; readonly delayMs: number }
  | { readonly kind: 'cancel-timer'; readonly timer: TimerId }
  /** No task is left: the agent may stop. */
  | { readonly kind: 'stopped'; readonly reason: string }
  | { readonly kind: 'count'; readonly counter: Counter }
  | {
      readonly kind: 'note';
      readonly level: 'debug' | 'info' | 'warn';
      readonly event: string;
      readonly fields: Readonly<Record<string, unknown>>;
    };

export type TimerId =
  /** Dial again; the master was silent for too long. */
  | { readonly kind: 'dial' }
  | { readonly kind: 'silence' }
  /** Say again how an operation went. */
  | { readonly kind: 'retry-operation'; readonly operation: string }
  /**
   * It did not subscribe in time; not again, to an agent that was started anew; did not come back after
   * it hung up; did not end in its grace.
   */
  | { readonly kind: ExecutorTimer; readonly executor: ExecutorKey }
  /** Send the update again; KILL after TERM; `max_completion_time` is over; look at it. */
  | { readonly kind: 'retry' | 'escalate' | 'overtime' | CheckKind; readonly task: TaskKey };

/** One look at a task. */
export type Probe = {
  readonly target: ProbeTarget;
  /** From when it begins; undefined: as long as it takes. */
  readonly timeoutMs: number | undefined;
};

export type ProbeTarget =
  /** A container beside the task's, in the same surroundings. */
  | { readonly kind: 'command'; readonly spec: ContainerSpec }
  | Extract<CheckTarget, { readonly kind: 'http' | 'tcp' }>;

export type ProbeResult =
  /** One that a signal ended has 128 more than the signal's number. */
  | { readonly kind: 'exited'; readonly status: number }
  /** `status` is HTTP's. */
  | { readonly kind: 'answered'; readonly status: number }
  | { readonly kind: 'connected'; readonly succeeded: boolean }
  /** No answer, or not in time. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** By us or by the task's own end: it says nothing about the task. */
  | { readonly kind: 'interrupted' };

export const executorTimers = [
  'executor-registers',
  'executor-returns',
  'executor-comes-back',
  'executor-ends',
] as const;

export type ExecutorTimer = (typeof executorTimers)[number];

export type Moment = {
  /** Wall time in milliseconds since the epoch, for status timestamps. */
  readonly nowMs: number;
  readonly monotonicMs: number;
  /** For ids and back-offs. */
  readonly random: Random;
};

/** `writes` are durable before any of `effects` is carried out. */
export type Step = {
  readonly state: AgentState;
  readonly writes: readonly CheckpointWrite[];
  readonly effects: readonly Effect[];
};
