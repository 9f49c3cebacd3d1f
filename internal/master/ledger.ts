/**
 * The book that every master keeps: the replicated state, and the index up to which the log is in it.
 *
 * The node of the log hands in entries in order; each is decoded, applied, and told, with its effects,
 * to the one who may lead here. Behind that, in batches and at leisure, the records that changed go to
 * a mirror (a key-value store), each batch together with its index: a restart replays the rest of the
 * log alone. The mirror may lag and may lose its newest batches, but never holds a part of one: what it
 * says is true for the index that it says. When it cannot be written, the next batch takes it along,
 * and a restart replays more.
 */
import { assert } from '#internal/base/assert.ts';
import { runPaced, type Steps } from '#internal/base/steps.ts';
import type { Clock, Timer } from '#internal/runtime/clock.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import { Slicer } from '#internal/runtime/slicer.ts';
import { apply } from '#internal/state/apply.ts';
import type { Effect } from '#internal/state/command.ts';
import { diffSteps } from '#internal/state/records.ts';
import { newState, type State } from '#internal/state/state.ts';
import {
  type RecordWrite,
  decodeCommand,
  stateFromRecords,
  writeOf,
} from '#internal/wire/state-codec.ts';
import { chunksOfState, stateFromChunks } from '#internal/wire/state-stream.ts';

/** What this room asks of a key-value store. */
export type Mirror = {
  /** Pairs with `from <= key < to`, in order. */
  range(options: {
    readonly from: string;
    readonly to: string;
  }): AsyncIterable<readonly [key: string, value: Uint8Array]>;
  /** All or nothing, and never before an older batch. */
  write(batch: readonly RecordWrite[], options: { readonly sync: boolean }): Promise<void>;
};

export type LogEntry = {
  readonly index: number;
  readonly term: number;
  /** Empty for an entry of the log's own. */
  readonly data: Uint8Array;
};

/** All of the state in bytes, at the entry `index`. */
export type LedgerSnapshot = {
  readonly index: number;
  readonly chunks: AsyncIterable<Uint8Array>;
};

/** What one entry led to. */
export type Applied = {
  readonly index: number;
  readonly term: number;
  readonly state: State;
  readonly effects: readonly Effect[];
};

export type LedgerDependencies = {
  readonly mirror: Mirror;
  readonly clock: Clock;
  readonly logger: Logger;
};

export type LedgerOptions = {
  /** Changes of so long go into the mirror together. */
  readonly mirrorIntervalMs: number;
};

type Page = { readonly index: number; readonly state: State };

const statePrefix = 'state/';
/** The first key after all that begin with the prefix. */
const stateEnd = 'state0';
const indexKey = 'applied-index';
const indexEnd = 'applied-index0';

/** Reads what the mirror holds. Throws `StateCodecError` when a newer version has written it. */
export async function openLedger(
  dependencies: LedgerDependencies,
  options: LedgerOptions,
): Promise<Ledger> {
  const { mirror } = dependencies;
  const records: [string, Uint8Array][] = [];
  for await (const [key, value] of mirror.range({ from: statePrefix, to: stateEnd })) {
    records.push([key.slice(statePrefix.length), value]);
  }
  let index = 0;
  for await (const [, value] of mirror.range({ from: indexKey, to: indexEnd })) {
    index = indexFromBytes(value);
  }
  assert(index > 0 || records.length === 0, 'a mirror with records and without an index');
  const state = records.length === 0 ? newState() : stateFromRecords(records);
  return new Ledger(dependencies, { ...options, page: { index, state } });
}

export class Ledger implements AsyncDisposable {
  readonly #dependencies: LedgerDependencies;
  readonly #options: LedgerOptions;
  /** What takes long is done in slices, by this. */
  readonly #slicer: Slicer;
  #page: Page;
  /** What the mirror holds for sure. */
  #mirrored: Page;
  #listener: ((applied: Applied) => void) | undefined;
  #timer: Timer | undefined;
  #writing: Promise<void> | undefined;
  #isClosed = false;

