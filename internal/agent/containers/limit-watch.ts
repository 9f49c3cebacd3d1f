/**
 * Looks now and then at what containers use that no kernel ends as a whole: memory, of which the kernel
 * only kills one process of its choice, and disk: its sandbox, and persistent volumes. A container that used more than it may is ended, and
 * what it exceeded is written down before it is: whoever reports its end, this agent or the next, says so.
 */
import type { Clock, Timer } from '#internal/runtime/clock.ts';
import type { FileTree } from '#internal/runtime/file-tree.ts';
import { type Files, FilesError } from '#internal/runtime/files.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type { ContainerEnd, ContainerLimits, Limitation } from '../containerizer.ts';
import { diskUse } from './disk-use.ts';
import { diskLimitation, limitationText, parseLimitation, volumeLimitation } from './limitation.ts';
import type { VolumeUse } from './volume-use.ts';

export type LimitWatchDependencies = {
  readonly clock: Clock;
  readonly logger?: Logger;
  readonly files: Files;
  readonly fileTree: FileTree;
  /** Whether the kernel has killed in it for want of memory. Rejects with `FilesError`. */
  memoryLimitation(containerId: string, limits: ContainerLimits): Promise<Limitation | undefined>;
};

export type LimitWatchOptions = {
  /** How often we look whether the kernel has killed for want of memory. */
  readonly memoryWatchMs: number;
  readonly disk: DiskWatch;
};

export type DiskWatch = {
  readonly intervalMs: number;
  /** Whoever uses more than it may is ended; else it is only counted. */
  readonly isEnforced: boolean;
};

export type WatchedContainer = {
  readonly containerId: string;
  /** What counts as its disk. */
  readonly folders: readonly string[];
  /** What it may fill of persistent volumes, whoever filled them until now. */
  readonly volumes: readonly VolumeUse[];
  /** Where is written down what it exceeded. */
  readonly notePath: string;
  readonly limits: ContainerLimits;
  /** No agent before us has known it, and can have written that. */
  readonly isNew: boolean;
};

type Watched = Omit<WatchedContainer, 'limits' | 'volumes' | 'isNew'> & {
  limits: ContainerLimits;
  volumes: readonly VolumeUse[];
  /** It may be written down what it exceeded. */
  isNoted: boolean;
  diskBytes: number | undefined;
  /** Of one that runs: ends it. */
  end: ((limitation: Limitation) => void) | undefined;
};

type WatchKind = 'memory' | 'disk';

/** Files and folders of one container that are counted; nobody keeps the disk busy with more. */
const entriesMax = 1_000_000;

export class LimitWatch {
  readonly #dependencies: LimitWatchDependencies;
  readonly #options: LimitWatchOptions;
  /** Of containers that are not forgotten. */
  readonly #watched = new Map<string, Watched>();
  readonly #timers = new Map<WatchKind, Timer>();

  constructor(dependencies: LimitWatchDependencies, options: LimitWatchOptions) {
    this.#dependencies = dependencies;
    this.#options = options;
  }

