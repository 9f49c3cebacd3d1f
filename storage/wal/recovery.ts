/**
 * Reads a log back. It promises: what it returns was written, in that order; what was acknowledged is
 * there, or it throws `CORRUPT` and says where. A write that a crash tore is cut off, physically and
 * synced, before anything may be appended behind it (raft.md, bugs 39 and 40).
 */
import type { Files } from '#internal/runtime/files.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import { hasLaterBatch, judgeDamage, type Place, readBatch } from './batch.ts';
import { LogImage } from './log-image.ts';
import { parseSegmentName, readSegmentHeader, segmentName } from './segment-header.ts';
import { type Identity, type SegmentHeader, segmentHeaderBytes } from './segment-header.ts';
import { SegmentList } from './segment-list.ts';
import { readTails, type Tail, tailSlotNames, type TailsFound } from './tail-slots.ts';
import { WalError } from './wal-error.ts';

export type Recovered = {
  readonly image: LogImage;
  /** At least one; the last one is appended to. */
  readonly segments: SegmentList;
  /** Of the batch that comes next. */
  readonly place: Place;
  /** Where it goes in the last segment. */
  readonly offset: number;
  readonly tails: TailsFound;
};

type Doors = { readonly files: Files; readonly logger: Logger };
type Where = { readonly folder: string; readonly identity: Identity };

/** Undefined when there is no log yet, or one whose making a crash cut short. */
export async function recover(doors: Doors, where: Where): Promise<Recovered | undefined> {
  const { files } = doors;
  const { folder } = where;
  const names = await files.list(folder);
  const numbers = names.map(parseSegmentName).filter((number) => number !== undefined);
  const tails = await readTails(
    files,
    tailSlotNames.map((name) => `${folder}/${name}`),
  );
  if (numbers.length === 0) {
    if (tails.tail !== undefined) throw corrupt(folder, 'all its segments are gone');
    return undefined;
  }
  if (tails.tail === undefined) {
    if (await isHalfMade(files, folder, numbers)) return undefined;
    throw corrupt(folder, 'neither of its two tail files can be read');
  }
  const replay = new Replay(where, tails.tail);
  for (const [position, number] of numbers.entries()) {
    const path = `${folder}/${segmentName(number)}`;
    const bytes = await readWhole(files, path);
    const isLast = position === numbers.length - 1;
    await repair(doors, { path, folder, ...replay.read({ number, path, bytes, isLast }) });
  }
  const recovered = { ...replay.finish(), tails };
  await reinforce(files, folder, recovered);
  return recovered;
}

type Reading = {
  readonly number: number;
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
};

/** What a segment needs before the log may grow again. */
type Repair =
  | { readonly kind: 'none' }
  | { readonly kind: 'cut'; readonly sizeBytes: number }
  /** It was never used: a crash struck while it was made. */
  | { readonly kind: 'remove' };

class Replay {
  readonly #where: Where;
  readonly #tail: Tail;
  #image: LogImage | undefined;
  readonly #segments = new SegmentList();
  #place: Place = { sequence: 0, chain: 0 };
  #offset = 0;
  /** Where the segment before the current one ends. */
  #previousEnd = 0;

  constructor(where: Where, tail: Tail) {
    this.#where = where;
    this.#tail = tail;
  }

