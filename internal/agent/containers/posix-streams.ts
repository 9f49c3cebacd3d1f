/**
 * The input and output of posix containers that somebody may attach to: named pipes in a
 * folder of the container's, and a terminal made by `script`. What nobody reads waits in the pipe, and then the command
 * waits. What a command with a terminal says in files of its sandbox is read from there.
 */
import type { Clock, Timer } from '#internal/runtime/clock.ts';
import type { FileTree } from '#internal/runtime/file-tree.ts';
import type { PipeReader, PipeWriter, Pipes } from '#internal/runtime/pipes.ts';
import type { Processes, User } from '#internal/runtime/processes.ts';
import {
  ContainerError,
  type ContainerIo,
  type ContainerSpec,
  type OutputChunk,
  type WindowSize,
} from '../containerizer.ts';
import { followFile } from './follow-file.ts';
import { mergeOutput } from './merge-output.ts';
import { OutputFeed } from './output-feed.ts';
import { connectedArgv, terminalArgv } from './posix-streams-script.ts';

export type StreamsDependencies = {
  readonly clock: Clock;
  readonly fileTree: FileTree;
  readonly pipes: Pipes;
  readonly processes: Processes;
};

/** Of one container. */
export type StreamsPlace = {
  readonly spec: ContainerSpec;
  /** Of its streams, and of the task's user. */
  readonly folder: string;
  readonly sandboxFolder: string;
  readonly user: User | undefined;
  /** Where the reading of its output starts, when it goes to a file. */
  readonly fromBytes: number;
};

/** Connected within moments, or never. */
const readyPollMs = 5;
const readyPollsMax = 1000;
/** What a command left behind may hold its pipe open. So long after its end nobody waits for that. */
const lastWordsMs = 1000;
const usualSize: WindowSize = { rows: 24, columns: 80 };
const endOfTransmission = Uint8Array.of(4);

export const hasTerminal = ({ container }: ContainerSpec): boolean =>
  container?.tty_info !== undefined;

/** Whether anybody can attach to it. */
export const hasStreams = (spec: ContainerSpec): boolean =>
  spec.io === 'attached' || hasTerminal(spec);

/** Makes the pipes; tells the command that connects `argv` to them. */
export async function makeStreams(
  { processes }: StreamsDependencies,
  { spec, folder, user }: StreamsPlace,
  argv: readonly string[],
): Promise<readonly string[]> {
  await runQuietly(processes, { name: 'mkfifo', arguments: pipesOf(spec), folder, user });
  if (!hasTerminal(spec)) return connectedArgv(folder, argv);
  if ((await processes.which('script')) === undefined) {
    throw new ContainerError('A terminal needs `script` in PATH, of util-linux');
  }
  const { rows, columns } = spec.container?.tty_info?.window_size ?? usualSize;
  const shell = spec.environment['SHELL'];
  return terminalArgv({ folder, io: spec.io, rows, columns, shell }, argv);
}

function pipesOf(spec: ContainerSpec): readonly string[] {
  if (!hasTerminal(spec)) return ['in', 'out', 'err'];
  return spec.io === 'attached' ? ['in', 'out'] : ['in'];
}

type QuietProgram = {
  readonly name: string;
  readonly arguments: readonly string[];
  readonly folder: string;
  readonly user: User | undefined;
};

async function runQuietly(processes: Processes, program: QuietProgram): Promise<void> {
  const path = await processes.which(program.name);
  if (path === undefined) throw new ContainerError(`Containers need \`${program.name}\` in PATH`);
  const { arguments: words, folder, user } = program;
  const environment = { PATH: '/usr/bin:/bin' };
  const { ended } = await processes.start({ path, arguments: words, environment, folder, user });
  await ended;
}

export class PosixStreams {
  readonly io: ContainerIo;
  readonly #dependencies: StreamsDependencies;
  readonly #place: StreamsPlace;
  readonly #readers: readonly PipeReader[];
  readonly #input: PipeWriter;
  #ended = false;
  #isPulling = false;
  #patience: Timer | undefined;

