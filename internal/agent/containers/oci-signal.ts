/**
 * Signals into a container. KILL is for all that is in its cgroup, any other for its command
 * and whoever is in one group with that.
 */
import type { Signal } from '#internal/runtime/signal.ts';
import { folderOf, readText } from './oci-folder.ts';
import { type Oci, runtime } from './oci-machine.ts';

/** Owed: it was started. Harmless when it has ended. */
export async function signalInside(oci: Oci, id: string, signal: Signal): Promise<void> {
  if (signal === 'KILL') {
    await runtime(oci, ['kill', '--all', id, 'KILL']);
    return;
  }
  const folder = folderOf(oci, id);
  const pid = Number((await readText(oci, `${folder}/pid`)) ?? '');
  const found = pid > 1 ? oci.processes.find(pid) : undefined;
  const cgroup = (await readText(oci, `${folder}/cgroup`))?.trim();
  if (found === undefined || cgroup === undefined) return;
  // The pid may be another process's by now, but not in this cgroup.
  const groups = (await readText(oci, `/proc/${pid}/cgroup`)) ?? '';
  if (groups.split('\n').some((line) => line.endsWith(`:${cgroup}`))) {
    oci.processes.signalGroup(found, signal);
  }
}
