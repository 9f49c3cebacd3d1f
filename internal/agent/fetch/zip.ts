/**
 * Reads zip archives by the directory at their end: stored and deflated members, sizes beyond 4 GiB,
 * Unix modes and links. Every member has to be as long and have the sum that the directory says.
 */
import { crc32, inflatedRaw } from '#internal/runtime/inflating.ts';
import { ArchiveError, type ArchiveMember } from './archive.ts';

/** An archive that lies on a disk. */
export type ZipFile = {
  readonly sizeBytes: number;
  read(offset: number, length: number): Promise<Uint8Array>;
};

const endBytes = 22;
const commentBytesMax = 0xff_ff;
const directoryBytesMax = 32 * 1024 * 1024;
const linkBytesMax = 4096;
const pieceBytes = 256 * 1024;
const unsaid = 0xff_ff_ff_ff;

/** Throws `ArchiveError` when it is no zip archive, or damaged. */
export async function* readZip(file: ZipFile): AsyncGenerator<ArchiveMember> {
  const { offset, sizeBytes } = await findDirectory(file);
  if (sizeBytes > directoryBytesMax) throw new ArchiveError('The archive has too many members');
  const directory = viewOf(await exactly(file, offset, sizeBytes));
  for (let at = 0; at + 46 <= directory.byteLength;) {
    if (directory.getUint32(at, true) !== 0x02_01_4b_50) throw damaged();
    const { entry, nextAt } = parseEntry(directory, at);
    at = nextAt;
    yield await memberOf(file, entry);
  }
}

type Entry = {
  readonly name: string;
  /** Zero when the archive was not made on Unix. */
  readonly unixMode: number;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly sizeBytes: number;
  readonly offset: number;
};

type Span = { readonly offset: number; readonly sizeBytes: number };

async function findDirectory(file: ZipFile): Promise<Span> {
  const length = Math.min(file.sizeBytes, endBytes + commentBytesMax);
  const tail = viewOf(await exactly(file, file.sizeBytes - length, length));
  for (let at = length - endBytes; at >= 0; at--) {
    if (tail.getUint32(at, true) !== 0x06_05_4b_50) continue;
    const sizeBytes = tail.getUint32(at + 12, true);
    const offset = tail.getUint32(at + 16, true);
    const isLarge = offset === unsaid || sizeBytes === unsaid;
    return isLarge ? await findLarge(file, file.sizeBytes - length + at) : { offset, sizeBytes };
  }
  throw new ArchiveError('It is no zip archive, or damaged');
}

async function findLarge(file: ZipFile, endAt: number): Promise<Span> {
  const locator = viewOf(await exactly(file, endAt - 20, 20));
  if (locator.getUint32(0, true) !== 0x07_06_4b_50) throw damaged();
  const record = viewOf(await exactly(file, large(locator, 8), 56));
  if (record.getUint32(0, true) !== 0x06_06_4b_50) throw damaged();
  return { sizeBytes: large(record, 40), offset: large(record, 48) };
}

function parseEntry(
  view: DataView,
  at: number,
): { readonly entry: Entry; readonly nextAt: number } {
  const nameBytes = view.getUint16(at + 28, true);
  const extraBytes = view.getUint16(at + 30, true);
  const nameAt = at + 46;
  const extraAt = nameAt + nameBytes;
  const nextAt = extraAt + extraBytes + view.getUint16(at + 32, true);
  if (nextAt > view.byteLength) throw damaged();
  const isUnix = view.getUint8(at + 5) === 3;
  const sizes = {
    sizeBytes: view.getUint32(at + 24, true),
    packedBytes: view.getUint32(at + 20, true),
    offset: view.getUint32(at + 42, true),
  };
  const name = new TextDecoder().decode(bytesOf(view, nameAt, nameBytes));
  const entry = {
    name,
    unixMode: isUnix ? view.getUint32(at + 38, true) >>> 16 : 0,
    flags: view.getUint16(at + 8, true),
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    ...withLargeSizes(view, { at: extraAt, length: extraBytes }, sizes),
  };
  return { entry, nextAt };
}

