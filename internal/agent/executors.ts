/**
 * The hands of the agent with executors that frameworks bring: their containers and their streams. What
 * happens to either is posted; what it means is decided in `core/`.
 */
import type { Logger } from '#internal/runtime/logger.ts';
import type { Call_Subscribe, Event } from '#proto/gen/mesos/v1/executor.ts';
import {
  ContainerError,
  type Containerizer,
  type ContainerLimits,
  type ContainerSpec,
  type RunningContainer,
} from './containerizer.ts';
import type { ExecutorContainer } from './container-recovery.ts';
import type { Input } from './core/input.ts';
import type { ExecutorKey } from './core/state.ts';
import type { ExecutorStream } from './executor-door.ts';

export type ExecutorsDependencies = {
  readonly containerizer: Containerizer;
  readonly logger: Logger;
  readonly post: (input: Input) => void;
  /** Takes charge of work that nobody awaits: what it throws is a fault of the machine. */
  readonly own: (work: Promise<void>) => void;
};

export class Executors {
  readonly #dependencies: ExecutorsDependencies;
  /** By number. */
  readonly #streams = new Map<number, ExecutorStream>();
  #next = 1;

  constructor(dependencies: ExecutorsDependencies) {
    this.#dependencies = dependencies;
  }

  async launch(executor: ExecutorKey, spec: ContainerSpec): Promise<void> {
    const { containerizer, post } = this.#dependencies;
    const place = { executor, containerId: spec.containerId };
    try {
      this.attend(place, await containerizer.launch(spec));
    } catch (error) {
      if (!(error instanceof ContainerError)) throw error;
      post({ kind: 'executor-launch-failed', ...place, reason: error.message });
    }
  }

  /** Tells of a container that runs, and of its end. */
  attend(place: ExecutorContainer, { process, ended }: RunningContainer): void {
    const { post, own } = this.#dependencies;
    post({ kind: 'executor-launched', ...place, process });
    own(ended.then((end) => post({ kind: 'executor-ended', ...place, end })));
  }

  subscribe(executor: ExecutorKey, subscribe: Call_Subscribe, stream: ExecutorStream): void {
    const { post } = this.#dependencies;
    const connection = this.#next++;
    this.#streams.set(connection, stream);
    post({ kind: 'executor-subscribed', executor, connection, subscribe });
    stream.closed.addEventListener('abort', () => {
      this.#streams.delete(connection);
      post({ kind: 'executor-hung-up', executor, connection });
    });
  }

  /** What the machine refuses is left as it was: the executor runs on. */
  async update(containerId: string, limits: ContainerLimits): Promise<void> {
    const { containerizer, logger } = this.#dependencies;
    try {
      await containerizer.update(containerId, limits);
    } catch (error) {
      if (!(error instanceof ContainerError)) throw error;
      logger.warn('limits of an executor not changed', { containerId, error });
    }
  }

  tell(connection: number, event: Event): void {
    this.#streams.get(connection)?.send(event);
  }

  hangUp(connection: number): void {
    this.#streams.get(connection)?.end();
  }

  hangUpAll(): void {
    for (const stream of this.#streams.values()) stream.end();
    this.#streams.clear();
  }
}
