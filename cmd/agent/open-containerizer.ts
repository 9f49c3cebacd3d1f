/** What runs an agent's containers on this machine, and bounds them as its flags say. */
import { resolve } from 'node:path';
import { ContainerError } from '#internal/agent/containerizer.ts';
import { type Cgroups, openCgroups } from '#internal/agent/containers/cgroups.ts';
import { type Bounds, usualBounds } from '#internal/agent/containers/bounds.ts';
import { openPosixContainerizer } from '#internal/agent/containers/posix.ts';
import type { Fetcher } from '#internal/agent/fetch/fetcher.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type { Processes } from '#internal/runtime/processes.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemControlFiles } from '#internal/runtime/real/control-files.ts';
import { systemFileTree } from '#internal/runtime/real/file-tree.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { systemPipes } from '#internal/runtime/real/pipes.ts';
import type { AgentFlags } from './flags.ts';
import { type OpenedContainers, withOci } from './open-oci.ts';
import { isolators } from './limit-flags.ts';

type Doors = {
  readonly logger: Logger;
  readonly processes: Processes;
  readonly fetcher: Fetcher;
};

/** Throws `ContainerError` when the machine lacks what containers take, or what was asked for. */
export async function openContainerizer(
  doors: Doors,
  flags: AgentFlags,
): Promise<OpenedContainers> {
  // Containers outlive the agent: to watch them must not keep it from ending.
  const clock = systemClock({ isHolding: false });
  const files = { files: systemFiles(), fileTree: systemFileTree() };
  const cgroups = await openGroups({ ...doors, clock }, flags);
  const own = { clock, ...doors, ...files, pipes: systemPipes(clock) };
  const bounds = boundsFrom(flags);
  const posix = await openPosixContainerizer(
    { ...own, cgroups },
    {
      ...bounds,
      workFolder: resolve(flags.workDir),
      switchUser: flags.switchUser,
    },
  );
  return await withOci({ ...own, posix }, flags, bounds);
}

function boundsFrom(flags: AgentFlags): Bounds {
  return {
    ...usualBounds,
    processesMax: flags.containerProcessesMax,
    isCpuRequestLimit: flags.cgroupsEnableCfs,
    isSwapLimited: flags.cgroupsLimitSwap,
    disk: {
      intervalMs: flags.containerDiskWatchInterval,
      isEnforced: flags.enforceContainerDiskQuota,
    },
  };
}

async function openGroups(
  { clock, logger, processes }: Doors & { readonly clock: Clock },
  flags: AgentFlags,
): Promise<Cgroups | undefined> {
  const controllers = [...new Set(flags.isolation.flatMap((word) => isolators[word] ?? []))];
  const cgroups = await openCgroups(
    { clock, controlFiles: systemControlFiles(), processes },
    { root: flags.cgroupsRoot, controllers },
  );
  const found = cgroups?.controllers ?? [];
  const missing = controllers.filter((name) => !found.includes(name));
  if (missing.length === 0) return cgroups;
  // Who asked for something gets it or is told; `auto` asks for what there is.
  if (!flags.isolation.includes('auto')) {
    throw new ContainerError(`--isolation: no control groups of ${missing.join(', ')} to write to`);
  }
  logger.warn('containers are not bounded by all control groups', { missing, found });
  return cgroups;
}
