/**
 * Containers as groups of processes of this machine: no root, no other software, and no limits. Each
 * has a sandbox, which its task sees, and a folder of ours with what its supervisor writes down:
 *
 *     <work>/slaves/<agent>/frameworks/<framework>/executors/<executor>/runs/<container>   sandbox
 *     <work>/slaves/<agent>/frameworks/<framework>/executors/<executor>/runs/latest        link to it
 *     …/runs/<executor's container>/containers/<container>                of a task of a group
 *     …/runs/<executor's container>/tasks/<task>                          link to it
 *     <work>/meta/containers/<container>                                                   ours
 *
 * When the task runs as another user, so does its supervisor: what the task's environment makes of a
 * shell must not happen as root. That user can lie to us about the task, so before a signal is sent to
 * a process of its naming, that process is checked to be the user's own.
 *
 * A process that leaves the group of its command outlives the command, unless it is killed.
 */
import type { Clock } from '#internal/runtime/clock.ts';
import type { FileTree } from '#internal/runtime/file-tree.ts';
import { type Files, FilesError } from '#internal/runtime/files.ts';
import {
  type ProcessIdentity,
  type Processes,
  ProcessesError,
  type StartedProcess,
  type User,
  isSameProcess,
} from '#internal/runtime/processes.ts';
import {
  type ContainerEnd,
  ContainerError,
  type ContainerSpec,
  type Containerizer,
  type RecoveredContainer,
  type VolumeMount,
} from '../containerizer.ts';
import { processToRecord } from './process-record.ts';
import { volumeFolder } from '../volumes.ts';
import { type Sandbox, sandboxOf } from './sandbox.ts';
import { supervisorScript } from './supervisor.ts';
import { parseClaim, parseEnd } from './supervisor-files.ts';

export type PosixDependencies = {
  readonly clock: Clock;
  readonly files: Files;
  readonly fileTree: FileTree;
  readonly processes: Processes;
};

export type PosixOptions = {
  readonly workFolder: string;
  /** When we are root, tasks run as the users they name. */
  readonly switchUser: boolean;
};

/** How often we look whether something has happened that nobody tells us. */
const pollMs = 100;
/** A supervisor writes its files within moments of its start; after so many polls it never will. */
const claimPollsMax = 50;

/** Throws `ContainerError` when the machine lacks what containers take. */
export async function openPosixContainerizer(
  dependencies: PosixDependencies,
  options: PosixOptions,
): Promise<Containerizer> {
  const setsid = await dependencies.processes.which('setsid');
  if (setsid === undefined) throw new ContainerError('Posix containers need `setsid` in PATH');
  await dependencies.fileTree.makeFolder(`${options.workFolder}/meta/containers`, undefined);
  const posix: Posix = { ...dependencies, ...options, setsid };
  return {
    launch: async (spec) => {
      const { identity, ended } = await start(posix, spec);
      const end = watch(posix, spec.containerId, ended);
      return { process: processToRecord(identity), ended: end };
    },
    recover: (spec) => recover(posix, spec),
    signal: (containerId, signal) => signalContainer(posix, containerId, signal),
    release: (containerId) => posix.files.remove(folderOf(posix, containerId)),
  };
}

type Posix = PosixDependencies & PosixOptions & { readonly setsid: string };

const folderOf = ({ workFolder }: PosixOptions, containerId: string): string =>
  `${workFolder}/meta/containers/${containerId}`;

