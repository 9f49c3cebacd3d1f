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
import type { Command, Effect } from '#internal/state/command.ts';
import type { LogCommand, PartDigest } from '#internal/state/command-log.ts';
import { newStateBuilder } from '#internal/state/from-records.ts';
import { diffSteps } from '#internal/state/records.ts';
import type { State } from '#internal/state/state.ts';
import {
  decodeRecord,
  type RecordWrite,
  readCommand,
  writeOf,
} from '#internal/wire/state-codec.ts';
import { chunksOfState, stateFromChunks } from '#internal/wire/state-stream.ts';
import { DigestWatch, DivergenceError } from './digest-watch.ts';
import { ProposedCommands } from './proposed-commands.ts';

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
  /** Hears at once when this master must stop; otherwise the next entry tells. */
  readonly onDivergence?: (fault: DivergenceError) => void;
};

export type LedgerOptions = {
  /** Changes of so long go into the mirror together. */
  readonly mirrorIntervalMs: number;
  /** The masters compare their states when the log has grown by so many entries. */
  readonly digestEveryEntries?: number;
};

const defaultDigestEveryEntries = 8192;

type Page = { readonly index: number; readonly state: State };

const statePrefix = 'state/';
/** The first key after all that begin with the prefix. */
const stateEnd = 'state0';
const indexKey = 'applied-index';
const indexEnd = 'applied-index0';
/** Why this disk must not be used again. */
const divergedKey = 'diverged';
const divergedEnd = 'diverged0';

/**
 * Reads what the mirror holds. Throws `StateCodecError` or `StateVersionError` when a newer program has
 * written it, `DivergenceError` when it was found to be wrong.
 */
export async function openLedger(
  dependencies: LedgerDependencies,
  options: LedgerOptions,
): Promise<Ledger> {
  const { mirror } = dependencies;
  for await (const [, value] of mirror.range({ from: divergedKey, to: divergedEnd })) {
    throw divergenceFromBytes(value);
  }
  // The thread of the log asks now and then whether this one lives.
  const slicer = new Slicer(dependencies);
  const builder = newStateBuilder();
  for await (const [key, value] of mirror.range({ from: statePrefix, to: stateEnd })) {
    builder.add(decodeRecord(key.slice(statePrefix.length), value));
    const pause = slicer.pause();
    if (pause !== undefined) await pause;
  }
  let index = 0;
  for await (const [, value] of mirror.range({ from: indexKey, to: indexEnd })) {
    index = indexFromBytes(value);
  }
  assert(index > 0 || builder.records === 0, 'a mirror with records and without an index');
  const state = await runPaced(builder.finish(), slicer);
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
  readonly #watch: DigestWatch;
  readonly #proposed: ProposedCommands = new ProposedCommands();
  #keptIndex = 0;
  #divergence: DivergenceError | undefined;

  constructor(
    dependencies: LedgerDependencies,
    { page, ...options }: LedgerOptions & { readonly page: Page },
  ) {
    this.#dependencies = dependencies;
    this.#options = options;
    this.#slicer = new Slicer(dependencies);
    const { digestEveryEntries: everyEntries = defaultDigestEveryEntries } = options;
    this.#watch = new DigestWatch(this.#slicer, { everyEntries });
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

  /** What an entry means that this master has just proposed: it need not be read when it comes back. */
  expect(entry: Uint8Array, command: Command): void {
    this.#proposed.expect(entry, command);
  }

  /** What was proposed may never come back, or not in its order. */
  expectNothing(): void {
    this.#proposed.clear();
  }

  /** The last entry after which the state was kept, to be compared; 0 for none. */
  keptIndex(): number {
    return this.#keptIndex;
  }

  /** What the state came to after an entry that was kept; undefined when it is not kept any more. */
  async digestAt(index: number): Promise<readonly PartDigest[] | undefined> {
    return await this.#watch.digestAt(index);
  }

  /**
   * Throws `StateCodecError` or `StateVersionError` for what a newer program wrote, `DivergenceError`
   * when the state was found to differ from the leader's: this master must stop.
   */
  apply(entries: readonly LogEntry[]): void {
    if (this.#divergence !== undefined) throw this.#divergence;
    for (const { index, term, data } of entries) {
      const { index: before, state } = this.#page;
      assert(index > before, `entry ${index} after entry ${before}`);
      if (data.length === 0) {
        this.#page = { index, state };
        continue;
      }
      const command = this.#proposed.take(data) ?? readCommand(data);
      if (command === undefined) {
        this.#dependencies.logger.warn('skipping a command of a newer program', { index, term });
        this.#page = { index, state };
        continue;
      }
      const applied = apply(state, command);
      this.#page = { index, state: applied.state };
      if (this.#watch.passed(before, index, applied.state)) this.#keptIndex = index;
      if (command.kind === 'check-digest') void this.#compare(command);
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
    this.#watch.restored();
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

  async #compare({ index, parts }: Extract<LogCommand, { kind: 'check-digest' }>): Promise<void> {
    const { mirror, logger, onDivergence } = this.#dependencies;
    const divergence = await this.#watch.compare(index, parts);
    if (divergence === undefined || this.#divergence !== undefined) return;
    this.#divergence = divergence;
    logger.error('the state differs from the leader', { index, parts: divergence.parts });
    const mark: RecordWrite = {
      kind: 'put',
      key: divergedKey,
      value: divergenceToBytes(divergence),
    };
    await mirror
      .write([mark], { sync: true })
      .catch((error: unknown) => logger.warn('mirror not written', { error }));
    onDivergence?.(divergence);
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

const divergenceToBytes = ({ index, parts }: DivergenceError): Uint8Array =>
  new TextEncoder().encode([index, ...parts].join(' '));

function divergenceFromBytes(bytes: Uint8Array): DivergenceError {
  const [index, ...parts] = new TextDecoder().decode(bytes).split(' ');
  return new DivergenceError(Number(index), parts);
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
