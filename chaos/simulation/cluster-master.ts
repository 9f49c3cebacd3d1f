/**
 * One master's machine: disks that outlive its programs, and on them the whole of a real master (log,
 * Raft, ledger, leader, HTTP faces, links of agents), wired as `cmd/master` wires it. What it applies
 * is told to the witness.
 */
import { newUuid } from '#internal/base/uuid.ts';
import type { CheckReport } from '#internal/master/check/check-report.ts';
import type { Random } from '#internal/base/random.ts';
import { masterHandler } from '#internal/master/api/master-handler.ts';
import { Master, masterDefaults, type MasterLimits } from '#internal/master/leader/master.ts';
import { type Ledger, openLedger } from '#internal/master/ledger.ts';
import { type AgentId, masterId } from '#internal/model/ids.ts';
import { acceptSimulatedLinks } from '#internal/rpc/link-simulated.ts';
import { type SimulatedClock, simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { SimulatedDisk } from '#internal/runtime/simulated/disk.ts';
import type { Life } from '#internal/runtime/simulated/life.ts';
import type { Answer, MasterView } from '#internal/master/door.ts';
import type { State } from '#internal/state/state.ts';
import type { Histories } from '#internal/state/state.ts';
import { newestVersion, StateVersionError } from '#internal/state/version.ts';
import type { Call } from '#proto/gen/mesos/v1/master.ts';
import { masterSideCodec } from '#internal/wire/agent-link-codec.ts';
import type { MembershipOutcome } from '#raft/node/membership.ts';
import { type NodeId, nodeId } from '#raft/core/types.ts';
import { MemoryMedium, openMemoryStore } from '#storage/memory/memory-store.ts';
import { type ClusterNode, type NodeOptions, openClusterNode } from './cluster-node.ts';
import { endingOf } from './raft-endings.ts';
import type { ClusterHistory } from './cluster-history.ts';
import {
  type Ground,
  httpPort,
  linkBacklogBytesMax,
  linkPort,
  masterName,
  groundOf,
} from './cluster-ground.ts';

export type MasterMachineOptions = NodeOptions & {
  readonly limits: Partial<MasterLimits>;
  readonly syncMsMax: number;
  /** Seconds of its clock a true second. */
  readonly clockRate: number;
};

/** What runs while the program does. */
type Running = ClusterNode & {
  readonly master: Master;
  readonly ledger: Ledger;
  readonly clock: SimulatedClock;
};

export type MasterMachineDependencies = {
  readonly ground: Ground;
  readonly history: ClusterHistory;
  /** The newest version of the state that the programs of all masters know; ours when left out. */
  readonly versionOfAll?: () => number;
};

const clusterId = 'simulated';
const supervisorMs = 100;

export class MasterMachine {
  readonly name: string;
  readonly disk: SimulatedDisk;
  /** What its program knows: an older one knows less. */
  knownVersion: number = newestVersion;
  /** Times that its program ended because of its disk, or of a state that is too new for it. */
  readonly endings: { disk: number; version: number } = { disk: 0, version: 0 };
  readonly #ground: Ground;
  readonly #history: ClusterHistory;
  readonly #options: MasterMachineOptions;
  readonly #medium: MemoryMedium;
  readonly #random: Random;
  readonly #versionOfAll: () => number;
  #lives = 0;
  #offsetMs = 0;
  #isGivenUp = false;
  #running: Running | undefined;

  constructor(
    { ground, history, versionOfAll = () => newestVersion }: MasterMachineDependencies,
    options: MasterMachineOptions,
  ) {
    const { world } = ground;
    this.name = masterName(options.id);
    const { syncMsMax } = options;
    this.disk = new SimulatedDisk({ world }, { name: this.name, syncMsMax });
    this.#medium = new MemoryMedium({ random: world.random(`mirror ${this.name}`) });
    this.#random = world.random(this.name);
    this.#ground = groundOf(ground, this.name);
    this.#history = history;
    this.#options = options;
    this.#versionOfAll = versionOfAll;
  }

  /** It leads, and knows it. */
  get isLeader(): boolean {
    return this.#running?.master.leadership().kind === 'leading';
  }

  /** Undefined while no program runs. */
  get state(): State | undefined {
    return this.#running?.ledger.state();
  }

  /** What it tells operators; undefined while no program runs. */
  /** Of its books against those of the agents. */
  check(): Promise<CheckReport | undefined> | undefined {
    return this.#running?.master.check();
  }

  get view(): MasterView | undefined {
    return this.#running?.master.view();
  }

  get appliedIndex(): number {
    return this.#running?.ledger.appliedIndex() ?? -1;
  }

  /** Undefined while no program runs. */
  operate(call: Call): Promise<Answer> | undefined {
    return this.#running?.master.operate(call);
  }

  /** Undefined while no program runs. */
  adoptVolume(agentId: AgentId, origin: string): Promise<Answer> | undefined {
    return this.#running?.master.adoptVolume(agentId, origin);
  }

  /** Those who vote, as it knows it; undefined while no program runs. */
  get voters(): readonly NodeId[] | undefined {
    return this.#running?.node.status().conf.voters;
  }

  get id(): NodeId {
    return nodeId(this.#options.id);
  }

  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  /** Undefined while no program runs. */
  changeVoters(voters: readonly NodeId[]): Promise<MembershipOutcome> | undefined {
    return this.#running?.membership.change({ voters });
  }

  /** For ever: nobody starts it again. */
  giveUp(): void {
    this.#isGivenUp = true;
    this.crash('power');
  }

  /** Sets its wall clock forward, or back when negative. It stays so. */
  jumpClock(byMs: number): void {
    this.#offsetMs += byMs;
    this.#running?.clock.jump(byMs);
  }

  start(): void {
    const { world } = this.#ground;
    if (this.#isGivenUp || world.isUp(this.name)) return;
    const life = world.boot(this.name);
    this.#lives += 1;
    this.#open(life).catch((fault: unknown) => this.#onFault(life, fault));
    life.onEnd(() => {
      this.#running = undefined;
    });
  }

  crash(kind: 'process' | 'power'): void {
    this.#ground.world.crash(this.name, kind);
  }

  pause(durationMs: number): void {
    this.#ground.world.pause(this.name, durationMs);
  }

  async #open(life: Life): Promise<void> {
    const { world, logger, links } = this.#ground;
    const { clockRate: rate } = this.#options;
    const clock = simulatedClock({ world, life }, { rate, offsetMs: this.#offsetMs });
    const random = this.#random.fork(`life ${this.#lives}`);
    const mirror = await openMemoryStore({ medium: this.#medium, life });
    const ledger = await openLedger({ mirror, clock, logger }, { mirrorIntervalMs: 1000 });
    const onFault = (fault: unknown): void => this.#onFault(life, fault);
    const opened = await openClusterNode(
      {
        ground: this.#ground,
        history: this.#history,
        life,
        clock,
        random,
        disk: this.disk,
        ledger,
        newestVersion: () => this.knownVersion,
        onFault,
      },
      this.#options,
    );
    const master = new Master(
      {
        clock,
        random,
        logger,
        ledger,
        replicated: opened.node,
        versionOfAll: this.#versionOfAll,
      },
      {
        ...masterDefaults,
        // Few enough that taking over takes several turns.
        recoverySliceMax: 3,
        // Told something else each: what the log says has to hold for all.
        histories: historiesOf(this.#options.id),
        ...this.#options.limits,
        nodeId: this.#options.id,
        version: '1.12.0',
        self: {
          id: masterId(newUuid(random)),
          hostname: this.name,
          ip: this.name,
          httpPort,
          grpcPort: linkPort,
        },
      },
    );
    acceptSimulatedLinks(
      { streams: links, life, codec: masterSideCodec },
      { backlogBytesMax: linkBacklogBytesMax, port: linkPort },
      master.acceptAgent,
    );
    master.start();
    this.#running = { ...opened, master, ledger, clock };
    const handler = masterHandler(
      { door: master, clock, random, counters: () => [] },
      { build, cluster: clusterId, flags: {}, streamBacklogBytesMax, streamDrainTimeoutMs },
    );
    const place = { host: this.name, port: httpPort, bodyBytesMax };
    await this.#ground.http.listener(life).listen(place, handler);
  }

  /** A program that cannot write stops, and its supervisor starts it again. */
  #onFault(life: Life, fault: unknown): void {
    const { world, witness } = this.#ground;
    const isTooOld = fault instanceof StateVersionError && this.knownVersion < newestVersion;
    const ending = endingOf(fault);
    if (isTooOld) this.#replace();
    else if (ending === undefined || ending === 'refused') {
      witness.fail(`${this.name} stopped`, fault);
    } else this.endings.disk++;
    if (!life.alive) return;
    this.crash('process');
    world.schedule(supervisorMs, `${this.name} supervisor`, () => this.start());
  }

  /** Its program is too old for what the masters have agreed on: the newest one is what is left. */
  #replace(): void {
    this.endings.version++;
    this.knownVersion = newestVersion;
  }
}

const bodyBytesMax = 1 << 24;
const streamBacklogBytesMax = 1 << 24;
const streamDrainTimeoutMs = 5000;

const build = {
  version: '1.12.0',
  date: '2026-01-01 00:00:00',
  timeSeconds: 1_767_225_600,
  user: 'altiplano',
  gitSha: undefined,
};

/** Never so few that what has just happened is forgotten. */
const historiesOf = (id: number): Histories => ({
  completedFrameworks: 50 - id,
  completedTasks: 300 - id,
  unreachableTasks: 300 - id,
});
