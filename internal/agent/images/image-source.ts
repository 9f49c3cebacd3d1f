/**
 * Where an image comes from, in the words of `skopeo`. With a folder for a registry an image is an
 * archive or a layout in it, and names lead nowhere else:
 *
 *     <folder>/<name as written>.tar           an archive, as of `docker save` or an OCI one
 *     <folder>/<repository>.tar                the same, whatever tag is asked for
 *     <folder>/<repository>/index.json         an OCI layout, with the tag as the reference
 */
import type { Commands } from '#internal/runtime/commands.ts';
import type { FileTree } from '#internal/runtime/file-tree.ts';
import { ContainerError } from '../containerizer.ts';
import type { ImageName } from './image-name.ts';

type Sources = {
  readonly commands: Commands;
  readonly fileTree: FileTree;
  readonly registry: string;
};

/** Throws `ContainerError` when there is no such image. What has to be made for it lies in `staging`. */
export async function sourceOf(
  sources: Sources,
  name: ImageName,
  staging: string,
): Promise<string> {
  const { registry } = sources;
  if (registry.startsWith('/')) return await sourceInFolder(sources, name, staging);
  const host = name.registry ?? registry.replace(/^https?:\/\//u, '').replace(/\/+$/u, '');
  const isDockerHub = /^(?:registry-1\.|index\.)?docker\.io$/u.test(host);
  const isPlain = !name.repository.includes('/');
  const repository = isDockerHub && isPlain ? `library/${name.repository}` : name.repository;
  const { reference } = name;
  const end = reference.kind === 'tag' ? `:${reference.tag}` : `@${reference.digest}`;
  return `docker://${isDockerHub ? 'docker.io' : host}/${repository}${end}`;
}

async function sourceInFolder(
  { commands, fileTree, registry }: Sources,
  { text, repository, registry: host, reference }: ImageName,
  staging: string,
): Promise<string> {
  if (reference.kind === 'digest') {
    throw new ContainerError('a folder of images does not know images by digest');
  }
  const path = host === undefined ? repository : `${host}/${repository}`;
  for (const archive of [`${registry}/${text}.tar`, `${registry}/${path}.tar`]) {
    if ((await fileTree.look(archive))?.kind !== 'file') continue;
    const { status } = await commands.run({
      path: 'tar',
      arguments: ['--list', '--file', archive, 'oci-layout'],
      timeoutMs: 60_000,
    });
    // Paths as skopeo reads them end at a colon.
    const link = `${staging}/archive`;
    await fileTree.link(link, archive);
    return `${status === 0 ? 'oci' : 'docker'}-archive:${link}`;
  }
  const layout = `${registry}/${path}`;
  if ((await fileTree.look(`${layout}/index.json`))?.kind === 'file') {
    return `oci:${layout}:${reference.tag}`;
  }
  throw new ContainerError(`there is neither an archive nor a layout of it in ${registry}`);
}
