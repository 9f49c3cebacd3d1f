/** A machine's OCI containers for tests, with images that are made here, of one layer or more. */
// oxlint-disable-next-line no-restricted-imports -- looks at what tasks left on the real disk.
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemCommands } from '#internal/runtime/real/commands.ts';
import { systemFileTree } from '#internal/runtime/real/file-tree.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { systemPipes } from '#internal/runtime/real/pipes.ts';
import { systemProcesses } from '#internal/runtime/real/processes.ts';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import type { ContainerInfo } from '#proto/gen/mesos/v1.ts';
import type { LimitsRig } from '../containers/limits.suite.ts';
import type { Containerizer } from '../containerizer.ts';
import { openImageStore } from '../images/image-store.ts';
import { type ContainerizerRig, shellCommands } from '../containers/containerizer.suite.ts';
import { type Bounds, usualBounds } from '../containers/bounds.ts';
import { openOciContainerizer } from '../containers/oci.ts';

const clock = systemClock();
const commands = systemCommands();
const processes = systemProcesses();

/** An agent's end closes what its containers are attached by; here that is the end of the tests. */
const opened: Containerizer[] = [];

/** Why this machine cannot lay out images; undefined when it can. */
export async function missingForImages(): Promise<string | undefined> {
  if (processes.self.uid !== 0) return 'we are not root';
  for (const name of ['skopeo', 'umoci', 'busybox', 'unshare']) {
    if ((await processes.which(name)) === undefined) return `there is no ${name}`;
  }
  const probe = 'mount -t tmpfs none /mnt && mknod /mnt/gone c 0 0';
  const { status } = await commands.run({
    path: 'unshare',
    arguments: ['--mount', 'sh', '-c', probe],
    timeoutMs: 60_000,
  });
  return status === 0 ? undefined : 'nothing can be mounted here, or devices not be made';
}

/** Why this machine cannot run them; undefined when it can. */
export async function missingForOci(): Promise<string | undefined> {
  if (processes.self.uid !== 0) return 'we are not root';
  for (const name of ['runc', 'conmon', 'skopeo', 'umoci', 'busybox']) {
    if ((await processes.which(name)) === undefined) return `there is no ${name}`;
  }
  const probe =
    'mkdir -p /sys/fs/cgroup/pids/altiplano-probe && rmdir /sys/fs/cgroup/pids/altiplano-probe';
  const { status } = await commands.run({
    path: 'unshare',
    arguments: ['--mount', '--pid', '--fork', 'sh', '-c', `mount -t tmpfs none /mnt && ${probe}`],
    timeoutMs: 60_000,
  });
  return status === 0 ? undefined : 'cgroups cannot be made here, or nothing be mounted';
}

/** Below it are all cgroups of one rig. */
export const cgroupsOf = (workFolder: string): string =>
  workFolder.slice(workFolder.lastIndexOf('/') + 1);

export type OciRig = ContainerizerRig & { readonly workFolder: string; readonly images: string };

export async function openOciRig(bounds: Partial<Bounds> = {}): Promise<OciRig> {
  const folder = await openTempFolder();
  // Tasks of other users have to get to their sandboxes.
  await chmod(folder.path, 0o755);
  const images = `${folder.path}/images`;
  await mkdir(images);
  const files = systemFiles();
  const fileTree = systemFileTree();
  const open = clock.after(600_000, () => {});
  return {
    workFolder: folder.path,
    images,
    restart: async () => {
      const store = await openImageStore(
        { commands, files, fileTree },
        { folder: `${folder.path}/store`, registry: images, pullMs: 60_000 },
      );
      const port = await openOciContainerizer(
        { clock, files, fileTree, processes, commands, pipes: systemPipes(clock), images: store },
        {
          workFolder: folder.path,
          switchUser: true,
          cgroupsRoot: cgroupsOf(folder.path),
          usualPath: '/usr/local/bin:/usr/bin:/bin',
          ...usualBounds,
          processesMax: 200,
          memoryWatchMs: 100,
          ...bounds,
        },
      );
      opened.push(port);
      return port;
    },
    run: (promise) => promise,
    ...shellCommands,
    impossible: { user: 'nobody-of-that-name' },
    [Symbol.asyncDispose]: async () => {
      open.cancel();
      await clearAway(folder.path);
      await folder[Symbol.asyncDispose]();
    },
  };
}

export const withImage = (name: string, more: Partial<ContainerInfo> = {}): ContainerInfo => ({
  type: 'MESOS',
  mesos: { image: { type: 'DOCKER', docker: { name } } },
  ...more,
});

/** With an image of the name `tools`, of busybox and some users. */
export async function openToolsRig(bounds: Partial<Bounds> = {}): Promise<OciRig & LimitsRig> {
  const rig = await openOciRig(bounds);
  await makeImage(`${rig.images}/tools`, [
    busybox,
    {
      kind: 'file',
      path: '/etc/passwd',
      text: 'root:x:0:0::/root:/bin/sh\nami:x:77:78::/:/bin/sh\n',
    },
    { kind: 'file', path: '/etc/group', text: 'root:x:0:\nami:x:78:\nclub:x:90:ami,root\n' },
  ]);
  const own = cgroupsOf(rig.workFolder);
  const inGroups = async (): Promise<readonly string[]> =>
    (await groupsBelow(own)).filter((path) => !path.endsWith(`/${own}`));
  return {
    ...rig,
    kind: { container: withImage('tools') },
    pids: async (id) => await pidsIn((await inGroups()).filter((path) => path.endsWith(`/${id}`))),
    groups: async () => [
      ...new Set((await inGroups()).map((path) => path.slice(path.lastIndexOf('/') + 1))),
    ],
  };
}

