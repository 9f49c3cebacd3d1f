/**
 * Picks who runs a container: an image, volumes of its own or settings of Linux take OCI, all else is
 * posix. Who has it already keeps it, whatever the agent is told at its next start.
 */
import type { FileTree } from '#internal/runtime/file-tree.ts';
import {
  ContainerError,
  type ContainerSpec,
  type Containerizer,
  type RunningContainer,
} from '../containerizer.ts';
import { folderOf as posixFolderOf } from './container-folder.ts';
import { folderOf as ociFolderOf } from './oci-folder.ts';

export type ComposingDependencies = {
  readonly fileTree: Pick<FileTree, 'look'>;
  readonly posix: Containerizer;
  /** Or why this machine has none: told to whoever needs it. */
  readonly oci: Containerizer | string;
};

export type ComposingOptions = {
  readonly workFolder: string;
  /** Containers that were meant for Docker's daemon run as well. */
  readonly runsDocker: boolean;
};

/** Whether posix containers cannot be what is asked for. */
export function needsOci({ container }: ContainerSpec): boolean {
  if (container === undefined) return false;
  const { type, mesos, volumes = [], linux_info: linux, hostname } = container;
  return (
    type === 'DOCKER' ||
    mesos?.image !== undefined ||
    volumes.length > 0 ||
    linux !== undefined ||
    hostname !== undefined
  );
}

export function composing(
  dependencies: ComposingDependencies,
  options: ComposingOptions,
): Containerizer {
  const { posix } = dependencies;
  const own = new Composed(dependencies, options);
  return {
    launch: (spec) => own.launch(spec),
    recover: async (spec) => {
      const { containerId } = spec;
      const whose = (await own.keeperOf(containerId)) ?? (await own.choose(spec));
      const found = await whose.recover(spec);
      if (found.kind !== 'running') return found;
      return { kind: 'running', container: own.attend(spec, found.container) };
    },
    signal: async (containerId, signal) =>
      await ((await own.keeperOf(containerId)) ?? posix).signal(containerId, signal),
    attach: async (containerId) =>
      await ((await own.keeperOf(containerId)) ?? posix).attach(containerId),
    usage: async (containerId) =>
      await ((await own.keeperOf(containerId)) ?? posix).usage(containerId),
    update: async (containerId, limits) =>
      await ((await own.keeperOf(containerId)) ?? posix).update(containerId, limits),
    // Those of OCI may have a folder of either kind, and know best how they end.
    sweep: async (known) => {
      const { oci } = dependencies;
      const ofOci = typeof oci === 'string' ? [] : await oci.sweep(known);
      return [...ofOci, ...(await posix.sweep(known))];
    },
    release: async (containerId) => {
      const keeper = (await own.keeperOf(containerId)) ?? posix;
      own.forget(containerId);
      await keeper.release(containerId);
    },
  };
}

class Composed {
  readonly #dependencies: ComposingDependencies;
  readonly #options: ComposingOptions;
  /** Of containers that were launched or found, until they are released. */
  readonly #keepers = new Map<string, Containerizer>();
  readonly #parents = new Map<string, string>();

  constructor(dependencies: ComposingDependencies, options: ComposingOptions) {
    this.#dependencies = dependencies;
    this.#options = options;
  }

  async launch(spec: ContainerSpec): Promise<RunningContainer> {
    if (spec.container?.type === 'DOCKER' && !this.#options.runsDocker) {
      throw new ContainerError(
        'None of the enabled containerizers (mesos) could create a container for the provided ' +
          'TaskInfo/ExecutorInfo message',
      );
    }
    const keeper = (await this.keeperOf(spec.containerId)) ?? (await this.choose(spec));
    this.#keepers.set(spec.containerId, keeper);
    return this.attend(spec, await keeper.launch(spec));
  }

  /** What the machine cannot do is refused in words for the owner of the container. */
  async choose(spec: ContainerSpec): Promise<Containerizer> {
    const { nesting, parentId } = spec;
    const joined = nesting === 'debug' && parentId !== undefined;
    const parent = joined ? await this.keeperOf(parentId) : undefined;
    if (parent !== undefined) return parent;
    return needsOci(spec) ? this.#oci : this.#dependencies.posix;
  }

  /** Who has it, from this start of the agent or one before; undefined when nobody does. */
  async keeperOf(containerId: string): Promise<Containerizer | undefined> {
    const known = this.#keepers.get(containerId);
    if (known !== undefined) return known;
    const { fileTree, posix } = this.#dependencies;
    const isThere = async (folder: string): Promise<boolean> =>
      (await fileTree.look(folder)) !== undefined;
    // Containers of OCI may have a folder of either kind.
    const isOci = await isThere(ociFolderOf(this.#options, containerId));
    if (!isOci && !(await isThere(posixFolderOf(this.#options, containerId)))) return undefined;
    const keeper = isOci ? this.#oci : posix;
    this.#keepers.set(containerId, keeper);
    return keeper;
  }

  /** A container ends with its parent, also when that is of the other kind. */
  attend({ containerId, parentId }: ContainerSpec, container: RunningContainer): RunningContainer {
    if (parentId !== undefined) this.#parents.set(containerId, parentId);
    const end = async (): Promise<Awaited<RunningContainer['ended']>> => {
      const how = await container.ended;
      const children = [...this.#parents].filter(([, parent]) => parent === containerId);
      await Promise.all(
        children.map(async ([child]) => await this.#keepers.get(child)?.signal(child, 'KILL')),
      );
      return how;
    };
    return { process: container.process, ended: end() };
  }

  get #oci(): Containerizer {
    const { posix, oci } = this.#dependencies;
    return typeof oci === 'string' ? refusing(posix, oci) : oci;
  }

  forget(containerId: string): void {
    this.#keepers.delete(containerId);
    this.#parents.delete(containerId);
  }
}

/** In the place of the one that is missing. */
const refusing = (posix: Containerizer, reason: string): Containerizer => ({
  ...posix,
  launch: async () => {
    throw new ContainerError(`This agent has no containerizer for images and volumes: ${reason}`);
  },
  recover: async () => {
    const lost = `Nobody can tell how it ended: ${reason}`;
    return { kind: 'ended', process: undefined, end: { kind: 'lost', reason: lost } };
  },
});
