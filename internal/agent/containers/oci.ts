/**
 * Containers with namespaces, cgroups and, where an image is asked for, a root filesystem of their
 * own: `runc` makes them and `conmon` stands by each, so that they outlive the agent. Takes root.
 *
 *     <work>/slaves/…/runs/<container>     its sandbox, as of any container
 *     <work>/meta/oci/<container>          ours: bundle, claim, end, what it changed of its image
 *     <work>/meta/runc                     runc's own
 *
 * Everything in a container ends with its command.
 */
import { assert } from '#internal/base/assert.ts';
import type { Commands } from '#internal/runtime/commands.ts';
import { FilesError } from '#internal/runtime/files.ts';
import {
  type ProcessIdentity,
  type Processes,
  ProcessesError,
  isSameProcess,
} from '#internal/runtime/processes.ts';
import type { ImageStore } from '../images/image-store.ts';
import {
  type ContainerEnd,
  ContainerError,
  type ContainerSpec,
  type Containerizer,
  type RecoveredContainer,
  type RunningContainer,
} from '../containerizer.ts';
import { type PreparedBundle, prepareBundle } from './oci-bundle.ts';
import {
  type OciFolders,
  folderOf,
  pollMs,
  readEnd,
  readOrTakeClaim,
  readRefusal,
  readText,
} from './oci-folder.ts';
import { type ShellFiles, findShell } from './oci-init.ts';
import { launchScript, releaseScript } from './oci-scripts.ts';
import { processToRecord } from './process-record.ts';

export type OciDependencies = Omit<OciFolders, 'workFolder'> & {
  readonly processes: Processes;
  readonly commands: Commands;
  readonly images: ImageStore;
};

export type OciOptions = {
  readonly workFolder: string;
  /** When false, containers run as root whatever user they name. */
  readonly switchUser: boolean;
  /** In each hierarchy, the folder of all that is ours: `mesos`. */
  readonly cgroupsRoot: string;
  /** The PATH of commands that bring none. */
  readonly usualPath: string;
  /** Processes and threads in one container. */
  readonly pidsMax: number;
};

export type Oci = OciDependencies &
  OciOptions & { readonly tools: OciTools; readonly shell: ShellFiles };

type OciTools = Readonly<Record<(typeof toolNames)[number], string>>;

const toolNames = ['runc', 'conmon', 'unshare', 'mount'] as const;

/** Of `runc` itself, which answers in a tenth of a second. */
const commandMs = 60_000;
/** A container is made within so long, or never. */
const startMs = 60_000;
const startPollMs = 5;

/** Throws `ContainerError` when the machine lacks what containers take. */
export async function openOciContainerizer(
  dependencies: OciDependencies,
  options: OciOptions,
): Promise<Containerizer> {
  const { processes, fileTree } = dependencies;
  if (processes.self.uid !== 0) throw new ContainerError('OCI containers take root');
  const found = await Promise.all(
    toolNames.map(async (name) => [name, await processes.which(name)] as const),
  );
  const missing = found.filter(([, path]) => path === undefined).map(([name]) => `\`${name}\``);
  if (missing.length > 0) {
    throw new ContainerError(`OCI containers need ${missing.join(' and ')} in PATH`);
  }
  await fileTree.makeFolder(`${options.workFolder}/meta/oci`, undefined);
  const shell = await findShell(dependencies);
  const tools = Object.fromEntries(found) as OciTools;
  const oci: Oci = { ...dependencies, ...options, tools, shell };
  return {
    launch: (spec) => launch(oci, spec),
    recover: (spec) => recover(oci, spec),
    signal: (containerId, signal) => signalContainer(oci, containerId, signal),
    release: (containerId) => release(oci, containerId),
  };
}

