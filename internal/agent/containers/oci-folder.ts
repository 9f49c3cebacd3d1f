/**
 * The folder that is kept of each container, which its launcher and its supervisor write into
 * (`oci-scripts.ts`). It is root's alone: what is in it is believed.
 */
import type { Clock } from '#internal/runtime/clock.ts';
import type { FileTree } from '#internal/runtime/file-tree.ts';
import { type Files, FilesError } from '#internal/runtime/files.ts';
import type { ProcessIdentity } from '#internal/runtime/processes.ts';
import type { ContainerEnd } from '../containerizer.ts';
import { endFrom } from './oci-init.ts';
import { parseClaim } from './supervisor-files.ts';

export type OciFolders = {
  readonly clock: Clock;
  readonly files: Files;
  readonly fileTree: FileTree;
  readonly workFolder: string;
};

/** How often we look whether something has happened that nobody tells us. */
export const pollMs = 100;
/** A launcher claims its container within moments of its start; after so many polls it never will. */
const claimPollsMax = 50;
/** Messages and claims are far shorter. */
const textBytesMax = 64 * 1024;

export const folderOf = ({ workFolder }: { readonly workFolder: string }, id: string): string =>
  `${workFolder}/meta/oci/${id}`;

export type Claim =
  | { readonly kind: 'supervisor'; readonly process: ProcessIdentity }
  | { readonly kind: 'abandoned' }
  | { readonly kind: 'silent' };

/** Who decided first: the launcher, by being there, or we, by taking its place for ever. */
export async function readOrTakeClaim(folders: OciFolders, id: string): Promise<Claim> {
  const folder = folderOf(folders, id);
  await folders.fileTree.makeFolder(folder, undefined);
  const abandoned = 'abandoned\n';
  if (await createFile(folders, `${folder}/supervisor`, abandoned)) return { kind: 'abandoned' };
  for (let polls = 0; polls < claimPollsMax; polls++) {
    const text = await readText(folders, `${folder}/supervisor`);
    if (text === abandoned) return { kind: 'abandoned' };
    const process = text?.endsWith('\n') === true ? parseClaim(text.slice(0, -1)) : undefined;
    if (process !== undefined) return { kind: 'supervisor', process };
    await folders.clock.sleep(pollMs);
  }
  return { kind: 'silent' };
}

/** False when it was there already. */
async function createFile({ files }: OciFolders, path: string, text: string): Promise<boolean> {
  try {
    await writeText({ files }, path, text, { exclusive: true });
    return true;
  } catch (error) {
    if (error instanceof FilesError && error.code === 'EEXIST') return false;
    throw error;
  }
}

export async function writeText(
  { files }: Pick<OciFolders, 'files'>,
  path: string,
  text: string,
  { exclusive = false }: { readonly exclusive?: boolean } = {},
): Promise<void> {
  const file = await files.open(path, { create: true, exclusive });
  try {
    await file.write(0, [new TextEncoder().encode(text)]);
  } finally {
    await file.close();
  }
}

/** Undefined when there is no such file; no more than its start. */
export async function readText(
  { fileTree }: Pick<OciFolders, 'fileTree'>,
  path: string,
): Promise<string | undefined> {
  if ((await fileTree.look(path))?.kind !== 'file') return undefined;
  const bytes = await fileTree.read(path, { offset: 0, length: textBytesMax });
  return new TextDecoder().decode(bytes);
}

/** As its supervisor wrote it down; undefined when that did not live to. */
export async function readEnd(folders: OciFolders, id: string): Promise<ContainerEnd | undefined> {
  const folder = folderOf(folders, id);
  const text = await readText(folders, `${folder}/exit/${id}`);
  if (text === undefined || !/^\d{1,3}\n?$/u.test(text)) return undefined;
  return endFrom(Number(text), (await readText(folders, `${folder}/note`)) ?? '');
}

/** Why the runtime did not start a container: its own last words, or those of whoever came before. */
export async function readRefusal(folders: OciFolders, id: string): Promise<string> {
  const folder = folderOf(folders, id);
  const log = (await readText(folders, `${folder}/log`)) ?? '';
  const errors = log.split('\n').flatMap((line) => {
    const [, message] = /"level":"(?:error|fatal)".*?"msg":"((?:[^"\\]|\\.)*)"/u.exec(line) ?? [];
    return message === undefined ? [] : [String(JSON.parse(`"${message}"`))];
  });
  const said = ((await readText(folders, `${folder}/said`)) ?? '').trim();
  return errors[0] ?? (said === '' ? 'the runtime gave no reason' : said);
}
