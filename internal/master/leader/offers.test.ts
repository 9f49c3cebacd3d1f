/** Offers: what they look like, what takes them back, and when they come again (3.7, 6.6). */
import test from 'ava';
import type { Filters, FrameworkInfo_Capability_Type } from '#proto/gen/mesos/v1.ts';
import { type SmallCluster, smallCluster, TestCluster } from '../testing/test-cluster.ts';
import { taskFor } from '../testing/test-scheduler.ts';
import { masterDefaults } from './master.ts';

test('an offer says where, what, for whom and what the agent is like', async (t) => {
  const { scheduler, agent } = await smallCluster();
  const allocation_info = { role: 'test' };
  const { resources = [], ...offer } = scheduler.offer;
  t.deepEqual(offer, {
    id: { value: 'm1-1-O0' },
    framework_id: { value: scheduler.id },
    agent_id: { value: agent.id },
    hostname: 'a1',
    url: {
      scheme: 'http',
      address: { hostname: 'a1', ip: '127.0.0.1', port: 5051 },
      path: '/slave(1)',
    },
    attributes: [{ name: 'rack', type: 'TEXT', text: { value: 'r1' } }],
    allocation_info,
  });
  t.deepEqual(
    resources.toSorted((one, other) => (one.name < other.name ? -1 : 1)),
    [
      { name: 'cpus', type: 'SCALAR', scalar: { value: 4 }, allocation_info },
      { name: 'mem', type: 'SCALAR', scalar: { value: 1024 }, allocation_info },
      {
        name: 'ports',
        type: 'RANGES',
        ranges: { range: [{ begin: 31_000n, end: 32_000n }] },
        allocation_info,
      },
    ],
  );
});

test('resources take the shape that the capabilities ask for', async (t) => {
  const cpusFor = async (...capabilities: readonly FrameworkInfo_Capability_Type[]) => {
    const { scheduler } = await smallCluster({ framework: { capabilities } });
    const { resources = [], allocation_info } = scheduler.offer;
    return { allocation_info, cpus: resources.find(({ name }) => name === 'cpus') };
  };
  const cpus = { name: 'cpus', type: 'SCALAR', scalar: { value: 4 } } as const;
  const allocation_info = { role: 'test' };
  t.deepEqual(await cpusFor(), { allocation_info: undefined, cpus: { ...cpus, role: '*' } });
  t.deepEqual(await cpusFor('RESERVATION_REFINEMENT'), { allocation_info: undefined, cpus });
  t.deepEqual(await cpusFor('MULTI_ROLE'), {
    allocation_info,
    cpus: { ...cpus, role: '*', allocation_info },
  });
});

/** How long after a DECLINE the same resources are offered again, in whole seconds. */
async function secondsUntilOffered(small: SmallCluster, filters?: Filters): Promise<number> {
  const { cluster, scheduler } = small;
  const offer_ids = [scheduler.offer.id];
  scheduler.offers.clear();
  const startMs = cluster.world.nowMs;
  await scheduler.call({ type: 'DECLINE', decline: { offer_ids, ...(filters && { filters }) } });
  const isBack = (): boolean => scheduler.offers.size > 0;
  await cluster.until(isBack, 'never offered again', 400 * 24 * 3_600_000);
  return Math.floor((cluster.world.nowMs - startMs) / 1000);
}

test('a declined offer comes again when its filter is over', async (t) => {
  // Heartbeats and pings of a year would only cost time.
  const rare = 1e9;
  const quiet = { heartbeatIntervalMs: rare, agentPingTimeoutMs: rare };
  const small = await smallCluster({ master: quiet });
  const within = async (filters: Filters | undefined, atLeast: number): Promise<void> => {
    const seconds = await secondsUntilOffered(small, filters);
    const text = `${JSON.stringify(filters)}: after ${seconds} s`;
    t.true(seconds >= atLeast && seconds <= atLeast + 1, text);
  };
  await within({ refuse_seconds: 0 }, 0);
  await within({ refuse_seconds: 0.5 }, 1);
  await within({ refuse_seconds: 3 }, 3);
  await within(undefined, 5);
  await within({}, 5);
  await within({ refuse_seconds: -1 }, 5);
  await within({ refuse_seconds: Number.NaN }, 5);
  await within({ refuse_seconds: 1e300 }, 5);
});

