/**
 * Holds containers to their limits: control groups where the machine has them, and a look now and then
 * at what no control group tells or bounds. A container that used more than it may is ended, and what it
 * exceeded is written down before it is: whoever reports its end, this agent or the next, says so.
 */
import type { Clock, Timer } from '#internal/runtime/clock.ts';
import type { FileTree } from '#internal/runtime/file-tree.ts';
import { type Files, FilesError } from '#internal/runtime/files.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type { ProcessIdentity, Processes } from '#internal/runtime/processes.ts';
import type { ContainerEnd, ContainerLimits, ContainerSpec, Limitation } from '../containerizer.ts';
import type { CgroupLimits } from './cgroup-orders.ts';
import { cgroupUse, memoryExceeded } from './cgroup-use.ts';
import type { CgroupPath, Cgroups } from './cgroups.ts';
import { folderOf } from './container-folder.ts';
import { diskUse } from './disk-use.ts';
import { diskLimitation, limitationText, memoryLimitation, parseLimitation } from './limitation.ts';
import { sandboxOf } from './sandbox.ts';
import type { ContainerUse } from './statistics.ts';

export type LimiterDependencies = {
  readonly clock: Clock;
  readonly logger?: Logger;
  readonly files: Files;
  readonly fileTree: FileTree;
  readonly processes: Processes;
  /** Undefined where the machine has none that we may write to. */
  readonly cgroups?: Cgroups | undefined;
};

export type LimiterOptions = {
  readonly workFolder: string;
  /** Processes and threads of one container, where control groups can bound them. */
  readonly processesMax: number;
  /** A request of cpus is also a limit. */
  readonly isCpuRequestLimit: boolean;
  readonly isSwapLimited: boolean;
  /** How often we look whether the kernel has killed for want of memory. */
  readonly memoryWatchMs: number;
  readonly disk: DiskWatch;
};

export type DiskWatch = {
  readonly intervalMs: number;
  /** Whoever uses more than it may is ended; else it is only counted. */
  readonly isEnforced: boolean;
};

/** Of an agent that was told nothing else. */
export const usualBounds: Omit<LimiterOptions, 'workFolder'> = {
  processesMax: 4096,
  isCpuRequestLimit: false,
  isSwapLimited: false,
  memoryWatchMs: 1000,
  disk: { intervalMs: 15_000, isEnforced: false },
};

type Bounded = {
  readonly containerId: string;
  readonly path: CgroupPath;
  readonly sandbox: string;
  limits: ContainerLimits;
  diskBytes: number | undefined;
  /** Somebody may have written down that it had to end: we, or an agent before us. */
  isLimited: boolean;
  /** Of one that runs: ends it. */
  end: ((limitation: Limitation) => void) | undefined;
};

/** The kernel ends one process of its choice, and the container has to end as a whole. */
type WatchKind = 'memory' | 'disk';

/** Files and folders of one sandbox that are counted; nobody keeps the disk busy with more. */
const entriesMax = 1_000_000;

export class Limiter {
  readonly #dependencies: LimiterDependencies;
  readonly #options: LimiterOptions;
  readonly #bounded = new Map<string, Bounded>();
  readonly #timers = new Map<WatchKind, Timer>();

  constructor(dependencies: LimiterDependencies, options: LimiterOptions) {
    this.#dependencies = dependencies;
    this.#options = options;
  }

