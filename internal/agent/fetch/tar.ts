/**
 * Reads tar archives: POSIX ustar with pax records, and GNU's long names and large sizes. What lies in
 * them is handed out member by member; nothing of it is believed beyond that.
 */
import { ArchiveError, type ArchiveMember } from './archive.ts';
import { ByteReader } from './byte-reader.ts';

const blockBytes = 512;
/** Of a long name, or of the pax records of one member. */
const recordBytesMax = 64 * 1024;

/** Throws `ArchiveError` when it is no tar archive, or ends too early. */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<ArchiveMember> {
  const reader = new ByteReader(source);
  try {
    let extra: Extra = {};
    for (;;) {
      const header = await readHeader(reader);
      if (header === undefined) return;
      const { type } = header;
      if (type === 'x' || type === 'L' || type === 'K') {
        const record = await readRecord(reader, header);
        if (type === 'x') Object.assign(extra, parsePax(record));
        else extra[type === 'L' ? 'path' : 'linkpath'] = untilNul(record);
        continue;
      }
      if (type === 'g') {
        // What it says of all members says nothing of where they go.
        await readRecord(reader, header);
        continue;
      }
      yield* readMember(reader, withExtra(header, extra));
      extra = {};
    }
  } finally {
    await reader.close();
  }
}

type Header = {
  readonly name: string;
  readonly mode: number;
  readonly sizeBytes: number;
  readonly type: string;
  readonly target: string;
};

/** What a record before a member says of it. */
type Extra = { path?: string; linkpath?: string; size?: string };

/** Undefined at the end of the archive. */
async function readHeader(reader: ByteReader): Promise<Header | undefined> {
  const block = await reader.read(blockBytes);
  // Some writers leave out the two empty blocks.
  if (block.every((byte) => byte === 0)) return undefined;
  if (block.length < blockBytes) throw new ArchiveError('The archive ends too early');
  if (checksumOf(block) !== octal(block.subarray(148, 156))) {
    throw new ArchiveError('It is no tar archive, or damaged');
  }
  const isUstar = untilNul(block.subarray(257, 262)) === 'ustar';
  // GNU's own format has times where POSIX has the first part of the name.
  const isPosix = isUstar && block[262] === 0;
  const prefix = isPosix ? untilNul(block.subarray(345, 500)) : '';
  const name = untilNul(block.subarray(0, 100));
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    mode: octal(block.subarray(100, 108)),
    sizeBytes: sizeOf(block.subarray(124, 136)),
    type: String.fromCharCode(block[156] ?? 0),
    target: untilNul(block.subarray(157, 257)),
  };
}

async function* readMember(
  reader: ByteReader,
  { name, mode, sizeBytes, type, target }: Header,
): AsyncGenerator<ArchiveMember> {
  let left = paddedBytes(sizeBytes);
  const content = (async function* () {
    let missing = sizeBytes;
    for await (const part of reader.take(sizeBytes)) {
      left -= part.length;
      missing -= part.length;
      yield part;
    }
    if (missing > 0) throw new ArchiveError('The archive ends too early');
  })();
  const isFile = type === '0' || type === '\0' || type === '7';
  if (type === '5' || (isFile && name.endsWith('/'))) yield { kind: 'folder', name, mode };
  else if (isFile) yield { kind: 'file', name, mode, content };
  else if (type === '2') yield { kind: 'link', name, target };
  else if (type === '1') yield { kind: 'hard-link', name, target };
  else yield { kind: 'other', name, what: whatIs(type) };
  for await (const part of reader.take(left)) left -= part.length;
  if (left > 0) throw new ArchiveError('The archive ends too early');
}

function whatIs(type: string): string {
  if (type === '3' || type === '4') return 'a device';
  return type === '6' ? 'a pipe' : `of type '${type}'`;
}

async function readRecord(reader: ByteReader, { sizeBytes }: Header): Promise<Uint8Array> {
  if (sizeBytes > recordBytesMax) throw new ArchiveError('A name in the archive is too long');
  const record = await reader.read(paddedBytes(sizeBytes));
  if (record.length < sizeBytes) throw new ArchiveError('The archive ends too early');
  return record.subarray(0, sizeBytes);
}

/** Lines of `<length> <key>=<value>`, the length counted in bytes and with itself. */
function parsePax(record: Uint8Array): Extra {
  const found: Record<string, string> = {};
  for (let at = 0; at < record.length;) {
    const space = record.indexOf(0x20, at);
    const length = Number(decode(record.subarray(at, space < 0 ? at : space)));
    if (space < 0 || !Number.isSafeInteger(length) || length < space - at + 2) {
      throw new ArchiveError('A pax record of the archive is damaged');
    }
    const line = decode(record.subarray(space + 1, at + length - 1));
    const equals = line.indexOf('=');
    found[line.slice(0, equals)] = line.slice(equals + 1);
    at += length;
  }
  if ('GNU.sparse.major' in found || 'GNU.sparse.map' in found) {
    throw new ArchiveError('Sparse files in archives are not supported');
  }
  const { path, linkpath, size } = found;
  return {
    ...(path !== undefined && { path }),
    ...(linkpath !== undefined && { linkpath }),
    ...(size !== undefined && { size }),
  };
}

function withExtra(header: Header, { path, linkpath, size }: Extra): Header {
  const sizeBytes = size === undefined ? header.sizeBytes : Number(size);
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) {
    throw new ArchiveError('A size in the archive is damaged');
  }
  return { ...header, name: path ?? header.name, target: linkpath ?? header.target, sizeBytes };
}

/** Its own field counts as blanks. */
function checksumOf(block: Uint8Array): number {
  return block.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 0x20 : byte), 0);
}

function sizeOf(field: Uint8Array): number {
  const [first = 0] = field;
  // GNU: the number itself, its first bit set, for what eleven octal digits cannot say.
  const size =
    first === 0x80 ? field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0) : octal(field);
  if (!Number.isSafeInteger(size)) throw new ArchiveError('A size in the archive is damaged');
  return size;
}

function octal(field: Uint8Array): number {
  const text = untilNul(field).trim();
  return /^[0-7]*$/u.test(text) ? Number.parseInt(text || '0', 8) : Number.NaN;
}

function untilNul(field: Uint8Array): string {
  const end = field.indexOf(0);
  return decode(end < 0 ? field : field.subarray(0, end));
}

const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const paddedBytes = (sizeBytes: number): number => Math.ceil(sizeBytes / blockBytes) * blockBytes;
