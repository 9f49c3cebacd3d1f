/**
 * Control groups of containers: what one may use, what it has used, and that nothing of it stays. A
 * group is named by its container's id, below a root of ours; one of a nested container lies in its
 * parent's. Version 1, version 2, and machines that have some of each.
 *
 * Version 2 has processes in leaves only, so there they live in `leaf` of their container's group.
 */
import { assert } from '#internal/base/assert.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { ControlFiles } from '#internal/runtime/control-files.ts';
import { FilesError } from '#internal/runtime/files.ts';
import type { Processes } from '#internal/runtime/processes.ts';
import { type Controller, type Hierarchy, hierarchiesIn } from './cgroup-layout.ts';
import { type CgroupLimits, ordersFor } from './cgroup-orders.ts';

export type CgroupsDependencies = {
  readonly clock: Clock;
  readonly controlFiles: ControlFiles;
  readonly processes: Pick<Processes, 'killAll'>;
};

export type CgroupsOptions = {
  /** Below each hierarchy's own: `mesos`. */
  readonly root: string;
  readonly controllers: readonly Controller[];
};

/** Of a container: its id, and before it those of the containers around it. */
export type CgroupPath = readonly string[];

const killRoundsMax = 200;
const killPauseMs = 20;

export class Cgroups {
  readonly #dependencies: CgroupsDependencies;
  readonly #hierarchies: readonly Hierarchy[];

  constructor(dependencies: CgroupsDependencies, hierarchies: readonly Hierarchy[]) {
    assert(hierarchies.length > 0, 'Control groups without a hierarchy');
    this.#dependencies = dependencies;
    this.#hierarchies = hierarchies;
  }

  /** What can be bounded, or counted, here. */
  get controllers(): readonly Controller[] {
    return this.#hierarchies.flatMap(({ controllers }) => [...controllers]).toSorted();
  }

  /** Makes a container's group. Rejects with `FilesError`. */
  async make(path: CgroupPath, limits: CgroupLimits): Promise<void> {
    const { controlFiles } = this.#dependencies;
    await Promise.all(
      this.#hierarchies.map(async (hierarchy) => {
        const folder = folderIn(hierarchy, path);
        await controlFiles.makeFolder(folder);
        if (hierarchy.version === 2) {
          for (let depth = 1; depth <= path.length; depth++) {
            await this.#delegate(hierarchy, folderIn(hierarchy, path.slice(0, depth)));
          }
          await controlFiles.makeFolder(`${folder}/leaf`);
        }
        await this.#order(hierarchy, folder, limits);
      }),
    );
  }

  /** Bounds it anew. A limit that is below what is used already stays as it was. */
  async limit(path: CgroupPath, limits: CgroupLimits): Promise<void> {
    for (const hierarchy of this.#hierarchies) {
      try {
        await this.#order(hierarchy, folderIn(hierarchy, path), limits);
      } catch (error) {
        const code = error instanceof FilesError ? error.code : undefined;
        if (code !== 'EBUSY' && code !== 'ENOENT') throw error;
      }
    }
  }

  /** The files into which a process writes `0` to be in the group, with all that it starts. */
  entrances(path: CgroupPath): readonly string[] {
    return this.#hierarchies.map((hierarchy) => {
      const leaf = hierarchy.version === 2 ? '/leaf' : '';
      return `${folderIn(hierarchy, path)}${leaf}/cgroup.procs`;
    });
  }

  /** A file of the group, where the machine has that controller. */
  async read(path: CgroupPath, controller: Controller, file: VersionedName): Promise<string> {
    const hierarchy = this.#of(controller);
    if (hierarchy === undefined) return '';
    const name = file[hierarchy.version];
    const full = `${folderIn(hierarchy, path)}/${name}`;
    return name === '' ? '' : ((await this.#dependencies.controlFiles.read(full)) ?? '');
  }

  /** Those that live in it and below it. */
  async pids(path: CgroupPath): Promise<readonly number[]> {
    const [hierarchy] = this.#hierarchies;
    assert(hierarchy !== undefined, 'Control groups without a hierarchy');
    return await this.#pidsBelow(folderIn(this.#of('freezer') ?? hierarchy, path));
  }

  /** Where the group of a container is, also of one that is nested; undefined when it has none. */
  async find(containerId: string): Promise<CgroupPath | undefined> {
    for (const hierarchy of this.#hierarchies) {
      const path = await this.#findBelow(hierarchy, [], containerId);
      if (path !== undefined) return path;
    }
    return undefined;
  }

  async #findBelow(
    hierarchy: Hierarchy,
    above: CgroupPath,
    containerId: string,
  ): Promise<CgroupPath | undefined> {
    const names = await this.#dependencies.controlFiles.folders(folderIn(hierarchy, above));
    if (names.includes(containerId)) return [...above, containerId];
    for (const name of names) {
      const path = await this.#findBelow(hierarchy, [...above, name], containerId);
      if (path !== undefined) return path;
    }
    return undefined;
  }

  /** Ends everything in it and below it; resolves when nothing is left, or nothing dies any more. */
  async kill(path: CgroupPath): Promise<void> {
    const { clock, processes } = this.#dependencies;
    for (let round = 0; round < killRoundsMax; round++) {
      const pids = await this.pids(path);
      if (pids.length === 0) return;
      // Whoever forks faster than we kill does neither when frozen.
      await this.#freeze(path, true);
      processes.killAll(await this.pids(path));
      await this.#freeze(path, false);
      await clock.sleep(killPauseMs);
    }
  }

  /** With all that lives in it. Its parent's goes with the last of its children. */
  async remove(path: CgroupPath): Promise<void> {
    await this.kill(path);
    for (const hierarchy of this.#hierarchies) {
      await this.#removeBelow(folderIn(hierarchy, path));
      const above = path.slice(0, -1);
      // While others are in it the kernel refuses.
      if (above.length > 0) {
        await this.#removeEmpty(`${folderIn(hierarchy, above)}/leaf`);
        await this.#removeEmpty(folderIn(hierarchy, above));
      }
    }
  }

  #of(controller: Controller): Hierarchy | undefined {
    return this.#hierarchies.find(({ controllers }) => controllers.has(controller));
  }

  async #order(hierarchy: Hierarchy, folder: string, limits: CgroupLimits): Promise<void> {
    for (const [file, text] of ordersFor(hierarchy, limits)) {
      await this.#dependencies.controlFiles.write(`${folder}/${file}`, text);
    }
  }

  /** What is in a group of version 2 has the controllers that the group hands on. */
  async #delegate({ controllers }: Hierarchy, folder: string): Promise<void> {
    await delegate(this.#dependencies.controlFiles, controllers, folder);
  }

  async #freeze(path: CgroupPath, isFrozen: boolean): Promise<void> {
    const hierarchy = this.#of('freezer');
    if (hierarchy === undefined) return;
    const [file, text] =
      hierarchy.version === 1
        ? ['freezer.state', isFrozen ? 'FROZEN' : 'THAWED']
        : ['cgroup.freeze', isFrozen ? '1' : '0'];
    await this.#unlessGone(`${folderIn(hierarchy, path)}/${file}`, text);
  }

  async #unlessGone(path: string, text: string): Promise<void> {
    try {
      await this.#dependencies.controlFiles.write(path, text);
    } catch (error) {
      if (!(error instanceof FilesError) || error.code !== 'ENOENT') throw error;
    }
  }

  async #pidsBelow(folder: string): Promise<readonly number[]> {
    const { controlFiles } = this.#dependencies;
    const text = (await controlFiles.read(`${folder}/cgroup.procs`)) ?? '';
    // 0 is what the kernel shows of processes outside our own namespace.
    const pids = text
      .split('\n')
      .map(Number)
      .filter((pid) => pid > 1);
    for (const name of await controlFiles.folders(folder)) {
      pids.push(...(await this.#pidsBelow(`${folder}/${name}`)));
    }
    return pids;
  }

  async #removeBelow(folder: string): Promise<void> {
    for (const name of await this.#dependencies.controlFiles.folders(folder)) {
      await this.#removeBelow(`${folder}/${name}`);
    }
    await this.#dependencies.controlFiles.removeFolder(folder);
  }

  async #removeEmpty(folder: string): Promise<void> {
    try {
      await this.#dependencies.controlFiles.removeFolder(folder);
    } catch (error) {
      if (!(error instanceof FilesError)) throw error;
    }
  }
}

