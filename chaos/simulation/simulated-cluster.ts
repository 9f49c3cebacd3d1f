/**
 * A whole cluster in one process for tests of frameworks: real masters and agents on virtual time, a
 * simulated network and simulated disks, with faults. What happens depends on the seed alone. Programs of
 * the test's own live on machines of their own, with the ports that the client library asks for, and can
 * crash and come back.
 *
 * Promised: the laws of the cluster are checked all the while; `check` throws when one is broken, and
 * every wait does. Owed: a program waits for nothing but its ports (no timers, no I/O of the real
 * machine), and names each task as no other of the whole cluster is named. Commands are lines of the
 * words that simulated containers know: `sleep SECONDS`, `exit STATUS`, `trap TERM`, one after the other
 * with `; ` between; what is called `serve` is the test's own program (`executors`).
 */
import type { ContainerSpec } from '#internal/agent/containerizer.ts';
import type { SimulatedProgram } from '#internal/agent/containers/simulated.ts';
import { assert } from '#internal/base/assert.ts';
import type { Random } from '#internal/base/random.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { Files } from '#internal/runtime/files.ts';
import type { HttpClient } from '#internal/runtime/http.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { SimulatedDisk } from '#internal/runtime/simulated/disk.ts';
import { simulatedFiles } from '#internal/runtime/simulated/files.ts';
import type { Life } from '#internal/runtime/simulated/life.ts';
import type { LogLine } from '#internal/runtime/simulated/logger.ts';
import { CALM, type NetworkFaults } from '#internal/runtime/simulated/network.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { Call, Event } from '#proto/gen/mesos/v1/scheduler.ts';
import type { Capacity } from '#chaos/checkers/cluster-containers.ts';
import type { Violation } from '#chaos/checkers/violation.ts';
import { AgentMachine } from './cluster-agent.ts';
import { sampleClusterFaults } from './cluster-faults.ts';
import { type Ground, httpPort, linkPort, masterName, newGround } from './cluster-ground.ts';
import { ClusterHistory } from './cluster-history.ts';
import { MasterMachine } from './cluster-master.ts';
import { ClusterNemesis } from './cluster-nemesis.ts';
import { membersOf } from './cluster-node.ts';
import { intendLaunches } from './cluster-tasks.ts';
import { tapped } from './cluster-wire-tap.ts';
import { ClusterWitness } from './cluster-witness.ts';

export type SimulatedClusterOptions = {
  readonly seed: number;
  /** 3 when left out. */
  readonly masters?: 1 | 3 | 5;
  /** 3 when left out; they are called `a1`, `a2`… */
  readonly agents?: number;
  /** Of each agent; 4 CPUs and 1 GB when left out. Each has 1000 MB of disk. */
  readonly capacity?: Capacity;
  /** Begins the program of an executor whose command is `serve`; it may call `exit` when it is done. */
  readonly executors?: (program: ExecutorProgramPorts) => void;
  /** Overhears what programs ask masters for, and hear of them. */
  readonly onCall?: (call: Call) => void;
  readonly onEvent?: (event: Event) => void;
};

/** What a program is made of; it goes when its machine crashes. */
export type ProgramPorts = {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly http: HttpClient;
  /** Its machine's disk, which outlives it. */
  readonly files: Files;
};

export type ExecutorProgramPorts = ProgramPorts & {
  readonly environment: Readonly<Record<string, string>>;
  readonly exit: (status: number) => void;
};

export type Within = { readonly withinMs: number };

/** Masters are called `m1`, `m2`… */
export type SimulatedCluster = Disposable & {
  /** `host:port` of each, for schedulers. */
  readonly masters: readonly string[];
  /** Virtual milliseconds since it began. */
  readonly nowMs: number;
  /** The newest lines that anything in it logged. */
  readonly log: readonly LogLine[];
  /** The name of the master that leads and knows it. */
  readonly leader: string | undefined;
  /** The tasks whose containers run on some agent's machine, whatever anybody knows of them. */
  readonly runningTasks: readonly string[];
  /** Starts a program on the machine of that name, on which none may be running. */
  boot(name: string): ProgramPorts;
  /** Ends what runs on a machine, at once; `power` also loses what its disk has not synced. */
  crash(name: string, kind?: 'process' | 'power'): void;
  /** Starts a master or an agent again. */
  restart(name: string): void;
  /** Cuts what is between machines of different groups, until `heal`. */
  partition(groups: readonly (readonly string[])[]): void;
  /** Delays and losses from now on. */
  setNetwork(faults: Partial<NetworkFaults>): void;
  /** All links are well again, and all masters and agents run. */
  heal(): void;
  /** So long under faults of many kinds, which the seed draws; then it is healed. */
  storm(durationMs: number): Promise<void>;
  runFor(durationMs: number): Promise<void>;
  /** Throws when it has not come true in time. */
  runUntil(condition: () => boolean, within: Within): Promise<void>;
  /** Runs until a promise of a program settles, and gives what it settles with. */
  settle<Value>(promise: Promise<Value>, within: Within): Promise<Value>;
  /** Throws what went wrong in the cluster itself, if anything did. */
  check(): void;
};

