/** Unpacks one archive, which lies on our disk, into an assembly. */
import type { File } from '#internal/runtime/files.ts';
import { FilterError, type Filters } from '#internal/runtime/filters.ts';
import { gunzipped } from '#internal/runtime/inflating.ts';
import type { Processes, User } from '#internal/runtime/processes.ts';
import { ArchiveError, type ArchiveMember } from './archive.ts';
import type { Assembly } from './assembly.ts';
import type { ArchiveKind } from './fetch-item.ts';
import { parseMemberPath } from './member-path.ts';
import { readTar } from './tar.ts';
import { readZip } from './zip.ts';

export type UnpackDependencies = {
  readonly filters: Filters;
  readonly processes: Pick<Processes, 'which'>;
};

export type Unpacking = {
  readonly archive: File;
  /** Below the sandbox. */
  readonly path: readonly string[];
  readonly kind: ArchiveKind;
  /** Programs that unpack run as this user. */
  readonly user: User | undefined;
  readonly signal: AbortSignal;
};

const pieceBytes = 256 * 1024;
/** No honest archive is so much smaller than what is in it, unless that is not much either. */
const ratioMax = 200;
const freeBytes = 64 * 1024 * 1024;
const decompressors = { bzip2: 'bzip2', xz: 'xz' } as const;

/** Throws `ArchiveError`, or the signal's reason. */
export async function unpack(
  dependencies: UnpackDependencies,
  unpacking: Unpacking,
  assembly: Assembly,
): Promise<void> {
  const { archive, path, kind, signal } = unpacking;
  const sizeBytes = await archive.size();
  try {
    if (kind.format === 'zip') {
      const file = {
        sizeBytes,
        read: (offset: number, length: number) => archive.read(offset, length),
      };
      await takeAll(readZip(file), assembly, { sizeBytes, signal });
      return;
    }
    const content = bounded(await unpacked(dependencies, unpacking), { sizeBytes, signal });
    if (kind.format === 'tar') await takeAll(readTar(content), assembly, { sizeBytes, signal });
    else await assembly.file([...path.slice(0, -1), withoutEnding(path)], content, 0o644);
  } catch (error) {
    signal.throwIfAborted();
    throw asArchiveError(error);
  }
}

const withoutEnding = (path: readonly string[]): string => (path.at(-1) ?? '').slice(0, -3);

async function unpacked(
  { filters, processes }: UnpackDependencies,
  { archive, kind, user, signal }: Unpacking,
): Promise<AsyncIterable<Uint8Array>> {
  const packed = contentOf(archive);
  if (kind.packed === 'plain') return packed;
  if (kind.packed === 'gzip') return gunzipped(packed);
  const name = decompressors[kind.packed];
  const path = await processes.which(name);
  if (path === undefined) throw new ArchiveError(`This machine has no '${name}' to unpack it`);
  return filters.run({ path, arguments: ['-d', '-c'], user, input: packed, signal });
}

async function* contentOf(archive: File): AsyncGenerator<Uint8Array> {
  for (let offset = 0; ;) {
    const piece = await archive.read(offset, pieceBytes);
    if (piece.length === 0) return;
    offset += piece.length;
    yield piece;
  }
}

type Bound = { readonly sizeBytes: number; readonly signal: AbortSignal };

/** Ends what grows out of all proportion to the archive, `sizeBytes` long. */
async function* bounded(
  content: AsyncIterable<Uint8Array>,
  { sizeBytes, signal }: Bound,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of content) {
    signal.throwIfAborted();
    bytes += chunk.length;
    refuseBomb(bytes, sizeBytes);
    yield chunk;
  }
}

function refuseBomb(bytes: number, sizeBytes: number): void {
  if (bytes <= Math.max(freeBytes, ratioMax * sizeBytes)) return;
  throw new ArchiveError(`The archive grows to more than ${ratioMax} times its size`);
}

async function takeAll(
  members: AsyncIterable<ArchiveMember>,
  assembly: Assembly,
  { sizeBytes, signal }: Bound,
): Promise<void> {
  const before = assembly.bytes;
  for await (const member of members) {
    signal.throwIfAborted();
    const content = member.kind === 'file' ? bounded(member.content, { sizeBytes, signal }) : none;
    await take(member, content, assembly);
    refuseBomb(assembly.bytes - before, sizeBytes);
  }
}

const none: AsyncIterable<Uint8Array> = (async function* () {})();

async function take(
  member: ArchiveMember,
  content: AsyncIterable<Uint8Array>,
  assembly: Assembly,
): Promise<void> {
  const path = pathOf(member.name);
  switch (member.kind) {
    case 'file':
      await assembly.file(path, content, member.mode);
      return;
    case 'folder':
      await assembly.folder(path, member.mode);
      return;
    case 'link':
      await assembly.link(path, member.target);
      return;
    case 'hard-link':
      await assembly.hardLink(path, pathOf(member.target));
      return;
    case 'other':
    default:
      throw new ArchiveError(`'${path.join('/')}' is ${member.what}, which no sandbox gets`);
  }
}

function pathOf(name: string): readonly string[] {
  const path = parseMemberPath(name);
  if (!path.ok) throw new ArchiveError(path.refusal);
  return path.value;
}

/** What a library or a program says of damaged bytes. */
function asArchiveError(error: unknown): unknown {
  if (error instanceof FilterError) return new ArchiveError(error.message, { cause: error });
  const isLibrary =
    error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
  return isLibrary
    ? new ArchiveError(`The archive is damaged: ${error.message}`, { cause: error })
    : error;
}
