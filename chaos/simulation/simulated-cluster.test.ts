/** Frameworks on the client library, in a simulated cluster: what the library promises them. */
import test from 'ava';
import type { ExecutorEnd } from '#internal/client/executor.ts';
import {
  Batch,
  changesAreMadeOnce,
  executorProgram,
  executorsAreHeard,
  tasksAreHeardOf,
} from './client-laws.suite.ts';
import { simulatedCluster } from './simulated-cluster.ts';

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
