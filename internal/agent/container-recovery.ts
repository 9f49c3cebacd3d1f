/** Looks for every container that an earlier agent may have left, and tells what became of it. */
import { unreachable } from '#internal/base/assert.ts';
import type { Containerizer, RunningContainer } from './containerizer.ts';
import { isOwn, keyOf, type OwnExecutor } from './core/executor-book.ts';
import { executorSpecOf } from './core/executor-launch.ts';
import type { Input } from './core/input.ts';
import { specOf } from './core/launch.ts';
import { pathOf } from './container-path.ts';
import type { Recovery } from './recovery.ts';
import {
  type AgentSettings,
  type AgentState,
  type ExecutorKey,
  isDelegated,
  type Task,
  type TaskKey,
} from './core/state.ts';

export type ExecutorContainer = { readonly executor: ExecutorKey; readonly containerId: string };

/** Who hears of what was found. */
export type Finder = {
  post(input: Input): void;
  /** It runs. */
  attend(task: TaskKey, containerId: string, container: RunningContainer): void;
  attendExecutor(about: ExecutorContainer, container: RunningContainer): void;
};

export type Found = {
  readonly state: AgentState;
  readonly settings: AgentSettings;
  /** Nothing is launched any more. */
  readonly isCleaning: boolean;
};

/** Every container that the checkpoint speaks of. */
export function knownContainers({
  state,
  containers,
}: Pick<Recovery, 'state' | 'containers'>): ReadonlySet<string> {
  return new Set([
    ...[...state.tasks.values()].map(({ containerId }) => containerId),
    ...[...state.executors.values()].map(({ containerId }) => containerId),
    ...containers.map((record) => pathOf(record.container_id)),
  ]);
}

/** Containers that are looked for at the same time. */
const recoveriesAtOnce = 32;

export async function recoverContainers(
  containerizer: Containerizer,
  found: Found,
  finder: Finder,
): Promise<void> {
  const { tasks, executors } = found.state;
  const searches = [
    ...[...executors.values()]
      .filter(isOwn)
      .map((executor) => () => recoverExecutor(containerizer, found, finder, executor)),
    ...[...tasks.values()]
      .filter((task) => task.life.kind !== 'ended' && !isDelegated(task))
      .map((task) => () => recoverTask(containerizer, found, finder, task)),
  ];
  for (let at = 0; at < searches.length; at += recoveriesAtOnce) {
    await Promise.all(searches.slice(at, at + recoveriesAtOnce).map((search) => search()));
  }
}

async function recoverExecutor(
  containerizer: Containerizer,
  { state, settings, isCleaning }: Found,
  finder: Finder,
  executor: OwnExecutor,
): Promise<void> {
  const found = await containerizer.recover(executorSpecOf(state, settings, executor));
  const about = { executor: keyOf(executor), containerId: executor.containerId };
  switch (found.kind) {
    case 'absent': {
      const end = { kind: 'lost', reason: 'It was never started' } as const;
      if (isCleaning) finder.post({ kind: 'executor-ended', ...about, end });
      else finder.post({ kind: 'executor-absent', ...about });
      return;
    }
    case 'running':
      finder.attendExecutor(about, found.container);
      return;
    case 'ended':
      finder.post({ kind: 'executor-ended', ...about, end: found.end });
      return;
    default:
      unreachable(found);
  }
}

async function recoverTask(
  containerizer: Containerizer,
  { state, settings, isCleaning }: Found,
  finder: Finder,
  task: Task,
): Promise<void> {
  const found = await containerizer.recover(specOf(state, settings, task));
  const about = { task: task.key, containerId: task.containerId };
  switch (found.kind) {
    case 'absent':
      // One whose process we have seen has run, whatever became of what it wrote down.
      if (task.life.kind === 'launching' && !isCleaning) {
        // mark: a container that never began
        finder.post({ kind: 'container-absent', ...about });
      } else {
        const end = { kind: 'lost', reason: 'All traces of the container are gone' } as const;
        finder.post({ kind: 'container-ended', ...about, end });
      }
      return;
    case 'running':
      finder.attend(task.key, task.containerId, found.container);
      return;
    case 'ended':
      if (found.process !== undefined) {
        // mark: a container that ended while its agent was away
        finder.post({ kind: 'launched', ...about, process: found.process });
      }
      finder.post({ kind: 'container-ended', ...about, end: found.end });
      return;
    default:
      unreachable(found);
  }
}
