/**
 * One agent's machine: a store and containers that outlive its programs, and the real agent on them,
 * which talks to the real masters. What crosses its links, starts and ends in its containers, and
 * vanishes from its memory is told to the witness.
 */
import { answerExecutor } from '#internal/agent/api/executor-face.ts';
import { executorStreamLimits } from '#internal/agent/api/executor-stream.ts';
import { Probes, usualProbes } from '#internal/agent/checks/probes.ts';
import { volumeFolder, volumesIn } from '#internal/agent/volumes.ts';
import { isVolume } from '#internal/resources/volume.ts';
import { SimulatedDisk } from '#internal/runtime/simulated/disk.ts';
import { simulatedFiles } from '#internal/runtime/simulated/files.ts';
import { Agent } from '#internal/agent/agent.ts';
import type { ContainerSpec } from '#internal/agent/containerizer.ts';
import {
  SimulatedContainers,
  type SimulatedProgram,
} from '#internal/agent/containers/simulated.ts';
import { usualTimes } from '#internal/agent/core/state.ts';
import type { AgentState } from '#internal/agent/core/state.ts';
import type { Random } from '#internal/base/random.ts';
import { uuidText } from '#internal/base/uuid.ts';
import { frameworkId as asFrameworkId } from '#internal/model/ids.ts';
import type { LinkDialer } from '#internal/rpc/link.ts';
import { simulatedLinkDialer } from '#internal/rpc/link-simulated.ts';
import { simulatedConnector } from '#internal/runtime/simulated/connector.ts';
import { type SimulatedClock, simulatedClock } from '#internal/runtime/simulated/clock.ts';
import type { Resource } from '#internal/resources/resource.ts';
import type { Life } from '#internal/runtime/simulated/life.ts';
import { agentSideCodec } from '#internal/wire/agent-link-codec.ts';
import type { AgentMessage, MasterMessage } from '#proto/gen/altiplano/agent/v1.ts';
import type { OnDisk } from '#chaos/checkers/cluster-volumes.ts';
import type { Capacity } from '#chaos/checkers/cluster-containers.ts';
import { MemoryMedium, openMemoryStore } from '#storage/memory/memory-store.ts';
import { ExecutorProgram } from './cluster-executor.ts';
import { endingOf } from './raft-endings.ts';
import type { ClusterWitness } from './cluster-witness.ts';
import { agentPort, type Ground, linkBacklogBytesMax, groundOf } from './cluster-ground.ts';

export type AgentMachineOptions = {
  readonly name: string;
  /** `host:port` of masters, and of those that only say so. */
  readonly masters: readonly string[];
  readonly capacity: Capacity;
  readonly syncMsMax: number;
  readonly clockRate: number;
  /** A master asked it for something that it has to write down. */
  readonly onOrder?: (agent: AgentMachine) => void;
};

export type AgentMachineDependencies = {
  readonly ground: Ground;
  /** Instead of the executors that stand for all that frameworks bring. */
  readonly serve?:
    | ((spec: ContainerSpec, exit: (status: number) => void) => SimulatedProgram)
    | undefined;
};

type Pending = { readonly frameworkId: string; readonly task: string };

const mailboxMax = 10_000;
const bodyBytesMax = 1 << 20;
const replacedMs = 1000;
const diskMb = 1000;
const workFolder = 'work';

const capabilities = [
  'AGENT_DRAINING',
  'HIERARCHICAL_ROLE',
  'RESERVATION_REFINEMENT',
  'RESIZE_VOLUME',
  'RESOURCE_PROVIDER',
  'AGENT_OPERATION_FEEDBACK',
] as const;

export class AgentMachine {
  readonly name: string;
  readonly isLeader = false;
  /** Times that a master sent it away. */
  expulsions = 0;
  /** Times that its program ended because of its disk. */
  readonly endings: { disk: number } = { disk: 0 };
  readonly disk: SimulatedDisk;
  readonly #ground: Ground;
  readonly #options: AgentMachineOptions;
  #medium: MemoryMedium;
  readonly #containers: SimulatedContainers;
  readonly #random: Random;
  /** By uuid: updates that the agent had when it was looked at last. */
  #pending: ReadonlyMap<string, Pending> = new Map();
  #seen: AgentState | undefined;
  #lives = 0;
  #offsetMs = 0;
  #clock: SimulatedClock | undefined;
  #agent: Agent | undefined;

