/**
 * One URI of a command, understood: where it comes from, what it is called in the sandbox, and what is
 * done with it there. The name is the last part of the URI, query included, as in Mesos.
 *
 * A URI may end in `#sha256=<hex>` or `#sha512=<hex>`, which is ours: what is fetched must have that
 * digest. It is never sent to a server, and is no part of the name.
 */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { DigestAlgorithm } from '#internal/runtime/digests.ts';
import type { CommandInfo_URI } from '#proto/gen/mesos/v1.ts';
import { parseMemberPath, shorten } from './member-path.ts';

export type FetchItem = {
  /** As it was asked for. */
  readonly uri: string;
  readonly source: FetchSource;
  /** Where it goes, below the sandbox. */
  readonly path: readonly string[];
  /** Undefined: it stays as it is. */
  readonly unpack: ArchiveKind | undefined;
  readonly executable: boolean;
  readonly cached: boolean;
  readonly checksum: Checksum | undefined;
};

export type FetchSource =
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'file'; readonly path: string };

export type Checksum = { readonly algorithm: DigestAlgorithm; readonly hex: string };

export type ArchiveKind = {
  readonly packed: 'plain' | 'gzip' | 'bzip2' | 'xz';
  readonly format: 'tar' | 'zip' | 'one-file';
};

/** The item, or why it cannot be fetched. `frameworksHome` is where relative paths begin. */
export function parseFetchItem(
  uri: CommandInfo_URI,
  frameworksHome: string | undefined,
): Result<FetchItem, string> {
  const { value, extract = true, executable = false, cache = false, output_file = '' } = uri;
  // Mesos refuses these, which once ended up in a shell.
  if (/[\0\\']/u.test(value)) return refuse('it contains illegal characters');
  const { location, checksum } = withoutChecksum(value);
  const source = parseSource(location, frameworksHome);
  if (!source.ok) return source;
  const name = output_file === '' ? lastPart(location) : output_file;
  const path = parseMemberPath(name);
  if (!path.ok) return path;
  if (path.value.length === 0 || name.endsWith('/')) {
    return refuse(`it has no base name, and '${shorten(name)}' cannot be one`);
  }
  const unpack = extract && !executable ? archiveKindOf(path.value.at(-1) ?? '') : undefined;
  const item = { uri: value, source: source.value, path: path.value };
  return accept({ ...item, unpack, executable, cached: cache, checksum });
}

const digits: Readonly<Record<DigestAlgorithm, number>> = { sha256: 64, sha512: 128 };

function withoutChecksum(value: string): {
  readonly location: string;
  readonly checksum: Checksum | undefined;
} {
  const [suffix, word, hex = ''] = /#(sha256|sha512)=([0-9a-f]+)$/iu.exec(value) ?? [];
  const algorithm = word?.toLowerCase() === 'sha512' ? 'sha512' : 'sha256';
  if (suffix === undefined) return { location: value, checksum: undefined };
  // One of another length can never be met; its owner is told so by what is compared.
  const wanted = hex.length === digits[algorithm] ? hex.toLowerCase() : `${hex} (malformed)`;
  return { location: value.slice(0, -suffix.length), checksum: { algorithm, hex: wanted } };
}

function parseSource(
  location: string,
  frameworksHome: string | undefined,
): Result<FetchSource, string> {
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/isu.exec(location) ?? [];
  switch (scheme?.toLowerCase()) {
    case undefined:
      return parsePath(location, frameworksHome);
    case 'http':
    case 'https':
      if (!URL.canParse(location)) return refuse('it is no URL');
      return accept({ kind: 'http', url: location });
    case 'file': {
      const path = rest.startsWith('localhost/') ? rest.slice('localhost'.length) : rest;
      if (!path.startsWith('/')) return refuse("a 'file' URI names no other host");
      return accept({ kind: 'file', path });
    }
    default:
      return refuse(`nothing here fetches by '${shorten(scheme ?? '')}'`);
  }
}

function parsePath(path: string, frameworksHome: string | undefined): Result<FetchSource, string> {
  if (path.startsWith('/')) return accept({ kind: 'file', path });
  if (frameworksHome === undefined) {
    return refuse(
      'A relative path was passed for the resource but the Mesos framework home was not specified. ' +
        'Please either provide this config option or avoid using a relative path',
    );
  }
  const parts = parseMemberPath(path);
  if (!parts.ok) return parts;
  return accept({ kind: 'file', path: `${frameworksHome}/${parts.value.join('/')}` });
}

/** Of a host alone there is none. */
function lastPart(location: string): string {
  const path = location.replace(/^[a-z][a-z0-9+.-]*:\/\//iu, '');
  return path.slice(path.lastIndexOf('/') + 1 || path.length);
}

const endings: readonly (readonly [string, ArchiveKind])[] = [
  ['.tar', { packed: 'plain', format: 'tar' }],
  ['.tar.gz', { packed: 'gzip', format: 'tar' }],
  ['.tgz', { packed: 'gzip', format: 'tar' }],
  ['.tar.bz2', { packed: 'bzip2', format: 'tar' }],
  ['.tbz2', { packed: 'bzip2', format: 'tar' }],
  ['.tar.xz', { packed: 'xz', format: 'tar' }],
  ['.txz', { packed: 'xz', format: 'tar' }],
  ['.zip', { packed: 'plain', format: 'zip' }],
  ['.gz', { packed: 'gzip', format: 'one-file' }],
];

function archiveKindOf(name: string): ArchiveKind | undefined {
  return endings.find(([ending]) => name.length > ending.length && name.endsWith(ending))?.[1];
}
