/**
 * The images of this machine: pulled by `skopeo`, which checks every blob against its digest, and laid
 * out layer by layer, each once, however many images have it.
 *
 *     <store>/layers/<name>       one layer, as overlayfs takes it; named after it and all below it
 *     <store>/images/<digest>     JSON: the layers of an image, and its own configuration
 *     <store>/names/<name>        JSON: the digest that a name led to when it was last pulled
 *     <store>/staging/…           what is in the making; of no use to anybody once we start anew
 *
 * What is in a place other than `staging` is whole: it came there by a rename, once it was durable.
 */
import type { Commands } from '#internal/runtime/commands.ts';
import { type Files, FilesError } from '#internal/runtime/files.ts';
import type { FileTree } from '#internal/runtime/file-tree.ts';
import { ContainerError } from '../containerizer.ts';
import { type Image, fieldOf, imageConfigFromJson, text, texts } from './image.ts';
import { type ImageName, parseImageName } from './image-name.ts';
import { unpackScript } from './layer-scripts.ts';
import { type LayoutImage, readLayout } from './layout.ts';
import { sourceOf } from './image-source.ts';

export type ImageStore = {
  /** Where the layers of images lie. */
  readonly folder: string;
  /**
   * The image of that name, pulled if need be, which stays as long as the container is not left. Pulls
   * of one name at a time are one pull. Throws `ContainerError`.
   */
  provision(name: ImageName, containerId: string): Promise<Image>;
  /** A container of an earlier run of the agent has that image. */
  hold(containerId: string, digest: string): void;
  /** The container is gone. */
  leave(containerId: string): void;
  /** Removes what no container has, but for images of those names. Rejects with `FilesError`. */
  prune(excluded: readonly string[]): Promise<void>;
};

export type ImageStoreDependencies = {
  readonly commands: Commands;
  readonly files: Files;
  readonly fileTree: FileTree;
};

export type ImageStoreOptions = {
  readonly folder: string;
  /** A folder with archives and layouts, or the URL of a registry. */
  readonly registry: string;
  readonly pullMs: number;
};

/** Names of layers are 32 digits, and all of one image must fit into one mount option. */
const layersMax = 100;

export async function openImageStore(
  dependencies: ImageStoreDependencies,
  options: ImageStoreOptions,
): Promise<ImageStore> {
  const { files } = dependencies;
  const { folder } = options;
  await files.remove(`${folder}/staging`);
  for (const name of ['layers', 'images', 'names', 'staging']) {
    await files.makeFolder(`${folder}/${name}`);
  }
  return newStore({ ...dependencies, ...options });
}

type Store = ImageStoreDependencies & ImageStoreOptions;

function newStore(store: Store): ImageStore {
  const held = new Map<string, string>();
  const pulling = new Map<string, Promise<void>>();
  let last: Promise<unknown> = Promise.resolve();
  let made = 0;
  /** One after the other, so that none removes what another builds on. */
  const inTurn = <Value>(work: () => Promise<Value>): Promise<Value> => {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return turn;
  };
  const take = ({ text: name }: ImageName, containerId: string): Promise<Image | undefined> =>
    inTurn(async () => {
      const image = await readNamed(store, name);
      if (image !== undefined) held.set(containerId, image.digest);
      return image;
    });
  const pull = (name: ImageName): Promise<void> => {
    const underway = pulling.get(name.text);
    if (underway !== undefined) return underway;
    const staging = `${store.folder}/staging/${made++}`;
    const work = async (): Promise<void> => {
      try {
        // What may take long holds up nobody else.
        const source = await copyToLayout(store, name, staging);
        await inTurn(() => layOut(store, name, source, staging));
      } finally {
        await store.files.remove(staging);
      }
    };
    const pulled = work().finally(() => pulling.delete(name.text));
    pulling.set(name.text, pulled);
    return pulled;
  };
  return {
    folder: `${store.folder}/layers`,
    provision: (name, containerId) =>
      blaming(name, async () => {
        if (name.mayBeCached) {
          const known = await take(name, containerId);
          if (known !== undefined) return known;
        }
        await pull(name);
        const image = await take(name, containerId);
        if (image !== undefined) return image;
        throw new ContainerError('it was removed as soon as it was there');
      }),
    hold: (containerId, digest) => void held.set(containerId, digest),
    leave: (containerId) => void held.delete(containerId),
    prune: (excluded) => inTurn(() => prune(store, new Set(held.values()), excluded)),
  };
}

