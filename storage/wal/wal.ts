/**
 * The Raft log on disk: segments that only grow, every byte under a checksum, every write chained to
 * the one before. `DESIGN.md` has the format and the reasons.
 *
 * It promises: what `append` resolved for is there after any crash, in whole batches; damage to it is
 * found and told, never served, never skipped. It is owed one process at a time (a lock sees to that)
 * and a caller that stops the process when a write rejects.
 */
import { assert } from '#internal/base/assert.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import { type File, type Files, FilesError } from '#internal/runtime/files.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type { LogBatch, LogStore } from '#raft/core/log-store.ts';
import type { ConfState, Entry, Index, NodeId, SnapshotMark, Term } from '#raft/core/types.ts';
import { encodeBatch, type Place } from './batch.ts';
import type { LogImage } from './log-image.ts';
import { recover, type Recovered } from './recovery.ts';
import type { WalRecord } from './record.ts';
import { clusterIdBytesMax, encodeSegmentHeader, segmentName } from './segment-header.ts';
import { type Identity, segmentHeaderBytes } from './segment-header.ts';
import type { SegmentList } from './segment-list.ts';
import { syncAbove } from './sync-above.ts';
import { isFull, spareName, SpareSegment } from './spare-segment.ts';
import { TailSlots, tailSlotNames } from './tail-slots.ts';
import { WalError } from './wal-error.ts';

export type WalDependencies = {
  readonly files: Files;
  readonly clock: Clock;
  readonly logger: Logger;
  /**
   * The disk failed in the background, while no write was asked for that would have told. The caller
   * stops the process, as it does when a write rejects. Without it the next write tells.
   */
  readonly onFault?: (fault: WalError) => void;
};

export type WalOptions = {
  /** Of this log alone; made when missing. Absolute. */
  readonly folder: string;
  /** At most 64 bytes. A log of another cluster or node is refused. */
  readonly clusterId: string;
  readonly nodeId: NodeId;
  /** The configuration of a log that is new; one that exists brings its own. */
  readonly bootstrap: ConfState;
  /**
   * A segment that would grow beyond it is followed by a new one; one batch may exceed it alone. Two
   * of them are kept on disk at least: the current one, and one made ahead.
   */
  readonly segmentBytes: number;
};

/** Operations that wait for their turn. The node has one append and one compaction at most. */
const waitingMax = 8;

/** Opens the log, or makes it. Throws `WalError` when it is locked, damaged or somebody else's. */
export async function openWal(
  dependencies: WalDependencies,
  options: WalOptions,
): Promise<LogStore> {
  const { files } = dependencies;
  const { folder } = options;
  assert(
    new TextEncoder().encode(options.clusterId).length <= clusterIdBytesMax,
    `the cluster id "${options.clusterId}" is longer than ${clusterIdBytesMax} bytes`,
  );
  const lock = await faultsOfDisk('open', folder, async () => {
    await files.makeFolder(folder);
    return await files.lock(`${folder}/lock`);
  });
  try {
    return await faultsOfDisk('open', folder, () => openLocked(dependencies, options, lock));
  } catch (fault) {
    await lock[Symbol.asyncDispose]();
    throw fault;
  }
}

async function openLocked(
  dependencies: WalDependencies,
  options: WalOptions,
  lock: AsyncDisposable,
): Promise<LogStore> {
  const { folder, clusterId, nodeId } = options;
  const where = { folder, identity: { clusterId, nodeId } };
  let recovered = await recover(dependencies, where);
  if (recovered === undefined) {
    await makeLog(dependencies, options);
    recovered = await recover(dependencies, where);
  }
  assert(recovered !== undefined, 'a log that was just made is not there');
  const opened = await openFiles(dependencies, folder, recovered);
  const wal = new Wal({ ...dependencies, ...opened, lock, recovered }, options);
  await wal.settle();
  return wal;
}