  /** Makes what bounds it. Its first process has to write `0` into the files that are told. */
  async make(spec: ContainerSpec): Promise<readonly string[]> {
    const { cgroups } = this.#dependencies;
    const { path } = this.#know(spec, { isLimited: false });
    if (cgroups === undefined) return [];
    await cgroups.make(path, this.#cgroupLimits(spec.limits));
    return cgroups.entrances(path);
  }

  /** A container that an agent before us may have made. */
  recover(spec: ContainerSpec): void {
    this.#know(spec, { isLimited: true });
  }

  #know(spec: ContainerSpec, { isLimited }: Pick<Bounded, 'isLimited'>): Bounded {
    const { containerId, parentId, limits } = spec;
    const above = parentId === undefined ? [] : (this.#bounded.get(parentId)?.path ?? [parentId]);
    const bounded: Bounded = {
      containerId,
      path: [...above, containerId],
      sandbox: sandboxOf(this.#options.workFolder, spec).folder,
      limits,
      diskBytes: undefined,
      isLimited,
      end: undefined,
    };
    this.#bounded.set(containerId, bounded);
    return bounded;
  }

  /** Watches a container that runs; `end` is told once when it has used more than it may. */
  watch(containerId: string, end: () => Promise<void>): void {
    const bounded = this.#bounded.get(containerId);
    if (bounded === undefined) return;
    bounded.end = (limitation) => {
      bounded.end = undefined;
      void this.#endFor(bounded, limitation, end);
    };
    this.#arm('memory');
    this.#arm('disk');
  }

  /** How a container really ended whose command has; kills whatever it has left. */
  async settle(containerId: string, end: ContainerEnd): Promise<ContainerEnd> {
    const bounded = this.#bounded.get(containerId);
    if (bounded === undefined) return end;
    bounded.end = undefined;
    this.#disarm();
    const written = bounded.isLimited ? await this.#written(containerId) : undefined;
    const limitation = written ?? (await this.#memoryLimitation(bounded));
    await this.#dependencies.cgroups?.kill(bounded.path);
    return limitation === undefined ? end : { kind: 'limited', limitation };
  }

  async kill(containerId: string): Promise<void> {
    const bounded = this.#bounded.get(containerId);
    if (bounded !== undefined) await this.#dependencies.cgroups?.kill(bounded.path);
  }

  async limit(containerId: string, limits: ContainerLimits): Promise<void> {
    const bounded = this.#bounded.get(containerId);
    if (bounded === undefined) return;
    bounded.limits = limits;
    await this.#dependencies.cgroups?.limit(bounded.path, this.#cgroupLimits(limits));
  }

  limitsOf(containerId: string): ContainerLimits | undefined {
    return this.#bounded.get(containerId)?.limits;
  }

  /** Undefined when it does not run. */
  async use(containerId: string, leader: ProcessIdentity): Promise<ContainerUse | undefined> {
    const { cgroups, processes } = this.#dependencies;
    const bounded = this.#bounded.get(containerId);
    if (bounded === undefined) return undefined;
    const { diskBytes } = bounded;
    const use =
      cgroups === undefined
        ? processes.sessionUse(leader)
        : await cgroupUse(cgroups, bounded.path, (pid) => processes.threads(pid));
    return use && { ...use, ...(diskBytes !== undefined && { diskBytes }) };
  }

  async release(containerId: string): Promise<void> {
    const bounded = this.#bounded.get(containerId);
    if (bounded === undefined) return;
    this.#bounded.delete(containerId);
    await this.#dependencies.cgroups?.remove(bounded.path);
  }

  #cgroupLimits({ cpus, cpusMax, memBytes }: ContainerLimits): CgroupLimits {
    const { isCpuRequestLimit, isSwapLimited, processesMax } = this.#options;
    const bound = cpusMax ?? (isCpuRequestLimit ? cpus : undefined);
    return { cpus, cpusMax: bound, memBytes, isSwapLimited, processesMax };
  }

  async #endFor(bounded: Bounded, limitation: Limitation, end: () => Promise<void>): Promise<void> {
    const { containerId } = bounded;
    bounded.isLimited = true;
    const { logger } = this.#dependencies;
    logger?.info('container limited', { containerId, reason: limitation.reason });
    try {
      await this.#write(containerId, limitation);
    } catch (error) {
      if (!(error instanceof FilesError)) throw error;
      // Its end comes first. Only an agent that dies right now tells less than it could.
      logger?.warn('limitation not written', { containerId, error });
    }
    await end();
  }

  async #write(containerId: string, limitation: Limitation): Promise<void> {
    const path = this.#pathOf(containerId);
    const file = await this.#dependencies.files.open(path, { create: true });
    await file.write(0, [new TextEncoder().encode(limitationText(limitation))]);
    await file.sync();
    await file.close();
  }

  async #written(containerId: string): Promise<Limitation | undefined> {
    const { fileTree } = this.#dependencies;
    const path = this.#pathOf(containerId);
    const entry = await fileTree.look(path);
    if (entry?.kind !== 'file') return undefined;
    const bytes = await fileTree.read(path, { offset: 0, length: entry.sizeBytes });
    return parseLimitation(new TextDecoder().decode(bytes));
  }

  #pathOf(containerId: string): string {
    return `${folderOf(this.#options, containerId)}/limitation`;
  }

  async #memoryLimitation({ path, limits }: Bounded): Promise<Limitation | undefined> {
    const { cgroups } = this.#dependencies;
    if (cgroups === undefined || limits.memBytes === undefined) return undefined;
    const exceeded = await memoryExceeded(cgroups, path);
    return exceeded && memoryLimitation(exceeded);
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
    for (const bounded of this.#running) {
      await this.#lookAt(bounded, () =>
        kind === 'memory' ? this.#memoryLimitation(bounded) : this.#diskLimitation(bounded),
      );
    }
    this.#timers.delete(kind);
    this.#arm(kind);
  }

  async #diskLimitation(bounded: Bounded): Promise<Limitation | undefined> {
    const { diskBytes: quotaBytes } = bounded.limits;
    if (quotaBytes === undefined) return undefined;
    const usedBytes = await diskUse(this.#dependencies.fileTree, bounded.sandbox, { entriesMax });
    bounded.diskBytes = usedBytes;
    return usedBytes > quotaBytes && this.#options.disk.isEnforced
      ? diskLimitation(usedBytes, quotaBytes)
      : undefined;
  }

  get #running(): readonly Bounded[] {
    return [...this.#bounded.values()].filter(({ end }) => end !== undefined);
  }

  async #lookAt(bounded: Bounded, look: () => Promise<Limitation | undefined>): Promise<void> {
    try {
      const limitation = await look();
      if (limitation !== undefined) bounded.end?.(limitation);
    } catch (error) {
      if (!(error instanceof FilesError)) throw error;
      // The next look may see more.
      const { containerId } = bounded;
      this.#dependencies.logger?.warn('container not measured', { containerId, error });
    }
  }
}
