/**
 * Containers as groups of processes of this machine: no root and no other software, and limits where
 * control groups can be written to (`limiter.ts`). Each
 * has a sandbox, which its task sees, and a folder of ours with what its supervisor writes down:
 *
 *     <work>/slaves/<agent>/frameworks/<framework>/executors/<executor>/runs/<container>   sandbox
 *     <work>/slaves/<agent>/frameworks/<framework>/executors/<executor>/runs/latest        link to it
 *     …/runs/<executor's container>/containers/<container>                of a task of a group
 *     …/runs/<executor's container>/tasks/<task>                          link to it
 *     <work>/meta/containers/<container>                                                   ours
 *
 * Without control groups, a process that leaves the session of its command outlives it.
 */
import type { Clock } from '#internal/runtime/clock.ts';
import type { FileTree } from '#internal/runtime/file-tree.ts';
import { type Files, FilesError } from '#internal/runtime/files.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type { Pipes } from '#internal/runtime/pipes.ts';
import {
  type ProcessIdentity,
  type Processes,
  ProcessesError,
  type User,
  isSameProcess,
} from '#internal/runtime/processes.ts';
import type { Signal } from '#internal/runtime/signal.ts';
import type { ResourceStatistics } from '#proto/gen/mesos/v1.ts';
import {
  type ContainerEnd,
  ContainerError,
  type ContainerSpec,
  type Containerizer,
  type RecoveredContainer,
  type RunningContainer,
  type VolumeMount,
} from '../containerizer.ts';
import type { Cgroups } from './cgroups.ts';
import { usualBounds } from './bounds.ts';
import { Limiter, type LimiterOptions } from './limiter.ts';
import type { Fetcher } from '../fetch/fetcher.ts';
import { type AttachableBase, attachable } from './attachable.ts';
import type { Member } from './family.ts';
import { processToRecord } from './process-record.ts';
import { volumeFolder } from '../volumes.ts';
import { statisticsOf } from './statistics.ts';
import { type Rlimit, rlimitsOf } from './rlimits.ts';
import { type Sandbox, sandboxOf } from './sandbox.ts';
import { type Job, type SupervisorTools } from './supervisor.ts';
import { parseClaim } from './supervisor-files.ts';
import { Supervisors } from './supervisors.ts';
import {
  claimPollsMax,
  folderOf,
  pollMs,
  readEnd,
  readLine,
  readOrTakeClaim,
} from './container-folder.ts';

export type PosixDependencies = {
  readonly clock: Clock;
  readonly files: Files;
  readonly fileTree: FileTree;
  readonly processes: Processes;
  readonly logger?: Logger;
  /** Without them nothing bounds containers but themselves. */
  readonly cgroups?: Cgroups | undefined;
  /** Without one, commands that bring URIs are refused. */
  readonly fetcher?: Pick<Fetcher, 'fetch' | 'stop'>;
  readonly pipes: Pipes;
};

export type PosixOptions = Partial<LimiterOptions> & {
  readonly workFolder: string;
  /** When we are root, tasks run as the users they name. */
  readonly switchUser: boolean;
};

/** Supervisors that wait for their next container: as many as end at about the same time. */
const idleSupervisorsMax = 16;
/** The supervisor of what was killed has little to do, but on a busy machine. */
const settlePollMs = 20;
const settlePollsMax = 1500;
/** An agent that is asked for so many at once was not asked by a scheduler in its right mind. */
const waitingLaunchesMax = 10_000;

/** Throws `ContainerError` when the machine lacks what containers take. */
export async function openPosixContainerizer(
  dependencies: PosixDependencies,
  options: PosixOptions,
): Promise<Containerizer> {
  return attachable(dependencies, await openPosixBase(dependencies, options));
}

