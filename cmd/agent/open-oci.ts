/** Containers with images beside those without, on a machine that has what they take. */
import { resolve } from 'node:path';
import { type Containerizer, ContainerError } from '#internal/agent/containerizer.ts';
import { composing } from '#internal/agent/containers/composing.ts';
import type { Bounds } from '#internal/agent/containers/bounds.ts';
import type { OciDependencies } from '#internal/agent/containers/oci-machine.ts';
import { openOciContainerizer } from '#internal/agent/containers/oci.ts';
import { type ImageStore, openImageStore } from '#internal/agent/images/image-store.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import { systemCommands } from '#internal/runtime/real/commands.ts';
import type { AgentFlags } from './flags.ts';

type Doors = Omit<OciDependencies, 'commands' | 'images'> & {
  readonly logger: Logger;
  readonly posix: Containerizer;
};

export type OpenedContainers = {
  readonly containerizer: Containerizer;
  /** Undefined where containers cannot have any. */
  readonly images: ImageStore | undefined;
};

/** A machine that lacks something runs the others, and tells those that need it. */
export async function withOci(
  doors: Doors,
  flags: AgentFlags,
  bounds: Bounds,
): Promise<OpenedContainers> {
  const { logger, posix, fileTree } = doors;
  const workFolder = resolve(flags.workDir);
  const oci = await openOci(doors, flags, { ...bounds, workFolder });
  const isMissing = typeof oci === 'string';
  if (isMissing) logger.info('no containers with images', { reason: oci });
  const runsDocker = flags.containerizers.includes('docker');
  const ofImages = isMissing ? oci : oci.containerizer;
  return {
    containerizer: composing({ fileTree, posix, oci: ofImages }, { workFolder, runsDocker }),
    images: isMissing ? undefined : oci.images,
  };
}

async function openOci(
  doors: Doors,
  flags: AgentFlags,
  bounds: Bounds & { readonly workFolder: string },
): Promise<OpenedContainers | string> {
  const commands = systemCommands();
  const folder = resolve(flags.dockerStoreDir ?? `${bounds.workFolder}/store/docker`);
  const { dockerRegistry: registry, imagePullTimeout: pullMs } = flags;
  try {
    const images = await openImageStore({ ...doors, commands }, { folder, registry, pullMs });
    const usualPath = process.env['PATH'] ?? defaultPath;
    const { switchUser, cgroupsRoot } = flags;
    const containerizer = await openOciContainerizer(
      { ...doors, commands, images },
      { ...bounds, switchUser, cgroupsRoot, usualPath },
    );
    return { containerizer, images };
  } catch (error) {
    if (error instanceof ContainerError) return error.message;
    throw error;
  }
}

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
