/** Holds OCI containers to what no runtime holds them to: an end as a whole, and a bound of disk. */
import type {
  ContainerEnd,
  ContainerSpec,
  RecoveredContainer,
  RunningContainer,
} from '../containerizer.ts';
import { folderOf } from './oci-folder.ts';
import type { Oci } from './oci-machine.ts';
import { signalInside } from './oci-signal.ts';
import { sandboxOf } from './sandbox.ts';
import { volumeUses } from './volume-use.ts';

/** Not of one that joins another: it has that one's limits. */
export function know(oci: Oci, spec: ContainerSpec): void {
  const { containerId, limits, nesting } = spec;
  if (nesting === 'debug') return;
  const folder = folderOf(oci, containerId);
  // What it changes of its image lies on the same disk as its sandbox.
  const folders = [sandboxOf(oci.workFolder, spec).folder, `${folder}/upper`];
  const volumes = volumeUses(oci.workFolder, spec);
  const notePath = `${folder}/limitation`;
  oci.watch.know({ containerId, folders, volumes, notePath, limits, isNew: false });
}

export function limited(
  oci: Oci,
  { containerId }: ContainerSpec,
  { process, ended }: RunningContainer,
): RunningContainer {
  oci.watch.watch(containerId, () => signalInside(oci, containerId, 'KILL'));
  const end = async (): Promise<ContainerEnd> => await oci.watch.settle(containerId, await ended);
  return { process, ended: end() };
}

export async function limitedIfFound(
  oci: Oci,
  spec: ContainerSpec,
  found: RecoveredContainer,
): Promise<RecoveredContainer> {
  if (found.kind === 'absent') return found;
  if (found.kind === 'running') {
    return { kind: 'running', container: limited(oci, spec, found.container) };
  }
  return { ...found, end: await oci.watch.settle(spec.containerId, found.end) };
}