async function blaming<Value>(name: ImageName, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof FilesError) && !(cause instanceof ContainerError)) throw cause;
    const message = `Failed to provision image '${name.text}': ${cause.message}`;
    throw new ContainerError(message, { cause });
  }
}

/** Whatever it is, it becomes an OCI layout of one image in the staging folder. */
async function copyToLayout(store: Store, name: ImageName, staging: string): Promise<LayoutImage> {
  const layout = `${staging}/layout`;
  await store.files.makeFolder(staging);
  const source = await sourceOf(store, name, staging);
  const { status, stderr } = await store.commands.run({
    path: 'skopeo',
    arguments: [
      '--insecure-policy',
      '--override-os',
      'linux',
      'copy',
      '--quiet',
      source,
      `oci:${layout}:image`,
    ],
    timeoutMs: store.pullMs,
  });
  if (status !== 0) throw new ContainerError(lastWords(stderr));
  return await readLayout(store.fileTree, layout);
}

const lastWords = (said: string): string => {
  const line = said.trim().split('\n').at(-1) ?? '';
  return /msg="((?:[^"\\]|\\.)*)"/u.exec(line)?.[1]?.replaceAll('\\"', '"') ?? line;
};

async function layOut(
  store: Store,
  { text: name }: ImageName,
  source: LayoutImage,
  staging: string,
): Promise<void> {
  const { files, folder } = store;
  if (source.layers.length > layersMax) {
    throw new ContainerError(
      `it has ${source.layers.length} layers, and ${layersMax} are the most`,
    );
  }
  const layers: string[] = [];
  const fresh: string[] = [];
  for (const layer of source.layers) {
    const own = await layerName(store, layers[0], layer.unpackedSum);
    const isThere = (await files.stat(`${folder}/layers/${own}`)) !== undefined;
    if (!isThere && !fresh.includes(own)) {
      const place = (one: string): string =>
        fresh.includes(one) ? `${staging}/${one}` : `${folder}/layers/${one}`;
      const below = layers.map(place);
      await sh(store, unpackScript, [
        layer.path,
        layer.unpack,
        layer.unpackedSum,
        `${staging}/${own}`,
        ...below,
      ]);
      fresh.push(own);
    }
    layers.unshift(own);
  }
  if (fresh.length > 0) await sh(store, 'sync --file-system "$1"', [staging]);
  for (const own of fresh) await files.rename(`${staging}/${own}`, `${folder}/layers/${own}`);
  await files.syncFolder(`${folder}/layers`);
  const image = { digest: source.digest, layers, image: source.config };
  await replace(store, staging, imagePath(store, source.digest), JSON.stringify(image));
  await replace(store, staging, namePath(store, name), JSON.stringify({ digest: source.digest }));
}

/** 128 bits of a digest of it and of all below it: no two that differ have the same. */
async function layerName(store: Store, below: string | undefined, sum: string): Promise<string> {
  const digits = await sh(store, 'printf %s "$1" | sha256sum', [`${below ?? ''} ${sum}`]);
  return digits.slice(0, 32);
}

/** Of what a tool said, for people. */
const saidMax = 500;

async function sh(store: Store, script: string, words: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await store.commands.run({
    path: '/bin/sh',
    arguments: ['-c', script, 'layer', ...words],
    timeoutMs: store.pullMs,
  });
  if (status !== 0) throw new ContainerError(stderr.trim().slice(0, saidMax));
  return stdout;
}

