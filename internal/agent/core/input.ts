/** What happens to an agent, and what it wants done about it: the whole traffic of `step`. */
import type { Random } from '#internal/base/random.ts';
import type { Resources } from '#internal/resources/resource.ts';
import type { CheckpointWrite } from '#storage/checkpoint/records.ts';
import type { AgentMessage, MasterMessage, ProcessRecord } from '#proto/gen/altiplano/agent/v1.ts';
import type { ContainerEnd, ContainerSpec } from '../containerizer.ts';
import type { Call_Subscribe, Event } from '#proto/gen/mesos/v1/executor.ts';
import type { TaskStatus } from '#proto/gen/mesos/v1.ts';
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
  /** Volumes of an operation are there, or cannot be (`fault` says why). */
  | {
      readonly kind: 'volumes-made';
      readonly operation: string;
      readonly fault: string | undefined;
    }
  /** Nothing is left of their data. */
  | { readonly kind: 'volumes-removed'; readonly volumes: Resources }
  /** Kill every task, report it as killed, and stop. */
  | { readonly kind: 'close' };

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
  | { readonly kind: 'close-executor'; readonly connection: number }
  | { readonly kind: 'signal'; readonly containerId: string; readonly signal: 'TERM' | 'KILL' }
  | { readonly kind: 'release'; readonly containerId: string }
  /** One after the other, in this order, with the removals. */
  | { readonly kind: 'make-volumes'; readonly operation: string; readonly volumes: Resources }
  | { readonly kind: 'remove-volumes'; readonly volumes: Resources }
  /** Replaces a timer of the same id. */
  | { readonly kind: 'set-timer'; readonly timer: TimerId; readonly delayMs: number }
  | { readonly kind: 'cancel-timer'; readonly timer: TimerId }
  /** No task is left: the agent may stop. */
  | { readonly kind: 'stopped'; readonly reason: string }
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
  /** Send the update again; KILL after TERM; `max_completion_time` is over. */
  | { readonly kind: 'retry' | 'escalate' | 'overtime'; readonly task: TaskKey };

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