/** Without what nests them and attaches to them; also stands by programs that make other containers. */
export async function openPosixBase(
  dependencies: PosixDependencies,
  options: PosixOptions,
): Promise<AttachableBase> {
  const { processes, fileTree } = dependencies;
  const setsid = await processes.which('setsid');
  if (setsid === undefined) throw new ContainerError('Posix containers need `setsid` in PATH');
  const tools = {
    setsid,
    prlimit: await processes.which('prlimit'),
    setpriv: await processes.which('setpriv'),
    sync: await processes.which('sync'),
  };
  await fileTree.makeFolder(`${options.workFolder}/meta/containers`, undefined);
  const bounds = { idleMax: idleSupervisorsMax, waitingMax: waitingLaunchesMax };
  const supervisors = new Supervisors(
    { processes, clock: dependencies.clock },
    { tools, ...bounds },
  );
  const limiter = new Limiter(dependencies, { ...usualBounds, ...options });
  const posix: Posix = { ...dependencies, ...options, tools, supervisors, limiter };
  return {
    launch: (spec, joined) => launch(posix, spec, joined),
    recover: (spec) => recover(posix, spec),
    signal: async (containerId, signal) => {
      if (signal === 'KILL' || signal === 'TERM') dependencies.fetcher?.stop(containerId);
      await signalContainer(posix, containerId, signal);
    },
    usage: (containerId) => usage(posix, containerId),
    update: (containerId, limits) => asRefusal('bound', limiter.limit(containerId, limits)),
    release: async (containerId) => {
      await limiter.release(containerId);
      await posix.files.remove(folderOf(posix, containerId));
    },
    list: () => posix.files.list(`${posix.workFolder}/meta/containers`),
    claim: async (containerId) => {
      await readOrTakeClaim(posix, containerId);
      await limiter.find(containerId);
    },
    settled: (containerId) => untilSettled(posix, containerId),
    folderOf: (containerId) => folderOf(posix, containerId),
    sandboxFolderOf: (spec) => sandboxOf(posix.workFolder, spec).folder,
    userOf: (name) => userOf(posix, name),
    argvOf,
  };
}

type Posix = PosixDependencies &
  PosixOptions & {
    readonly tools: SupervisorTools;
    readonly supervisors: Supervisors;
    readonly limiter: Limiter;
  };

async function launch(
  posix: Posix,
  spec: ContainerSpec,
  joined: Member | undefined,
): Promise<RunningContainer> {
  const { limiter, supervisors } = posix;
  const { containerId } = spec;
  try {
    const job = await asRefusal('launch', prepare(posix, spec, joined));
    const supervised = await asRefusal('launch', supervisors.run(job));
    if (supervised.kind === 'silent') return await launchedBy(posix, spec);
    if (supervised.kind === 'refused') {
      throw new ContainerError('The container was given up before it began');
    }
    const ended = watch(posix, containerId, supervised.ended);
    return { process: processToRecord(supervised.leader), ended };
  } catch (error) {
    await limiter.release(containerId);
    throw error;
  }
}

