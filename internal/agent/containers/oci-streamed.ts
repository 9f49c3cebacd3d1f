/**
 * Containers that somebody may attach to, and commands that join a container. `runc` makes them while
 * a supervisor of posix containers stands by it, with the streams or the terminal that the container
 * gets: as a posix container whose command is `runc run` or `runc exec`, and root's.
 */
import type { Signal } from '#internal/runtime/signal.ts';
import { unreachable } from '#internal/base/assert.ts';
import {
  type ContainerCommand,
  type ContainerEnd,
  ContainerError,
  type ContainerSpec,
  type RecoveredContainer,
  type RunningContainer,
} from '../containerizer.ts';
import type { AttachableBase } from './attachable.ts';
import type { Member } from './family.ts';
import { prepareBundle } from './oci-bundle.ts';
import type { RuntimeProcess, RuntimeSpec } from './oci-config.ts';
import { argumentsOf } from './oci-command.ts';
import { folderOf, readRefusal, readText, writeText } from './oci-folder.ts';
import { endFrom } from './oci-init.ts';
import { type Oci, launcher, runtime, stateFolder, toolPath } from './oci-machine.ts';
import { signalInside } from './oci-signal.ts';
import { runScript } from './oci-scripts.ts';
import { findUser } from './oci-user.ts';
import { hasStreams, hasTerminal } from './posix-streams.ts';
import { sandboxOf } from './sandbox.ts';

export type Streamed = {
  launch(spec: ContainerSpec, joined: Member | undefined): Promise<RunningContainer>;
  recover(spec: ContainerSpec): Promise<RecoveredContainer>;
  signal(containerId: string, signal: Signal): Promise<void>;
  release(containerId: string): Promise<void>;
  /** What its supervisor runs. */
  argvOf(spec: ContainerSpec): readonly string[];
};

const startPollMs = 5;

export function streamedContainers(oci: Oci, base: AttachableBase): Streamed {
  /** Of containers that are about to be launched with streams: the command that they asked for. */
  const asked = new Map<string, ContainerCommand>();
  return {
    launch: async (connected, joined) => {
      const command = asked.get(connected.containerId) ?? connected.command;
      asked.delete(connected.containerId);
      const spec = { ...connected, command };
      const folder = folderOf(oci, spec.containerId);
      if (joined === undefined) await prepareBundle(oci, spec);
      else await prepareProcess(oci, spec, joined);
      const isConnected = hasStreams(spec);
      const [path = '', ...words] = argvOf(oci, spec);
      const container = await base.launch(
        {
          ...spec,
          volumes: [],
          uris: [],
          // Its limits are for what is inside, not for the runtime.
          container: undefined,
          environment: { PATH: toolPath },
          // With streams it comes to us with the command that connects them to ours.
          command: isConnected ? connected.command : { kind: 'argv', path, arguments: words },
        },
        { spec, sandboxFolder: sandboxFolderOf(oci, spec, joined), user: undefined },
      );
      watch(oci, spec);
      const ended = endOf(oci, spec, container.ended);
      await untilMade(oci, spec.containerId, container.ended);
      await keep(oci, folder);
      return { process: container.process, ended };
    },
    recover: async (spec) => {
      const found = await base.recover(spec);
      switch (found.kind) {
        case 'absent':
          return found;
        case 'ended':
          return { ...found, end: await endOf(oci, spec, Promise.resolve(found.end)) };
        case 'running': {
          const { process, ended } = found.container;
          watch(oci, spec);
          return { kind: 'running', container: { process, ended: endOf(oci, spec, ended) } };
        }
        default:
          return unreachable(found);
      }
    },
    signal: async (containerId, signal) => {
      const folder = folderOf(oci, containerId);
      if ((await oci.fileTree.look(`${folder}/pid`)) === undefined) return;
      if ((await oci.fileTree.look(`${folder}/joined`)) === undefined) {
        await signalInside(oci, containerId, signal);
        return;
      }
      // A signal to `runc exec` it hands on, all but KILL.
      if (signal === 'KILL') await killJoined(oci, containerId);
      await base.signal(containerId, signal);
    },
    release: (containerId) => base.release(containerId),
    argvOf: (spec) => {
      asked.set(spec.containerId, spec.command);
      return argvOf(oci, spec);
    },
  };
}

/** Before anybody asks for its end. */
function watch(oci: Oci, { containerId }: ContainerSpec): void {
  oci.watch.watch(containerId, () => signalInside(oci, containerId, 'KILL'));
}

