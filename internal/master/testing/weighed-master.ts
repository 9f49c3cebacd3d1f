/**
 * A master that leads, with an agent and a subscribed scheduler, whose turns are weighed: how long this
 * thread computes from one event of the world to the next, which is how long a loop would be held up.
 * Other programs of the machine do not count, nor does waiting for anything.
 *
 * The clock of the faces goes on while they compute, so that what they do in slices comes in slices.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { assert } from '#internal/base/assert.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { HttpResponse } from '#internal/runtime/http.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import type { Known } from '#internal/testing/hostile/hostile-calls.ts';
import { type Asked, facesOf, type MasterUnderTest } from '#internal/testing/master-under-test.ts';
import { memorySink } from '#internal/testing/memory-sink.ts';
import { TestCluster, type TestMaster } from './test-cluster.ts';

export type Weighed = {
  readonly response: HttpResponse;
  /** Thread time of the longest turn, from the request on until nothing more came of it. */
  readonly longestMs: number;
  /** What the loop was at then. */
  readonly label: string;
};

/** So long what a call leads to is waited for, in virtual time. */
const aftermathMs = 300;

export class WeighedMaster {
  readonly #cluster: TestCluster;
  readonly #leader: TestMaster;
  readonly #ask: MasterUnderTest['ask'];
  /** What a caller may know of it. */
  readonly known: Known;
  #weighing: Weighing | undefined;

  private constructor(whole: {
    readonly cluster: TestCluster;
    readonly leader: TestMaster;
    readonly ask: MasterUnderTest['ask'];
    readonly known: Known;
  }) {
    this.#cluster = whole.cluster;
    this.#leader = whole.leader;
    this.#ask = whole.ask;
    this.known = whole.known;
  }

  static async start(): Promise<WeighedMaster> {
    let weighed: WeighedMaster | undefined;
    const afterEvent = (label: string): void => {
      if (weighed !== undefined) weighed.#weigh(label);
    };
    const cluster = new TestCluster({ seed: 1, afterEvent });
    const leader = await cluster.lead();
    const clock = computingClock(
      simulatedClock({ world: cluster.world, life: cluster.world.boot('faces') }),
    );
    const ask = facesOf(leader.master, clock);
    const stream = await subscribed(cluster, ask);
    const agent = await cluster.agent(leader, 'a1');
    const { master } = leader;
    await cluster.until(() => master.view().offers.length > 0, 'no offer');
    const { offers, state } = master.view();
    const [framework] = state.frameworks.keys();
    assert(framework !== undefined, 'a framework that subscribed');
    const ids = offers.map(({ id }) => id);
    const known = {
      framework,
      stream,
      offers: ids,
      inverseOffers: [],
      agents: [agent.id],
      tasks: [],
    };
    weighed = new WeighedMaster({ cluster, leader, ask, known });
    return weighed;
  }

  /** Makes a call and lets all that comes of it happen. */
  async suffer(request: Asked): Promise<Weighed> {
    const { world } = this.#cluster;
    collectGarbage();
    this.#weighing = { since: process.threadCpuUsage(), longestMs: 0, label: '' };
    const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
    world.schedule(0, 'request', () => void this.#ask(request).then(resolve, reject));
    const response = await world.settle(promise, { withinMs: 60_000 });
    if (response.kind === 'stream') response.open(memorySink({ isSlow: false }));
    await world.runFor(aftermathMs);
    const { longestMs, label } = this.#weighing;
    this.#weighing = undefined;
    return { response, longestMs, label };
  }

  /** Whether it still leads and knows its framework. */
  isWell(): boolean {
    const { master } = this.#leader;
    return master.leadership().kind === 'leading' && master.view().state.agents.size > 0;
  }

  #weigh(label: string): void {
    const weighing = this.#weighing;
    if (weighing === undefined) return;
    const ms = spentMs(weighing.since);
    if (ms > weighing.longestMs) {
      weighing.longestMs = ms;
      weighing.label = label;
    }
    weighing.since = process.threadCpuUsage();
  }
}

/** What a test made before it calls is not the master's to sweep up. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  assert(typeof collect === 'function', 'an engine that collects when told to');
  collect();
}

type Weighing = { since: NodeJS.CpuUsage; longestMs: number; label: string };

/** Through the faces, so that what it is told is written as for anybody. Gives the id of the stream. */
async function subscribed(cluster: TestCluster, ask: MasterUnderTest['ask']): Promise<string> {
  const framework_info = {
    user: 'root',
    name: 'weighed',
    roles: ['test'],
    failover_timeout: 60,
    capabilities: [{ type: 'MULTI_ROLE' }, { type: 'RESERVATION_REFINEMENT' }],
  };
  const response = await ask({
    method: 'POST',
    target: '/api/v1/scheduler',
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ type: 'SUBSCRIBE', subscribe: { framework_info } })),
  });
  assert(response.kind === 'stream', 'a subscription that is a stream');
  response.open(memorySink({ isSlow: false }));
  await cluster.settle();
  return response.headers['mesos-stream-id'] ?? '';
}

/** Computing takes time by it. */
function computingClock(clock: Clock): Clock {
  const since = process.threadCpuUsage();
  return { ...clock, monotonic: () => clock.monotonic() + spentMs(since) };
}

/** What this thread has computed since, in milliseconds. */
function spentMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(since);
  return (user + system) / 1000;
}
