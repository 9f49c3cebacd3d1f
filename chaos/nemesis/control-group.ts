/**
 * Control groups (version 1) of a run, one a member and a controller: frozen whole, or held to so much
 * memory. A process and what it starts later are in the group; what it has started already is not.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import type { UndoJournal } from './undo-journal.ts';

const root = '/sys/fs/cgroup';

/** Why members cannot be put under this controller here; undefined when they can. */
export const groupObstacle = (controller: 'freezer' | 'memory'): string | undefined =>
  existsSync(`${root}/${controller}/cgroup.procs`)
    ? undefined
    : `there is no controller ${controller} of control groups (version 1)`;

/** The prefix under which the run's groups are found again. */
export const groupPrefix = (journal: UndoJournal): string => `altiplano-${journal.run}-`;

/** A group of that name with these processes in it; the returned function sets what it is held to. */
export function openGroup(
  journal: UndoJournal,
  [controller, name]: readonly [controller: 'freezer' | 'memory', name: string],
  pids: readonly number[],
): (file: string, value: string) => void {
  const path = `${root}/${controller}/${groupPrefix(journal)}${name}`;
  mkdirSync(path, { recursive: true });
  for (const pid of pids) {
    try {
      writeFileSync(`${path}/cgroup.procs`, String(pid));
    } catch (fault) {
      // It has ended meanwhile.
      if (existsSync(`/proc/${pid}`)) throw fault;
    }
  }
  return (file, value) => writeFileSync(`${path}/${file}`, value);
}