const usualCapacity: Capacity = { cpusMilli: 4000, memMb: 1024 };
const syncMsMax = 5;
const log = { segmentBytes: 1 << 18, snapshotEveryBytes: 1 << 18, snapshotTailBytes: 1 << 14 };

export function simulatedCluster(options: SimulatedClusterOptions): SimulatedCluster {
  const { seed, masters: size = 3, agents: agentCount = 3 } = options;
  const { capacity = usualCapacity } = options;
  const agents: AgentMachine[] = [];
  const afterEvent = (): void => {
    for (const agent of agents) agent.observe();
  };
  const world = new SimulatedWorld({ seed, afterEvent });
  const witness = new ClusterWitness({}, { capacity, members: membersOf(size), drift: 0 });
  const ground = newGround(world, witness);
  const history = new ClusterHistory({ world, witness });
  const clockRate = 1;
  const masters = count(size).map(
    (id) =>
      new MasterMachine(
        { ground, history },
        { id, size, ...log, limits: {}, syncMsMax, clockRate },
      ),
  );
  const programs = new Programs(ground, options);
  const linked = count(size).map((id) => `${masterName(id)}:${linkPort}`);
  for (const n of count(agentCount)) {
    const place = { name: `a${n}`, masters: linked, capacity, syncMsMax, clockRate };
    agents.push(new AgentMachine({ ground, serve: programs.serving(options.executors) }, place));
  }
  for (const machine of [...masters, ...agents]) machine.start();
  return new WholeCluster({ ground, masters, agents, programs }, seed);
}

const count = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i + 1);

type Parts = {
  readonly ground: Ground;
  readonly masters: readonly MasterMachine[];
  readonly agents: readonly AgentMachine[];
  readonly programs: Programs;
};

class WholeCluster implements SimulatedCluster {
  readonly masters: readonly string[];
  readonly #with: Parts;
  readonly #seed: number;
  #storms = 0;

  constructor(parts: Parts, seed: number) {
    this.masters = parts.masters.map(({ name }) => `${name}:${httpPort}`);
    this.#with = parts;
    this.#seed = seed;
  }

  get nowMs(): number {
    return this.#with.ground.world.nowMs;
  }

  get log(): readonly LogLine[] {
    return this.#with.ground.book.lines;
  }

  get leader(): string | undefined {
    const leading = this.#with.masters.filter(({ isLeader }) => isLeader);
    return leading.length === 1 ? leading[0]?.name : undefined;
  }

  get runningTasks(): readonly string[] {
    return this.#with.ground.witness.laws.containers.runningTasks;
  }

  boot(name: string): ProgramPorts {
    assert(this.#machine(name) === undefined, `${name} is the cluster's own machine`);
    return this.#with.programs.boot(name);
  }

  crash(name: string, kind: 'process' | 'power' = 'process'): void {
    const machine = this.#machine(name);
    if (machine === undefined) this.#with.ground.world.crash(name, kind);
    else machine.crash(kind);
  }

  restart(name: string): void {
    const machine = this.#machine(name);
    assert(machine !== undefined, `${name} is no master and no agent`);
    machine.start();
  }

  partition(groups: readonly (readonly string[])[]): void {
    this.#with.ground.network.partition(groups);
  }

  setNetwork(faults: Partial<NetworkFaults>): void {
    this.#with.ground.network.setFaults({ ...CALM, ...faults });
  }

  heal(): void {
    const { ground, masters, agents } = this.#with;
    ground.network.heal();
    ground.network.setFaults(CALM);
    for (const machine of [...masters, ...agents]) machine.start();
  }

  async storm(durationMs: number): Promise<void> {
    const { ground, masters, agents, programs } = this.#with;
    const { world, network } = ground;
    // Another one each time. Programs are the test's to crash, and no machine loses its memory: the
    // tasks of one that comes back as another are in doubt for as long as masters wait for the first.
    const drawn = sampleClusterFaults(this.#seed + 1000 * this.#storms++);
    const faults = { ...drawn, schedulerCrashes: undefined, amnesia: 0 };
    const bystanders = programs.names;
    const nemesis = new ClusterNemesis(
      { world, network, masters, agents, schedulers: [], bystanders },
      faults,
    );
    programs.overhear = (call) => nemesis.overhear(call);
    nemesis.begin();
    await this.runFor(durationMs);
    nemesis.end();
    programs.overhear = undefined;
    this.heal();
  }

  async runFor(durationMs: number): Promise<void> {
    await this.#with.ground.world.runUntil(() => this.#violation !== undefined, {
      withinMs: durationMs,
    });
    this.check();
  }

