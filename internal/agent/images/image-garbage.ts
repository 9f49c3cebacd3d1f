/**
 * Images that no container has go when the disk of their store is nearly full, as Mesos does it with
 * `--image_gc_config`, or when an operator says so.
 */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { FileTree } from '#internal/runtime/file-tree.ts';
import { FilesError } from '#internal/runtime/files.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import { fieldOf } from './image.ts';
import type { ImageStore } from './image-store.ts';

export type ImageGarbageSettings = {
  /** The share of the disk that is to be free. */
  readonly headroom: number;
  /** From one look at the disk to the next. */
  readonly watchMs: number;
  /** Names of images that stay. */
  readonly excluded: readonly string[];
};

const usual: ImageGarbageSettings = { headroom: 0.1, watchMs: 3_600_000, excluded: [] };

/** As the flag of Mesos has it: JSON of its `ImageGcConfig`. */
export function parseImageGcConfig(json: string): Result<ImageGarbageSettings, string> {
  const config = parsedObject(json);
  if (config === undefined) return refuse('it is not a JSON object');
  const known = ['image_disk_headroom', 'image_disk_watch_interval', 'excluded_images'];
  const unknown = Object.keys(config).find((name) => !known.includes(name));
  if (unknown !== undefined) return refuse(`it has no field '${unknown}'`);
  const headroom = fieldOf(config, known[0] ?? '') ?? usual.headroom;
  if (typeof headroom !== 'number' || !(headroom >= 0 && headroom <= 1)) {
    return refuse('image_disk_headroom is not a number from 0 to 1');
  }
  const interval = fieldOf(config, known[1] ?? '');
  const nanoseconds =
    interval === undefined ? usual.watchMs * 1e6 : Number(fieldOf(interval, 'nanoseconds'));
  if (!Number.isSafeInteger(nanoseconds) || nanoseconds < 1e6) {
    return refuse('image_disk_watch_interval.nanoseconds is less than a millisecond, or no number');
  }
  const images = fieldOf(config, known[2] ?? '') ?? [];
  const excluded = Array.isArray(images) ? images.map(nameOf) : [undefined];
  if (!excluded.every((name) => name !== undefined)) {
    return refuse('excluded_images is not a list of images of type DOCKER with a name');
  }
  return accept({ headroom, watchMs: nanoseconds / 1e6, excluded });
}

export function imageGcConfigText({ headroom, watchMs, excluded }: ImageGarbageSettings): string {
  return JSON.stringify({
    image_disk_headroom: headroom,
    image_disk_watch_interval: { nanoseconds: watchMs * 1e6 },
    excluded_images: excluded.map((name) => ({ type: 'DOCKER', docker: { name } })),
  });
}

export type ImageGarbageDependencies = {
  readonly logger: Logger;
  readonly fileTree: Pick<FileTree, 'usedShare'>;
  readonly images: Pick<ImageStore, 'folder' | 'prune'>;
};

/** One look at the disk, and what follows from it. */
export async function collectImages(
  { logger, fileTree, images }: ImageGarbageDependencies,
  { headroom, excluded }: ImageGarbageSettings,
): Promise<void> {
  try {
    const usedShare = await fileTree.usedShare(images.folder);
    if (usedShare <= 1 - headroom) return;
    await images.prune(excluded);
    logger.info('images collected', { usedShare, excluded });
  } catch (error) {
    if (!(error instanceof FilesError)) throw error;
    // The next look may find more of a disk.
    logger.warn('images not collected', { error });
  }
}

function parsedObject(json: string): object | undefined {
  try {
    const found: unknown = JSON.parse(json);
    return typeof found === 'object' && !Array.isArray(found) && found !== null ? found : undefined;
  } catch {
    return undefined;
  }
}

function nameOf(image: unknown): string | undefined {
  const type = fieldOf(image, 'type') ?? 'DOCKER';
  const name = fieldOf(fieldOf(image, 'docker'), 'name');
  return type === 'DOCKER' && typeof name === 'string' ? name : undefined;
}