/** What a test left running. */
export async function clearAway(
  workFolder: string,
  cgroupsRoot: string = cgroupsOf(workFolder),
): Promise<void> {
  const state = `${workFolder}/meta/runc`;
  const line = `for one in $(runc --root ${state} list -q); do runc --root ${state} delete -f $one; done`;
  await commands.run({ path: 'sh', arguments: ['-c', line], timeoutMs: 60_000 });
  const folders = [...(await groupsBelow(cgroupsRoot))].toReversed();
  await commands.run({ path: 'rmdir', arguments: folders, timeoutMs: 60_000 });
}

/** Folders of control groups in every hierarchy, the root of all of one agent first. */
export async function groupsBelow(cgroupsRoot: string): Promise<readonly string[]> {
  const roots = `/sys/fs/cgroup/${cgroupsRoot} /sys/fs/cgroup/*/${cgroupsRoot}`;
  // Some hierarchies have none, and others may go while we look.
  const line = `for one in ${roots}; do [ ! -d "$one" ] || find "$one" -type d; done 2>/dev/null`;
  const { stdout } = await commands.run({
    path: 'sh',
    arguments: ['-c', line],
    timeoutMs: 60_000,
  });
  return stdout.split('\n').filter((path) => path !== '');
}

/** Processes that live in those groups. */
export async function pidsIn(folders: readonly string[]): Promise<readonly number[]> {
  const files = folders.map((folder) => `${folder}/cgroup.procs`);
  const { stdout } = await commands.run({
    path: 'cat',
    arguments: ['/dev/null', ...files],
    timeoutMs: 60_000,
  });
  const pids = stdout.split('\n').filter((line) => line !== '');
  return [...new Set(pids.map(Number))].toSorted((a, b) => a - b);
}

/** Steps of `umoci` that make an image in a layout, each with one layer or without. */
export type ImageStep =
  /** A layer with the machine's static busybox, as `/bin/busybox` and under these names. */
  | { readonly kind: 'busybox'; readonly names: readonly string[] }
  /** A layer with one file, the folders above it included. */
  | { readonly kind: 'file'; readonly path: string; readonly text: string }
  /** A layer without what lies at the path below. */
  | { readonly kind: 'remove'; readonly path: string }
  /** A layer with a folder that starts anew, with one file. */
  | { readonly kind: 'opaque'; readonly path: string; readonly file: string }
  /** As `umoci config` has it: `--config.cmd=…`. */
  | { readonly kind: 'config'; readonly options: readonly string[] };

export const busybox: ImageStep = {
  kind: 'busybox',
  names: [
    'sh',
    'cat',
    'echo',
    'id',
    'ls',
    'sleep',
    'env',
    'find',
    'mount',
    'touch',
    'ps',
    'stty',
    'head',
    'grep',
    'tail',
    'mkdir',
    'setsid',
    'readlink',
    'mv',
  ],
};

/** An OCI layout with one image. Rejects with what the tools say. */
export async function makeImage(
  layout: string,
  steps: readonly ImageStep[],
  tag = 'latest',
): Promise<void> {
  const image = `${layout}:${tag}`;
  if ((await systemFiles().stat(layout)) === undefined) {
    await mkdir(layout.slice(0, layout.lastIndexOf('/')), { recursive: true });
    await must('umoci', ['init', '--layout', layout]);
  }
  await must('umoci', ['new', '--image', image]);
  await addToImage(image, steps);
}

/** `image` is `layout:tag`. */
export async function addToImage(image: string, steps: readonly ImageStep[]): Promise<void> {
  for (const step of steps) await addStep(image, step);
}

async function addStep(image: string, step: ImageStep): Promise<void> {
  if (step.kind === 'config') {
    await must('umoci', ['config', '--image', image, ...step.options]);
    return;
  }
  if (step.kind === 'remove') {
    await must('umoci', ['insert', '--image', image, '--whiteout', step.path]);
    return;
  }
  await using folder = await openTempFolder();
  await chmod(folder.path, 0o755);
  if (step.kind === 'busybox') {
    const links = step.names.map((name) => `ln -s busybox ${name}`).join('; ');
    await must('sh', [
      '-c',
      `cp "$(command -v busybox)" ${folder.path}; cd ${folder.path}; ${links}`,
    ]);
    await must('umoci', ['insert', '--image', image, folder.path, '/bin']);
    return;
  }
  const source = `${folder.path}/file`;
  await writeFile(source, step.kind === 'file' ? step.text : '');
  if (step.kind === 'file') {
    await must('umoci', ['insert', '--image', image, source, step.path]);
    return;
  }
  await mkdir(`${folder.path}/new`);
  await writeFile(`${folder.path}/new/${step.file}`, 'new');
  await must('umoci', ['insert', '--image', image, '--opaque', `${folder.path}/new`, step.path]);
}

export async function must(path: string, list: readonly string[]): Promise<string> {
  const end = await commands.run({ path, arguments: list, timeoutMs: 60_000 });
  if (end.status !== 0) throw new Error(`${path} ${list.join(' ')}: ${end.stderr}`);
  return end.stdout;
}