  async runUntil(condition: () => boolean, { withinMs }: Within): Promise<void> {
    const isDone = (): boolean => this.#violation !== undefined || condition();
    const came = await this.#with.ground.world.runUntil(isDone, { withinMs });
    this.check();
    if (!came) throw new Error(`SEED=${this.#seed}: not within ${withinMs} virtual milliseconds`);
  }

  async settle<Value>(promise: Promise<Value>, { withinMs }: Within): Promise<Value> {
    const value = await this.#with.ground.world.settle(promise, { withinMs });
    this.check();
    return value;
  }

  check(): void {
    const violation = this.#violation;
    if (violation === undefined) return;
    throw new Error(`SEED=${this.#seed}: ${violation.message}`, { cause: violation });
  }

  [Symbol.dispose](): void {
    this.#with.ground.world.end();
  }

  get #violation(): Violation | undefined {
    return this.#with.ground.witness.violation;
  }

  #machine(name: string): MasterMachine | AgentMachine | undefined {
    const { masters, agents } = this.#with;
    return [...masters, ...agents].find((machine) => machine.name === name);
  }
}

type Listeners = Pick<SimulatedClusterOptions, 'onCall' | 'onEvent'>;

/** Programs of the test: schedulers on machines that it names, executors on machines of their own. */
class Programs {
  /** Machines that were ever booted. */
  readonly names: string[] = [];
  overhear: ((call: Call) => void) | undefined;
  readonly #ground: Ground;
  readonly #listeners: Listeners;
  readonly #disks = new Map<string, SimulatedDisk>();
  #lives = 0;

  constructor(ground: Ground, listeners: Listeners) {
    this.#ground = ground;
    this.#listeners = listeners;
  }

  boot(name: string): ProgramPorts {
    const { world, http, witness, logger } = this.#ground;
    const life = world.boot(name);
    const known = this.#disks.get(name);
    if (known === undefined) this.names.push(name);
    const disk = known ?? new SimulatedDisk({ world }, { name });
    this.#disks.set(name, disk);
    const client = tapped(
      { http: http.client(life), witness, logger },
      {
        owner: name,
        onCall: (call) => this.#hear(name, call),
        onEvent: (event) => this.#listeners.onEvent?.(event),
      },
    );
    return this.#ports(life, { http: client, files: simulatedFiles({ disk, life }) });
  }

  /** What agents run where a command is `serve`. */
  serving(
    begin: ((program: ExecutorProgramPorts) => void) | undefined,
  ): ((spec: ContainerSpec, exit: (status: number) => void) => SimulatedProgram) | undefined {
    if (begin === undefined) return undefined;
    return ({ containerId, environment }, exit) => {
      const { world, http } = this.#ground;
      const life = world.boot(`executor-${containerId}`);
      const disk = new SimulatedDisk({ world }, { name: life.name });
      const files = simulatedFiles({ disk, life });
      const ports = this.#ports(life, { http: http.client(life), files });
      begin({
        ...ports,
        environment,
        exit: (status) => {
          if (!life.alive) return;
          world.crash(life.name, 'process');
          exit(status);
        },
      });
      return { stop: () => world.crash(life.name, 'process') };
    };
  }

  #ports(life: Life, own: Pick<ProgramPorts, 'http' | 'files'>): ProgramPorts {
    const { world, logger } = this.#ground;
    const random = world.random(`${life.name} ${this.#lives++}`);
    const clock = simulatedClock({ world, life });
    return { clock, random, logger: logger.child({ machine: life.name }), ...own };
  }

  #hear(owner: string, call: Call): void {
    intendLaunches(this.#ground.witness, owner, call);
    this.#listeners.onCall?.(call);
    this.overhear?.(call);
  }
}