  constructor(
    dependencies: LedgerDependencies,
    { page, ...options }: LedgerOptions & { readonly page: Page },
  ) {
    this.#dependencies = dependencies;
    this.#options = options;
    this.#slicer = new Slicer(dependencies);
    this.#page = page;
    this.#mirrored = page;
  }

  state(): State {
    return this.#page.state;
  }

  appliedIndex(): number {
    return this.#page.index;
  }

  /** Up to where the log may be cut off without loss. */
  mirroredIndex(): number {
    return this.#mirrored.index;
  }

  /** Calls back for each entry that holds a command, in order, until disposed. One at a time. */
  subscribe(listener: (applied: Applied) => void): Disposable {
    assert(this.#listener === undefined, 'the ledger has a listener already');
    this.#listener = listener;
    return { [Symbol.dispose]: () => (this.#listener = undefined) };
  }

  /** Throws `StateCodecError` for a command of a newer version: this master must stop. */
  apply(entries: readonly LogEntry[]): void {
    for (const { index, term, data } of entries) {
      const { index: before, state } = this.#page;
      assert(index > before, `entry ${index} after entry ${before}`);
      if (data.length === 0) {
        this.#page = { index, state };
        continue;
      }
      const applied = apply(state, decodeCommand(data));
      this.#page = { index, state: applied.state };
      this.#listener?.({ index, term, ...applied });
    }
    this.#mirrorLater();
  }

  /** The state as it is now; it is read while others follow. */
  snapshot(): LedgerSnapshot {
    const { index, state } = this.#page;
    return { index, chunks: chunksOfState(state, this.#slicer) };
  }

  /** Takes the place of the state when it was read to its end. Throws `StateCodecError`. */
  async restore({ index, chunks }: LedgerSnapshot): Promise<void> {
    const state = await stateFromChunks(chunks, this.#slicer);
    assert(index >= this.#page.index, `a snapshot at ${index} behind entry ${this.#page.index}`);
    this.#page = { index, state };
    this.#mirrorLater();
  }

  /** Resolves when the mirror has taken all that is applied, or could not. */
  async flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#writing;
    await this.#writeMirror();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.flush();
  }

  #mirrorLater(): void {
    if (this.#isClosed || this.#timer !== undefined || this.#writing !== undefined) return;
    const { clock } = this.#dependencies;
    this.#timer = clock.after(this.#options.mirrorIntervalMs, () => {
      this.#timer = undefined;
      void this.#writeMirror();
    });
  }

  /** One at a time, so that no older batch comes after a newer one. */
  async #writeMirror(): Promise<void> {
    this.#writing ??= this.#mirror().finally(() => {
      this.#writing = undefined;
      if (this.#mirrored !== this.#page) this.#mirrorLater();
    });
    await this.#writing;
  }

  async #mirror(): Promise<void> {
    const page = this.#page;
    if (page === this.#mirrored) return;
    const { mirror, logger } = this.#dependencies;
    const changes = await runPaced(writesBetween(this.#mirrored.state, page.state), this.#slicer);
    const index: RecordWrite = { kind: 'put', key: indexKey, value: indexToBytes(page.index) };
    try {
      await mirror.write([...changes, index], { sync: false });
      this.#mirrored = page;
    } catch (error) {
      logger.warn('mirror not written', { index: page.index, error });
    }
  }
}

function* writesBetween(previous: State, next: State): Steps<readonly RecordWrite[]> {
  const writes: RecordWrite[] = [];
  for (const change of diffSteps(previous, next)) {
    if (change !== undefined) {
      const { key, ...write } = writeOf(change);
      writes.push({ ...write, key: statePrefix + key });
    }
    yield;
  }
  return writes;
}

function indexToBytes(index: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(index));
  return bytes;
}

function indexFromBytes(bytes: Uint8Array): number {
  assert(bytes.length === 8, 'an index of the mirror that is not one');
  return Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0));
}
