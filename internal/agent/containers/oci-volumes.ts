/**
 * The folders that a container brings along: persistent volumes, and those of `ContainerInfo.volumes`
 * that are a path of the machine or of a sandbox. Paths of sandboxes are walked step by step, since a
 * task may have put a link there that leads elsewhere.
 */
import type { FileTree } from '#internal/runtime/file-tree.ts';
import type { User } from '#internal/runtime/processes.ts';
import type { Volume } from '#proto/gen/mesos/v1.ts';
import { ContainerError, type ContainerSpec } from '../containerizer.ts';
import { volumeFolder } from '../volumes.ts';
import type { BundleMount, SandboxPlace } from './oci-config.ts';

export type VolumePlaces = {
  readonly fileTree: FileTree;
  readonly workFolder: string;
  readonly sandbox: SandboxPlace;
  /** On the machine; undefined for one that stands alone. */
  readonly parentSandbox: string | undefined;
  /** Gets the folders that are made. */
  readonly owner: User;
};

/** Makes what has to be there first. Throws `ContainerError`. */
export async function mountsFor(
  places: VolumePlaces,
  spec: ContainerSpec,
): Promise<readonly BundleMount[]> {
  const mounts: BundleMount[] = [];
  for (const { volume, containerPath } of spec.volumes) {
    const source = volumeFolder(places.workFolder, volume);
    if ((await places.fileTree.look(source)) === undefined) {
      throw new ContainerError(`There is no volume at ${source}`);
    }
    await places.fileTree.makeFolder(source, places.owner);
    const destination = `${places.sandbox.path}/${namesOf(containerPath).join('/')}`;
    mounts.push({ source, destination, isReadOnly: false });
  }
  for (const volume of spec.container?.volumes ?? []) {
    mounts.push({
      source: await sourceOf(places, volume),
      destination: destinationOf(places.sandbox, volume),
      isReadOnly: volume.mode === 'RO',
    });
  }
  return mounts;
}

function destinationOf(sandbox: SandboxPlace, { container_path: path }: Volume): string {
  if (!path.startsWith('/')) return `${sandbox.path}/${namesOf(path).join('/')}`;
  return `/${namesOf(path.slice(1)).join('/')}`;
}

async function sourceOf(places: VolumePlaces, volume: Volume): Promise<string> {
  const { source, host_path: hostPath, image } = volume;
  if (image !== undefined) throw new ContainerError('Volumes from images are not supported');
  if (hostPath !== undefined) {
    return hostPath.startsWith('/')
      ? await pathOfMachine(places, hostPath)
      : await folderWithin(places, places.sandbox.folder, hostPath);
  }
  if (source?.type === 'HOST_PATH' && source.host_path !== undefined) {
    return await pathOfMachine(places, source.host_path.path);
  }
  if (source?.type === 'SANDBOX_PATH' && source.sandbox_path !== undefined) {
    const { type, path } = source.sandbox_path;
    const sandbox = type === 'PARENT' ? places.parentSandbox : places.sandbox.folder;
    if (sandbox === undefined) {
      throw new ContainerError("A 'SANDBOX_PATH' volume of type PARENT takes a parent container");
    }
    return await folderWithin(places, sandbox, path);
  }
  const kind = source?.type ?? 'UNKNOWN';
  throw new ContainerError(`Volumes of type ${kind} are not supported by this agent`);
}

async function pathOfMachine({ fileTree }: VolumePlaces, path: string): Promise<string> {
  if (!path.startsWith('/')) {
    throw new ContainerError(`Path '${path}' in HOST_PATH volume is not absolute`);
  }
  const real = await fileTree.resolve(path);
  if (real === undefined) {
    throw new ContainerError(`Path '${path}' in HOST_PATH volume does not exist`);
  }
  return real;
}

/** A folder in a sandbox, made where it is missing; never through a link that leads out of it. */
async function folderWithin(
  { fileTree, owner }: VolumePlaces,
  sandbox: string,
  path: string,
): Promise<string> {
  const names = namesOf(path);
  const top = await fileTree.resolve(sandbox);
  if (top === undefined) throw new ContainerError(`There is no sandbox at ${sandbox}`);
  let folder = top;
  for (const name of names) {
    const next = `${folder}/${name}`;
    const found = await fileTree.resolve(next);
    if (found === undefined) await fileTree.makeFolder(next, owner);
    else if (found !== top && !found.startsWith(`${top}/`)) {
      throw new ContainerError(`Path '${path}' leads out of the sandbox`);
    }
    folder = found ?? next;
  }
  return folder;
}

/** The names that a path in a sandbox or a container consists of. */
function namesOf(path: string): readonly string[] {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  if (path.startsWith('/') || names.length === 0 || names.includes('..')) {
    throw new ContainerError(`A volume cannot be mounted at '${path}': not in the sandbox`);
  }
  return names;
}
