/**
 * All that a node does with snapshots: makes them from the state machine while entries are applied,
 * lets the log forget what they stand for, sends them to peers that are too far behind, and takes and
 * installs those that it is sent. One is made at a time, one is sent at a time.
 */
import { assert } from '#internal/base/assert.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type { LogStore } from '#raft/core/log-store.ts';
import type { SnapshotReader, SnapshotStore } from '#raft/core/snapshot-store.ts';
import { type Index, type NodeId, nodeId, type SnapshotMark, type Term } from '#raft/core/types.ts';
import type { Meter } from './meter.ts';
import type { RetiredIds } from './peer-book.ts';
import type { StateMachine } from './replicated-log.ts';
import { prefixed, withoutPrefix } from './snapshot-prefix.ts';
import {
  type SnapshotMessage,
  SnapshotSender,
  type SnapshotSenderOptions,
} from './snapshot-sender.ts';
import { SnapshotTaker } from './snapshot-taker.ts';
import type { SnapshotHandlers, SnapshotTransport } from './snapshot-transport.ts';

/** What a node needs to keep snapshots. */
export type SnapshotMeans = {
  /** Opened and closed by the caller. */
  readonly store: SnapshotStore;
  /** Called once, at construction. The node disposes of what it returns. */
  readonly connect: (handlers: SnapshotHandlers) => SnapshotTransport;
};

export type SnapshotOptions = SnapshotSenderOptions & {
  /** Data of applied entries after which a new snapshot is made. */
  readonly everyBytes: number;
  /** Data of entries that the log keeps behind a snapshot, for peers that are a little late. */
  readonly tailBytes: number;
};

export const defaultSnapshotOptions: SnapshotOptions = {
  everyBytes: 64 << 20,
  tailBytes: 16 << 20,
  bytesPerSecondMax: 32 << 20,
  stallMsMax: 30_000,
  askTimeoutMs: 5000,
  retryPauseMs: 200,
};

export type SnapshotDeskDependencies = {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly log: LogStore;
  readonly machine: StateMachine;
  readonly book: RetiredIds | undefined;
  readonly means: SnapshotMeans;
  readonly meter: Meter;
  readonly term: () => Term;
  /** The point of `index`, with the membership of then; undefined when it is gone already. */
  readonly markAt: (index: Index) => SnapshotMark | undefined;
  /** How the sending of a snapshot ended. */
  readonly onSent: (peer: NodeId, arrived: boolean) => void;
  /** One has arrived, for the core to take. */
  readonly onSnapshot: (message: SnapshotMessage) => void;
  readonly onFault: (fault: unknown) => void;
};

export class SnapshotDesk {
  readonly #dependencies: SnapshotDeskDependencies;
  readonly #options: SnapshotOptions;
  readonly #transport: SnapshotTransport;
  readonly #sender: SnapshotSender;
  readonly #taker: SnapshotTaker;
  #bytesSince = 0;
  /** After a failure for want of room the next try comes later. */
  #bytesWanted: number;
  #making: Promise<void> | undefined;
  /** A leader's snapshot is about to take the place of what is being made. */
  #isInstalling = false;
  #isStopped = false;

