/**
 * The folder that we keep of each container while it is not forgotten, as its supervisor writes it and
 * whoever comes next reads it (`supervisor.ts`).
 */
import type { Clock } from '#internal/runtime/clock.ts';
import type { FileTree } from '#internal/runtime/file-tree.ts';
import { type Files, FilesError } from '#internal/runtime/files.ts';
import type { ProcessIdentity } from '#internal/runtime/processes.ts';
import type { ContainerEnd } from '../containerizer.ts';
import { parseClaim, parseEnd } from './supervisor-files.ts';

export type ContainerFolders = {
  readonly clock: Clock;
  readonly files: Files;
  readonly fileTree: FileTree;
  readonly workFolder: string;
};

/** How often we look whether something has happened that nobody tells us. */
export const pollMs = 100;
/** A supervisor writes its files within moments of its start; after so many polls it never will. */
export const claimPollsMax = 50;

export const folderOf = (
  { workFolder }: Pick<ContainerFolders, 'workFolder'>,
  containerId: string,
): string => `${workFolder}/meta/containers/${containerId}`;

export type Claim =
  | { readonly kind: 'supervisor'; readonly process: ProcessIdentity }
  | { readonly kind: 'abandoned' }
  /** Taken by a supervisor that never said who it is. */
  | { readonly kind: 'silent' };

/** Who decided first: the supervisor, by being there, or we, by taking its place for ever. */
export async function readOrTakeClaim(
  folders: ContainerFolders,
  containerId: string,
): Promise<Claim> {
  const folder = folderOf(folders, containerId);
  await folders.fileTree.makeFolder(folder, undefined);
  try {
    const file = await folders.files.open(`${folder}/supervisor`, {
      create: true,
      exclusive: true,
    });
    await file.write(0, [new TextEncoder().encode('abandoned\n')]);
    await file.close();
    return { kind: 'abandoned' };
  } catch (error) {
    if (!(error instanceof FilesError) || error.code !== 'EEXIST') throw error;
  }
  for (let polls = 0; polls < claimPollsMax; polls++) {
    const text = await readLine(folders, containerId, 'supervisor');
    if (text === 'abandoned') return { kind: 'abandoned' };
    const process = text === undefined ? undefined : parseClaim(text);
    if (process !== undefined) return { kind: 'supervisor', process };
    await folders.clock.sleep(pollMs);
  }
  return { kind: 'silent' };
}

export async function readEnd(
  folders: ContainerFolders,
  containerId: string,
): Promise<ContainerEnd | undefined> {
  const text = await readLine(folders, containerId, 'status');
  return text === undefined ? undefined : parseEnd(text);
}

/** One of the supervisor's files; undefined while it is missing or unfinished. */
export async function readLine(
  folders: ContainerFolders,
  containerId: string,
  name: 'supervisor' | 'leader' | 'status',
): Promise<string | undefined> {
  const path = `${folderOf(folders, containerId)}/${name}`;
  if ((await folders.fileTree.look(path))?.kind !== 'file') return undefined;
  const text = new TextDecoder().decode(
    await folders.fileTree.read(path, { offset: 0, length: lineBytesMax }),
  );
  return text.endsWith('\n') ? text.slice(0, -1) : undefined;
}

/** Of /proc/<pid>/stat and a boot id; more is a forgery. */
const lineBytesMax = 4096;
