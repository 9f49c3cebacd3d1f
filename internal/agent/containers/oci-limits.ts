/** Ends a container as a whole in which the kernel has killed for want of memory, and says so. */
import type {
  ContainerEnd,
  ContainerSpec,
  RecoveredContainer,
  RunningContainer,
} from '../containerizer.ts';
import { memoryLimitation } from './limitation.ts';
import { memoryTrouble } from './oci-cgroup.ts';
import type { Oci } from './oci-machine.ts';
import { signalInside } from './oci-signal.ts';

/** The kernel ends one process of its choice; so long the others may not have noticed. */
const watchMs = 1000;

export function limited(
  oci: Oci,
  spec: ContainerSpec,
  { process, ended }: RunningContainer,
): RunningContainer {
  const end = async (): Promise<ContainerEnd> => {
    if (spec.limits.memBytes !== undefined) await watch(oci, spec, ended);
    return await truly(oci, spec, await ended);
  };
  return { process, ended: end() };
}

export async function limitedIfFound(
  oci: Oci,
  spec: ContainerSpec,
  found: RecoveredContainer,
): Promise<RecoveredContainer> {
  if (found.kind === 'absent') return found;
  if (found.kind === 'ended') return { ...found, end: await truly(oci, spec, found.end) };
  return { kind: 'running', container: limited(oci, spec, found.container) };
}

async function watch(
  oci: Oci,
  { containerId }: ContainerSpec,
  ended: Promise<ContainerEnd>,
): Promise<void> {
  const over = ended.then(() => true);
  for (;;) {
    const pause = oci.clock.sleep(watchMs).then(() => false);
    if (await Promise.race([over, pause])) return;
    if ((await memoryTrouble(oci, containerId)).kills > 0) {
      await signalInside(oci, containerId, 'KILL');
      return;
    }
  }
}

async function truly(
  oci: Oci,
  { containerId, limits: { memBytes } }: ContainerSpec,
  end: ContainerEnd,
): Promise<ContainerEnd> {
  if (memBytes === undefined) return end;
  const { kills, bytesMost = memBytes } = await memoryTrouble(oci, containerId);
  if (kills === 0) return end;
  const exceeded = { limitBytes: memBytes, peakBytes: bytesMost, statistics: '' };
  return { kind: 'limited', limitation: memoryLimitation(exceeded) };
}
