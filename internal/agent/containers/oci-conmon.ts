/**
 * Containers that nobody attaches to: `conmon` stands by each, and its streams are files of its sandbox.
 */
import { FilesError } from '#internal/runtime/files.ts';
import {
  type ProcessIdentity,
  ProcessesError,
  isSameProcess,
} from '#internal/runtime/processes.ts';
import type { Signal } from '#internal/runtime/signal.ts';
import {
  type ContainerEnd,
  ContainerError,
  type ContainerSpec,
  type RecoveredContainer,
  type RunningContainer,
} from '../containerizer.ts';
import { prepareBundle } from './oci-bundle.ts';
import { folderOf, pollMs, readEnd, readOrTakeClaim, readRefusal, readText } from './oci-folder.ts';
import { type Oci, launcher, runtime, stateFolder, toolPath } from './oci-machine.ts';
import { launchScript } from './oci-scripts.ts';
import { signalInside } from './oci-signal.ts';
import { processToRecord } from './process-record.ts';

/** A container is made within so long, or never. */
const startMs = 60_000;
const startPollMs = 5;
/** A supervisor whose container was killed has little left to do, but on a busy machine. */
const settlePollsMax = 300;

export async function launchByConmon(oci: Oci, spec: ContainerSpec): Promise<RunningContainer> {
  const { containerId } = spec;
  try {
    await prepareBundle(oci, spec);
    const [path, ...words] = launcher(oci, spec, [
      '/bin/sh',
      '-c',
      launchScript,
      'launcher',
      folderOf(oci, containerId),
      containerId,
      oci.tools.runc,
      stateFolder(oci),
      oci.images.folder,
      oci.processes.bootId,
      oci.tools.conmon,
    ]);
    const started = await oci.processes.start({
      path,
      arguments: words,
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

/** Resolves when the command runs; rejects with `ContainerError` when it never will. */
async function untilStarted(oci: Oci, id: string, supervisorEnded: Promise<void>): Promise<void> {
  const folder = folderOf(oci, id);
  const endMs = oci.clock.monotonic() + startMs;
  const state = { ended: false };
  void supervisorEnded.then(() => {
    state.ended = true;
    return undefined;
  });
  for (;;) {
    const { ended } = state;
    if ((await oci.fileTree.look(`${folder}/started`)) !== undefined) return;
    const isRefused = (await oci.fileTree.look(`${folder}/refused`)) !== undefined;
    const isLate = oci.clock.monotonic() > endMs;
    if (isRefused || isLate || (ended && (await readEnd(oci, id)) === undefined)) {
      const reason = isLate ? 'the runtime does not answer' : await readRefusal(oci, id);
      await runtime(oci, ['delete', '--force', id]);
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
  await runtime(oci, ['kill', '--all', id, 'KILL']);
  if (end !== undefined) return end;
  return { kind: 'lost', reason: 'The supervisor of the command ended before the command did' };
}

export async function recoverByConmon(
  oci: Oci,
  { containerId }: ContainerSpec,
): Promise<RecoveredContainer> {
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

/** Of one that was killed: nobody writes into its folder any more, or is to be waited for. */
export async function settled(oci: Oci, containerId: string): Promise<void> {
  const claim = await readOrTakeClaim(oci, containerId);
  if (claim.kind !== 'supervisor') return;
  for (let polls = 0; polls < settlePollsMax && isAlive(oci, claim.process); polls++) {
    await oci.clock.sleep(pollMs);
  }
}

export async function signalContainer(oci: Oci, id: string, signal: Signal): Promise<void> {
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
  await signalInside(oci, id, signal);
}
