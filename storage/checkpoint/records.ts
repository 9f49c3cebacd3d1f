/**
 * What an agent's checkpoint holds, and the one list of changes that can be made to it. The records
 * themselves are messages of `proto/altiplano/agent/v1/checkpoint.proto`: fields are only ever added.
 */
import type {
  ContainerRecord,
  ExecutorRecord,
  FrameworkRecord,
  IdentityRecord,
  OperationRecord,
  ProgressRecord,
  ResourcesRecord,
  TaskRecord,
  UpdateRecord,
} from '#proto/gen/altiplano/agent/v1.ts';

/** Everything that was durable when the agent started. */
export type Recovered = {
  /** Undefined on a machine that never was an agent, or was told to forget it. */
  readonly identity: IdentityRecord | undefined;
  /** 0 before the first leader. */
  readonly term: bigint;
  readonly frameworks: readonly FrameworkRecord[];
  readonly tasks: readonly RecoveredTask[];
  /** Undefined while no operation has changed anything. */
  readonly resources: ResourcesRecord | undefined;
  /** Not acknowledged, in no order. */
  readonly operations: readonly OperationRecord[];
  readonly executors: readonly ExecutorRecord[];
  readonly containers: readonly ContainerRecord[];
};

/** Of a machine that never was an agent. */
export const nothingRecovered: Recovered = {
  identity: undefined,
  term: 0n,
  frameworks: [],
  tasks: [],
  resources: undefined,
  operations: [],
  executors: [],
  containers: [],
};

export type RecoveredTask = {
  readonly task: TaskRecord;
  readonly progress: ProgressRecord;
  /** Not acknowledged, oldest first. */
  readonly updates: readonly NumberedUpdate[];
};

export type NumberedUpdate = { readonly number: number; readonly record: UpdateRecord };

export type ExecutorName = { readonly frameworkId: string; readonly executorId: string };

export type TaskName = { readonly frameworkId: string; readonly taskId: string };

export type CheckpointWrite =
  | { readonly kind: 'identity'; readonly record: IdentityRecord }
  /** The agent is none any more; a later start makes a new one. */
  | { readonly kind: 'remove-identity' }
  | { readonly kind: 'term'; readonly term: bigint }
  | {
      readonly kind: 'framework';
      readonly frameworkId: string;
      readonly record: FrameworkRecord;
    }
  | { readonly kind: 'remove-framework'; readonly frameworkId: string }
  | { readonly kind: 'executor'; readonly name: ExecutorName; readonly record: ExecutorRecord }
  | { readonly kind: 'remove-executor'; readonly name: ExecutorName }
  | { readonly kind: 'task'; readonly name: TaskName; readonly record: TaskRecord }
  | { readonly kind: 'progress'; readonly name: TaskName; readonly record: ProgressRecord }
  | { readonly kind: 'update'; readonly name: TaskName; readonly update: NumberedUpdate }
  | { readonly kind: 'remove-update'; readonly name: TaskName; readonly number: number }
  | { readonly kind: 'resources'; readonly record: ResourcesRecord }
  | { readonly kind: 'operation'; readonly record: OperationRecord }
  | { readonly kind: 'remove-operation'; readonly uuid: string }
  /** `path`: its id after those that it is nested in, joined by a `.`, which none can contain. */
  | { readonly kind: 'container'; readonly path: string; readonly record: ContainerRecord }
  | { readonly kind: 'remove-container'; readonly path: string }
  /** The task with its progress. Its updates are removed one by one. */
  | { readonly kind: 'remove-task'; readonly name: TaskName };
