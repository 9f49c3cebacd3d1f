/** Containers with images beside those without, on a machine that has what they take. */
import { resolve } from 'node:path';
import { type Containerizer, ContainerError } from '#internal/agent/containerizer.ts';
import { composing } from '#internal/agent/containers/composing.ts';
import type { Bounds } from '#internal/agent/containers/bounds.ts';
import type { OciDependencies } from '#internal/agent/containers/oci-machine.ts';
import { openOciContainerizer } from '#internal/agent/containers/oci.ts';
import { openImageStore } from '#internal/agent/images/image-store.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import { systemCommands } from '#internal/runtime/real/commands.ts';
import type { AgentFlags } from './flags.ts';

type Doors = Omit<OciDependencies, 'commands' | 'images'> & {
  readonly logger: Logger;
  readonly posix: Containerizer;
};

/** A machine that lacks something runs the others, and tells those that need it. */
export async function withOci(
  doors: Doors,
  flags: AgentFlags,
  bounds: Bounds,
): Promise<Containerizer> {
  const { logger, posix, fileTree } = doors;
  const workFolder = resolve(flags.workDir);
  const oci = await openOci(doors, flags, { ...bounds, workFolder });
  if (typeof oci === 'string') logger.info('no containers with images', { reason: oci });
  const runsDocker = flags.containerizers.includes('docker');
  return composing({ fileTree, posix, oci }, { workFolder, runsDocker });
}

async function openOci(
  doors: Doors,
  flags: AgentFlags,
  bounds: Bounds & { readonly workFolder: string },
): Promise<Containerizer | string> {
  const commands = systemCommands();
  const folder = resolve(flags.dockerStoreDir ?? `${bounds.workFolder}/store/docker`);
  const { dockerRegistry: registry, imagePullTimeout: pullMs } = flags;
  try {
    const images = await openImageStore({ ...doors, commands }, { folder, registry, pullMs });
    const usualPath = process.env['PATH'] ?? defaultPath;
    const { switchUser, cgroupsRoot } = flags;
    return await openOciContainerizer(
      { ...doors, commands, images },
      { ...bounds, switchUser, cgroupsRoot, usualPath },
    );
  } catch (error) {
    if (error instanceof ContainerError) return error.message;
    throw error;
  }
}

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
