/** What OCI containers are made with on a machine. */
import type { Commands } from '#internal/runtime/commands.ts';
import type { Pipes } from '#internal/runtime/pipes.ts';
import type { Processes } from '#internal/runtime/processes.ts';
import type { Fetcher } from '../fetch/fetcher.ts';
import type { ImageStore } from '../images/image-store.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import { ContainerError, type ContainerSpec } from '../containerizer.ts';
import type { LimitWatch } from './limit-watch.ts';
import type { Bounds } from './bounds.ts';
import { ipcOf } from './oci-config.ts';
import { type OciFolders, folderOf } from './oci-folder.ts';
import { type ShellFiles, findShell } from './oci-init.ts';
import { newLimitWatch } from './oci-limit-watch.ts';
import { joinIpcScript } from './oci-scripts.ts';

export type OciDependencies = Omit<OciFolders, 'workFolder'> & {
  readonly logger?: Logger;
  readonly processes: Processes;
  readonly commands: Commands;
  readonly pipes: Pipes;
  readonly images: ImageStore;
  /** Without one, commands that bring URIs are refused. */
  readonly fetcher?: Pick<Fetcher, 'fetch' | 'stop'>;
};

export type OciOptions = Bounds & {
  readonly workFolder: string;
  /** When false, containers run as root whatever user they name. */
  readonly switchUser: boolean;
  /** In each hierarchy, the folder of all that is ours: `mesos`. */
  readonly cgroupsRoot: string;
  /** The PATH of commands that bring none. */
  readonly usualPath: string;
};

export type Oci = OciDependencies &
  OciOptions & {
    readonly tools: OciTools;
    readonly shell: ShellFiles;
    readonly watch: LimitWatch;
  };

export type OciTools = {
  readonly runc: string;
  readonly conmon: string;
  readonly unshare: string;
  /** Whether `runc run` can leave to us what it ran, until we have asked the kernel about it. */
  readonly keeps: boolean;
};

/** Of `runc` itself, which answers in a tenth of a second. */
export const commandMs = 60_000;
/** Where the machine's own tools lie; nothing that runs in a container sees it. */
export const toolPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Throws `ContainerError` when the machine lacks what containers take. */
export async function equip(dependencies: OciDependencies, options: OciOptions): Promise<Oci> {
  const { processes, fileTree } = dependencies;
  if (processes.self.uid !== 0) throw new ContainerError('OCI containers take root');
  const [runc, conmon, unshare] = await Promise.all(
    ['runc', 'conmon', 'unshare'].map((name) => processes.which(name)),
  );
  if (runc === undefined || conmon === undefined || unshare === undefined) {
    throw new ContainerError('OCI containers take `runc`, `conmon` and `unshare` in PATH');
  }
  await fileTree.makeFolder(`${options.workFolder}/meta/oci`, undefined);
  const shell = await findShell(dependencies);
  const usage = { path: runc, arguments: ['run', '--help'], timeoutMs: commandMs };
  const keeps = (await dependencies.commands.run(usage)).stdout.includes('--keep');
  const tools = { runc, conmon, unshare, keeps };
  const watch = newLimitWatch({ ...dependencies, ...options }, options);
  return { ...dependencies, ...options, tools, shell, watch };
}

export const stateFolder = ({ workFolder }: OciOptions): string => `${workFolder}/meta/runc`;

/** A program with its arguments, in a mount namespace of its own and in the pod's for IPC. */
export function launcher(
  oci: Oci,
  spec: ContainerSpec,
  argv: readonly string[],
): readonly [path: string, ...words: readonly string[]] {
  const { containerId, parentId = '' } = spec;
  const all = `${oci.workFolder}/meta/oci`;
  const own = folderOf(oci, containerId);
  const join = ['/bin/sh', '-c', joinIpcScript, 'join', all, parentId, own];
  const before = ipcOf(spec) === 'pod' ? join : [];
  return [oci.tools.unshare, '--mount', '--propagation', 'slave', ...before, ...argv];
}

/** Its answer does not matter: a container that has ended cannot be killed, or not once more. */
export async function runtime(oci: Oci, words: readonly string[]): Promise<void> {
  await oci.commands.run({
    path: oci.tools.runc,
    arguments: ['--root', stateFolder(oci), ...words],
    timeoutMs: commandMs,
  });
}
