/**
 * The allocators of a master that is recorded (`--allocator-recording`): each term's into a file of its
 * own, `term-N.jsonl` in one folder, for `altiplano allocator replay`.
 *
 * A recording never holds the master up and never stops it: what the disk does not take in time, or
 * at all, ends the recording with a warning. What was written until then can be replayed.
 */
import { newAllocator, type Allocator } from '#internal/allocator/allocator.ts';
import type { AllocatorOptions } from '#internal/allocator/event.ts';
import { recorded } from '#internal/allocator/recorder.ts';
import { newRecordingWriter } from '#internal/allocator/recording.ts';
import { type Random, randomFromSeed } from '#internal/base/random.ts';
import { newUuid } from '#internal/base/uuid.ts';
import type { File, Files } from '#internal/runtime/files.ts';
import type { Logger } from '#internal/runtime/logger.ts';

/** What a master that begins to lead takes its allocator from. */
export type AllocatorSource = (term: {
  readonly term: number;
  readonly random: Random;
  readonly options: AllocatorOptions;
}) => Allocator;

/** Not recorded. */
export const plainAllocator: AllocatorSource = ({ random, options }) =>
  newAllocator({ random }, options);

export type RecordingsOptions = {
  readonly folder: string;
  /** Of one file; then its recording ends. */
  readonly bytesMax: number;
  /** That much waits for the disk; beyond it the recording ends. */
  readonly backlogBytesMax: number;
};

type Dependencies = { readonly files: Files; readonly logger: Logger };

export class AllocatorRecordings {
  readonly #dependencies: Dependencies;
  readonly #options: RecordingsOptions;
  readonly #tapes = new Set<Tape>();

  /** The folder exists. */
  constructor(dependencies: Dependencies, options: RecordingsOptions) {
    this.#dependencies = dependencies;
    this.#options = options;
  }

  readonly source: AllocatorSource = ({ term, random, options }) => {
    const { folder, bytesMax, backlogBytesMax } = this.#options;
    const { files, logger } = this.#dependencies;
    // A master is elected again and again, and nobody adds to what was recorded of an earlier term.
    for (const earlier of this.#tapes) {
      void earlier.close().then(() => this.#tapes.delete(earlier));
    }
    // The luck must be told in a word, so that a replay has the same.
    const seed = newUuid(random);
    const path = `${folder}/term-${term}-${seed.slice(0, 8)}.jsonl`;
    const tape = new Tape({ files, logger }, { path, backlogBytesMax });
    this.#tapes.add(tape);
    const append = (line: Uint8Array): void => tape.append(line);
    const writer = newRecordingWriter(append, { seed, options, bytesMax });
    const isTaken: typeof writer = { write: (call) => !tape.isOver && writer.write(call) };
    logger.info('recording the allocator', { path });
    return recorded(newAllocator({ random: randomFromSeed(seed) }, options), isTaken, () =>
      logger.warn('the recording of the allocator ended', { path, bytesMax }),
    );
  };

  /** All that was recorded is in the files. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#tapes, (tape) => tape.close()));
  }
}

type TapeOptions = { readonly path: string; readonly backlogBytesMax: number };

/** One file, written to its end and no further. */
class Tape {
  readonly #dependencies: Dependencies;
  readonly #options: TapeOptions;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | undefined;
  #file: File | undefined;
  #offset = 0;
  #isOver = false;

  constructor(dependencies: Dependencies, options: TapeOptions) {
    this.#dependencies = dependencies;
    this.#options = options;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  append(line: Uint8Array): void {
    if (this.#isOver) return;
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    if (this.#waitingBytes > this.#options.backlogBytesMax) this.#end('the disk is too slow');
    else this.#writing ??= this.#write();
  }

  /** What was appended is in the file. Never rejects. */
  async close(): Promise<void> {
    this.#isOver = true;
    await this.#writing;
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch((error: unknown) => this.#end(error));
  }

  async #write(): Promise<void> {
    try {
      this.#file ??= await this.#dependencies.files.open(this.#options.path, {
        create: true,
        exclusive: true,
      });
      while (this.#waiting.length > 0) {
        const lines = this.#waiting;
        const bytes = this.#waitingBytes;
        this.#waiting = [];
        this.#waitingBytes = 0;
        await this.#file.write(this.#offset, lines);
        this.#offset += bytes;
      }
    } catch (error) {
      this.#end(error);
    } finally {
      this.#writing = undefined;
    }
  }

  #end(error: unknown): void {
    const { path } = this.#options;
    this.#isOver = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#dependencies.logger.warn('the allocator is not recorded any more', { path, error });
  }
}
