/** Where executors that frameworks bring reach the agent: its HTTP face knows no more of it than this. */
import type { Call_Subscribe, Event } from '#proto/gen/mesos/v1/executor.ts';
import type { ExecutorSaying } from './core/input.ts';
import type { AgentState, ExecutorKey } from './core/state.ts';

export type ExecutorDoor = {
  /** Undefined while the agent has not recovered. */
  view(): AgentState | undefined;
  /** False: the agent is too busy, and has not heard it. */
  hear(said: ExecutorSaying): boolean;
  /** The newest stream of an executor counts. */
  subscribe(executor: ExecutorKey, subscribe: Call_Subscribe, stream: ExecutorStream): void;
};

export type ExecutorStream = {
  /** Nothing happens when the stream is over. Ends it when its reader is too slow. */
  send(event: Event): void;
  end(): void;
  /** Fires once when the stream is over, whoever ended it. */
  readonly closed: AbortSignal;
};