  constructor({ ground, serve }: AgentMachineDependencies, options: AgentMachineOptions) {
    const { world, witness } = ground;
    const { name } = options;
    this.name = name;
    this.#ground = groundOf(ground, this.name);
    this.#options = options;
    this.#random = world.random(name);
    this.disk = new SimulatedDisk({ world }, { name });
    this.#medium = new MemoryMedium({ random: world.random(`store ${name}`) });
    this.#containers = new SimulatedContainers({
      world,
      random: world.random(`containers ${name}`),
      watcher: {
        onStart: ({ taskId }) => {
          if (taskId !== undefined)
            witness.see(({ containers }) => containers.started(name, taskId));
        },
        onEnd: ({ taskId, frameworkId }, end) => {
          if (taskId === undefined) return;
          witness.see(({ containers }) => {
            // What is over for its framework has to be over on the machine as well.
            if (isOver(witness, frameworkId, taskId)) containers.mayBeKilled(taskId);
            containers.ended(taskId, end);
          });
        },
      },
      serve: (spec, exit) =>
        serve?.(spec, (status) => exit({ kind: 'exited', status })) ??
        new ExecutorProgram({ ground, exit }, { spec, agent: name }),
    });
  }

  /** Under which id it is known, and what it says it has; undefined while it does not know itself. */
  get belongings(): Pick<AgentState, 'agentId' | 'total' | 'operations' | 'executors'> | undefined {
    return this.#agent?.view();
  }

  /** As it says. */
  get hasVolumes(): boolean {
    return this.#agent?.view()?.total.some(isVolume) ?? false;
  }

  /** Tasks that it has not forgotten; undefined while it does not know them itself. */
  get tasks(): number | undefined {
    return this.#agent?.view()?.tasks.size;
  }

  start(): void {
    const { world } = this.#ground;
    if (world.isUp(this.name)) return;
    const life = world.boot(this.name);
    this.#lives += 1;
    this.#open(life).catch((fault: unknown) => this.#onFault(life, fault));
    life.onEnd(() => {
      this.#agent = undefined;
      this.#clock = undefined;
    });
  }

  crash(kind: 'process' | 'power'): void {
    const { world } = this.#ground;
    world.crash(this.name, kind);
    if (kind === 'power') this.#containers.reboot();
  }

  /** Its checkpoint is gone, and its volumes are not. Only of one that a power cut has struck. */
  forget(): void {
    const { world, witness } = this.#ground;
    const { name } = this;
    this.#medium = new MemoryMedium({ random: world.random(`store ${name} ${this.#lives}`) });
    this.disk.names.corrupt(`/${workFolder}/meta`);
    this.#pending = new Map();
    this.#seen = undefined;
    witness.see(({ fencing }) => fencing.forgot(name));
  }

  /** All volumes that ever were on its disks are there, but those that were destroyed. */
  lookAtVolumes(): void {
    this.#ground.witness.see(({ volumes }) =>
      volumes.look(this.name, (place) => this.#onDisk(place)),
    );
  }

  pause(durationMs: number): void {
    this.#ground.world.pause(this.name, durationMs);
  }

  /** Sets its wall clock forward, or back when negative. It stays so. */
  jumpClock(byMs: number): void {
    this.#offsetMs += byMs;
    this.#clock?.jump(byMs);
  }

  /** Looks for updates that the agent has let go of. To be called after each event. */
  observe(): void {
    const view = this.#agent?.view();
    if (view === undefined || view === this.#seen) return;
    const hasSameTasks = view.tasks === this.#seen?.tasks;
    this.#seen = view;
    if (hasSameTasks) return;
    this.#noteEnds(view);
    const pending = pendingOf(view);
    for (const [uuid, { frameworkId, task }] of this.#pending) {
      if (pending.has(uuid)) continue;
      const gone = { agent: this.name, frameworkId, task, uuid };
      this.#ground.witness.see(({ updates, containers }) => {
        // Its frameworks were told what became of what this agent had, and are owed nothing more.
        if (!containers.wasWrittenOff(task)) updates.forgotten(gone);
      });
    }
    this.#pending = pending;
  }

  #noteEnds({ tasks }: AgentState): void {
    for (const { life, info } of tasks.values()) {
      if (life.kind !== 'ended') continue;
      this.#ground.witness.see(({ containers }) => containers.endKnown(info.task_id.value));
    }
  }

  async #open(life: Life): Promise<void> {
    const { world, logger, links } = this.#ground;
    const { name, masters, syncMsMax, clockRate } = this.#options;
    const store = await openMemoryStore({ medium: this.#medium, life }, { syncMsMax });
    const files = simulatedFiles({ disk: this.disk, life });
    const dialer = simulatedLinkDialer(
      { streams: links, life, codec: agentSideCodec },
      { backlogBytesMax: linkBacklogBytesMax },
    );
    const clock = simulatedClock({ world, life }, { rate: clockRate, offsetMs: this.#offsetMs });
    this.#clock = clock;
    const containerizer = this.#containers.containerizer(life);
    const client = this.#ground.http.client(life);
    const connector = simulatedConnector({ client });
    const agent = new Agent(
      {
        clock,
        probes: new Probes({ clock, containerizer, connector, client }, usualProbes),
        random: this.#random.fork(`life ${this.#lives}`),
        logger,
        store,
        journal: { files, folder: '/work/meta/journal' },
        dialer: this.#watched(dialer),
        containerizer,
        volumes: volumesIn(files, workFolder),
      },
      {
        ...usualTimes,
        masters,
        description: {
          agent_info: { hostname: name, port: agentPort, resources: this.#resources() },
          version: '1.12.0',
          ip: name,
          capabilities: capabilities.map((type) => ({ type })),
        },
        endpoint: `${name}:${agentPort}`,
        path: '/bin',
        mailboxMax,
      },
    );
    void this.#mourn(agent, life);
    this.#agent = agent;
    const listener = this.#ground.http.listener(life);
    await listener.listen({ host: name, port: agentPort, bodyBytesMax }, (request) =>
      answerExecutor({ clock, executors: agent.executors }, request, executorStreamLimits),
    );
    await agent.start();
  }

  /** It ends when a master will not have it; whoever runs the machine starts a new agent on it then. */
  async #mourn(agent: Agent, life: Life): Promise<void> {
    const end = await agent.ended;
    if (!life.alive) return;
    if (end.kind === 'expelled') {
      this.expulsions++;
      this.#ground.witness.see(({ containers }) => containers.expelled(this.name));
      this.#pending = new Map();
      this.#seen = undefined;
      this.crash('process');
      this.#ground.world.schedule(replacedMs, `${this.name} replaced`, () => this.start());
      return;
    }
    if (end.kind === 'failed') this.#onFault(life, end.error);
    else this.#ground.witness.fail(`${this.name} ${end.kind}`, 'reason' in end ? end.reason : '');
  }

  /** A program that cannot write stops, and its supervisor starts it again. */
  #onFault(life: Life, fault: unknown): void {
    const { world, witness } = this.#ground;
    const ending = endingOf(fault);
    if (ending === undefined || ending === 'refused') {
      witness.fail(`${this.name} stopped`, fault);
    }
    this.endings.disk++;
    if (!life.alive) return;
    this.crash('process');
    world.schedule(replacedMs, `${this.name} supervisor`, () => this.start());
  }

  #resources(): NonNullable<
    NonNullable<AgentMessage['register']>['description']['agent_info']['resources']
  > {
    const { cpusMilli, memMb } = this.#options.capacity;
    return [
      { name: 'cpus', type: 'SCALAR', scalar: { value: cpusMilli / 1000 } },
      { name: 'mem', type: 'SCALAR', scalar: { value: memMb } },
      { name: 'disk', type: 'SCALAR', scalar: { value: diskMb } },
    ];
  }

  /** Whatever is said after the introduction shows under whom the agent acts. */
  #watched(
    dialer: LinkDialer<AgentMessage, MasterMessage>,
  ): LinkDialer<AgentMessage, MasterMessage> {
    const onOrder = (): void => this.#options.onOrder?.(this);
    return {
      dial: (target, handlers) => {
        let term = 0n;
        const link = dialer.dial(target, {
          ...handlers,
          onMessage(message) {
            term = message.term;
            if (isOrder(message)) onOrder();
            handlers.onMessage(message);
          },
        });
        return {
          peer: link.peer,
          close: () => link.close(),
          send: (message) => {
            this.#says(target, term, message);
            link.send(message);
          },
        };
      },
    };
  }

  #lookForVolumes(): void {
    const view = this.#agent?.view();
    for (const folder of view === undefined ? [] : volumesOf(view)) {
      const isDurable = this.disk.names.isDurable(folder);
      this.#ground.witness.see(({ volumeFolders }) =>
        volumeFolders.claimed(this.name, folder, isDurable),
      );
      const place = folder.slice(`${workFolder}/volumes/roles/`.length);
      this.#ground.witness.see(({ volumes }) =>
        volumes.claimed(this.name, place, this.#onDisk(place)),
      );
    }
  }

  #onDisk(place: string): OnDisk {
    const { names } = this.disk;
    const manifest = names.find(`${workFolder}/volumes/manifests/${place}.json`);
    const { content } = manifest?.kind === 'file' ? manifest : {};
    return {
      data: names.find(`${workFolder}/volumes/roles/${place}`),
      manifest: content && new TextDecoder().decode(content.read(0, content.sizeBytes)),
    };
  }

  #says(target: string, term: bigint, message: AgentMessage): void {
    const { witness } = this.#ground;
    const agent = this.name;
    const { register, reregister, status_update: told, operation_update: done } = message;
    if (register !== undefined || reregister !== undefined) this.lookAtVolumes();
    if (reregister !== undefined || done?.status.state === 'OPERATION_FINISHED') {
      this.#lookForVolumes();
    }
    if (register === undefined && reregister === undefined) {
      witness.see(({ fencing }) => fencing.acts(agent, target, term));
    }
    if (told === undefined) return;
    const { task_id, state, uuid = new Uint8Array(16) } = told.status;
    const frameworkId = told.framework_id.value;
    const update = { agent, frameworkId, task: task_id.value, uuid: uuidText(uuid), state };
    witness.see(({ updates }) => updates.sent(update));
  }
}