type Sizes = Pick<Entry, 'sizeBytes' | 'packedBytes' | 'offset'>;

/** The extra field 1 has, in this order, what its four bytes in the entry could not say. */
function withLargeSizes(
  view: DataView,
  field: { readonly at: number; readonly length: number },
  sizes: Sizes,
): Sizes {
  const end = field.at + field.length;
  for (let at = field.at; at + 4 <= end;) {
    const length = view.getUint16(at + 2, true);
    let next = at + 4;
    if (view.getUint16(at, true) === 1) {
      const pick = (size: number): number => {
        if (size !== unsaid) return size;
        if (next + 8 > at + 4 + length || next + 8 > end) throw damaged();
        next += 8;
        return large(view, next - 8);
      };
      const sizeBytes = pick(sizes.sizeBytes);
      const packedBytes = pick(sizes.packedBytes);
      return { sizeBytes, packedBytes, offset: pick(sizes.offset) };
    }
    at += 4 + length;
  }
  return sizes;
}

async function memberOf(file: ZipFile, entry: Entry): Promise<ArchiveMember> {
  const { name, unixMode, flags } = entry;
  if ((flags & 1) !== 0) throw new ArchiveError('The archive is encrypted');
  const type = unixMode & 0o170000;
  if (name.endsWith('/')) return { kind: 'folder', name, mode: unixMode & 0o777 || 0o755 };
  if (type === 0o120000) {
    const target = new TextDecoder().decode(await small(contentOf(file, entry)));
    return { kind: 'link', name, target };
  }
  if (type !== 0 && type !== 0o100000) return { kind: 'other', name, what: 'no file' };
  const mode = unixMode & 0o777 || 0o644;
  return { kind: 'file', name, mode, content: contentOf(file, entry) };
}

async function* contentOf(file: ZipFile, entry: Entry): AsyncGenerator<Uint8Array> {
  const { method } = entry;
  if (method !== 0 && method !== 8) {
    throw new ArchiveError(`The archive is packed by method ${method}, which is not supported`);
  }
  const packed = packedOf(file, entry);
  let sum = 0;
  let sizeBytes = 0;
  for await (const chunk of method === 8 ? inflatedRaw(packed) : packed) {
    sizeBytes += chunk.length;
    // What is longer than it says is not believed any further.
    if (sizeBytes > entry.sizeBytes) throw damaged();
    sum = crc32(chunk, sum);
    yield chunk;
  }
  if (sizeBytes !== entry.sizeBytes || sum !== entry.crc) throw damaged();
}

async function* packedOf(file: ZipFile, entry: Entry): AsyncGenerator<Uint8Array> {
  const header = viewOf(await exactly(file, entry.offset, 30));
  if (header.getUint32(0, true) !== 0x04_03_4b_50) throw damaged();
  let at = entry.offset + 30 + header.getUint16(26, true) + header.getUint16(28, true);
  for (let left = entry.packedBytes; left > 0;) {
    const piece = await exactly(file, at, Math.min(left, pieceBytes));
    at += piece.length;
    left -= piece.length;
    yield piece;
  }
}

async function small(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  let whole = new Uint8Array(0);
  for await (const chunk of content) {
    if (whole.length + chunk.length > linkBytesMax) throw damaged();
    whole = Uint8Array.of(...whole, ...chunk);
  }
  return whole;
}

async function exactly(file: ZipFile, offset: number, length: number): Promise<Uint8Array> {
  if (offset < 0 || offset + length > file.sizeBytes) throw damaged();
  const bytes = await file.read(offset, length);
  if (bytes.length < length) throw damaged();
  return bytes;
}

function large(view: DataView, at: number): number {
  const number = Number(view.getBigUint64(at, true));
  if (!Number.isSafeInteger(number)) throw damaged();
  return number;
}

const damaged = (): ArchiveError => new ArchiveError('The zip archive is damaged');

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const bytesOf = (view: DataView, at: number, length: number): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset + at, length);
