/**
 * Logs as they lie in a folder, file by file, and what may have happened to them there: for tests of
 * what is made of such a folder.
 */
import { assert } from '#internal/base/assert.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import { nodeId } from '#raft/core/types.ts';
import { type Place, readBatch } from '#storage/wal/batch.ts';
import { crc32c } from '#storage/wal/crc32c.ts';
import { readSegmentHeader, segmentHeaderBytes } from '#storage/wal/segment-header.ts';
import { openWal, type WalOptions } from '#storage/wal/wal.ts';
import { after, conf, type Contents, entry, newborn, type Step, take } from './log-model.ts';
import { memoryFiles } from './memory-files.ts';

export const folder = '/raft/wal';
/** One entry of 100 bytes fits behind the first batch, and no two. */
export const options: WalOptions = {
  folder,
  clusterId: 'test',
  nodeId: nodeId(1),
  bootstrap: conf(1, 2, 3),
  segmentBytes: 600,
};
export const logger: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => logger };
export const clock: Clock = {
  now: () => 0,
  monotonic: () => 0,
  after: () => ({ cancel() {} }),
  sleep: async () => {},
};

export type Files = Map<string, Uint8Array>;

export type Log = {
  readonly files: Files;
  readonly contents: Contents;
  /** The tails and the contents before the last entry, which went into a segment of its own. */
  readonly before: Pick<Log, 'files' | 'contents'>;
};

/** Entries of 100 bytes, each in a segment of its own. */
export const logOf = (count: number): Promise<Log> =>
  logIn(
    options.segmentBytes,
    Array.from({ length: count }, () => 100),
  );

export async function logIn(segmentBytes: number, sizes: readonly number[]): Promise<Log> {
  const disk = memoryFiles(folder, new Map());
  const log = await openWal({ files: disk, clock, logger }, { ...options, segmentBytes });
  let contents = newborn;
  let before = { files: new Map(disk.contents()), contents };
  for (const [position, size] of sizes.entries()) {
    before = { files: new Map(disk.contents()), contents };
    const hard = { term: 1, vote: nodeId(1), commit: 0 };
    const step: Step = { kind: 'append', batch: { hard, entries: [entry(1, position + 1, size)] } };
    await take(log, step);
    contents = after(contents, step);
  }
  await log.close();
  return { files: withoutSpare(disk.contents()), contents, before };
}

type Compacted = { readonly count: number; readonly upTo: number; readonly tailBytes: number };

export async function compactedLog({ count, upTo, tailBytes }: Compacted): Promise<Log> {
  const before = await logOf(count);
  if (upTo === 0) return before;
  const disk = memoryFiles(folder, before.files);
  const log = await openWal({ files: disk, clock, logger }, options);
  const mark = { index: upTo, term: 1, conf: conf(7) };
  const step: Step = { kind: 'compact', mark, tailBytes };
  await take(log, step);
  await log.close();
  return { files: withoutSpare(disk.contents()), contents: after(before.contents, step), before };
}

/** As if the last entry's segment had been written, and nobody had been told. */
export function unacknowledged(files: Files, { before }: Log): void {
  for (const name of ['tail-a', 'tail-b']) files.set(name, bytesOf(before.files, name));
}

export function bytesOf(files: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array {
  const found = files.get(name);
  assert(found !== undefined, `there is no ${name}`);
  return found;
}

export const lastSegment = (files: Files): string =>
  [...files.keys()].toSorted().findLast((name) => name.endsWith('.seg')) ?? '';

export function put(
  files: Files,
  name: string,
  ...[at, values, base]: [number, readonly number[], 'last batch'?]
): void {
  const changed = bytesOf(files, name).slice();
  changed.set(values, at + (base === undefined ? 0 : batchOffset(files, name, -1)));
  files.set(name, changed);
}

export function blank(files: Files, name: string, ...[from, to]: [number, number]): void {
  files.set(name, bytesOf(files, name).slice().fill(0, from, to));
}

/** A number in a header, under a checksum that is right. */
export function forge(files: Files, name: string, ...[at, value]: [number, number]): void {
  const changed = bytesOf(files, name).slice();
  const view = new DataView(changed.buffer);
  view.setUint32(at, value, true);
  const end = segmentHeaderBytes - 4;
  view.setUint32(end, crc32c(changed, 0, end), true);
  files.set(name, changed);
}

/** Where batch `position` of a segment begins; -1 is the last one. */
export function batchOffset(files: Files, name: string, position: number): number {
  const bytes = bytesOf(files, name);
  let place: Place | undefined = readSegmentHeader(bytes);
  assert(place !== undefined, `${name} has no header`);
  const offsets: number[] = [];
  for (let offset = segmentHeaderBytes; ;) {
    const read = readBatch(bytes, offset, place);
    if (read.kind === 'damaged') return offsets.at(position) ?? 0;
    offsets.push(offset);
    place = { sequence: place.sequence + 1, chain: read.chain };
    offset = read.end;
  }
}

export const used = (bytes: Uint8Array): Uint8Array =>
  bytes.subarray(0, bytes.findLastIndex((byte) => byte !== 0) + 1);

export function grown(bytes: Uint8Array, size: number): Uint8Array {
  const longer = new Uint8Array(Math.max(size, bytes.length));
  longer.set(bytes);
  return longer;
}

function withoutSpare(contents: ReadonlyMap<string, Uint8Array>): Files {
  const files = new Map(contents);
  files.delete('spare');
  return files;
}