  /** Opens the pipes of a container that is about to start, or runs. */
  static async open(dependencies: StreamsDependencies, place: StreamsPlace): Promise<PosixStreams> {
    const opened: { close(): void }[] = [];
    try {
      const outputs = pipesOf(place.spec).slice(1);
      const readers: PipeReader[] = [];
      for (const name of outputs) {
        const reader = await dependencies.pipes.openReader(`${place.folder}/${name}`);
        opened.push(reader);
        readers.push(reader);
      }
      const input = await dependencies.pipes.openWriter(`${place.folder}/in`);
      return new PosixStreams(dependencies, { place, readers, input });
    } catch (error) {
      for (const one of opened) one.close();
      throw error;
    }
  }

  private constructor(dependencies: StreamsDependencies, { place, readers, input }: Opened) {
    this.#dependencies = dependencies;
    this.#place = place;
    this.#readers = readers;
    this.#input = input;
    const feed = new OutputFeed(this.#chunks());
    this.io = {
      output: () => feed.read(),
      write: async (data) => await this.#write(data),
      resize: async (size) => await this.#resize(size),
    };
  }

  /** Resolves when the command can be written to, or has ended. */
  async connected(): Promise<void> {
    const { clock, fileTree } = this.#dependencies;
    for (let polls = 0; polls < readyPollsMax && !this.#ended; polls++) {
      if ((await fileTree.look(`${this.#place.folder}/ready`)) !== undefined) return;
      await clock.sleep(readyPollMs);
    }
  }

  /** The container has ended: what it said last can still be read. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#input.close();
    for (const reader of this.#readers) reader.finish();
    if (this.#isPulling) this.#awaitLastWords();
  }

  close(): void {
    this.end();
    this.#patience?.cancel();
    for (const reader of this.#readers) reader.close();
  }

  async *#chunks(): AsyncGenerator<OutputChunk> {
    const source = this.#source();
    for (;;) {
      this.#isPulling = true;
      if (this.#ended) this.#awaitLastWords();
      const next = await source.next();
      this.#isPulling = false;
      this.#patience?.cancel();
      if (next.done === true) return;
      yield next.value;
    }
  }

  #awaitLastWords(): void {
    this.#patience = this.#dependencies.clock.after(lastWordsMs, () => this.close());
  }

  #source(): AsyncIterator<OutputChunk> {
    const { clock, fileTree } = this.#dependencies;
    const { spec, sandboxFolder: within, fromBytes } = this.#place;
    if (spec.io === 'attached') return mergeOutput(this.#readers.map(({ chunks }) => chunks));
    const path = `${within}/stdout`;
    const isOver = (): boolean => this.#ended;
    return followFile({ clock, fileTree }, { path, within, fromBytes, isOver });
  }

  async #write(data: Uint8Array): Promise<void> {
    if (data.length > 0) await this.#input.write(data);
    // To a terminal the end of the input is a key.
    else if (hasTerminal(this.#place.spec)) await this.#input.write(endOfTransmission);
    else this.#input.close();
  }

  async #resize({ rows, columns }: WindowSize): Promise<void> {
    const { spec, folder, user } = this.#place;
    const { fileTree, processes } = this.#dependencies;
    if (!hasTerminal(spec)) throw new ContainerError('The container has no terminal');
    const path = `${folder}/tty`;
    if (this.#ended || (await fileTree.look(path)) === undefined) return;
    const text = await fileTree.read(path, { offset: 0, length: 100 });
    const tty = new TextDecoder().decode(text).trim();
    // The task's user wrote this name, and only that user's own terminals hear of it.
    const size = ['rows', `${rows}`, 'cols', `${columns}`];
    const words = ['-F', tty, ...size];
    await runQuietly(processes, { name: 'stty', arguments: words, folder, user });
  }
}

type Opened = {
  readonly place: StreamsPlace;
  readonly readers: readonly PipeReader[];
  readonly input: PipeWriter;
};