/** What the machine refuses is said in words for the task's owner. */
async function asRefusal<Value>(verb: string, work: Promise<Value>): Promise<Value> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof FilesError || error instanceof ProcessesError) {
      throw new ContainerError(`Cannot ${verb} the container: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

/** Everything that a container takes but its process. */
async function prepare(
  posix: Posix,
  spec: ContainerSpec,
  joined: Member | undefined,
): Promise<Job> {
  const { fileTree } = posix;
  const { containerId } = spec;
  const own = sandboxOf(posix.workFolder, spec);
  const sandbox = joined === undefined ? own : { ...own, folder: joined.sandboxFolder };
  const folder = folderOf(posix, containerId);
  const user = await userOf(posix, spec.user);
  const rlimits = rlimitsFor(posix, spec);
  const argv = argvOf(spec);
  const environment = {
    ...spec.environment,
    MESOS_DIRECTORY: sandbox.folder,
    MESOS_SANDBOX: sandbox.folder,
  };
  if ([...argv, ...Object.entries(environment).flat()].some((word) => word.includes('\0'))) {
    throw new ContainerError('No program can be given a text with a NUL character in it');
  }
  if (joined === undefined) await makeSandbox(fileTree, sandbox, user);
  await fetchUris(posix, spec, { sandbox, user });
  for (const mount of spec.volumes) await mountVolume(posix, sandbox, mount, user);
  await fileTree.makeFolder(folder, undefined);
  const entrances = await posix.limiter.make(spec);
  const who = { user, rlimits, environment, argv };
  return { containerId, folder, sandbox: sandbox.folder, entrances, ...who };
}

function rlimitsFor({ tools }: Posix, { container }: ContainerSpec): readonly Rlimit[] {
  const rlimits = rlimitsOf(container);
  if (rlimits.length === 0 || tools.prlimit !== undefined) return rlimits;
  throw new ContainerError('To bound what processes may use takes `prlimit` in PATH');
}

async function fetchUris(
  { fetcher }: Posix,
  { containerId, uris, frameworkId }: ContainerSpec,
  { sandbox, user }: { readonly sandbox: Sandbox; readonly user: User | undefined },
): Promise<void> {
  if (uris.length === 0) return;
  if (fetcher === undefined) throw new ContainerError('This agent fetches no URIs');
  await fetcher.fetch({ containerId, sandboxFolder: sandbox.folder, user, uris, frameworkId });
}

/** Its supervisor ended and has said nothing: whether it begins at all is decided now. */
async function launchedBy(posix: Posix, spec: ContainerSpec): Promise<RunningContainer> {
  const found = await recover(posix, spec);
  if (found.kind === 'running') return found.container;
  if (found.kind === 'absent' || found.process === undefined) {
    throw new ContainerError('The supervisor of the command ended before it began');
  }
  return { process: found.process, ended: Promise.resolve(found.end) };
}

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
  const { processes, switchUser, tools } = posix;
  if (name === undefined || !switchUser || processes.self.uid !== 0) return undefined;
  const user = await processes.user(name);
  if (user === undefined) throw new ContainerError(`Failed to get user '${name}': no such user`);
  if (user.uid === 0) return undefined;
  if (tools.setpriv !== undefined) return user;
  throw new ContainerError('To run tasks as other users takes `setpriv` in PATH');
}

async function makeSandbox(
  fileTree: FileTree,
  sandbox: Sandbox,
  user: User | undefined,
): Promise<void> {
  // Tasks of one executor may share what they put there.
  await fileTree.makePath(sandbox.run, user);
  if (sandbox.folder !== sandbox.run) await fileTree.makeFolder(sandbox.folder, user);
  await fileTree.link(sandbox.latest, sandbox.run);
  if (sandbox.byTask === undefined) return;
  await fileTree.makeFolder(`${sandbox.run}/tasks`, undefined);
  await fileTree.link(sandbox.byTask, sandbox.folder);
}

/** The end of a container, when its supervisor has told it or is gone. */
async function watch(
  posix: Posix,
  containerId: string,
  told: Promise<ContainerEnd | undefined>,
): Promise<ContainerEnd> {
  const { limiter } = posix;
  limiter.watch(containerId, () => signalContainer(posix, containerId, 'KILL'));
  const end = (await told) ?? (await readEnd(posix, containerId));
  if (end !== undefined) return await limiter.settle(containerId, end);
  // Somebody killed the supervisor: what it watched is not watched any more, and may not go on.
  await signalContainer(posix, containerId, 'KILL');
  const reason = 'The supervisor of the command ended before the command did';
  return await limiter.settle(containerId, { kind: 'lost', reason });
}

/** Resolves when a supervisor that is not our child is gone, or has told the end of the container. */
async function untilTold(
  posix: Posix,
  containerId: string,
  supervisor: ProcessIdentity,
): Promise<ContainerEnd | undefined> {
  for (;;) {
    const isThere = isAlive(posix, supervisor);
    const end = await readEnd(posix, containerId);
    if (end !== undefined || !isThere) return end;
    await posix.clock.sleep(pollMs);
  }
}

/** Its supervisor has told the end of it, or is gone. */
async function untilSettled(posix: Posix, containerId: string): Promise<void> {
  const claim = await readOrTakeClaim(posix, containerId);
  if (claim.kind !== 'supervisor') return;
  for (let polls = 0; polls < settlePollsMax; polls++) {
    if (!isAlive(posix, claim.process)) return;
    if ((await readEnd(posix, containerId)) !== undefined) return;
    await posix.clock.sleep(settlePollMs);
  }
}

async function recover(posix: Posix, spec: ContainerSpec): Promise<RecoveredContainer> {
  const { containerId } = spec;
  const { limiter } = posix;
  limiter.recover(spec);
  const claim = await readOrTakeClaim(posix, containerId);
  if (claim.kind === 'abandoned') {
    await limiter.release(containerId);
    return { kind: 'absent' };
  }
  if (claim.kind === 'silent') {
    const reason = 'The supervisor of the command ended before it started the command';
    return { kind: 'ended', process: undefined, end: { kind: 'lost', reason } };
  }
  const { process: supervisor } = claim;
  const leader = await leaderOf(posix, containerId, supervisor);
  const process = leader && processToRecord(leader);
  const isThere = isAlive(posix, supervisor);
  // Asked after its supervisor: one that was there and has told nothing stands by this container yet.
  const end = await readEnd(posix, containerId);
  if (end !== undefined) {
    return { kind: 'ended', process, end: await limiter.settle(containerId, end) };
  }
  if (isThere && process !== undefined) {
    const ended = watch(posix, containerId, untilTold(posix, containerId, supervisor));
    return { kind: 'running', container: { process, ended } };
  }
  if (supervisor.bootId !== posix.processes.bootId) {
    const reason = 'The machine of the agent was restarted';
    return { kind: 'ended', process, end: { kind: 'lost', reason } };
  }
  return {
    kind: 'ended',
    process,
    end: await watch(posix, containerId, Promise.resolve(undefined)),
  };
}

/** The command's first process, which a supervisor starts at once; undefined when it never did. */
async function leaderOf(
  posix: Posix,
  containerId: string,
  supervisor: ProcessIdentity,
): Promise<ProcessIdentity | undefined> {
  for (let polls = 0; polls < claimPollsMax; polls++) {
    const isOver = !isAlive(posix, supervisor) || (await readEnd(posix, containerId)) !== undefined;
    const text = await readLine(posix, containerId, 'leader');
    const leader = text === undefined ? undefined : parseClaim(text);
    if (leader !== undefined || isOver) return leader;
    await posix.clock.sleep(pollMs);
  }
  return undefined;
}

function isAlive({ processes }: Posix, identity: ProcessIdentity): boolean {
  const now = processes.find(identity.pid);
  return now !== undefined && isSameProcess(now, identity);
}

async function usage(posix: Posix, containerId: string): Promise<ResourceStatistics | undefined> {
  const { limiter, clock } = posix;
  const text = await readLine(posix, containerId, 'leader');
  const leader = text === undefined ? undefined : parseClaim(text);
  const use = leader && (await limiter.use(containerId, leader));
  const limits = limiter.limitsOf(containerId);
  return use && limits && statisticsOf(clock.now(), use, limits);
}

async function signalContainer(posix: Posix, containerId: string, signal: Signal): Promise<void> {
  const { processes, clock, limiter } = posix;
  for (let polls = 0; polls < claimPollsMax; polls++) {
    const text = await readLine(posix, containerId, 'leader');
    const leader = text === undefined ? undefined : parseClaim(text);
    if (leader !== undefined) {
      processes.signalGroup(leader, signal);
      if (signal === 'KILL') await limiter.kill(containerId);
      return;
    }
    const supervisor = await readLine(posix, containerId, 'supervisor');
    const process = supervisor === undefined ? undefined : parseClaim(supervisor);
    if (process !== undefined && processes.find(process.pid) === undefined) return;
    if (supervisor === 'abandoned') return;
    await clock.sleep(pollMs / 10);
  }
}
