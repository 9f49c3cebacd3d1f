/**
 * Keeps `stdout` and `stderr` of running tasks from growing for ever: one that has become longer than it
 * may is cut, and the newest of what was in it is kept as `stdout.1`, before that `stdout.2`, and so on.
 *
 * Tasks write straight into their files, no process stands between, so a file may outgrow its limit by
 * what its task writes between two looks. All of that is kept, up to twice the limit: the beginning of what is
 * longer is lost. Lost is also what a task writes in the microseconds between the last look at the end of
 * its file and the cut. Whoever reads by offset finds the file shorter than before.
 */
import { type Files, FilesError } from '#internal/runtime/files.ts';
import type { GuardedFolders } from '#internal/runtime/guarded-folder.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import { sandboxOf } from '../containers/sandbox.ts';
import { sandboxOfTask } from '../api/task-place.ts';
import type { AgentState } from '../core/state.ts';

export type LogRotationDependencies = {
  readonly logger: Logger;
  readonly files: Files;
  readonly folders: GuardedFolders;
  /** Undefined while the agent recovers. */
  view(): AgentState | undefined;
};

export type LogRotationOptions = {
  readonly workFolder: string;
  /** Before it is cut; of what is kept of it, half. */
  readonly bytesMax: { readonly stdout: number; readonly stderr: number };
  /** Files that are kept of each. */
  readonly keep: number;
};

const names = ['stdout', 'stderr'] as const;

export class LogRotation {
  readonly #dependencies: LogRotationDependencies;
  readonly #options: LogRotationOptions;

  constructor(dependencies: LogRotationDependencies, options: LogRotationOptions) {
    this.#dependencies = dependencies;
    this.#options = options;
  }

  /** Looks at each file once, and cuts what is too long. */
  async rotate(): Promise<void> {
    const state = this.#dependencies.view();
    if (state === undefined) return;
    for (const folder of sandboxesInUse(this.#options.workFolder, state)) {
      for (const name of names) await this.#rotateOne(folder, name);
    }
  }

  async #rotateOne(folder: string, name: (typeof names)[number]): Promise<void> {
    const { files, folders, logger } = this.#dependencies;
    const { workFolder, keep } = this.#options;
    const bytesMax = this.#options.bytesMax[name];
    try {
      // A glance, which a link may deceive, before the careful look.
      if (((await files.stat(`${folder}/${name}`))?.sizeBytes ?? 0) <= bytesMax) return;
      const below = folder.slice(workFolder.length + 1).split('/');
      await using held = await folders.open(workFolder, below);
      if ((await held.sizeOf(name)) <= bytesMax) return;
      await held.rotate(name, { bytesMax: 2 * bytesMax, keep });
    } catch (error) {
      if (!(error instanceof FilesError)) throw error;
      logger.warn('log not rotated', { path: `${folder}/${name}`, error });
    }
  }
}

function sandboxesInUse(workFolder: string, state: AgentState): ReadonlySet<string> {
  const folders = new Set<string>();
  for (const task of state.tasks.values()) {
    if (task.life.kind === 'ended') continue;
    folders.add(sandboxOfTask(workFolder, state.agentId, task).folder);
  }
  for (const { frameworkId, info, containerId, own } of state.executors.values()) {
    if (own === undefined) continue;
    const place = { agentId: state.agentId ?? '', frameworkId, containerId, taskId: undefined };
    const executorId = info.executor_id.value;
    folders.add(sandboxOf(workFolder, { ...place, executorId, parentId: undefined }).folder);
  }
  return folders;
}