  constructor(
    dependencies: SnapshotDeskDependencies,
    options: SnapshotOptions & { readonly id: NodeId },
  ) {
    const { clock, logger, means, term, onSent, onSnapshot, onFault } = dependencies;
    const { store } = means;
    this.#dependencies = dependencies;
    this.#options = options;
    this.#bytesWanted = options.everyBytes;
    this.#taker = new SnapshotTaker({ logger, store, term, onSnapshot, onFault }, options);
    this.#transport = means.connect({
      onRequest: (from, request) => this.#taker.onRequest(from, request),
    });
    const transport = this.#transport;
    this.#sender = new SnapshotSender(
      { clock, logger, store, transport, onEnd: onSent, onFault },
      options,
    );
  }

  /** What a peer could be sent now: where the log begins, or a newer one of what is in the log. */
  newest(): SnapshotMark {
    const { log, means } = this.#dependencies;
    const newest = means.store.newest()?.mark;
    const isOurs = newest !== undefined && log.term(newest.index) === newest.term;
    return isOurs ? newest : log.snapshot();
  }

  get bytesSent(): number {
    return this.#sender.bytesSent;
  }

  get bytesTaken(): number {
    return this.#taker.bytesTaken;
  }

  send(message: SnapshotMessage): void {
    this.#sender.send(message);
  }

  abandonBefore(term: Term): void {
    this.#sender.abandonBefore(term);
  }

  /** Entries with so much data were applied, up to `index`; the machine is at rest just now. */
  onApplied(bytes: number, index: Index): void {
    this.#bytesSince += bytes;
    const isFull = !this.#dependencies.log.hasRoom();
    const isDue = this.#bytesSince >= (isFull ? this.#bytesWanted / 8 : this.#bytesWanted);
    if (!isDue || this.#making !== undefined || this.#isStopped) return;
    this.#making = this.#make(index).finally(() => {
      this.#making = undefined;
    });
  }

  /** Puts a snapshot that was received into the log's and the machine's place. Rejects: stop. */
  async install(mark: SnapshotMark): Promise<void> {
    const { log, logger, meter } = this.#dependencies;
    const reader = await this.#dependencies.means.store.open(mark);
    assert(reader !== undefined, `the snapshot at ${mark.index} is gone before it is installed`);
    this.#isInstalling = true;
    await this.#making;
    try {
      await log.installSnapshot(mark);
      await restoreFrom(reader, this.#dependencies);
    } finally {
      this.#isInstalling = false;
      await reader.close();
    }
    this.#bytesSince = 0;
    meter.count('snapshots_restored');
    logger.info('Restored a snapshot', { index: mark.index, term: mark.term });
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#sender.stop();
    await this.#transport[Symbol.asyncDispose]();
    await this.#taker.stop();
    await this.#making;
  }

  get #isOver(): boolean {
    return this.#isStopped || this.#isInstalling;
  }

  async #make(index: Index): Promise<void> {
    const { logger, meter, onFault } = this.#dependencies;
    const bytes = this.#bytesSince;
    this.#bytesSince = 0;
    try {
      await this.#makeWhole(index);
      this.#bytesWanted = this.#options.everyBytes;
      meter.count('snapshots_made');
    } catch (error) {
      if (!isPassing(error)) {
        if (!this.#isStopped) onFault(error);
        return;
      }
      meter.count('snapshots_failed');
      logger.warn('No snapshot was made', { index, error });
      this.#bytesSince += bytes;
      this.#bytesWanted = this.#bytesSince + this.#options.everyBytes / 4;
    }
  }

  async #makeWhole(index: Index): Promise<void> {
    const { log, machine, means, book, markAt, logger } = this.#dependencies;
    const mark = markAt(index);
    if (mark === undefined || index <= log.snapshot().index) return;
    const newest = means.store.newest()?.mark;
    if (newest !== undefined && newest.index > log.snapshot().index) {
      // mark: a log was cut behind a snapshot
      // Made before a crash that came before the log heard of it, or received and not yet installed.
      if (newest.index <= index) await this.#compact(newest);
      return;
    }
    assert(machine.snapshot !== undefined, 'a state machine that makes no snapshots');
    // Now, before anything else is applied; it is written while others are.
    const chunks = prefixed(retiredToBytes(book), machine.snapshot().chunks);
    const writer = await means.store.create(mark);
    try {
      for await (const chunk of chunks) {
        if (this.#isOver) break;
        await writer.write(chunk);
      }
      if (this.#isOver) {
        await writer.abandon();
        return;
      }
      const { sizeBytes } = await writer.commit();
      logger.info('Made a snapshot', { index, term: mark.term, bytes: sizeBytes });
    } catch (error) {
      if (isPassing(error)) await writer.abandon();
      throw error;
    }
    await this.#compact(mark);
  }

  async #compact(mark: SnapshotMark): Promise<void> {
    const { log, book } = this.#dependencies;
    // What the log forgets about used ids must be in the book.
    await book?.flush();
    // Somebody's newer one may have taken the log's place meanwhile.
    if (this.#isOver || mark.index <= log.snapshot().index) return;
    await log.compact(mark, { tailBytes: this.#options.tailBytes });
  }
}

/**
 * Owed before a node is made over a machine that may be older than its log: brings it to the newest
 * snapshot. One that was received and not yet installed when the process died is installed now.
 */
export async function recoverMachine(
  { machine, book }: Restored,
  log: LogStore,
  store: SnapshotStore | undefined,
): Promise<void> {
  const begin = log.snapshot();
  if (machine.appliedIndex() >= begin.index) return;
  const newest = store?.newest()?.mark;
  const mark = newest !== undefined && newest.index >= begin.index ? newest : begin;
  const reader = await store?.open(mark);
  if (reader === undefined) throw new NoSnapshotError(begin);
  try {
    if (log.term(mark.index) !== mark.term) await log.installSnapshot(mark);
    await restoreFrom(reader, { machine, book });
  } finally {
    await reader.close();
  }
}

/** What the log has forgotten is nowhere: this node cannot go on with this disk. */
export class NoSnapshotError extends Error {
  override readonly name: string = 'NoSnapshotError';
  readonly code = 'NO_SNAPSHOT' as const;

  constructor({ index }: SnapshotMark) {
    super(
      `The log begins behind entry ${index}, but there is no sound snapshot of the state at it. ` +
        'Let this node join anew, under an id that was never used',
    );
  }
}

/** What a snapshot is the whole state of. */
type Restored = { readonly machine: StateMachine; readonly book?: RetiredIds | undefined };

async function restoreFrom(reader: SnapshotReader, { machine, book }: Restored): Promise<void> {
  assert(machine.restore !== undefined, 'a state machine that takes no snapshots');
  const { index } = reader.manifest.mark;
  const { prefix, rest } = await withoutPrefix(chunksOf(reader));
  const retired = retiredFromBytes(prefix);
  await machine.restore({ index, chunks: rest });
  assert(machine.appliedIndex() === index, `a machine restored to ${machine.appliedIndex()}`);
  for (const id of retired) book?.retire(id);
}

function retiredToBytes(book: RetiredIds | undefined): Uint8Array {
  const ids = book?.retired() ?? [];
  const bytes = new Uint8Array(8 * ids.length);
  const view = new DataView(bytes.buffer);
  for (const [place, id] of ids.entries()) view.setBigUint64(8 * place, BigInt(id), true);
  return bytes;
}

function retiredFromBytes(bytes: Uint8Array): readonly NodeId[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 8 }, (_, place) =>
    nodeId(Number(view.getBigUint64(8 * place, true))),
  );
}

async function* chunksOf(reader: SnapshotReader): AsyncIterable<Uint8Array> {
  let offset = 0;
  for (;;) {
    const chunk = await reader.chunk(offset);
    if (chunk === undefined) return;
    yield chunk.bytes;
    offset += chunk.bytes.length;
  }
}

/** For want of room, or since another snapshot came first: it is tried again. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return error.code === 'FULL' || error.code === 'CLOSED';
}
