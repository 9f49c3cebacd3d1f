/**
 * What a disk does against all promises: it loses or changes bytes that were synced. Only of an idle
 * disk, as it is found when the machine starts again.
 */
import { assert } from '#internal/base/assert.ts';
import type { Random } from '#internal/base/random.ts';
import type { SimulatedDisk } from './disk.ts';
import type { DiskContent } from './disk-content.ts';

/**
 * `bit-rot`: one bit turned over. `zeroed`: a block that reads as zeros. `misdirected`: a block that
 * was written where another one belongs. `lost-file`: a name that is gone.
 */
export type DamageKind = 'bit-rot' | 'zeroed' | 'misdirected' | 'lost-file';

export type DamageDone = { readonly path: string; readonly offset: number };

const blockBytes = 4096;

/** Undefined when there was nothing to damage. The bytes on the disk have changed otherwise. */
export function damageDisk(
  disk: SimulatedDisk,
  kind: DamageKind,
  random: Random,
): DamageDone | undefined {
  const files = disk.names.paths().filter((path) => contentAt(disk, path).sizeBytes > 0);
  const path = files[random.below(Math.max(1, files.length))];
  if (path === undefined) return undefined;
  if (kind === 'lost-file') {
    disk.names.corrupt(path);
    return { path, offset: 0 };
  }
  const content = contentAt(disk, path);
  const offset = drawOffset(content, random);
  if (kind === 'bit-rot') {
    const [byte = 0] = content.read(offset, 1);
    content.corrupt(offset, Uint8Array.of(byte ^ (1 << random.below(8))));
    return { path, offset };
  }
  const start = offset - (offset % blockBytes);
  const before = content.read(start, blockBytes);
  const from = contentAt(disk, files[random.below(files.length)] ?? path);
  const source = random.below(Math.ceil(from.sizeBytes / blockBytes)) * blockBytes;
  const after = new Uint8Array(before.length);
  if (kind === 'misdirected') after.set(from.read(source, before.length));
  content.corrupt(start, after);
  return Buffer.compare(before, after) === 0 ? undefined : { path, offset: start };
}

function contentAt(disk: SimulatedDisk, path: string): DiskContent {
  const entry = disk.names.find(path);
  assert(entry?.kind === 'file', `${path} is no file`);
  return entry.content;
}

/** Mostly where something is written: much of a file may be zeros that were made ahead. */
function drawOffset(content: DiskContent, random: Random): number {
  const bytes = content.read(0, content.sizeBytes);
  const written = bytes.findLastIndex((byte) => byte !== 0) + 1;
  const isAnywhere = written === 0 || random.oneIn(4);
  return random.below(isAnywhere ? bytes.length : written);
}