  know({ isNew, ...container }: WatchedContainer): void {
    this.#watched.set(container.containerId, {
      ...container,
      isNoted: !isNew,
      diskBytes: undefined,
      end: undefined,
    });
  }

  forget(containerId: string): void {
    this.#watched.delete(containerId);
    this.#disarm();
  }

  /** Watches a container that runs; `end` is told once when it has used more than it may. */
  watch(containerId: string, end: () => Promise<void>): void {
    const watched = this.#watched.get(containerId);
    if (watched === undefined) return;
    watched.end = (limitation) => {
      watched.end = undefined;
      void this.#endFor(watched, limitation, end);
    };
    this.#arm('memory');
    this.#arm('disk');
  }

  /** How a container really ended whose command has. */
  async settle(containerId: string, end: ContainerEnd): Promise<ContainerEnd> {
    const watched = this.#watched.get(containerId);
    if (watched === undefined) return end;
    watched.end = undefined;
    this.#disarm();
    const written = watched.isNoted ? await this.#written(watched) : undefined;
    const limitation = written ?? (await this.#memoryLimitation(watched));
    if (limitation === undefined) return end;
    // What the kernel knows of a container may go with it.
    if (written === undefined) await this.#keep(watched, limitation);
    return { kind: 'limited', limitation };
  }

  /** False when it is not known. */
  limit(containerId: string, limits: ContainerLimits): boolean {
    const watched = this.#watched.get(containerId);
    if (watched !== undefined) watched.limits = limits;
    return watched !== undefined;
  }

  limitsOf(containerId: string): ContainerLimits | undefined {
    return this.#watched.get(containerId)?.limits;
  }

  /** Undefined as long as nobody has counted. */
  diskBytesOf(containerId: string): number | undefined {
    return this.#watched.get(containerId)?.diskBytes;
  }

  volumesOf(containerId: string): readonly VolumeUse[] {
    return this.#watched.get(containerId)?.volumes ?? [];
  }

  async #memoryLimitation({ containerId, limits }: Watched): Promise<Limitation | undefined> {
    if (limits.memBytes === undefined) return undefined;
    return await this.#dependencies.memoryLimitation(containerId, limits);
  }

  async #diskLimitation(watched: Watched): Promise<Limitation | undefined> {
    const { folders, limits } = watched;
    const { diskBytes: quotaBytes } = limits;
    if (quotaBytes !== undefined) watched.diskBytes = await this.#bytesIn(folders);
    const volumes: VolumeUse[] = [];
    for (const one of watched.volumes) {
      volumes.push({ ...one, usedBytes: await this.#bytesIn([one.folder]) });
    }
    watched.volumes = volumes;
    if (!this.#options.disk.isEnforced) return undefined;
    const { diskBytes: usedBytes = 0 } = watched;
    if (quotaBytes !== undefined && usedBytes > quotaBytes) {
      return diskLimitation(usedBytes, quotaBytes);
    }
    const full = volumes.find(isTooFull);
    return full && volumeLimitation(full);
  }

  async #bytesIn(folders: readonly string[]): Promise<number> {
    let bytes = 0;
    for (const folder of folders) {
      bytes += await diskUse(this.#dependencies.fileTree, folder, { entriesMax });
    }
    return bytes;
  }

  async #endFor(watched: Watched, limitation: Limitation, end: () => Promise<void>): Promise<void> {
    const { containerId } = watched;
    const { reason } = limitation;
    this.#dependencies.logger?.info('container limited', { containerId, reason });
    await this.#keep(watched, limitation);
    await end();
  }

  async #keep(watched: Watched, limitation: Limitation): Promise<void> {
    const { containerId, notePath } = watched;
    watched.isNoted = true;
    try {
      await this.#write(notePath, limitation);
    } catch (error) {
      if (!(error instanceof FilesError)) throw error;
      // Its end comes first. Only an agent that dies right now tells less than it could.
      this.#dependencies.logger?.warn('limitation not written', { containerId, error });
    }
  }

  async #write(path: string, limitation: Limitation): Promise<void> {
    const file = await this.#dependencies.files.open(path, { create: true });
    await file.write(0, [new TextEncoder().encode(limitationText(limitation))]);
    await file.sync();
    await file.close();
  }

  async #written({ notePath }: Watched): Promise<Limitation | undefined> {
    const { fileTree } = this.#dependencies;
    const entry = await fileTree.look(notePath);
    if (entry?.kind !== 'file') return undefined;
    const bytes = await fileTree.read(notePath, { offset: 0, length: entry.sizeBytes });
    return parseLimitation(new TextDecoder().decode(bytes));
  }

  /** Looks after a while, and again, as long as anything runs. */
  #arm(kind: WatchKind): void {
    if (this.#timers.has(kind) || this.#running.length === 0) return;
    const { memoryWatchMs, disk } = this.#options;
    const delayMs = kind === 'memory' ? memoryWatchMs : disk.intervalMs;
    const timer = this.#dependencies.clock.after(delayMs, () => void this.#lookAtAll(kind));
    this.#timers.set(kind, timer);
  }

  #disarm(): void {
    if (this.#running.length > 0) return;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  async #lookAtAll(kind: WatchKind): Promise<void> {
    for (const watched of this.#running) {
      await this.#lookAt(watched, () =>
        kind === 'memory' ? this.#memoryLimitation(watched) : this.#diskLimitation(watched),
      );
    }
    this.#timers.delete(kind);
    this.#arm(kind);
  }

  get #running(): readonly Watched[] {
    return [...this.#watched.values()].filter(({ end }) => end !== undefined);
  }

  async #lookAt(watched: Watched, look: () => Promise<Limitation | undefined>): Promise<void> {
    try {
      const limitation = await look();
      if (limitation !== undefined) watched.end?.(limitation);
    } catch (error) {
      if (!(error instanceof FilesError)) throw error;
      // The next look may see more.
      const { containerId } = watched;
      this.#dependencies.logger?.warn('container not measured', { containerId, error });
    }
  }
}

/** A whole disk bounds itself: whoever writes more is told `ENOSPC`. */
const isTooFull = ({ usedBytes = 0, quotaBytes, isWholeDisk }: VolumeUse): boolean =>
  usedBytes > quotaBytes && !isWholeDisk;