/** Nothing counts before both tails are durable: a crash until then leaves a log to make anew. */
async function makeLog(dependencies: WalDependencies, options: WalOptions): Promise<void> {
  const { files } = dependencies;
  const { folder, clusterId, nodeId, bootstrap } = options;
  for (const name of [...tailSlotNames, segmentName(1)]) await files.remove(`${folder}/${name}`);
  await files.syncFolder(folder);
  await syncAbove(files, folder);
  const header = { clusterId, nodeId, segment: 1, base: 0, sequence: 1, chain: 0 };
  const mark: SnapshotMark = { index: 0, term: 0, conf: bootstrap };
  const records: readonly WalRecord[] = [{ kind: 'mark', mark, begin: mark }];
  const spare = await makeSpare(dependencies, options);
  const made = await makeSegment(files, folder, { header, records, spare });
  const slots = await openSlots(files, folder);
  const { clock } = dependencies;
  const tails = new TailSlots({ slots, clock, onFault: () => {} }, { writes: 0, next: 0 });
  const tail = { segment: 1, offset: made.offset, chain: made.place.chain };
  await tails.settle(tail);
  await tails.settle(tail);
  await tails.close();
  await made.file.close();
  await files.syncFolder(folder);
}

/** The one time that a segment is waited for. */
async function makeSpare(
  dependencies: WalDependencies,
  options: WalOptions,
): Promise<File | undefined> {
  let failed: { readonly fault: unknown } | undefined;
  const onFault = (fault: unknown): void => void (failed = { fault });
  const spare = new SpareSegment({ ...dependencies, onFault }, { ...options, sliceBytes: 1 << 20 });
  spare.prepare();
  const file = await spare.take();
  await spare.close();
  if (failed !== undefined) throw failed.fault;
  return file;
}

type NewSegment = {
  readonly header: Identity & {
    readonly segment: number;
    readonly base: Index;
    readonly sequence: number;
    readonly chain: number;
  };
  readonly records: readonly WalRecord[];
  /** Made ahead; without one the file grows with what is written. */
  readonly spare: File | undefined;
};

async function makeSegment(
  files: Files,
  folder: string,
  { header, records, spare }: NewSegment,
): Promise<{ readonly file: File; readonly place: Place; readonly offset: number }> {
  const path = `${folder}/${segmentName(header.segment)}`;
  const file = spare ?? (await files.open(path, { create: true, exclusive: true, durable: true }));
  const { bytes, chain } = encodeBatch(records, header);
  await file.write(0, [encodeSegmentHeader(header), bytes]);
  if (spare !== undefined) await files.rename(`${folder}/${spareName}`, path);
  await files.syncFolder(folder);
  const place = { sequence: header.sequence + 1, chain };
  return { file, place, offset: segmentHeaderBytes + bytes.length };
}

type Opened = { readonly file: File; readonly slots: readonly [File, File] };

async function openFiles(
  { files }: WalDependencies,
  folder: string,
  recovered: Recovered,
): Promise<Opened> {
  const number = recovered.segments.currentNumber();
  const file = await files.open(`${folder}/${segmentName(number)}`, { durable: true });
  return { file, slots: await openSlots(files, folder) };
}

const openSlots = async (files: Files, folder: string): Promise<readonly [File, File]> => [
  await files.open(`${folder}/${tailSlotNames[0]}`, { create: true }),
  await files.open(`${folder}/${tailSlotNames[1]}`, { create: true }),
];

type WalParts = WalDependencies &
  Opened & { readonly lock: AsyncDisposable; readonly recovered: Recovered };

class Wal implements LogStore {
  readonly initial: LogStore['initial'];
  readonly #files: Files;
  readonly #lock: AsyncDisposable;
  readonly #tails: TailSlots;
  readonly #spare: SpareSegment;
  readonly #options: WalOptions;
  readonly #image: LogImage;
  readonly #segments: SegmentList;
  #file: File;
  #offset: number;
  #place: Place;
  /** The last operation in line; never rejects. */
  #line: Promise<void> = Promise.resolve();
  #waiting = 0;
  /** The last removal of what is not needed any more; never rejects. */
  #dropping: Promise<void> = Promise.resolve();
  /** Set once, by the first failure: nothing is written after it. */
  #fault: WalError | undefined;

