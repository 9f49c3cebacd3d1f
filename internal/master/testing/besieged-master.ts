/**
 * A master that leads, with an agent, a task and a subscribed scheduler, whose faces are given hostile
 * calls one after another. It counts the answers, and how long the loop was held up by each call and
 * by what came of it.
 */
import { assert } from '#internal/base/assert.ts';
import { format } from '#internal/resources/format.ts';
import type { HttpResponse } from '#internal/runtime/http.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import type { HostileCall, Known } from '#internal/testing/hostile/hostile-calls.ts';
import { machineToWire } from '#internal/wire/policy-record.ts';
import { facesOf, type MasterUnderTest } from '#internal/testing/master-under-test.ts';
import { type MemorySink, memorySink } from '#internal/testing/memory-sink.ts';
import type { Offer } from '#proto/gen/mesos/v1.ts';
import type { TestAgent } from './test-agent.ts';
import { TestCluster, type TestMaster } from './test-cluster.ts';
import { taskFor, type TestScheduler } from './test-scheduler.ts';

/** Longer than this no turn of a master may take, whatever it is asked. */
export const stallMsMax = 50;

/** Streams that callers hold open; beyond it the oldest are closed. */
const streamsMax = 20;

/** `turn` is its number, which is the same whenever the same is suffered. */
export type Stall = { readonly turn: number; readonly name: string; readonly ms: number };

export class BesiegedMaster {
  readonly #cluster: TestCluster;
  readonly #leader: TestMaster;
  readonly #ask: MasterUnderTest['ask'];
  #scheduler: TestScheduler;
  #agent: TestAgent;
  #agents = 0;
  readonly #streams: MemorySink[] = [];
  /** By status. */
  readonly answers: Map<number, number> = new Map();
  /** What is being suffered, and when the turn began. */
  #calling: string | undefined;
  #since: NodeJS.CpuUsage = process.threadCpuUsage();
  /** Thread time of all turns. */
  readonly turns: Stall[] = [];

  private constructor(cluster: TestCluster, leader: TestMaster, people: People) {
    this.#cluster = cluster;
    this.#leader = leader;
    this.#scheduler = people.scheduler;
    this.#agent = people.agent;
    const life = cluster.world.boot('faces');
    this.#ask = facesOf(leader.master, simulatedClock({ world: cluster.world, life }));
  }

  static async start(seed: number): Promise<BesiegedMaster> {
    let besieged: BesiegedMaster | undefined;
    const afterEvent = (label: string): void => {
      if (besieged !== undefined) besieged.#weigh(label);
    };
    const cluster = new TestCluster({ seed, afterEvent });
    const leader = await cluster.lead();
    const scheduler = await cluster.scheduler(leader);
    const agent = await cluster.agent(leader, 'a1');
    besieged = new BesiegedMaster(cluster, leader, { scheduler, agent });
    await besieged.#work();
    return besieged;
  }

