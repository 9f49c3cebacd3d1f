/**
 * The segment that will come next, made ahead in the background: zero-filled and synced, so that a
 * write into it changes no metadata and its sync is short (raft.md: a half to a tenth of the time).
 *
 * It is also what a full disk cannot take away. A spare is made only while room for another one is
 * left. When there is not, the log is short of room, and says so while the rest of the current
 * segment, about the size of a spare at that moment, is still there for what must be written.
 */
import type { Clock, Timer } from '#internal/runtime/clock.ts';
import { type File, type Files, FilesError } from '#internal/runtime/files.ts';
import type { Logger } from '#internal/runtime/logger.ts';

export const spareName = 'spare';

type SpareDependencies = {
  readonly files: Files;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The disk failed otherwise than for want of room. */
  readonly onFault: (fault: unknown) => void;
};

type SpareOptions = {
  readonly folder: string;
  readonly segmentBytes: number;
  /** Made durable at a time; without it little enough for whoever writes beside it. */
  readonly sliceBytes?: number;
};

/**
 * So little that the writes of the log find the disk free in between. Three logs on one disk, each
 * making a segment: a write of one in a hundred takes 0.9 ms, and 16 ms with slices of a mebibyte.
 */
const quietSliceBytes = 64 * 1024;
/** While the disk is full, it is looked at this often. */
const retryMs = 1000;

export class SpareSegment {
  readonly #dependencies: SpareDependencies;
  readonly #options: SpareOptions;
  /** Never rejects; undefined: there was no room. */
  #making: Promise<File | undefined> | undefined;
  #isShort = false;
  #isClosed = false;
  #timer: Timer | undefined;

  constructor(dependencies: SpareDependencies, options: SpareOptions) {
    this.#dependencies = dependencies;
    this.#options = options;
  }

  get path(): string {
    return `${this.#options.folder}/${spareName}`;
  }

  /** Whether the last try to make one found too little room. */
  get isShort(): boolean {
    return this.#isShort;
  }

  /** Sees to it that one is there, or is being made. */
  prepare(): void {
    if (this.#isClosed) return;
    this.#timer?.cancel();
    this.#making ??= this.#make().catch((fault: unknown) => {
      this.#dependencies.onFault(fault);
      return undefined;
    });
  }

  /**
   * The spare, at `path`, which the caller opens no second time and renames. Waits for one that is
   * being made; undefined when there is no room for one.
   */
  async take(): Promise<File | undefined> {
    const file = await this.#making;
    this.#making = undefined;
    return file;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await (await this.take())?.close();
  }

  async #make(): Promise<File | undefined> {
    const hasRoom = await this.#hasRoom();
    const file = hasRoom ? await this.#fill() : undefined;
    const wasShort = this.#isShort;
    this.#isShort = file === undefined;
    if (this.#isShort && !this.#isClosed) this.#retryLater();
    if (this.#isShort !== wasShort) this.#tell();
    return file;
  }

  /** One of an earlier life has its room already. */
  async #hasRoom(): Promise<boolean> {
    const { files } = this.#dependencies;
    const { folder, segmentBytes } = this.#options;
    const there = (await files.stat(this.path))?.sizeBytes ?? 0;
    return there >= segmentBytes || (await files.freeBytes(folder)) >= 2 * segmentBytes;
  }

  /** Over whatever is there: a crash may have left half of a segment's beginning in it. */
  async #fill(): Promise<File | undefined> {
    const { segmentBytes, sliceBytes = quietSliceBytes } = this.#options;
    const file = await this.#dependencies.files.open(this.path, { create: true, durable: true });
    try {
      const zeros = new Uint8Array(Math.min(sliceBytes, segmentBytes));
      for (let offset = 0; offset < segmentBytes && !this.#isClosed; offset += zeros.length) {
        await file.write(offset, [zeros.subarray(0, segmentBytes - offset)]);
      }
      // One that is half filled is not made to look whole: its room is not ours yet.
      if (this.#isClosed) return file;
      await file.truncate(segmentBytes);
      await file.sync();
      return file;
    } catch (fault) {
      await file.close();
      if (!isFull(fault)) throw fault;
      await this.#dependencies.files.remove(this.path);
      return undefined;
    }
  }

  #retryLater(): void {
    this.#timer = this.#dependencies.clock.after(retryMs, () => {
      this.#making = undefined;
      this.prepare();
    });
  }

  #tell(): void {
    const { logger } = this.#dependencies;
    const { folder, segmentBytes } = this.#options;
    if (this.#isShort) {
      logger.error('The disk of the Raft log is nearly full', { folder, segmentBytes });
    } else logger.info('The disk of the Raft log has room again', { folder });
  }
}

export const isFull = (fault: unknown): boolean =>
  fault instanceof FilesError && (fault.code === 'ENOSPC' || fault.code === 'EDQUOT');
