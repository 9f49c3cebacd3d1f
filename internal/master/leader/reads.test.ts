/** What operators read is no older than their question, whoever answers. */
import test from 'ava';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { facesOf, textOf } from '#internal/testing/master-under-test.ts';
import { TestCluster } from '../testing/test-cluster.ts';

const reads = [
  { method: 'GET', target: '/state' },
  { method: 'GET', target: '/slaves' },
  { method: 'GET', target: '/tasks' },
  { method: 'GET', target: '/weights' },
  { method: 'GET', target: '/quota' },
  { method: 'GET', target: '/maintenance/status' },
  ...['GET_STATE', 'GET_AGENTS', 'GET_TASKS', 'GET_WEIGHTS', 'GET_MASTER'].map((type) => ({
    method: 'POST',
    target: '/api/v1',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: Buffer.from(JSON.stringify({ type })),
  })),
];

test('a deposed leader that has not noticed answers no read', async (t) => {
  for (const asked of reads) {
    const cluster = new TestCluster();
    const first = await cluster.lead(1);
    await cluster.agent(first, 'a1');
    const clock = simulatedClock({ world: cluster.world, life: cluster.world.boot('clients') });
    const ask = facesOf(first.master, clock);
    const before = await cluster.world.settle(ask(asked), { withinMs: 1000 });
    t.is(before.status, 200, textOf(before));

    cluster.log.isolate(1);
    const second = await cluster.lead(2);
    await cluster.agent(second, 'a2');
    t.deepEqual(first.master.leadership(), { kind: 'leading' }, 'it has noticed');
    let answer: { readonly status: number } | undefined;
    const asking = ask(asked).then((response) => (answer = response));
    await cluster.world.runFor(10_000);
    t.is(answer, undefined, `it answered ${asked.target}, of a cluster that is not so any more`);
    // When it hears again, it sends the client to the one that leads.
    cluster.log.rejoin(1);
    const after = await cluster.world.settle(asking, { withinMs: 1000 });
    t.is(after.status, 307);
  }
});

test('a read sees every change that anybody was told of before it', async (t) => {
  const cluster = new TestCluster();
  const leader = await cluster.lead(1);
  for (let n = 1; n <= 5; n++) {
    await cluster.agent(leader, `a${n}`);
    cluster.log.hold();
    const reading = leader.master.read();
    await cluster.world.runFor(100);
    cluster.log.release();
    const view = await cluster.world.settle(reading, { withinMs: 100 });
    t.is(view?.state.agents.size, n);
  }
});

test('a master that does not lead has no view to read', async (t) => {
  const cluster = new TestCluster();
  const follower = await cluster.start(2);
  await cluster.lead(1);
  t.is(await follower.master.read(), undefined);
});
