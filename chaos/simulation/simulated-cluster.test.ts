/** Frameworks on the client library, in a simulated cluster: what the library promises them. */
import test from 'ava';
import type { ExecutorEnd } from '#internal/client/executor.ts';
import { frameworkIdInFile } from '#internal/client/framework-id.ts';
import { openScheduler } from '#internal/client/open-scheduler.ts';
import type { Scheduler } from '#internal/client/scheduler.ts';
import {
  Batch,
  changesAreMadeOnce,
  executorProgram,
  executorsAreHeard,
  taskFor,
  tasksAreHeardOf,
} from './client-laws.suite.ts';
import { type ProgramPorts, simulatedCluster } from './simulated-cluster.ts';

const seed = Number(process.env['SEED'] ?? 1);

test.serial('a task is launched, heard of to its end, and acknowledged', async (t) => {
  using cluster = simulatedCluster({ seed: 1 });
  const batch = new Batch(cluster, 'batch', 3, 'sleep 1');
  batch.begin();
  await cluster.runUntil(() => batch.isDone, { withinMs: 30_000 });
  for (const [id, all] of batch.heard) {
    t.deepEqual([...new Set(all.map(({ state }) => state))].at(-1), 'TASK_FINISHED', id);
  }
  t.deepEqual(batch.faults, []);
  const outcome = await cluster.settle(batch.scheduler!.teardown(), { withinMs: 5000 });
  t.is(outcome.kind, 'accepted');
  t.deepEqual(await batch.scheduler?.ended, { kind: 'closed' });
});

test.serial(
  'tasks of an executor run in it and end as it says, and it ends when it is told to',
  async (t) => {
    const ends: ExecutorEnd[] = [];
    using cluster = simulatedCluster({
      seed: 1,
      agents: 1,
      executors: (ports) => executorProgram(ports, ends),
    });
    const batch = new Batch(cluster, 'batch', 3, 'delegate');
    batch.begin();
    await cluster.runUntil(() => batch.isDone, { withinMs: 30_000 });
    for (const [id, all] of batch.heard) {
      const said = all.filter(({ source }) => source === 'SOURCE_EXECUTOR');
      const states = [...new Set(said.map(({ state }) => state))];
      t.deepEqual(states, ['TASK_RUNNING', 'TASK_FINISHED'], id);
    }
    const [agentId = ''] = [...batch.heard.values()].flat().map(({ agent_id }) => agent_id?.value);
    const scheduler = batch.scheduler!;
    const place = { agentId, executorId: 'e' };
    await cluster.settle(scheduler.message(place, Uint8Array.of(1, 2)), { withinMs: 1000 });
    await cluster.runUntil(() => batch.messages.length > 0, { withinMs: 5000 });
    t.deepEqual(batch.messages, [{ ...place, bytes: Uint8Array.of(1, 2) }]);
    t.deepEqual(ends, []);
    await cluster.settle(scheduler.shutdown(place), { withinMs: 1000 });
    await cluster.runUntil(() => ends.length > 0, { withinMs: 20_000 });
    t.deepEqual(ends, [{ kind: 'shut-down' }]);
  },
);

test.serial(
  'what an executor says while its agent is away is heard when that is back',
  async (t) => {
    using cluster = simulatedCluster({
      seed: 1,
      agents: 1,
      executors: (ports) => executorProgram(ports, []),
    });
    const batch = new Batch(cluster, 'batch', 2, 'delegate');
    batch.begin();
    const isRunning = (): boolean =>
      [...batch.heard.values()].every((all) => all.some(({ state }) => state === 'TASK_RUNNING'));
    await cluster.runUntil(isRunning, { withinMs: 30_000 });
    cluster.crash('a1');
    await cluster.runFor(1500);
    t.false(batch.isDone);
    cluster.restart('a1');
    await cluster.runUntil(() => batch.isDone, { withinMs: 30_000 });
    const last = [...batch.heard.values()].map((all) => all.at(-1)?.state);
    t.deepEqual(last, ['TASK_FINISHED', 'TASK_FINISHED']);
  },
);

test.serial('of each task that was asked for an end is heard, whatever fails meanwhile', (t) =>
  tasksAreHeardOf(t, seed),
);

test.serial('of each task of an executor an end is heard, whatever fails meanwhile', (t) =>
  executorsAreHeard(t, seed),
);