function argvOf(oci: Oci, spec: ContainerSpec): readonly string[] {
  const { tools, images } = oci;
  const { containerId: id, parentId, nesting } = spec;
  const folder = folderOf(oci, id);
  const state = stateFolder(oci);
  if (nesting === 'debug' && parentId !== undefined) {
    const files = ['--process', `${folder}/process.json`, '--pid-file', `${folder}/pid`];
    return [tools.runc, '--root', state, '--log', `${folder}/log`, 'exec', ...files, parentId];
  }
  const options = tools.keeps ? ['--keep'] : [];
  const script = [runScript, 'run', folder, id, tools.runc, state, images.folder, ...options];
  return launcher(oci, spec, ['/bin/sh', '-c', ...script]);
}

function sandboxFolderOf(oci: Oci, spec: ContainerSpec, joined: Member | undefined): string {
  return joined?.sandboxFolder ?? sandboxOf(oci.workFolder, spec).folder;
}

/** The process that joins a container: as that one's own, but for its command. */
async function prepareProcess(oci: Oci, spec: ContainerSpec, joined: Member): Promise<void> {
  const { containerId: parent, user: parentUser } = joined.spec;
  const text = await readText(oci, `${folderOf(oci, parent)}/config.json`);
  if (text === undefined) throw new ContainerError(`Container "${parent}" cannot be joined`);
  const { process: own }: RuntimeSpec = JSON.parse(text);
  const { PATH: path, ...asked } = spec.environment;
  const size = spec.container?.tty_info?.window_size;
  const process: RuntimeProcess = {
    ...own,
    terminal: hasTerminal(spec),
    ...(size !== undefined && { consoleSize: { height: size.rows, width: size.columns } }),
    user: spec.user === undefined || spec.user === parentUser ? own.user : userNamed(spec.user),
    args: argumentsOf(spec.command, undefined),
    env: [
      ...own.env,
      ...(hasTerminal(spec) ? ['TERM=xterm'] : []),
      ...(path === undefined || path === oci.usualPath ? [] : [`PATH=${path}`]),
      ...Object.entries(asked).map(([name, value]) => `${name}=${value}`),
    ],
  };
  const folder = folderOf(oci, spec.containerId);
  await oci.fileTree.makeFolder(folder, undefined);
  await writeText(oci, `${folder}/joined`, `${parent}\n`);
  await writeText(oci, `${folder}/process.json`, JSON.stringify(process));
}

/** Another user than the container's own can be named by number. */
function userNamed(name: string): RuntimeProcess['user'] {
  const root = { passwd: 'root:x:0:0::/root:/bin/sh\n', group: '' };
  const { uid, gid, groups } = findUser(name, root, root);
  return { uid, gid, additionalGids: groups };
}

/** Resolves when the runtime has made it; rejects with `ContainerError` when it has not. */
async function untilMade(oci: Oci, id: string, ended: Promise<ContainerEnd>): Promise<void> {
  const folder = folderOf(oci, id);
  const state = { ended: false };
  const done = ended.then(() => {
    state.ended = true;
    return undefined;
  });
  for (;;) {
    const { ended: isOver } = state;
    if ((await oci.fileTree.look(`${folder}/pid`)) !== undefined) return;
    if (isOver) {
      throw new ContainerError(`Cannot launch the container: ${await readRefusal(oci, id)}`);
    }
    await Promise.race([done, oci.clock.sleep(startPollMs)]);
  }
}

/** The process that was made, as whoever comes next can know it again. */
async function keep(oci: Oci, folder: string): Promise<void> {
  const pid = Number((await readText(oci, `${folder}/pid`)) ?? '');
  const identity = oci.processes.find(pid);
  if (identity !== undefined) await writeText(oci, `${folder}/process`, JSON.stringify(identity));
}

async function killJoined(oci: Oci, id: string): Promise<void> {
  const text = await readText(oci, `${folderOf(oci, id)}/process`);
  if (text !== undefined) oci.processes.signalGroup(JSON.parse(text), 'KILL');
}

/** `runc` tells of a signal as shells do; the container's own first process tells more. */
async function endOf(
  oci: Oci,
  { containerId, nesting }: ContainerSpec,
  ended: Promise<ContainerEnd>,
): Promise<ContainerEnd> {
  const end = await ended;
  if (nesting === 'debug') {
    // Should `runc` have died before what it stood by.
    await killJoined(oci, containerId);
    return end.kind === 'exited' ? endFrom(end.status, '') : end;
  }
  const note = await readText(oci, `${folderOf(oci, containerId)}/note`);
  const told = end.kind === 'exited' ? endFrom(end.status, note ?? '') : end;
  // What the kernel knows of it goes with it.
  const how = await oci.watch.settle(containerId, told);
  await runtime(oci, ['delete', '--force', containerId]);
  return how;
}
