/**
 * An executor that a framework brings: its side of the v1 API towards the agent that started it (contract
 * 9), so that its owner runs tasks and thinks of nothing else. `openExecutor` opens one.
 *
 * Promised: an update is said until the agent has it safely, in the order in which it was made, also
 * through restarts of the agent; a task that was given is given back to an agent that forgot it. When the
 * agent is gone for good, or never comes back in time, `ended` says so. Owed: whoever hears `onShutdown`
 * or `ended` ends its tasks, and its process soon after.
 */
import type { Random } from '#internal/base/random.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { HttpClient } from '#internal/runtime/http.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type {
  AgentInfo,
  ExecutorInfo,
  FrameworkInfo,
  KillPolicy,
  TaskInfo,
  TaskStatus,
} from '#proto/gen/mesos/v1.ts';

export type ExecutorDependencies = {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly http: HttpClient;
};

/** What the agent tells an executor in its environment: `executorOptionsFrom`. */
export type ExecutorOptions = {
  readonly frameworkId: string;
  readonly executorId: string;
  /** `host:port`. */
  readonly agent: string;
  /** Whether it may outlive its agent's process. */
  readonly isCheckpointed: boolean;
  /** How long it looks for an agent that is gone. */
  readonly recoveryTimeoutMs: number;
  /** The longest pause between two tries. */
  readonly backoffMsMax: number;
  /** From SHUTDOWN on; then its container is destroyed. */
  readonly shutdownGraceMs: number;
  /** Of an agent that asks for it. */
  readonly token?: string | undefined;
};

/** What a handler throws, or its promise rejects with, is logged. */
export type ExecutorHandlers = {
  onSubscribed?(subscribed: ExecutorSubscribed): void | Promise<void>;
  /** One task, or a group whole. The first word about each is owed: an update. */
  onLaunch(tasks: readonly TaskInfo[]): void | Promise<void>;
  onKill?(taskId: string, policy: KillPolicy | undefined): void | Promise<void>;
  /** From the scheduler: at most once. */
  onMessage?(bytes: Uint8Array): void | Promise<void>;
  /**
   * All tasks are to end, within the grace period; their last updates are waited for when it has
   * resolved. Also when the agent is gone for good.
   */
  onShutdown?(reason: string): void | Promise<void>;
  onDisconnected?(reason: string): void | Promise<void>;
};

export type ExecutorSubscribed = {
  readonly executor: ExecutorInfo;
  readonly framework: FrameworkInfo;
  readonly agent: AgentInfo;
};

/** What an executor says of a task; the rest is filled in. */
export type TaskWord = Pick<TaskStatus, 'state'> & {
  readonly taskId: string;
} & Partial<
    Pick<TaskStatus, 'message' | 'reason' | 'data' | 'healthy' | 'labels' | 'check_status'>
  >;

export type UpdateOutcome =
  /** The agent has it, and will bring it to the scheduler. */
  | { readonly kind: 'safe' }
  /** It is no update that an agent takes, or too many wait. */
  | { readonly kind: 'refused'; readonly text: string }
  /** This executor ended before an agent took it. */
  | { readonly kind: 'unheard' };

export type ExecutorEnd =
  /** By `close`. */
  | { readonly kind: 'closed' }
  /** The agent told it to end, and heard all that it had to say, or the grace period is over. */
  | { readonly kind: 'shut-down' }
  /** There is no agent any more that knows it. */
  | { readonly kind: 'abandoned'; readonly reason: string };

export type Executor = AsyncDisposable & {
  readonly isSubscribed: boolean;
  /** The process should end. */
  readonly ended: Promise<ExecutorEnd>;
  update(word: TaskWord): Promise<UpdateOutcome>;
  /** To the scheduler: at most once. False when it has certainly not left. */
  message(bytes: Uint8Array): Promise<boolean>;
  close(): Promise<void>;
};