/** Those that it says it has: the folders of others are being made, or removed. */
function volumesOf({ total, operations }: AgentState): readonly string[] {
  const inTheMaking = new Set(
    [...operations.values()]
      .filter(({ status }) => status.state === 'OPERATION_PENDING')
      .flatMap(({ conversions }) => conversions.flatMap(({ converted }) => converted))
      .map(folderOf),
  );
  return total
    .filter(isVolume)
    .map(folderOf)
    .filter((folder) => !inTheMaking.has(folder));
}

const folderOf = (volume: Resource): string => volumeFolder(workFolder, volume);

function isOrder(message: MasterMessage): boolean {
  const { run_task, run_tasks, run_group, kill_task, apply_operation } = message;
  return [run_task, run_tasks, run_group, kill_task, apply_operation].some(
    (order) => order !== undefined,
  );
}

function isOver({ newest }: ClusterWitness, framework: string, task: string): boolean {
  const record = newest?.frameworks.get(asFrameworkId(framework));
  return record?.completed.some(({ id }) => id === task) ?? false;
}

function pendingOf({ tasks }: AgentState): ReadonlyMap<string, Pending> {
  const pending = new Map<string, Pending>();
  for (const { frameworkId, info, updates } of tasks.values()) {
    for (const { status } of updates) {
      if (status.uuid === undefined) continue;
      pending.set(uuidText(status.uuid), { frameworkId, task: info.task_id.value });
    }
  }
  return pending;
}