  /** Makes the call, and lets all that comes of it happen. Gives what was answered. */
  async suffer(call: HostileCall): Promise<HttpResponse> {
    await this.#comeBack();
    const request = call.request(this.#known());
    this.#calling = call.name;
    this.#since = process.threadCpuUsage();
    const { world } = this.#cluster;
    const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
    world.schedule(0, 'request', () => void this.#ask(request).then(resolve, reject));
    const response = await world.settle(promise, { withinMs: 1000 });
    if (response.kind === 'stream') this.#open(response);
    await world.runFor(2);
    this.#calling = undefined;
    this.answers.set(response.status, (this.answers.get(response.status) ?? 0) + 1);
    return response;
  }

  /** Whether it still does its work: who was driven out comes back, a task is launched and ends. */
  async prove(): Promise<void> {
    const { master } = this.#leader;
    assert(master.leadership().kind === 'leading', 'it does not lead any more');
    await this.#restore();
    await this.#work();
  }

  #known(): Known {
    const view = this.#leader.master.view();
    return {
      framework: this.#scheduler.id,
      stream: this.#scheduler.streamId,
      offers: view.offers.map(({ id }) => id),
      inverseOffers: this.#scheduler.events
        .slice(-20)
        .flatMap(({ inverse_offers }) => inverse_offers?.inverse_offers ?? [])
        .map(({ id }) => id.value),
      agents: [...view.state.agents.keys()],
      tasks: [...this.#agent.tasks.keys()],
    };
  }

  #open(response: Extract<HttpResponse, { readonly kind: 'stream' }>): void {
    const sink = memorySink({ isSlow: this.#streams.length % 2 === 0 });
    this.#streams.push(sink);
    response.open(sink);
    if (this.#streams.length > streamsMax) this.#streams.shift()?.destroy();
  }

  /** A turn is over: from one event of the world to the next. */
  #weigh(label: string): void {
    if (this.#calling === undefined) return;
    const name = `${this.#calling}, ${label}`;
    this.turns.push({ turn: this.turns.length, name, ms: spentMs(this.#since) });
    this.#since = process.threadCpuUsage();
  }

  /** Whatever hostile operators took from it. */
  async #restore(): Promise<void> {
    const { master } = this.#leader;
    const order = (call: Parameters<typeof master.operate>[0]): void => void master.operate(call);
    const { state } = master.view();
    order({
      type: 'UPDATE_QUOTA',
      update_quota: {
        force: true,
        quota_configs: [...state.quotas.keys()].map((role) => ({ role })),
      },
    });
    for (const machine of state.maintenance.down) {
      order({ type: 'STOP_MAINTENANCE', stop_maintenance: { machines: [machineToWire(machine)] } });
    }
    await this.#cluster.settle();
    const schedule = { windows: [] };
    order({ type: 'UPDATE_MAINTENANCE_SCHEDULE', update_maintenance_schedule: { schedule } });
    for (const value of state.frameworks.keys()) {
      if (value === this.#scheduler.id) continue;
      order({ type: 'TEARDOWN', teardown: { framework_id: { value } } });
    }
    for (const value of state.agents.keys()) {
      order({ type: 'REACTIVATE_AGENT', reactivate_agent: { agent_id: { value } } });
    }
    await this.#cluster.settle();
  }

  #situation(): string {
    const { state, offers, connectedAgents } = this.#leader.master.view();
    return JSON.stringify(
      {
        agents: state.agents.map(({ reach, deactivation }) => [reach, deactivation]).toJSON(),
        connected: [...connectedAgents],
        frameworks: state.frameworks.map(({ framework }) => [...framework.roles]).toJSON(),
        quotas: state.quotas.toJSON(),
        loads: state.loads.map(({ used }) => format(used)).toJSON(),
        windows: state.maintenance,
        offers: offers.map(({ frameworkId, resources }) => [frameworkId, format(resources)]),
        mine: [this.#scheduler.id, this.#agent.id, this.#scheduler.types().slice(-10)],
      },
      (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
    );
  }

  /** A new agent and a new scheduler, unless the old ones still do. */
  async #comeBack(): Promise<void> {
    const { state } = this.#leader.master.view();
    const ours = state.agents.find(({ id }) => id === this.#agent.id);
    if (ours?.deactivation !== undefined || ours === undefined || !this.#agent.isConnected) {
      this.#agent = await this.#cluster.agent(this.#leader, `b${++this.#agents}`);
    }
    if (!this.#scheduler.isConnected) {
      this.#scheduler = await this.#cluster.scheduler(this.#leader);
    }
  }

  async #work(): Promise<void> {
    await this.#comeBack();
    // Others may have said something else in its name.
    this.#scheduler.subscribe();
    await this.#cluster.settle();
    void this.#scheduler.call({ type: 'REVIVE' });
    const ours = (): Offer | undefined => {
      const { master } = this.#leader;
      const offer = master
        .view()
        .offers.find(
          ({ frameworkId, agent }) =>
            frameworkId === this.#scheduler.id && agent.id === this.#agent.id,
        );
      return this.#scheduler.offers.get(offer?.id ?? '');
    };
    const isOffered = await this.#cluster.world.runUntil(() => ours() !== undefined, {
      withinMs: 20_000,
    });
    assert(isOffered, `no offer: ${this.#situation()}`);
    const offer = ours();
    assert(offer !== undefined, 'an offer that was there');
    const id = `proof ${this.#cluster.world.nowMs}`;
    await this.#cluster.world.settle(this.#scheduler.launch(offer, taskFor(offer, id)), {
      withinMs: 1000,
    });
    await this.#cluster.until(() => this.#agent.tasks.has(id), 'not launched');
    this.#agent.report(id, 'TASK_RUNNING');
    await this.#cluster.until(() => this.#scheduler.updates(id).length > 0, 'not told');
  }
}

type People = { readonly scheduler: TestScheduler; readonly agent: TestAgent };

/** What this thread has computed since, in milliseconds: other programs of the machine do not count. */
function spentMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(since);
  return (user + system) / 1000;
}
