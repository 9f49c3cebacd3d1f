/**
 * The sandboxes on a disk, as a port: which there are, and their removal. A link in a sandbox goes, what
 * it leads to stays; so does whatever is mounted there: such a sandbox is not removed at all.
 */
import { FilterError, type Filters } from '#internal/runtime/filters.ts';
import type { FileTree, TreeEntry } from '#internal/runtime/file-tree.ts';
import { type Files, FilesError } from '#internal/runtime/files.ts';
import type { Processes } from '#internal/runtime/processes.ts';
import type { SandboxRun } from './plan.ts';

export type Sandboxes = {
  /** Of all agents that ever were here, by executor. Rejects with `FilesError`. */
  list(): Promise<readonly SandboxRun[]>;
  /** What is kept of containers that have ended, which nobody came to release. */
  listForgotten(): Promise<readonly SandboxRun[]>;
  mark(run: SandboxRun, nowMs: number): Promise<void>;
  /** With the folders above it that become empty. Rejects with `FilesError` when something stays. */
  remove(run: SandboxRun): Promise<void>;
  /** The share of the disk that is used, 0 to 1. */
  usedShare(): Promise<number>;
};

export type SandboxesDependencies = {
  readonly files: Files;
  readonly fileTree: FileTree;
  readonly filters: Filters;
  readonly processes: Pick<Processes, 'which'>;
};

/** What a supervisor writes last (`containers/supervisor.ts`). */
const statusFile = 'status';
const mountsBytesMax = 16 * 1024 * 1024;

export function sandboxesIn(dependencies: SandboxesDependencies, workFolder: string): Sandboxes {
  const { fileTree } = dependencies;
  const containers = `${workFolder}/meta/containers`;
  return {
    list: () => listRuns(fileTree, workFolder),
    listForgotten: async () => {
      const folders = await foldersIn(fileTree, containers);
      const looks = folders.map(async (folder) => {
        const status = await fileTree.look(`${folder.path}/${statusFile}`);
        return status && { ...toRun(folder), usedMs: status.modifiedMs };
      });
      return (await Promise.all(looks)).filter((one) => one !== undefined);
    },
    mark: ({ path }, nowMs) => fileTree.touch(path, nowMs),
    remove: async ({ path }) => {
      await refuseMounts(fileTree, path);
      await runProgram(dependencies, 'rm', ['-rf', '--', path]);
      if (!path.startsWith(`${containers}/`)) await removeEmpty(dependencies, parentOf(path));
    },
    usedShare: () => fileTree.usedShare(workFolder),
  };
}

/** All that there are. Rejects with `FilesError`. */
export async function listRuns(
  fileTree: FileTree,
  workFolder: string,
): Promise<readonly SandboxRun[]> {
  const agents = await foldersIn(fileTree, `${workFolder}/slaves`);
  const frameworks = await foldersInAll(fileTree, agents, '/frameworks');
  const executors = await foldersInAll(fileTree, frameworks, '/executors');
  return (await foldersInAll(fileTree, executors, '/runs')).map(toRun);
}

const toRun = ({ path, modifiedMs }: TreeEntry): SandboxRun => ({
  path,
  containerId: path.slice(path.lastIndexOf('/') + 1),
  usedMs: modifiedMs,
});

async function foldersIn(fileTree: FileTree, path: string): Promise<readonly TreeEntry[]> {
  return ((await fileTree.browse(path)) ?? []).filter(({ kind }) => kind === 'folder');
}

async function foldersInAll(
  fileTree: FileTree,
  above: readonly TreeEntry[],
  below: string,
): Promise<readonly TreeEntry[]> {
  const found: TreeEntry[] = [];
  for (const { path } of above) found.push(...(await foldersIn(fileTree, `${path}${below}`)));
  return found;
}

/** The runs of an executor, if `latest` alone is left, and what stands above them, if it is empty then. */
async function removeEmpty(dependencies: SandboxesDependencies, runs: string): Promise<void> {
  const left = (await dependencies.fileTree.browse(runs)) ?? [];
  if (left.some(({ path }) => path !== `${runs}/latest`)) return;
  await dependencies.files.remove(`${runs}/latest`);
  // What somebody makes there meanwhile keeps them.
  const [executor, framework] = [parentOf(runs), parentOf(parentOf(parentOf(runs)))];
  const folders = [runs, executor, parentOf(executor), framework];
  await runProgram(dependencies, 'rmdir', ['--ignore-fail-on-non-empty', '--', ...folders]);
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

async function refuseMounts(fileTree: FileTree, path: string): Promise<void> {
  const range = { offset: 0, length: mountsBytesMax };
  const text = new TextDecoder().decode(await fileTree.read('/proc/self/mountinfo', range));
  // The fifth field, blanks and the like as octal numbers: none of our own names has such.
  const mount = text
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .find((point) => point === path || point.startsWith(`${path}/`));
  if (mount !== undefined) throw new FilesError('EBUSY', `${path}: ${mount} is mounted there`);
}

/** By a program of the system: none of ours could remove what a task changes under our feet. */
async function runProgram(
  { filters, processes }: SandboxesDependencies,
  name: 'rm' | 'rmdir',
  words: readonly string[],
): Promise<void> {
  const path = await processes.which(name);
  if (path === undefined) throw new FilesError('ENOENT', `This machine has no \`${name}\``);
  try {
    const output = filters.run({ path, arguments: words, user: undefined });
    for await (const chunk of output) if (chunk.length === 0) break;
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    throw new FilesError('EIO', error.message, { cause: error });
  }
}