  constructor(parts: WalParts, options: WalOptions) {
    const { files, lock, clock, file, slots, recovered } = parts;
    const onFault = (fault: unknown): void => this.#onFault(fault, parts.onFault);
    this.#files = files;
    this.#lock = lock;
    this.#file = file;
    this.#tails = new TailSlots({ slots, clock, onFault }, recovered.tails);
    this.#options = options;
    this.#image = recovered.image;
    this.#segments = recovered.segments;
    this.#offset = recovered.offset;
    this.#place = recovered.place;
    this.#spare = new SpareSegment({ ...parts, onFault }, options);
    this.#spare.prepare();
    this.initial = { hard: recovered.image.hard(), conf: recovered.image.snapshot().conf };
  }

  firstIndex(): Index {
    return this.#image.firstIndex();
  }

  lastIndex(): Index {
    return this.#image.lastIndex();
  }

  term(index: Index): Term | undefined {
    return this.#image.term(index);
  }

  entries(from: Index, to: Index, bytesMax: number): readonly Entry[] {
    return this.#image.entries(from, to, bytesMax);
  }

  snapshot(): SnapshotMark {
    return this.#image.snapshot();
  }

  append({ hard, entries }: LogBatch): Promise<void> {
    if (hard === undefined && entries.length === 0) return this.#inTurn(async () => {});
    return this.#inTurn(async () => {
      const records: WalRecord[] = entries.map((entry) => ({ kind: 'entry', entry }));
      const from = entries[0]?.index;
      assert(from === undefined || from <= this.lastIndex() + 1, `entry ${from} leaves a gap`);
      if (from !== undefined && from <= this.lastIndex()) {
        const { commit } = this.#image.hard();
        assert(from > commit, `entry ${from} is committed (up to ${commit}) and may not change`);
        records.unshift({ kind: 'truncate', from });
      }
      if (hard !== undefined) records.push({ kind: 'hard', hard });
      await this.#write(records);
    });
  }

  async compact(mark: SnapshotMark, { tailBytes } = { tailBytes: 0 }): Promise<void> {
    await this.#inTurn(async () => {
      const { index, term } = mark;
      if (index <= this.snapshot().index) return;
      assert(this.term(index) === term, `no entry ${index} of term ${term} to compact up to`);
      const begin = this.#image.beginBefore(index, tailBytes);
      await this.#write([{ kind: 'mark', mark, begin }]);
    });
    await this.#dropSegments();
  }

  async installSnapshot(mark: SnapshotMark): Promise<void> {
    await this.#inTurn(async () => {
      const { commit } = this.#image.hard();
      // A node that was new and knew of no members is told of the first ones, at index 0.
      const isFirst = mark.index === 0 && this.lastIndex() === 0;
      assert(
        isFirst || mark.index > commit,
        `snapshot ${mark.index} is older than commit ${commit}`,
      );
      await this.#write([{ kind: 'install', mark }]);
    });
    await this.#dropSegments();
  }

  hasRoom(): boolean {
    // Also after a fault: the next append has to come, for it tells.
    return !this.#spare.isShort;
  }

  async close(): Promise<void> {
    await this.#dropping;
    await this.#line;
    if (this.#fault?.code === 'CLOSED') return;
    try {
      if (this.#fault === undefined) await this.settle();
    } finally {
      this.#fault = new WalError('CLOSED', `The Raft log ${this.#options.folder} is closed`);
      await this.#spare.close();
      await this.#tails.close();
      await this.#file.close();
      await this.#lock[Symbol.asyncDispose]();
    }
  }

  /** Makes it durable on its own how far the log was acknowledged. */
  settle(): Promise<void> {
    return this.#inTurn(() => this.#tails.settle(this.#tail()));
  }

  /** One operation after the other; after the first failure, none. */
  async #inTurn(work: () => Promise<void>): Promise<void> {
    assert(this.#waiting < waitingMax, 'too many operations wait for the log');
    this.#waiting++;
    const turn = this.#after(this.#line, work);
    this.#line = this.#settled(turn);
    await turn;
  }

  /** Never rejects; a failure is the last of all. */
  async #settled(work: Promise<void>): Promise<void> {
    await work.catch((fault: unknown) => {
      if (fault instanceof WalError) this.#fault ??= fault;
    });
  }

  async #after(earlier: Promise<void>, work: () => Promise<void>): Promise<void> {
    await earlier;
    this.#waiting--;
    if (this.#fault !== undefined) throw this.#fault;
    await faultsOfDisk('write', this.#options.folder, work);
  }

  async #write(records: readonly WalRecord[]): Promise<void> {
    let batch = encodeBatch(records, this.#place);
    if (this.#offset + batch.bytes.length > this.#options.segmentBytes) {
      // mark: a log began another segment
      await this.#rotate();
      batch = encodeBatch(records, this.#place);
    }
    await this.#file.write(this.#offset, [batch.bytes]);
    this.#offset += batch.bytes.length;
    this.#place = { sequence: this.#place.sequence + 1, chain: batch.chain };
    for (const record of records) {
      this.#image.apply(record);
      this.#segments.apply(record);
    }
    this.#tails.note(this.#tail());
  }

  async #rotate(): Promise<void> {
    const { folder, clusterId, nodeId } = this.#options;
    const segment = this.#segments.currentNumber() + 1;
    const base = this.lastIndex();
    const header = { clusterId, nodeId, segment, base, ...this.#place };
    const records: readonly WalRecord[] = [
      { kind: 'mark', mark: this.snapshot(), begin: this.#image.begin() },
      { kind: 'hard', hard: this.#image.hard() },
    ];
    const spare = await this.#spare.take();
    const made = await makeSegment(this.#files, folder, { header, records, spare });
    this.#spare.prepare();
    await this.#file.close();
    this.#file = made.file;
    this.#offset = made.offset;
    this.#place = made.place;
    this.#segments.add(segment, `${folder}/${segmentName(segment)}`);
    await this.#tails.settle(this.#tail());
  }

  /** Beside what is appended: a busy disk may take long to remove a large file. */
  async #dropSegments(): Promise<void> {
    const earlier = this.#dropping;
    const dropped = faultsOfDisk('write', this.#options.folder, async () => {
      await earlier;
      await this.#dropEach();
    });
    this.#dropping = this.#settled(dropped);
    await dropped;
  }

  /** One by one, oldest first, so that what a crash leaves never has a gap. */
  async #dropEach(): Promise<void> {
    const { index } = this.#image.begin();
    for (let path = this.#segments.disposable(index); path !== undefined;) {
      // The tail must not name a segment that is gone.
      await this.settle();
      await this.#files.remove(path);
      await this.#files.syncFolder(this.#options.folder);
      this.#segments.removeOldest();
      path = this.#segments.disposable(index);
    }
  }

  /** In the background. */
  #onFault(cause: unknown, tell: WalDependencies['onFault']): void {
    if (!(cause instanceof FilesError)) throw cause;
    if (this.#fault !== undefined) return;
    this.#fault = faultOfDisk('write', this.#options.folder, cause);
    tell?.(this.#fault);
  }

  #tail(): { segment: number; offset: number; chain: number } {
    const segment = this.#segments.currentNumber();
    return { segment, offset: this.#offset, chain: this.#place.chain };
  }
}

/** Runs `work` and tells a failing disk as a `WalError`, with words for the operator. */
async function faultsOfDisk<T>(verb: string, folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (fault) {
    if (!(fault instanceof FilesError)) throw fault;
    throw faultOfDisk(verb, folder, fault);
  }
}

function faultOfDisk(verb: string, folder: string, cause: FilesError): WalError {
  const what = `Cannot ${verb} the Raft log in ${folder}`;
  if (cause.code === 'LOCKED') {
    return new WalError('LOCKED', `${what}: another process uses it`, { cause });
  }
  if (isFull(cause)) {
    const advice = 'the disk is full, and so is the reserve; make room and start the node again';
    return new WalError('DISK_FULL', `${what}: ${advice}`, { cause });
  }
  return new WalError('IO', `${what}: ${cause.message}`, { cause });
}