test('who declines without a filter is offered again once a run, not at every call', async (t) => {
  const { cluster, scheduler } = await smallCluster();
  const startMs = cluster.world.nowMs;
  const rounds = 10;
  for (let round = 0; round < rounds; round++) {
    const decline = { offer_ids: [scheduler.offer.id], filters: { refuse_seconds: 0 } };
    scheduler.offers.clear();
    await scheduler.call({ type: 'DECLINE', decline });
    await cluster.until(() => scheduler.offers.size > 0, 'never offered again', 2000);
  }
  const tookMs = cluster.world.nowMs - startMs;
  t.true(tookMs >= (rounds - 1) * 1000, `${rounds} rounds took ${tookMs} ms`);
});

test('REVIVE makes an end of refusals at once', async (t) => {
  const { cluster, scheduler } = await smallCluster();
  const decline = { offer_ids: [scheduler.offer.id], filters: { refuse_seconds: 3600 } };
  scheduler.offers.clear();
  await scheduler.call({ type: 'DECLINE', decline });
  await cluster.world.runFor(3000);
  t.is(scheduler.offers.size, 0);
  await scheduler.call({ type: 'REVIVE', revive: { roles: ['nobody'] } });
  await cluster.world.runFor(3000);
  t.is(scheduler.offers.size, 0, 'a role that is not its own makes the call void');
  await scheduler.call({ type: 'REVIVE' });
  await cluster.until(() => scheduler.offers.size > 0, 'not offered', 100);
});

test('a suppressed role gets nothing until it is revived, and keeps what it was offered', async (t) => {
  const { cluster, scheduler } = await smallCluster();
  await scheduler.call({ type: 'SUPPRESS' });
  await cluster.world.runFor(3000);
  t.is(scheduler.offers.size, 1);
  const decline = { offer_ids: [scheduler.offer.id], filters: { refuse_seconds: 0 } };
  scheduler.offers.clear();
  await scheduler.call({ type: 'DECLINE', decline });
  await cluster.world.runFor(3000);
  t.is(scheduler.offers.size, 0);
  await scheduler.call({ type: 'REVIVE', revive: { roles: ['test'] } });
  await cluster.until(() => scheduler.offers.size > 0, 'not offered', 100);
});

test('roles may be suppressed from the start', async (t) => {
  const cluster = new TestCluster();
  const leader = await cluster.lead();
  const scheduler = await cluster.scheduler(leader);
  scheduler.subscribe(leader.master, { suppressed_roles: ['test'] });
  await cluster.agent(leader, 'a1');
  await cluster.world.runFor(3000);
  t.is(scheduler.offers.size, 0);
});

test('offers of a lost agent are rescinded, and made anew when it is back', async (t) => {
  const { cluster, leader, scheduler, agent } = await smallCluster();
  agent.disconnect();
  t.is(scheduler.offers.size, 0);
  t.is(scheduler.types().at(-1), 'RESCIND');
  await cluster.world.runFor(3000);
  t.is(scheduler.offers.size, 0);
  agent.connect(leader.master.acceptAgent);
  await cluster.until(() => scheduler.offered('cpus') === 4, 'not offered again');
});

test('a framework cannot decline what is offered to another', async (t) => {
  const { cluster, leader, scheduler } = await smallCluster();
  const other = await cluster.scheduler(leader, { roles: ['other'] });
  await other.call({ type: 'DECLINE', decline: { offer_ids: [scheduler.offer.id] } });
  const { offer } = scheduler;
  await scheduler.launch(offer, taskFor(offer, 't1'));
  t.deepEqual(scheduler.updates('t1'), []);
});

test('while too many offers are outstanding, nothing is offered', async (t) => {
  const { cluster, leader, scheduler } = await smallCluster({ master: { offersMax: 1 } });
  await cluster.agent(leader, 'a2');
  await cluster.world.runFor(5000);
  t.is(scheduler.offers.size, 1);
  const decline = { offer_ids: [scheduler.offer.id] };
  await scheduler.call({ type: 'DECLINE', decline });
  await cluster.until(() => scheduler.offers.size === 2, 'the other agent is not offered');
});