  read(reading: Reading): Repair {
    const { number, path, bytes, isLast } = reading;
    const header = readSegmentHeader(bytes);
    if (header === undefined) {
      if (isLast && !this.#wasUsed(reading)) return { kind: 'remove' };
      throw corrupt(path, 'its header is damaged');
    }
    this.#begin(reading, header);
    this.#segments.add(number, path);
    this.#previousEnd = this.#offset;
    for (let offset = segmentHeaderBytes; ;) {
      this.#offset = offset;
      if (offset === bytes.length) return { kind: 'none' };
      const read = readBatch(bytes, offset, this.#place);
      if (read.kind === 'damaged') return this.#onDamage(reading, read.offset);
      for (const record of read.records) {
        this.#image?.apply(record);
        this.#segments.apply(record);
      }
      this.#place = { sequence: this.#place.sequence + 1, chain: read.chain };
      this.#checkTail(reading, read.end);
      offset = read.end;
    }
  }

  finish(): Omit<Recovered, 'tails'> {
    const { folder } = this.#where;
    const number = this.#segments.currentNumber();
    const isShort = this.#tail.segment === number && this.#offset < this.#tail.offset;
    if (this.#image === undefined || this.#tail.segment > number || isShort) {
      // mark: a segment of a log was not whole
      const { segment, offset } = this.#tail;
      throw corrupt(folder, `it ends before byte ${offset} of segment ${segment}`);
    }
    const image = this.#image;
    if (!image.isWhole()) {
      const { index } = image.snapshot();
      throw corrupt(folder, `entries after ${index} and before ${image.firstIndex()} are missing`);
    }
    return { image, segments: this.#segments, place: this.#place, offset: this.#offset };
  }

  #begin({ number, path }: Reading, header: SegmentHeader): void {
    const { clusterId, nodeId } = this.#where.identity;
    if (header.clusterId !== clusterId || header.nodeId !== nodeId) {
      const owner = `node ${header.nodeId} of cluster "${header.clusterId}"`;
      const message = `${path} belongs to ${owner}, not to node ${nodeId} of "${clusterId}"`;
      throw new WalError('FOREIGN', message);
    }
    const previous = this.#segments.currentNumber();
    if (header.segment !== number) throw corrupt(path, `it is segment ${header.segment}, renamed`);
    if (previous === 0) {
      const conf = { voters: [], outgoing: [], learners: [], learnersNext: [], autoLeave: false };
      this.#image = new LogImage({ index: 0, term: 0, conf }, header.base);
      this.#place = header;
      return;
    }
    const follows =
      header.sequence === this.#place.sequence &&
      header.chain === this.#place.chain &&
      header.base === this.#image?.lastIndex();
    if (number !== previous + 1 || !follows) {
      throw corrupt(path, `it does not continue segment ${previous}: bytes are missing`);
    }
  }

  #onDamage(reading: Reading, damagedAt: number): Repair {
    const { number, path, bytes, isLast } = reading;
    const { sequence } = this.#place;
    const verdict = judgeDamage(bytes, this.#offset, sequence);
    // Space made ahead. Whether something is missing there is told by what follows, or by the tail.
    if (verdict === 'nothing' && this.#offset > segmentHeaderBytes) return { kind: 'none' };
    const { segment, offset } = this.#tail;
    const wasAcknowledged = segment > number || (segment === number && this.#offset < offset);
    if (!isLast || wasAcknowledged || verdict === 'rotten') {
      throw corrupt(path, `batch ${sequence} is damaged at byte ${damagedAt}`);
    }
    if (this.#offset > segmentHeaderBytes) return { kind: 'cut', sizeBytes: this.#offset };
    this.#segments.removeCurrent();
    this.#offset = this.#previousEnd;
    return { kind: 'remove' };
  }

  /** Whether anything in a segment without a header can have been acknowledged. */
  #wasUsed({ number, bytes }: Reading): boolean {
    if (this.#segments.currentNumber() === 0 || this.#tail.segment >= number) return true;
    return hasLaterBatch(bytes, 0, this.#place.sequence);
  }

  #checkTail({ number, path }: Reading, end: number): void {
    const { segment, offset, chain } = this.#tail;
    const isCrossed = this.#offset < offset && end >= offset;
    if (segment !== number || !isCrossed) return;
    if (end !== offset || chain !== this.#place.chain) {
      throw corrupt(path, `it is not the one that was acknowledged up to byte ${offset}`);
    }
  }
}

/** A log that was never handed out: one segment with nothing behind the batch of its making. */
async function isHalfMade(
  files: Files,
  folder: string,
  numbers: readonly number[],
): Promise<boolean> {
  if (numbers.length !== 1 || numbers[0] !== 1) return false;
  return !hasLaterBatch(await readWhole(files, `${folder}/${segmentName(1)}`), 0, 1);
}

async function repair(
  { files, logger }: Doors,
  order: Repair & { readonly path: string; readonly folder: string },
): Promise<void> {
  const { kind, path, folder } = order;
  if (kind === 'none') return;
  if (kind === 'remove') {
    logger.warn('Removing a log segment that a crash left half made', { path });
    await files.remove(path);
    await files.syncFolder(folder);
    return;
  }
  logger.warn('Cutting a write that a crash tore off the log', {
    path,
    sizeBytes: order.sizeBytes,
  });
  const file = await files.open(path);
  try {
    await file.truncate(order.sizeBytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Makes durable what was read but perhaps never synced. After a process died, its writes read back
 * from the kernel's memory; after a sync that failed, the kernel even takes them for clean, so that
 * another sync would do nothing (bug 41). So everything behind the acknowledged tail is written anew.
 */
async function reinforce(files: Files, folder: string, recovered: Recovered): Promise<void> {
  const number = recovered.segments.currentNumber();
  const { tail } = recovered.tails;
  const from = tail?.segment === number ? tail.offset : 0;
  const file = await files.open(`${folder}/${segmentName(number)}`);
  try {
    const bytes = await file.read(from, recovered.offset - from);
    if (bytes.length > 0) await file.write(from, [bytes]);
    await file.sync();
  } finally {
    await file.close();
  }
  await files.syncFolder(folder);
}

async function readWhole(files: Files, path: string): Promise<Uint8Array> {
  const file = await files.open(path);
  try {
    return await file.read(0, await file.size());
  } finally {
    await file.close();
  }
}

const corrupt = (path: string, what: string): WalError =>
  new WalError(
    'CORRUPT',
    `The Raft log ${path} is damaged: ${what}. What it acknowledged cannot be served, so this ` +
      `node does not start; restore the files, or replace the node by one with a new id`,
  );