/** What a file is called in version 1 and 2; empty where there is none. */
export type VersionedName = { readonly 1: string; readonly 2: string };

/** Undefined where none of the controllers can be had: no hierarchy, or none that we may write to. */
export async function openCgroups(
  dependencies: CgroupsDependencies,
  { root, controllers }: CgroupsOptions,
): Promise<Cgroups | undefined> {
  const { controlFiles } = dependencies;
  const mountInfo = (await controlFiles.read('/proc/self/mountinfo')) ?? '';
  const unified = new Map<string, string>();
  for (const { folder } of hierarchiesIn(mountInfo, () => 'cpu memory pids')) {
    unified.set(folder, (await controlFiles.read(`${folder}/cgroup.controllers`)) ?? '');
  }
  const usable: Hierarchy[] = [];
  for (const found of hierarchiesIn(mountInfo, (folder) => unified.get(folder) ?? '')) {
    const chosen = new Set(controllers.filter((name) => found.controllers.has(name)));
    const hierarchy = { ...found, folder: `${found.folder}/${root}`, controllers: chosen };
    if (chosen.size === 0) continue;
    try {
      if (found.version === 2) await delegate(controlFiles, chosen, found.folder);
      await controlFiles.makeFolder(hierarchy.folder);
      if (found.version === 2) await delegate(controlFiles, chosen, hierarchy.folder);
      usable.push(hierarchy);
    } catch (error) {
      if (!(error instanceof FilesError)) throw error;
    }
  }
  return usable.length === 0 ? undefined : new Cgroups(dependencies, usable);
}

async function delegate(
  controlFiles: ControlFiles,
  controllers: Hierarchy['controllers'],
  folder: string,
): Promise<void> {
  const words = (['cpu', 'memory', 'pids'] as const).filter((name) => controllers.has(name));
  if (words.length === 0) return;
  await controlFiles.write(
    `${folder}/cgroup.subtree_control`,
    words.map((word) => `+${word}`).join(' '),
  );
}

const folderIn = ({ folder }: Hierarchy, path: readonly string[]): string =>
  [folder, ...path].join('/');
