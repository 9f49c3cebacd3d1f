/** Reads an OCI layout that holds one image: what it consists of, and where its layers lie. */
import type { FileTree } from '#internal/runtime/file-tree.ts';
import { ContainerError } from '../containerizer.ts';
import { fieldOf, text, texts } from './image.ts';

export type LayoutImage = {
  /** Of its manifest. */
  readonly digest: string;
  /** The image's own JSON. */
  readonly config: unknown;
  /** The lowest first. */
  readonly layers: readonly LayoutLayer[];
};

export type LayoutLayer = {
  readonly path: string;
  /** The program that unpacks it, with its options. */
  readonly unpack: string;
  /** SHA-256 of the archive once it is unpacked, as the image's author says it is. */
  readonly unpackedSum: string;
};

/** Throws `ContainerError` when it is none, and `FilesError`. */
export async function readLayout(fileTree: FileTree, folder: string): Promise<LayoutImage> {
  const index = await readJson(fileTree, `${folder}/index.json`);
  const [entry, ...more] = list(fieldOf(index, 'manifests'));
  if (entry === undefined || more.length > 0) throw new ContainerError('it is not one image');
  const digest = text(fieldOf(entry, 'digest'));
  const manifest = await readJson(fileTree, blobPath(folder, digest));
  const configDigest = text(fieldOf(fieldOf(manifest, 'config'), 'digest'));
  const config = await readJson(fileTree, blobPath(folder, configDigest));
  const sums = texts(fieldOf(fieldOf(config, 'rootfs'), 'diff_ids'));
  const blobs = list(fieldOf(manifest, 'layers'));
  if (sums.length !== blobs.length) {
    throw new ContainerError(`it has ${blobs.length} layers and names ${sums.length}`);
  }
  const layers = blobs.map((blob, at) => ({
    path: blobPath(folder, text(fieldOf(blob, 'digest'))),
    unpack: unpackerOf(text(fieldOf(blob, 'mediaType'))),
    unpackedSum: sumOf(sums[at] ?? ''),
  }));
  return { digest, config, layers };
}

const list = (json: unknown): readonly unknown[] => (Array.isArray(json) ? json : []);

function unpackerOf(mediaType: string): string {
  if (mediaType.endsWith('.tar')) return 'cat';
  if (/\.tar[.+]gzip$/u.test(mediaType)) return 'gzip -dc';
  if (mediaType.endsWith('.tar+zstd')) return 'zstd -dc';
  throw new ContainerError(`a layer is of the unknown type '${mediaType}'`);
}

const blobPath = (folder: string, digest: string): string =>
  `${folder}/blobs/sha256/${sumOf(digest)}`;

function sumOf(digest: string): string {
  const [, sum] = /^sha256:([0-9a-f]{64})$/u.exec(digest) ?? [];
  if (sum === undefined) throw new ContainerError(`'${digest}' is no digest`);
  return sum;
}

async function readJson(fileTree: FileTree, path: string): Promise<unknown> {
  const bytes = await fileTree.read(path, { offset: 0, length: jsonBytesMax });
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new ContainerError('a part of it is no JSON', { cause });
  }
}

/** Of a manifest or a configuration; real ones have some kilobytes. */
const jsonBytesMax = 4 * 1024 * 1024;