async function start(posix: Posix, spec: ContainerSpec): Promise<StartedProcess> {
  const { fileTree, processes, setsid } = posix;
  const sandbox = sandboxOf(posix.workFolder, spec);
  const folder = folderOf(posix, spec.containerId);
  try {
    const user = await userOf(posix, spec.user);
    await makeSandbox(fileTree, sandbox, user);
    for (const mount of spec.volumes) await mountVolume(posix, sandbox, mount, user);
    await fileTree.makeFolder(folder, user);
    const boot = processes.bootId;
    return await processes.start({
      path: '/bin/sh',
      arguments: ['-c', supervisorScript, 'supervisor', folder, setsid, boot, ...argvOf(spec)],
      environment: {
        ...spec.environment,
        MESOS_DIRECTORY: sandbox.folder,
        MESOS_SANDBOX: sandbox.folder,
      },
      folder: sandbox.folder,
      user,
    });
  } catch (error) {
    if (error instanceof FilesError || error instanceof ProcessesError) {
      throw new ContainerError(`Cannot launch the container: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

/** A link in the sandbox: the task finds the volume where it asked for it. */
async function mountVolume(
  { files, fileTree, workFolder }: Posix,
  { folder }: Sandbox,
  { volume, containerPath }: VolumeMount,
  user: User | undefined,
): Promise<void> {
  const target = volumeFolder(workFolder, volume);
  const names = containerPath.split('/').filter((name) => name !== '' && name !== '.');
  if (containerPath.startsWith('/') || names.length === 0 || names.includes('..')) {
    throw new ContainerError(
      `A volume cannot be mounted at '${containerPath}': not in the sandbox`,
    );
  }
  if ((await files.stat(target)) === undefined) {
    throw new ContainerError(`There is no volume at ${target}`);
  }
  // Whoever runs on it last may write into it.
  await fileTree.makeFolder(target, user);
  const above = names.slice(0, -1).join('/');
  if (above !== '') await files.makeFolder(`${folder}/${above}`);
  await fileTree.link(`${folder}/${names.join('/')}`, target);
}

function argvOf({ command }: ContainerSpec): readonly string[] {
  if (command.kind === 'shell') return ['/bin/sh', '-c', command.line];
  if (command.kind === 'image') throw new ContainerError('There is no image to find a command in');
  return [command.path, ...command.arguments];
}

/** Undefined: our own user. */
async function userOf(posix: Posix, name: string | undefined): Promise<User | undefined> {
  const { processes, switchUser } = posix;
  if (name === undefined || !switchUser || processes.self.uid !== 0) return undefined;
  const user = await processes.user(name);
  if (user === undefined) throw new ContainerError(`Failed to get user '${name}': no such user`);
  return user.uid === 0 ? undefined : user;
}

async function makeSandbox(
  fileTree: FileTree,
  sandbox: Sandbox,
  user: User | undefined,
): Promise<void> {
  // Tasks of one executor may share what they put there.
  await fileTree.makeFolder(sandbox.run, user);
  await fileTree.makeFolder(sandbox.folder, user);
  await fileTree.link(sandbox.latest, sandbox.run);
  if (sandbox.byTask === undefined) return;
  await fileTree.makeFolder(`${sandbox.run}/tasks`, undefined);
  await fileTree.link(sandbox.byTask, sandbox.folder);
}

/** The end of a container whose supervisor we can wait for. */
async function watch(
  posix: Posix,
  containerId: string,
  supervisorEnded: Promise<void>,
): Promise<ContainerEnd> {
  await supervisorEnded;
  const end = await readEnd(posix, containerId);
  if (end !== undefined) return end;
  // Somebody killed the supervisor: what it watched is not watched any more, and may not go on.
  await signalContainer(posix, containerId, 'KILL');
  return { kind: 'lost', reason: 'The supervisor of the command ended before the command did' };
}

/** Resolves when a process that is not our child has ended. */
async function gone({ clock, processes }: Posix, process: ProcessIdentity): Promise<void> {
  for (;;) {
    const now = processes.find(process.pid);
    if (now === undefined || !isSameProcess(now, process)) return;
    await clock.sleep(pollMs);
  }
}

async function recover(posix: Posix, spec: ContainerSpec): Promise<RecoveredContainer> {
  const { containerId } = spec;
  const claim = await readOrTakeClaim(posix, containerId);
  if (claim.kind === 'abandoned') return { kind: 'absent' };
  if (claim.kind === 'silent') {
    const reason = 'The supervisor of the command ended before it started the command';
    return { kind: 'ended', process: undefined, end: { kind: 'lost', reason } };
  }
  const { process: supervisor } = claim;
  const process = processToRecord(supervisor);
  const found = posix.processes.find(supervisor.pid);
  if (found !== undefined && isSameProcess(found, supervisor)) {
    const ended = watch(posix, containerId, gone(posix, supervisor));
    return { kind: 'running', container: { process, ended } };
  }
  const end = await readEnd(posix, containerId);
  if (end !== undefined) return { kind: 'ended', process, end };
  if (supervisor.bootId !== posix.processes.bootId) {
    const reason = 'The machine of the agent was restarted';
    return { kind: 'ended', process, end: { kind: 'lost', reason } };
  }
  return { kind: 'ended', process, end: await watch(posix, containerId, Promise.resolve()) };
}

type Claim =
  | { readonly kind: 'supervisor'; readonly process: ProcessIdentity }
  | { readonly kind: 'abandoned' }
  /** Taken by a supervisor that never said who it is. */
  | { readonly kind: 'silent' };

/** Who decided first: the supervisor, by being there, or we, by taking its place for ever. */
async function readOrTakeClaim(posix: Posix, containerId: string): Promise<Claim> {
  const folder = folderOf(posix, containerId);
  await posix.fileTree.makeFolder(folder, undefined);
  try {
    const file = await posix.files.open(`${folder}/supervisor`, { create: true, exclusive: true });
    await file.write(0, [new TextEncoder().encode('abandoned\n')]);
    await file.close();
    return { kind: 'abandoned' };
  } catch (error) {
    if (!(error instanceof FilesError) || error.code !== 'EEXIST') throw error;
  }
  for (let polls = 0; polls < claimPollsMax; polls++) {
    const text = await readLine(posix, containerId, 'supervisor');
    if (text === 'abandoned') return { kind: 'abandoned' };
    const process = text === undefined ? undefined : parseClaim(text);
    if (process !== undefined) return { kind: 'supervisor', process };
    await posix.clock.sleep(pollMs);
  }
  return { kind: 'silent' };
}

async function signalContainer(
  posix: Posix,
  containerId: string,
  signal: 'TERM' | 'KILL',
): Promise<void> {
  const { processes, fileTree, clock } = posix;
  for (let polls = 0; polls < claimPollsMax; polls++) {
    const text = await readLine(posix, containerId, 'leader');
    const leader = text === undefined ? undefined : parseClaim(text);
    if (leader !== undefined) {
      const owner = await fileTree.look(folderOf(posix, containerId));
      processes.signalGroup(leader, signal, owner?.uid);
      return;
    }
    const supervisor = await readLine(posix, containerId, 'supervisor');
    const process = supervisor === undefined ? undefined : parseClaim(supervisor);
    if (process !== undefined && processes.find(process.pid) === undefined) return;
    if (supervisor === 'abandoned') return;
    await clock.sleep(pollMs / 10);
  }
}

async function readEnd(posix: Posix, containerId: string): Promise<ContainerEnd | undefined> {
  const text = await readLine(posix, containerId, 'status');
  return text === undefined ? undefined : parseEnd(text);
}

/** One of the supervisor's files; undefined while it is missing or unfinished. */
async function readLine(
  posix: Posix,
  containerId: string,
  name: 'supervisor' | 'leader' | 'status',
): Promise<string | undefined> {
  const path = `${folderOf(posix, containerId)}/${name}`;
  if ((await posix.fileTree.look(path))?.kind !== 'file') return undefined;
  const text = new TextDecoder().decode(
    await posix.fileTree.read(path, { offset: 0, length: lineBytesMax }),
  );
  return text.endsWith('\n') ? text.slice(0, -1) : undefined;
}

/** Of /proc/<pid>/stat and a boot id; more is a forgery. */
const lineBytesMax = 4096;
