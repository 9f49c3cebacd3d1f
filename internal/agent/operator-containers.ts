/**
 * Containers that an operator or an executor asks for through the agent's API: they stand alone or are
 * nested in one of a task's. They live in the checkpoint, survive the agent, and can be waited for until
 * somebody removes them. Those of a session end with the connection that asked for them, and with the
 * agent, which held it.
 *
 * A record is durable before its container is started, and its end before anybody is told.
 */
import { unreachable } from '#internal/base/assert.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type { Signal } from '#internal/runtime/signal.ts';
import type { ContainerEndRecord, ContainerRecord } from '#proto/gen/altiplano/agent/v1.ts';
import type { CheckpointWrite } from '#storage/checkpoint/records.ts';
import { pathOf } from './container-path.ts';
import {
  type ContainerEnd,
  ContainerError,
  type ContainerIo,
  type ContainerSpec,
  type Containerizer,
  type RunningContainer,
} from './containerizer.ts';

export type OperatorContainersDependencies = {
  readonly containerizer: Containerizer;
  readonly logger: Logger;
  readonly write: (writes: readonly CheckpointWrite[]) => Promise<void>;
};

/** What is to be launched; its `spec` is not written down but made of the record. */
export type Launch = { readonly record: ContainerRecord; readonly spec: ContainerSpec };

export type OperatorContainer = {
  readonly record: ContainerRecord;
  /** Undefined while it is being launched, and when it ended unseen. */
  readonly pid: number | undefined;
};

type Entry = {
  record: ContainerRecord;
  pid: number | undefined;
  /** Rejects never. */
  readonly ended: Promise<ContainerEndRecord>;
  readonly end: (end: ContainerEndRecord) => void;
};

/** More that have ended are not remembered: the oldest is forgotten first. */
const endedMax = 1000;
/** More do not run at a time. */
const livingMax = 10_000;

export class OperatorContainers {
  readonly #dependencies: OperatorContainersDependencies;
  /** By path, in the order of their launch. */
  readonly #entries = new Map<string, Entry>();

  constructor(dependencies: OperatorContainersDependencies) {
    this.#dependencies = dependencies;
  }

  /** Finds those of an earlier agent again; its sessions have no reader any more. */
  async recover(
    records: readonly ContainerRecord[],
    specOf: (record: ContainerRecord) => ContainerSpec,
  ): Promise<void> {
    const { containerizer } = this.#dependencies;
    for (const record of records) {
      const path = pathOf(record.container_id);
      const entry = this.#add(path, record);
      if (record.end !== undefined) {
        entry.end(record.end);
        continue;
      }
      const found = await containerizer.recover(specOf(record));
      if (found.kind === 'absent') await this.#forget(path);
      else if (found.kind === 'ended') await this.#finish(path, found.end);
      else {
        this.#attend(path, entry, found.container);
        if (record.is_session) await containerizer.signal(path, 'KILL');
      }
    }
  }

  list(): readonly OperatorContainer[] {
    return [...this.#entries.values()];
  }

  has(path: string): boolean {
    return this.#entries.has(path);
  }

  /** Whether it may be attached to, or be the parent of another one. */
  isAlive(path: string): boolean {
    return this.#entries.get(path)?.record.end === undefined && this.#entries.has(path);
  }

  /** Throws `ContainerError` when it cannot be. */
  async launch({ record, spec }: Launch): Promise<'launched' | 'known'> {
    const path = pathOf(record.container_id);
    if (this.#entries.has(path)) return 'known';
    if (this.#countLiving() >= livingMax) throw new ContainerError('Too many containers run');
    const entry = this.#add(path, record);
    await this.#dependencies.write([{ kind: 'container', path, record }]);
    try {
      this.#attend(path, entry, await this.#dependencies.containerizer.launch(spec));
      return 'launched';
    } catch (error) {
      await this.#forget(path);
      throw error;
    }
  }

  /** Undefined for one that is not known. */
  wait(path: string): Promise<ContainerEndRecord> | undefined {
    return this.#entries.get(path)?.ended;
  }

  /** False when there is nothing to kill. */
  async kill(path: string, signal: Signal): Promise<boolean> {
    if (!this.isAlive(path)) return false;
    await this.#dependencies.containerizer.signal(path, signal);
    return true;
  }

  /** False while it runs. One that is not known is removed already. */
  async remove(path: string): Promise<boolean> {
    if (this.isAlive(path)) return false;
    if (this.#entries.has(path)) await this.#forget(path);
    return true;
  }

  /** Lets go of what a container that has ended holds; how it ended can still be asked. */
  async retire(path: string): Promise<void> {
    const isThere = this.#entries.has(path) && !this.isAlive(path);
    if (isThere) await this.#dependencies.containerizer.release(path);
  }

  /** Kills and forgets them all. */
  async endAll(): Promise<void> {
    for (const path of this.#entries.keys()) {
      if (await this.kill(path, 'KILL')) await this.wait(path);
      await this.remove(path);
    }
  }

  attach(path: string): Promise<ContainerIo | undefined> {
    return this.#dependencies.containerizer.attach(path);
  }

  #countLiving(): number {
    return [...this.#entries.values()].filter(({ record }) => record.end === undefined).length;
  }

  #add(path: string, record: ContainerRecord): Entry {
    const { promise: ended, resolve: end } = Promise.withResolvers<ContainerEndRecord>();
    const entry = { record, pid: undefined, ended, end };
    this.#entries.set(path, entry);
    return entry;
  }

  #attend(path: string, entry: Entry, { process, ended }: RunningContainer): void {
    entry.pid = Number(process.pid);
    ended
      .then((end) => this.#finish(path, end))
      .catch((error: unknown) => {
        // The agent's own writes fail as well then, and end it.
        this.#dependencies.logger.error('end of a container not written', { path, error });
      });
  }

  async #finish(path: string, end: ContainerEnd): Promise<void> {
    const entry = this.#entries.get(path);
    if (entry === undefined) return;
    const record = { ...entry.record, end: endRecordOf(end) };
    await this.#dependencies.write([{ kind: 'container', path, record }]);
    entry.record = record;
    entry.pid = undefined;
    entry.end(record.end);
    const ended = [...this.#entries].filter(([, one]) => one.record.end !== undefined);
    const [oldest] = ended;
    if (ended.length > endedMax && oldest !== undefined) await this.#forget(oldest[0]);
  }

  async #forget(path: string): Promise<void> {
    const entry = this.#entries.get(path);
    this.#entries.delete(path);
    entry?.end({ message: 'The container was removed' });
    await this.#dependencies.write([{ kind: 'remove-container', path }]);
    await this.#dependencies.containerizer.release(path);
  }
}

export function endRecordOf(end: ContainerEnd): ContainerEndRecord {
  switch (end.kind) {
    case 'exited':
      return { wait_status: end.status << 8 };
    case 'signaled':
      return { wait_status: end.signal };
    case 'limited': {
      const { reason, message } = end.limitation;
      return { wait_status: 9, reason, message };
    }
    case 'lost':
      return { message: end.reason };
    default:
      return unreachable(end);
  }
}
