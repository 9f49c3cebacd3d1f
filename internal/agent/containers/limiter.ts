/**
 * Holds posix containers to their limits: control groups where the machine has them, and a look now and
 * then (`limit-watch.ts`) at what no control group tells or bounds.
 */
import type { ProcessIdentity, Processes } from '#internal/runtime/processes.ts';
import type { ContainerEnd, ContainerLimits, ContainerSpec } from '../containerizer.ts';
import { type Bounds, boundedBy } from './bounds.ts';
import type { CgroupLimits } from './cgroup-orders.ts';
import { cgroupUse, memoryExceeded } from './cgroup-use.ts';
import type { CgroupPath, Cgroups } from './cgroups.ts';
import { folderOf } from './container-folder.ts';
import { LimitWatch, type LimitWatchDependencies, type WatchedContainer } from './limit-watch.ts';
import { memoryLimitation } from './limitation.ts';
import { sandboxOf } from './sandbox.ts';
import type { ContainerUse } from './statistics.ts';
import { volumeUses } from './volume-use.ts';

export type LimiterDependencies = Omit<LimitWatchDependencies, 'memoryLimitation'> & {
  readonly processes: Processes;
  /** Undefined where the machine has none that we may write to. */
  readonly cgroups?: Cgroups | undefined;
};

export type LimiterOptions = Bounds & { readonly workFolder: string };

export class Limiter {
  readonly #dependencies: LimiterDependencies;
  readonly #options: LimiterOptions;
  readonly #paths = new Map<string, CgroupPath>();
  readonly #watch: LimitWatch;

  constructor(dependencies: LimiterDependencies, options: LimiterOptions) {
    this.#dependencies = dependencies;
    this.#options = options;
    const { cgroups } = dependencies;
    const memory: LimitWatchDependencies['memoryLimitation'] = async (containerId) => {
      const path = this.#paths.get(containerId);
      if (cgroups === undefined || path === undefined) return undefined;
      const exceeded = await memoryExceeded(cgroups, path);
      return exceeded && memoryLimitation(exceeded);
    };
    this.#watch = new LimitWatch({ ...dependencies, memoryLimitation: memory }, options);
  }

  /** Makes what bounds it. Its first process has to write `0` into the files that are told. */
  async make(spec: ContainerSpec): Promise<readonly string[]> {
    const { cgroups } = this.#dependencies;
    const path = this.#know(spec, { isNew: true });
    if (cgroups === undefined) return [];
    await cgroups.make(path, this.#cgroupLimits(spec.limits));
    return cgroups.entrances(path);
  }

  /** A container that an agent before us may have made. */
  recover(spec: ContainerSpec): void {
    this.#know(spec, { isNew: false });
  }

  #know(spec: ContainerSpec, { isNew }: Pick<WatchedContainer, 'isNew'>): CgroupPath {
    const { containerId, parentId, limits } = spec;
    const above = parentId === undefined ? [] : (this.#paths.get(parentId) ?? [parentId]);
    const path = [...above, containerId];
    this.#paths.set(containerId, path);
    const { workFolder } = this.#options;
    const folders = [sandboxOf(workFolder, spec).folder];
    const volumes = volumeUses(workFolder, spec);
    const notePath = `${folderOf(this.#options, containerId)}/limitation`;
    this.#watch.know({ containerId, folders, volumes, notePath, limits, isNew });
    return path;
  }

  /** One of another life, of which nothing is known: only to be killed and released. */
  async find(containerId: string): Promise<void> {
    const path = await this.#dependencies.cgroups?.find(containerId);
    if (path !== undefined) this.#paths.set(containerId, path);
  }

  /** Watches a container that runs; `end` is told once when it has used more than it may. */
  watch(containerId: string, end: () => Promise<void>): void {
    this.#watch.watch(containerId, end);
  }

  /** How a container really ended whose command has; kills whatever it has left. */
  async settle(containerId: string, end: ContainerEnd): Promise<ContainerEnd> {
    const settled = await this.#watch.settle(containerId, end);
    await this.kill(containerId);
    return settled;
  }

  async kill(containerId: string): Promise<void> {
    const path = this.#paths.get(containerId);
    if (path !== undefined) await this.#dependencies.cgroups?.kill(path);
  }

  async limit(containerId: string, limits: ContainerLimits): Promise<void> {
    const path = this.#paths.get(containerId);
    if (path === undefined || !this.#watch.limit(containerId, limits)) return;
    await this.#dependencies.cgroups?.limit(path, this.#cgroupLimits(limits));
  }

  /** As they hold on this machine. */
  limitsOf(containerId: string): ContainerLimits | undefined {
    const limits = this.#watch.limitsOf(containerId);
    const isHeld = this.#dependencies.cgroups?.controllers.includes('cpu') === true;
    const isCpuRequestLimit = isHeld && this.#options.isCpuRequestLimit;
    return limits && boundedBy({ isCpuRequestLimit }, limits);
  }

  /** Undefined when it does not run. */
  async use(containerId: string, leader: ProcessIdentity): Promise<ContainerUse | undefined> {
    const { cgroups, processes } = this.#dependencies;
    const path = this.#paths.get(containerId);
    if (path === undefined) return undefined;
    const use =
      cgroups === undefined
        ? processes.sessionUse(leader)
        : await cgroupUse(cgroups, path, (pid) => processes.threads(pid));
    const diskBytes = this.#watch.diskBytesOf(containerId);
    const volumes = this.#watch.volumesOf(containerId);
    return use && { ...use, ...(diskBytes !== undefined && { diskBytes }), volumes };
  }

  async release(containerId: string): Promise<void> {
    const path = this.#paths.get(containerId);
    this.#watch.forget(containerId);
    this.#paths.delete(containerId);
    if (path !== undefined) await this.#dependencies.cgroups?.remove(path);
  }

  #cgroupLimits(limits: ContainerLimits): CgroupLimits {
    const { isSwapLimited, processesMax } = this.#options;
    const { cpus, cpusMax, memBytes } = boundedBy(this.#options, limits);
    return { cpus, cpusMax, memBytes, isSwapLimited, processesMax };
  }
}
