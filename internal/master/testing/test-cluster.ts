/** Masters in virtual time, on one shared log, and those who talk to them. */
import { assert } from '#internal/base/assert.ts';
import { masterId } from '#internal/model/ids.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { MemoryMedium, openMemoryStore } from '#storage/memory/memory-store.ts';
import { type AllocatorSource, plainAllocator } from '../allocator-recordings.ts';
import { Master, type MasterOptions } from '../leader/master.ts';
import { type Ledger, openLedger } from '../ledger.ts';
import { SharedLog } from './shared-log.ts';
import { TestAgent } from './test-agent.ts';
import { TestScheduler } from './test-scheduler.ts';

export type TestMaster = {
  readonly nodeId: number;
  readonly master: Master;
  readonly ledger: Ledger;
};

type Options = {
  readonly seed?: number | string;
  readonly master?: Partial<MasterOptions>;
  readonly allocators?: AllocatorSource;
  /** Of the state, that all masters know: it is raised by an entry of the log. */
  readonly version?: number;
  /** Of the masters; what they say is heard by nobody otherwise. */
  readonly logger?: Logger;
  /** Called after each event of the world and all that it caused. */
  readonly afterEvent?: (label: string) => void;
};

const silent: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silent,
};

export class TestCluster {
  readonly world: SimulatedWorld;
  readonly log: SharedLog;
  readonly #options: Partial<MasterOptions>;
  readonly #allocators: AllocatorSource;
  readonly #version: number | undefined;
  readonly #logger: Logger;
  readonly #masters = new Map<number, TestMaster>();
  readonly #mediums = new Map<number, MemoryMedium>();
  /** What masters said that gave up. */
  readonly abandoned: string[] = [];
  #boots = 0;
  #schedulers = 0;

  constructor(options: Options = {}) {
    const { seed = 0, master = {}, allocators = plainAllocator, version } = options;
    const { logger = silent, afterEvent } = options;
    this.world = new SimulatedWorld({ seed, ...(afterEvent && { afterEvent }) });
    this.#logger = logger;
    this.#version = version;
    this.log = new SharedLog({ world: this.world });
    this.#options = master;
    this.#allocators = allocators;
  }

  /** Starts a master, on what its node's disk holds. */
  async start(nodeId: number): Promise<TestMaster> {
    const boot = ++this.#boots;
    const version = this.#version;
    const life = this.world.boot(`master ${nodeId}`);
    const clock = simulatedClock({ world: this.world, life });
    const medium =
      this.#mediums.get(nodeId) ??
      new MemoryMedium({ random: this.world.random(`medium ${nodeId}`) });
    this.#mediums.set(nodeId, medium);
    const mirror = await this.world.settle(openMemoryStore({ medium, life }), { withinMs: 100 });
    const opening = openLedger({ mirror, clock, logger: silent }, { mirrorIntervalMs: 100 });
    const ledger = await this.world.settle(opening, { withinMs: 100 });
    const master = new Master(
      {
        clock,
        ledger,
        logger: this.#logger,
        random: this.world.random(`master ${nodeId} boot ${boot}`),
        replicated: this.log.join(nodeId, ledger),
        allocators: this.#allocators,
        ...(version !== undefined && { versionOfAll: () => version }),
        onAbandoned: (why) => this.abandoned.push(why),
      },
      {
        nodeId,
        version: '1.12.0',
        self: {
          id: masterId(`m${nodeId}-${boot}`),
          hostname: `host${nodeId}`,
          ip: '127.0.0.1',
          httpPort: 5050 + nodeId,
          grpcPort: 5060 + nodeId,
        },
        ...this.#options,
      },
    );
    master.start();
    const started = { nodeId, master, ledger };
    this.#masters.set(nodeId, started);
    return started;
  }

  /** One master that leads. */
  async lead(nodeId = 1): Promise<TestMaster> {
    const started = this.#masters.get(nodeId) ?? (await this.start(nodeId));
    this.log.elect(nodeId);
    await this.until(() => started.master.leadership().kind === 'leading', 'nobody leads');
    return started;
  }

  /** Kills a master's program; its disk stays. */
  crash(nodeId: number): void {
    this.log.leave(nodeId);
    this.world.crash(`master ${nodeId}`, 'process');
    this.#masters.delete(nodeId);
  }

  /** An agent that is connected to a master that leads. */
  async agent(
    { master }: TestMaster,
    name: string,
    more: ConstructorParameters<typeof TestAgent>[1] = {},
  ): Promise<TestAgent> {
    const agent = new TestAgent({ world: this.world, name }, more);
    agent.connect(master.acceptAgent);
    await this.until(() => agent.heard('registered').length > 0, `${name} is not registered`);
    return agent;
  }

  /** A scheduler that is subscribed. */
  async scheduler(
    { master }: TestMaster,
    wishes: ConstructorParameters<typeof TestScheduler>[2] = {},
  ): Promise<TestScheduler> {
    const random = this.world.random(`scheduler ${this.#schedulers++}`);
    const scheduler = new TestScheduler(master, random, wishes);
    scheduler.subscribe();
    await this.until(() => scheduler.types().includes('SUBSCRIBED'), 'not subscribed');
    return scheduler;
  }

  async until(condition: () => boolean, complaint: string, withinMs = 5000): Promise<void> {
    assert(await this.world.runUntil(condition, { withinMs }), complaint);
  }

  /** Long enough for whatever was said to be heard, committed and answered; shorter than a ping. */
  async settle(): Promise<void> {
    await this.world.runFor(50);
  }
}

export type SmallCluster = {
  readonly cluster: TestCluster;
  readonly leader: TestMaster;
  readonly scheduler: TestScheduler;
  readonly agent: TestAgent;
};

/** One leader, one agent, and one scheduler that has an offer of all of it. */
export async function smallCluster(
  options: Options & { readonly framework?: ConstructorParameters<typeof TestScheduler>[2] } = {},
): Promise<SmallCluster> {
  const cluster = new TestCluster(options);
  const leader = await cluster.lead();
  const scheduler = await cluster.scheduler(leader, options.framework);
  const agent = await cluster.agent(leader, 'a1');
  await cluster.until(() => scheduler.offers.size > 0, 'no offer');
  return { cluster, leader, scheduler, agent };
}
