/**
 * Posix containers that join others, end with their parents, and can be attached to. It stands in
 * front of what starts and watches processes, and gives that commands which are connected already.
 */
import { FilesError } from '#internal/runtime/files.ts';
import { ProcessesError, type User } from '#internal/runtime/processes.ts';
import type { Signal } from '#internal/runtime/signal.ts';
import {
  type ContainerEnd,
  ContainerError,
  type ContainerSpec,
  type Containerizer,
  type RunningContainer,
  type Swept,
} from '../containerizer.ts';
import { Family, type Member } from './family.ts';
import {
  PosixStreams,
  type StreamsDependencies,
  type StreamsPlace,
  hasStreams,
  hasTerminal,
  makeStreams,
} from './posix-streams.ts';
import { parseClaim } from './supervisor-files.ts';

/** What it stands in front of. */
export type AttachableBase = Omit<Containerizer, 'attach' | 'launch' | 'sweep'> & {
  /** Those that earlier agents left. */
  list(): Promise<readonly string[]>;
  /** Makes sure that one of another life, which nobody knows, can be signalled and never starts. */
  claim(containerId: string): Promise<void>;
  /** One that was killed: resolves when nobody writes into its folder any more, or is to be waited for. */
  settled(containerId: string): Promise<void>;
  /** `joined`: the container whose sandbox it gets, instead of one of its own. */
  launch(spec: ContainerSpec, joined: Member | undefined): Promise<RunningContainer>;
  /** Ours, of each container. */
  folderOf(containerId: string): string;
  sandboxFolderOf(spec: ContainerSpec): string;
  userOf(name: string | undefined): Promise<User | undefined>;
  argvOf(spec: ContainerSpec): readonly string[];
};

export function attachable(dependencies: StreamsDependencies, base: AttachableBase): Containerizer {
  const all = new Attachable(dependencies, base);
  return {
    ...base,
    launch: (spec) => all.launch(spec),
    recover: async (spec) => {
      const found = await base.recover(spec);
      if (found.kind === 'running') {
        return { kind: 'running', container: await all.adopt(spec, found.container) };
      }
      await all.end(spec.containerId);
      return found.kind === 'ended' ? { ...found, end: endOf(spec, found.end) } : found;
    },
    signal: (containerId, signal) => all.signal(containerId, signal),
    attach: async (containerId) => all.streams(containerId)?.io,
    release: async (containerId) => {
      all.forget(containerId);
      await base.release(containerId);
    },
    sweep: async (known) => {
      const strangers = (await base.list()).filter((containerId) => !known.has(containerId));
      const swept: Swept[] = [];
      for (let at = 0; at < strangers.length; at += sweptAtOnce) {
        const some = strangers.slice(at, at + sweptAtOnce);
        swept.push(...(await Promise.all(some.map((containerId) => all.sweep(containerId)))));
      }
      return swept;
    },
  };
}

const sweptAtOnce = 32;

class Attachable {
  readonly #dependencies: StreamsDependencies;
  readonly #base: AttachableBase;
  readonly #family = new Family();
  readonly #streams = new Map<string, PosixStreams>();

  constructor(dependencies: StreamsDependencies, base: AttachableBase) {
    this.#dependencies = dependencies;
    this.#base = base;
  }

  streams(containerId: string): PosixStreams | undefined {
    return this.#streams.get(containerId);
  }

  async launch(asked: ContainerSpec): Promise<RunningContainer> {
    const joined = this.#joined(asked);
    const spec = joined === undefined ? asked : { ...asked, user: asked.user ?? joined.spec.user };
    const member = {
      spec,
      sandboxFolder: joined?.sandboxFolder ?? this.#base.sandboxFolderOf(spec),
      user: await this.#base.userOf(spec.user),
    };
    if (!hasStreams(spec)) return this.#attend(member, await this.#base.launch(spec, joined));
    const place = { ...member, folder: this.#folderOf(spec.containerId), fromBytes: 0 };
    const argv = await this.#refusing(async () => {
      await this.#dependencies.fileTree.makeFolder(place.folder, member.user);
      return await makeStreams(this.#dependencies, place, this.#base.argvOf(spec));
    });
    const streams = await this.#openStreams(place);
    try {
      const [path = '', ...words] = argv;
      const command = { kind: 'argv', path, arguments: words } as const;
      const container = await this.#base.launch({ ...spec, command }, joined);
      const attended = this.#attend(member, container);
      await streams.connected();
      return attended;
    } catch (error) {
      this.forget(spec.containerId);
      throw error;
    }
  }

