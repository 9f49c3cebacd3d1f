/**
 * The manifest of a volume: a file beside its data, which no task sees, that says whose they are. It is
 * written whole under another name, synced, and renamed, so that a crash leaves the old one or the new.
 */
import type { FoundVolume } from '#internal/model/volume.ts';
import { type Files, FilesError } from '#internal/runtime/files.ts';
import { fromJson, toJson } from '#internal/wire/json.ts';
import { foundVolumeFromWire, foundVolumeToWire } from '#internal/wire/volume.ts';
import { WireError } from '#internal/wire/wire-error.ts';

export type Manifest = FoundVolume & {
  /** Who alone may use the volume. */
  readonly agentId: string | undefined;
};

/** What is done with volumes cannot be, for what lies there. The message says why. */
export class VolumeError extends Error {
  override readonly name: string = 'VolumeError';
  readonly code = 'VOLUME' as const;
}

/** A manifest is short; what is longer is none. */
const bytesMax = 256 * 1024;
const form = 'altiplano.agent.v1.VolumeManifest';

/** Undefined when there is none. Throws `VolumeError` for one that cannot be read, `FilesError`. */
export async function readManifest(files: Files, path: string): Promise<Manifest | undefined> {
  if ((await files.stat(path)) === undefined) return undefined;
  const file = await files.open(path);
  let text: string;
  try {
    const sizeBytes = await file.size();
    if (sizeBytes > bytesMax) throw new VolumeError(`${path} is too long for a manifest`);
    text = new TextDecoder().decode(await file.read(0, sizeBytes));
  } finally {
    await file.close();
  }
  return manifestFrom(path, text);
}

function manifestFrom(path: string, text: string): Manifest {
  try {
    const said = fromJson(form, text);
    const found = foundVolumeFromWire(said);
    if (found.ok) return { ...found.value, agentId: said.agent_id };
    throw new VolumeError(`${path} is no manifest of a volume: ${found.refusal}`);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new VolumeError(`${path} is no manifest of a volume: ${error.message}`, { cause: error });
  }
}

/** Durable when it resolves. The folder is there. Throws `FilesError`. */
export async function writeManifest(files: Files, path: string, manifest: Manifest): Promise<void> {
  const { agentId } = manifest;
  const said = {
    ...foundVolumeToWire(manifest),
    ...(agentId !== undefined && { agent_id: agentId }),
  };
  const draft = `${path}.new`;
  await files.remove(draft);
  const file = await files.open(draft, { create: true });
  try {
    await file.write(0, [new TextEncoder().encode(`${toJson(form, said)}\n`)]);
    await file.sync();
  } finally {
    await file.close();
  }
  await files.rename(draft, path);
  await files.syncFolder(path.slice(0, path.lastIndexOf('/')));
}

/** Fine when it is not there. Throws `FilesError`. */
export async function removeManifest(files: Files, path: string): Promise<void> {
  if ((await files.stat(path)) === undefined) return;
  await files.remove(path);
  await files.syncFolder(path.slice(0, path.lastIndexOf('/')));
}

/** Names in a folder that may not be there. */
export async function namesIn(files: Files, folder: string): Promise<readonly string[]> {
  try {
    return await files.list(folder);
  } catch (error) {
    if (error instanceof FilesError && ['ENOENT', 'ENOTDIR'].includes(error.code)) return [];
    throw error;
  }
}