async function launch(oci: Oci, spec: ContainerSpec): Promise<RunningContainer> {
  const { containerId } = spec;
  try {
    const bundle = await prepareBundle(oci, spec);
    const started = await oci.processes.start({
      path: oci.tools.unshare,
      arguments: [
        ...['--mount', '--propagation', 'slave', '/bin/sh', '-c', launchScript, 'launcher'],
        ...launcherArguments(oci, spec, bundle),
      ],
      environment: { PATH: toolPath },
      folder: '/',
      user: undefined,
    });
    await untilStarted(oci, containerId, started.ended);
    const ended = watch(oci, containerId, started.ended);
    return { process: processToRecord(started.identity), ended };
  } catch (error) {
    if (error instanceof FilesError || error instanceof ProcessesError) {
      throw new ContainerError(`Cannot launch the container: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

/** Where the launcher's own tools lie; nothing that runs in a container sees it. */
const toolPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function launcherArguments(
  oci: Oci,
  { containerId, container }: ContainerSpec,
  { layers, user }: PreparedBundle,
): readonly string[] {
  const { tools, processes, images } = oci;
  const own = [folderOf(oci, containerId), containerId, processes.bootId];
  const terminal = container?.tty_info === undefined ? [] : ['--terminal'];
  return [
    ...own,
    ...[tools.conmon, tools.runc, stateFolder(oci), `${user.uid}:${user.gid}`],
    ...[images.folder, layers.join(':')],
    ...terminal,
  ];
}

const stateFolder = ({ workFolder }: OciOptions): string => `${workFolder}/meta/runc`;

/** Resolves when the command runs; rejects with `ContainerError` when it never will. */
async function untilStarted(oci: Oci, id: string, supervisorEnded: Promise<void>): Promise<void> {
  const folder = folderOf(oci, id);
  const endMs = oci.clock.monotonic() + startMs;
  const state = { ended: false };
  void supervisorEnded.then(() => {
    state.ended = true;
  });
  for (;;) {
    const { ended } = state;
    if ((await oci.fileTree.look(`${folder}/started`)) !== undefined) return;
    const isRefused = (await oci.fileTree.look(`${folder}/refused`)) !== undefined;
    const isLate = oci.clock.monotonic() > endMs;
    if (isRefused || isLate || (ended && (await readEnd(oci, id)) === undefined)) {
      const reason = isLate ? 'the runtime does not answer' : await readRefusal(oci, id);
      await runc(oci, ['delete', '--force', id]);
      throw new ContainerError(`Cannot launch the container: ${reason}`);
    }
    await oci.clock.sleep(startPollMs);
  }
}

/** The end of a container whose supervisor we can wait for. */
async function watch(oci: Oci, id: string, supervisorEnded: Promise<void>): Promise<ContainerEnd> {
  await supervisorEnded;
  const end = await readEnd(oci, id);
  // What shares the machine's processes can outlive its first; and without a supervisor, all can.
  await runc(oci, ['kill', '--all', id, 'KILL']);
  if (end !== undefined) return end;
  return { kind: 'lost', reason: 'The supervisor of the command ended before the command did' };
}

async function recover(oci: Oci, { containerId }: ContainerSpec): Promise<RecoveredContainer> {
  const claim = await readOrTakeClaim(oci, containerId);
  if (claim.kind === 'abandoned') return { kind: 'absent' };
  if (claim.kind === 'silent') {
    const reason = 'The supervisor of the command ended before it started the command';
    return { kind: 'ended', process: undefined, end: { kind: 'lost', reason } };
  }
  const { process: supervisor } = claim;
  const process = processToRecord(supervisor);
  if (isAlive(oci, supervisor)) {
    const ended = watch(oci, containerId, gone(oci, supervisor));
    return { kind: 'running', container: { process, ended } };
  }
  const end = await readEnd(oci, containerId);
  if (end !== undefined) return { kind: 'ended', process, end };
  if (supervisor.bootId !== oci.processes.bootId) {
    const reason = 'The machine of the agent was restarted';
    return { kind: 'ended', process, end: { kind: 'lost', reason } };
  }
  return { kind: 'ended', process, end: await watch(oci, containerId, Promise.resolve()) };
}

function isAlive({ processes }: Oci, process: ProcessIdentity): boolean {
  const now = processes.find(process.pid);
  return now !== undefined && isSameProcess(now, process);
}

/** Resolves when a process that is not our child has ended. */
async function gone(oci: Oci, process: ProcessIdentity): Promise<void> {
  while (isAlive(oci, process)) await oci.clock.sleep(pollMs);
}

async function signalContainer(oci: Oci, id: string, signal: 'TERM' | 'KILL'): Promise<void> {
  const folder = folderOf(oci, id);
  const claim = (await readText(oci, `${folder}/supervisor`)) ?? '';
  if (claim === '' || claim === 'abandoned\n') return;
  // One that was found at its birth: it can be told as soon as it is there.
  const endMs = oci.clock.monotonic() + startMs;
  while ((await oci.fileTree.look(`${folder}/started`)) === undefined) {
    const isRefused = (await oci.fileTree.look(`${folder}/refused`)) !== undefined;
    if (isRefused || oci.clock.monotonic() > endMs) return;
    await oci.clock.sleep(pollMs);
  }
  await runc(oci, ['kill', '--all', id, signal]);
}

/** Its answer does not matter: a container that has ended cannot be killed, or not once more. */
async function runc(oci: Oci, words: readonly string[]): Promise<void> {
  await oci.commands.run({
    path: oci.tools.runc,
    arguments: ['--root', stateFolder(oci), ...words],
    timeoutMs: commandMs,
  });
}

async function release(oci: Oci, id: string): Promise<void> {
  const folder = folderOf(oci, id);
  assert(!id.includes('/') && id !== '' && id !== '..', `"${id}" is no name of a container`);
  if ((await oci.fileTree.look(folder)) === undefined) return;
  const { status, stderr } = await oci.commands.run({
    path: '/bin/sh',
    arguments: ['-c', releaseScript, 'release', folder, id, oci.tools.runc, stateFolder(oci)],
    timeoutMs: commandMs,
  });
  oci.images.leave(id);
  if (status !== 0) {
    throw new ContainerError(`Cannot remove what is left of container "${id}": ${stderr.trim()}`);
  }
}