test.serial(
  'what a framework changes in its store is changed once, whatever fails meanwhile',
  (t) => changesAreMadeOnce(t, seed),
);

test.serial(
  'who ends before it has dealt with an update hears it in its next life, as the same framework',
  async (t) => {
    using cluster = simulatedCluster({ seed });
    const lives: { readonly id: string | undefined; readonly uuids: string[] }[] = [];
    const begin = async (ports: ProgramPorts, isSlow: boolean): Promise<Scheduler> => {
      const uuids: string[] = [];
      const scheduler: Scheduler = await openScheduler(
        ports,
        {
          masters: cluster.masters,
          framework: { user: 'nobody', name: 'forgetful', failover_timeout: 3600 },
          identity: frameworkIdInFile(ports.files, '/id'),
        },
        {
          onSubscribed: ({ frameworkId: id }) => void lives.push({ id, uuids }),
          onOffers: async ([offer]) => {
            if (offer === undefined || !isSlow) return;
            const launch = { task_infos: [taskFor(offer, 'only', 'sleep 1')] };
            await scheduler.accept([offer], [{ type: 'LAUNCH', launch }]);
          },
          onUpdate: async ({ state, uuid }) => {
            if (state !== 'TASK_FINISHED' || uuid === undefined) return;
            uuids.push(uuid.join());
            if (isSlow) await ports.clock.sleep(1_000_000);
          },
        },
      );
      return scheduler;
    };
    await cluster.settle(begin(cluster.boot('s'), true), { withinMs: 1000 });
    await cluster.runUntil(() => lives[0]?.uuids.length === 1, { withinMs: 30_000 });
    cluster.crash('s', 'power');
    await cluster.runFor(1000);
    const second = await cluster.settle(begin(cluster.boot('s'), false), { withinMs: 1000 });
    await cluster.runUntil(() => (lives[1]?.uuids.length ?? 0) > 0, { withinMs: 60_000 });
    const [before, after] = lives;
    t.is(after?.id, before?.id);
    t.deepEqual(after?.uuids, before?.uuids);
    // It was acknowledged: nobody says it again.
    await cluster.runFor(60_000);
    t.is(after?.uuids.length, 1);
    t.is(second.frameworkId, after?.id);
  },
);

test.serial('a scheduler ends when another program takes over as its framework', async (t) => {
  using cluster = simulatedCluster({ seed });
  const options = {
    masters: cluster.masters,
    framework: { user: 'nobody', name: 'ours', id: { value: 'ours' }, failover_timeout: 60 },
  };
  let subscriptions = 0;
  const handlers = { onSubscribed: () => void subscriptions++ };
  const first = await openScheduler(cluster.boot('s1'), options, handlers);
  await cluster.runUntil(() => subscriptions === 1, { withinMs: 30_000 });
  const second = await openScheduler(cluster.boot('s2'), options, handlers);
  const end = await cluster.settle(first.ended, { withinMs: 30_000 });
  t.deepEqual(end, { kind: 'refused', reason: 'Framework failed over' });
  const put = await cluster.settle(first.store.put('k', new Uint8Array(1)), { withinMs: 10_000 });
  t.is(put.kind, 'unavailable');
  t.is((await cluster.settle(second.revive(), { withinMs: 10_000 })).kind, 'accepted');
  t.is(second.frameworkId, 'ours');
});

test.serial('a role stays suppressed under the next leader, until it is revived', async (t) => {
  using cluster = simulatedCluster({ seed });
  let offers = 0;
  let subscriptions = 0;
  const scheduler = await openScheduler(
    cluster.boot('s'),
    {
      masters: cluster.masters,
      framework: { user: 'nobody', name: 'quiet', failover_timeout: 600 },
    },
    { onOffers: (some) => void (offers += some.length), onSubscribed: () => void subscriptions++ },
  );
  await cluster.runUntil(() => offers > 0, { withinMs: 30_000 });
  await cluster.settle(scheduler.suppress(), { withinMs: 10_000 });
  const leader = cluster.leader ?? '';
  cluster.crash(leader);
  await cluster.runUntil(() => subscriptions === 2, { withinMs: 60_000 });
  const before = offers;
  await cluster.runFor(30_000);
  t.is(offers, before);
  await cluster.settle(scheduler.revive(), { withinMs: 10_000 });
  await cluster.runUntil(() => offers > before, { withinMs: 30_000 });
  t.true(offers > before);
});