test('a framework is offered only what its constraints and minima let through', async (t) => {
  const cluster = new TestCluster();
  const leader = await cluster.lead();
  const scheduler = await cluster.scheduler(leader);
  const subscribe = (value: string): void => {
    const selector = { attribute_name: 'rack' };
    const group = { attribute_constraints: [{ selector, predicate: { text_equals: { value } } }] };
    const offer_constraints = { role_constraints: { test: { groups: [group] } } };
    scheduler.subscribe(leader.master, { offer_constraints });
  };
  subscribe('r2');
  await cluster.agent(leader, 'a1');
  await cluster.world.runFor(3000);
  t.is(scheduler.offers.size, 0);
  subscribe('r1');
  await cluster.until(() => scheduler.offers.size > 0, 'not offered');

  const minimum = (value: number) => ({
    test: { min_allocatable_resources: { quantities: [{ quantities: { cpus: { value } } }] } },
  });
  for (const [value, offers] of [
    [5, 0],
    [1e308, 0],
    [4, 1],
  ] as const) {
    const other = new TestCluster();
    const leading = await other.lead();
    const picky = await other.scheduler(leading, { offer_filters: minimum(value) });
    await other.agent(leading, 'a1');
    await other.world.runFor(3000);
    t.is(picky.offers.size, offers, `cpus:${value}`);
  }
});

test('a pattern that cannot be read is refused in the words of the contract', async (t) => {
  const cluster = new TestCluster();
  const leader = await cluster.lead();
  const scheduler = await cluster.scheduler(leader);
  const predicate = { text_matches: { regex: '(' } };
  const group = { attribute_constraints: [{ selector: { attribute_name: 'rack' }, predicate }] };
  const offer_constraints = { role_constraints: { test: { groups: [group] } } };
  scheduler.subscribe(leader.master, { offer_constraints });
  await cluster.world.runFor(100);
  t.regex(
    scheduler.events.find(({ error }) => error !== undefined)?.error?.message ?? '',
    /A role test has an invalid 'AttributeConstraint': Failed to construct regex from pattern '\('/,
  );
});

test('an offer that nobody answers is rescinded in time, when there is a time', async (t) => {
  const { cluster, scheduler } = await smallCluster({ master: { offerTimeoutMs: 5000 } });
  const first = scheduler.offer.id.value;
  await cluster.world.runFor(4000);
  t.is(scheduler.offer.id.value, first);
  await cluster.world.runFor(3000);
  t.true(scheduler.types().includes('RESCIND'));
  t.not(scheduler.offer.id.value, first);
});

test('a run in slices offers all that a run in one piece does', async (t) => {
  const { cluster, leader, scheduler } = await smallCluster({ master: { allocationSliceMax: 1 } });
  for (const name of ['a2', 'a3', 'a4']) await cluster.agent(leader, name);
  await cluster.until(() => scheduler.offers.size === 4, 'some are not offered');
  const other = await cluster.scheduler(leader, { roles: ['other'] });
  const offer_ids = [...scheduler.offers.values()].map(({ id }) => id);
  await scheduler.call({ type: 'DECLINE', decline: { offer_ids } });
  await cluster.until(() => other.offers.size === 4, 'the others are not offered them');
  t.pass();
});

test('agents that arrive in a crowd are offered together, and a few agents wait for nobody', async (t) => {
  const { cluster, leader, scheduler } = await smallCluster();
  const offer_ids = [scheduler.offer.id];
  await scheduler.call({
    type: 'DECLINE',
    decline: { offer_ids, filters: { refuse_seconds: 600 } },
  });
  await cluster.world.runFor(1000);
  scheduler.offers.clear();
  /** Events that tell of so many agents that arrive one by one, and how long that takes. */
  const arrive = async (first: number, count: number): Promise<readonly [number, number]> => {
    const events = (): number => scheduler.types().filter((type) => type === 'OFFERS').length;
    const [before, startMs] = [events(), cluster.world.nowMs];
    for (let number = first; number < first + count; number++) {
      await cluster.agent(leader, `a${number}`);
      await cluster.world.runFor(6);
    }
    return [events() - before, cluster.world.nowMs - startMs];
  };
  const few = 20;
  const [ofFew] = await arrive(2, few);
  t.true(ofFew >= few / 2, `${ofFew} events of ${few} agents`);
  await arrive(100, 200);
  const [ofCrowd, tookMs] = await arrive(1000, 100);
  const { gatherMs } = masterDefaults;
  t.true(ofCrowd <= 2 + tookMs / gatherMs, `${ofCrowd} events in ${tookMs} ms`);
  t.true(ofCrowd >= 2, 'they came too fast to tell');
  await cluster.until(() => scheduler.offers.size === few + 300, 'not all were offered', 200);
});
