/**
 * Containers with namespaces, cgroups and, where an image is asked for, a root filesystem of their
 * own: `runc` makes them and `conmon` stands by each, so that they outlive the agent. Takes root.
 *
 *     <work>/slaves/…/runs/<container>     its sandbox, as of any container
 *     <work>/meta/oci/<container>          ours: bundle, claim, end, what it changed of its image
 *     <work>/meta/runc                     runc's own
 *
 * Everything in a container ends with its command. One that somebody may attach to, or that joins
 * another, is made by `runc` in front of a supervisor of posix containers, which knows terminals.
 */
import { assert } from '#internal/base/assert.ts';
import { ContainerError, type ContainerSpec, type Containerizer } from '../containerizer.ts';
import { attachable } from './attachable.ts';
import { boundedBy } from './bounds.ts';
import { cgroupUse } from './oci-cgroup.ts';
import { launchByConmon, recoverByConmon, settled, signalContainer } from './oci-conmon.ts';
import { resourcesOf } from './oci-config.ts';
import { folderOf, readOrTakeClaim, readText, writeText } from './oci-folder.ts';
import {
  type Oci,
  type OciDependencies,
  type OciOptions,
  commandMs,
  equip,
  stateFolder,
} from './oci-machine.ts';
import { know, limited, limitedIfFound } from './oci-limits.ts';
import { releaseScript } from './oci-scripts.ts';
import { type Streamed, streamedContainers } from './oci-streamed.ts';
import { openPosixBase } from './posix.ts';
import { hasStreams } from './posix-streams.ts';
import { sandboxOf } from './sandbox.ts';
import { statisticsOf } from './statistics.ts';

/** Throws `ContainerError` when the machine lacks what containers take. */
export async function openOciContainerizer(
  dependencies: OciDependencies,
  options: OciOptions,
): Promise<Containerizer> {
  const oci = await equip(dependencies, options);
  await holdImages(oci);
  const { workFolder } = options;
  const base = await openPosixBase(dependencies, { workFolder, switchUser: false });
  const streamed = streamedContainers(oci, base);
  return attachable(dependencies, {
    launch: async (spec, joined) => {
      know(oci, spec);
      return hasStreams(spec) || joined !== undefined
        ? await streamed.launch(spec, joined)
        : limited(oci, spec, await launchByConmon(oci, spec));
    },
    recover: async (spec) => {
      know(oci, spec);
      if (isStreamed(spec)) return await streamed.recover(spec);
      return await limitedIfFound(oci, spec, await recoverByConmon(oci, spec));
    },
    signal: async (containerId, signal) => {
      oci.fetcher?.stop(containerId);
      const isOurs =
        (await readText(oci, `${folderOf(oci, containerId)}/supervisor`)) !== undefined;
      await (isOurs
        ? signalContainer(oci, containerId, signal)
        : streamed.signal(containerId, signal));
    },
    usage: async (containerId) => {
      const limits = oci.watch.limitsOf(containerId);
      const use = await cgroupUse(oci, containerId);
      if (limits === undefined || use === undefined) return undefined;
      const diskBytes = oci.watch.diskBytesOf(containerId);
      const volumes = oci.watch.volumesOf(containerId);
      const all = { ...use, ...(diskBytes !== undefined && { diskBytes }), volumes };
      return statisticsOf(oci.clock.now(), all, boundedBy(oci, limits));
    },
    update: async (containerId, limits) => {
      const known = oci.watch.limitsOf(containerId);
      if (known === undefined || (await cgroupUse(oci, containerId)) === undefined) return;
      await bound(oci, containerId, resourcesOf(limits, oci));
      oci.watch.limit(containerId, limits);
    },
    release: async (containerId) => await release(oci, streamed, containerId),
    list: () => oci.files.list(`${workFolder}/meta/oci`),
    claim: async (containerId) => {
      const isStreams = (await oci.fileTree.look(base.folderOf(containerId))) !== undefined;
      if (isStreams) await base.claim(containerId);
      else await readOrTakeClaim(oci, containerId);
    },
    settled: async (containerId) => {
      const isStreams = (await oci.fileTree.look(base.folderOf(containerId))) !== undefined;
      await (isStreams ? base.settled(containerId) : settled(oci, containerId));
    },
    folderOf: (containerId) => base.folderOf(containerId),
    sandboxFolderOf: (spec) => sandboxOf(workFolder, spec).folder,
    // Root's own: what is in between the streams and the container is on this side of it.
    userOf: async () => undefined,
    argvOf: (spec) => streamed.argvOf(spec),
  });
}

const isStreamed = (spec: ContainerSpec): boolean =>
  hasStreams(spec) || (spec.nesting === 'debug' && spec.parentId !== undefined);

/** Images of containers that are not released stay. */
async function holdImages(oci: Oci): Promise<void> {
  for (const containerId of await oci.files.list(`${oci.workFolder}/meta/oci`)) {
    const digest = await readText(oci, `${folderOf(oci, containerId)}/image`);
    if (digest !== undefined && digest !== '') oci.images.hold(containerId, digest);
  }
}

async function bound(oci: Oci, containerId: string, resources: unknown): Promise<void> {
  const path = `${folderOf(oci, containerId)}/resources.json`;
  await writeText(oci, path, `${JSON.stringify(resources)}\n`);
  const { status, stderr } = await oci.commands.run({
    path: oci.tools.runc,
    arguments: ['--root', stateFolder(oci), 'update', '--resources', path, containerId],
    timeoutMs: commandMs,
  });
  if (status !== 0) throw new ContainerError(`Cannot bound container "${containerId}": ${stderr}`);
}

async function release(oci: Oci, streamed: Streamed, id: string): Promise<void> {
  const folder = folderOf(oci, id);
  assert(!id.includes('/') && id !== '' && id !== '..', `"${id}" is no name of a container`);
  await streamed.release(id);
  oci.watch.forget(id);
  oci.images.leave(id);
  if ((await oci.fileTree.look(folder)) === undefined) return;
  const { status, stderr } = await oci.commands.run({
    path: '/bin/sh',
    arguments: ['-c', releaseScript, 'release', folder, id, oci.tools.runc, stateFolder(oci)],
    timeoutMs: commandMs,
  });
  if (status !== 0) {
    throw new ContainerError(`Cannot remove what is left of container "${id}": ${stderr.trim()}`);
  }
}