  async adopt(spec: ContainerSpec, container: RunningContainer): Promise<RunningContainer> {
    const folder = this.#folderOf(spec.containerId);
    const owner = await this.#dependencies.fileTree.look(folder);
    const { uid: own } = this.#dependencies.processes.self;
    const user =
      owner === undefined || owner.uid === own
        ? undefined
        : { name: owner.user, uid: owner.uid, gid: owner.gid };
    const sandboxFolder = this.#base.sandboxFolderOf(spec);
    const member = { spec, sandboxFolder, user };
    if (hasStreams(spec)) {
      const said = await this.#dependencies.fileTree.look(`${sandboxFolder}/stdout`);
      await this.#openStreams({ ...member, folder, fromBytes: said?.sizeBytes ?? 0 });
    }
    return this.#attend(member, container);
  }

  /** Of one that is not watched, or was not: its children must not go on. */
  async end(containerId: string): Promise<void> {
    this.#streams.get(containerId)?.end();
    await Promise.all(this.#family.end(containerId).map((child) => this.#kill(child)));
  }

  async sweep(containerId: string): Promise<Swept> {
    try {
      await this.#base.claim(containerId);
      await this.signal(containerId, 'KILL');
      await this.#base.settled(containerId);
      await this.#base.release(containerId);
      return { containerId, fault: undefined };
    } catch (error) {
      if (error instanceof FilesError || error instanceof ContainerError) {
        return { containerId, fault: error.message };
      }
      throw error;
    }
  }

  /** What runs in a terminal is in a session of its own. */
  async signal(containerId: string, signal: Signal): Promise<void> {
    const { fileTree, processes } = this.#dependencies;
    const folder = this.#folderOf(containerId);
    const path = `${folder}/terminal`;
    if ((await fileTree.look(path))?.kind === 'file') {
      const text = await fileTree.read(path, { offset: 0, length: lineBytesMax });
      const inside = parseClaim(new TextDecoder().decode(text).trimEnd());
      const owner = await fileTree.look(folder);
      if (inside !== undefined) processes.signalGroup(inside, signal, owner?.uid);
      // Its death ends the terminal, and how it died is told by that.
      if (inside !== undefined && signal !== 'KILL') return;
    }
    await this.#base.signal(containerId, signal);
  }

  forget(containerId: string): void {
    this.#streams.get(containerId)?.close();
    this.#streams.delete(containerId);
    this.#family.forget(containerId);
  }

  /** Of the task's user, who makes the pipes in it. */
  #folderOf(containerId: string): string {
    return `${this.#base.folderOf(containerId)}/io`;
  }

  #joined({ containerId, nesting, parentId }: ContainerSpec): Member | undefined {
    const parent = parentId === undefined ? undefined : this.#family.living(parentId);
    if (parentId !== undefined && this.#family.hasEnded(parentId)) {
      throw new ContainerError(`Container "${containerId}" is nested in one that has ended`);
    }
    if (nesting !== 'debug') return undefined;
    if (parent !== undefined) return parent;
    throw new ContainerError(`Container "${containerId}" has no parent that it could join`);
  }

  async #openStreams(place: StreamsPlace): Promise<PosixStreams> {
    const streams = await this.#refusing(() => PosixStreams.open(this.#dependencies, place));
    this.#streams.set(place.spec.containerId, streams);
    return streams;
  }

  async #refusing<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof FilesError || error instanceof ProcessesError) {
        throw new ContainerError(`Cannot attach the container: ${error.message}`, { cause: error });
      }
      throw error;
    }
  }

  #attend(member: Member, { process, ended }: RunningContainer): RunningContainer {
    const { containerId } = member.spec;
    const mayLive = this.#family.add(member);
    const end = async (): Promise<ContainerEnd> => {
      if (!mayLive) await this.#kill(containerId);
      const how = await ended;
      // Should `script` have died before what runs in its terminal.
      if (hasTerminal(member.spec)) await this.#kill(containerId);
      await this.end(containerId);
      return endOf(member.spec, how);
    };
    return { process, ended: end() };
  }

  async #kill(containerId: string): Promise<void> {
    try {
      await this.signal(containerId, 'KILL');
    } catch (error) {
      // A folder that cannot be read any more: its end is not ours to hold up.
      if (!(error instanceof FilesError)) throw error;
    }
  }
}

/** Of /proc/<pid>/stat and a boot id; more is a forgery. */
const lineBytesMax = 4096;

/** `script` has the shells' way to tell of a signal, and no other. */
function endOf(spec: ContainerSpec, end: ContainerEnd): ContainerEnd {
  if (!hasTerminal(spec) || end.kind !== 'exited' || end.status <= 128) return end;
  return { kind: 'signaled', signal: end.status - 128 };
}