async function replace(
  store: Store,
  staging: string,
  path: string,
  content: string,
): Promise<void> {
  const draft = `${staging}/draft`;
  const file = await store.files.open(draft, { create: true });
  try {
    const bytes = new TextEncoder().encode(content);
    await file.truncate(0);
    await file.write(0, [bytes]);
    await file.sync();
  } finally {
    await file.close();
  }
  await store.files.rename(draft, path);
  await store.files.syncFolder(path.slice(0, path.lastIndexOf('/')));
}

const imagePath = ({ folder }: Store, digest: string): string =>
  `${folder}/images/${digest.replace(':', '-')}`;

const namePath = ({ folder }: Store, name: string): string =>
  `${folder}/names/${encodeURIComponent(name)}`;

async function readNamed(store: Store, name: string): Promise<Image | undefined> {
  const digest = text(fieldOf(await readJson(store, namePath(store, name)), 'digest'));
  const image = digest === '' ? undefined : await readImage(store, imagePath(store, digest));
  // Somebody else's hand: what is not there any more is pulled anew.
  for (const layer of image?.layers ?? []) {
    if ((await store.files.stat(`${store.folder}/layers/${layer}`)) === undefined) return undefined;
  }
  return image;
}

async function readImage(store: Store, path: string): Promise<Image | undefined> {
  const json = await readJson(store, path);
  if (json === undefined) return undefined;
  const layers = texts(fieldOf(json, 'layers'));
  const config = imageConfigFromJson(fieldOf(json, 'image'));
  return { digest: text(fieldOf(json, 'digest')), config, layers };
}

/** Damage is as good as nothing: what it told of is pulled anew. */
async function readJson({ fileTree }: Store, path: string): Promise<unknown> {
  if ((await fileTree.look(path))?.kind !== 'file') return undefined;
  const bytes = await fileTree.read(path, { offset: 0, length: jsonBytesMax });
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

const jsonBytesMax = 4 * 1024 * 1024;

/** `alpine` and `alpine:latest` are one. */
function fullName(written: string): string {
  try {
    const { registry, repository, reference } = parseImageName(written);
    return JSON.stringify([registry, repository, reference]);
  } catch (error) {
    if (!(error instanceof ContainerError)) throw error;
    return written;
  }
}

/** Names first, layers last: at no time does a name lead to what is not whole. */
async function prune(
  store: Store,
  held: ReadonlySet<string>,
  excluded: readonly string[],
): Promise<void> {
  const { files, folder } = store;
  const kept = new Set(held);
  const wanted = new Set(excluded.map(fullName));
  const stays = (name: string): boolean => wanted.has(fullName(name));
  for (const entry of await files.list(`${folder}/names`)) {
    const digest = text(fieldOf(await readJson(store, `${folder}/names/${entry}`), 'digest'));
    if (stays(decodeURIComponent(entry))) kept.add(digest);
    else if (!kept.has(digest)) await files.remove(`${folder}/names/${entry}`);
  }
  const layers = new Set<string>();
  for (const entry of await files.list(`${folder}/images`)) {
    const image = await readImage(store, `${folder}/images/${entry}`);
    if (image !== undefined && kept.has(image.digest))
      for (const one of image.layers) layers.add(one);
    else await files.remove(`${folder}/images/${entry}`);
  }
  await files.syncFolder(`${folder}/names`);
  await files.syncFolder(`${folder}/images`);
  for (const layer of await files.list(`${folder}/layers`)) {
    if (layers.has(layer)) continue;
    // A half of it must not be taken for all of it by whoever comes next.
    await files.rename(`${folder}/layers/${layer}`, `${folder}/staging/${layer}`);
    await files.remove(`${folder}/staging/${layer}`);
  }
}
