/** A simulated agent against a real master, in virtual time: to the master it is an agent like any. */
import test from 'ava';
import { TestCluster, type TestMaster } from '#internal/master/testing/test-cluster.ts';
import { taskFor, type TestScheduler } from '#internal/master/testing/test-scheduler.ts';
import { frameworkId } from '#internal/model/ids.ts';
import type { LinkDialer } from '#internal/rpc/link.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import type { AgentMessage, MasterMessage } from '#proto/gen/altiplano/agent/v1.ts';
import { SimulatedAgent, type TaskLife } from './simulated-agent.ts';

type Door = LinkDialer<AgentMessage, MasterMessage>;

/** Dials whoever stands under a name; messages cross in a moment, and none that was overtaken. */
function doorTo(cluster: TestCluster, masters: ReadonlyMap<string, TestMaster>): Door {
  const { world } = cluster;
  return {
    dial(target, handlers) {
      let isOpen = true;
      const later = (what: () => void): void => {
        world.schedule(1, 'cross', () => {
          if (isOpen) what();
        });
      };
      const finish = (): void => {
        isOpen = false;
        handlers.onClose('closed');
      };
      const master = masters.get(target)?.master;
      if (master === undefined) {
        later(finish);
        return { peer: target, send: () => {}, close: () => {} };
      }
      const there = master.acceptAgent({
        peer: 'agent',
        send: (message) => later(() => handlers.onMessage(message)),
        close: () => later(finish),
      });
      return {
        peer: target,
        send: (message) => later(() => there.onMessage(message)),
        close: () => {
          isOpen = false;
          there.onClose('closed');
        },
      };
    },
  };
}

type Scene = {
  readonly cluster: TestCluster;
  readonly masters: Map<string, TestMaster>;
  readonly agent: SimulatedAgent;
  readonly scheduler: TestScheduler;
};

async function openScene(life: TaskLife): Promise<Scene> {
  const cluster = new TestCluster();
  const leader = await cluster.lead(1);
  const masters = new Map([
    ['m1', leader],
    ['m2', await cluster.start(2)],
  ]);
  const { world } = cluster;
  const agent = new SimulatedAgent(
    {
      clock: simulatedClock({ world, life: world.boot('agent') }),
      random: world.random('agent'),
      dialer: doorTo(cluster, masters),
    },
    {
      masters: ['m1', 'm2'],
      life,
      description: {
        agent_info: {
          hostname: 'simulated',
          resources: [
            { name: 'cpus', type: 'SCALAR', scalar: { value: 4 } },
            { name: 'mem', type: 'SCALAR', scalar: { value: 1024 } },
          ],
        },
        version: '1.12.0',
        ip: '127.0.0.1',
      },
    },
  );
  agent.start();
  await cluster.until(() => agent.counts.isRegistered, 'not registered');
  const scheduler = await cluster.scheduler(leader);
  await cluster.until(() => scheduler.offers.size > 0, 'no offer');
  return { cluster, masters, agent, scheduler };
}

async function launch({ scheduler }: Scene, ...ids: readonly string[]): Promise<void> {
  const { offer } = scheduler;
  await scheduler.launch(offer, ...ids.map((id) => taskFor(offer, id)));
}

test('a lively task is running, then finished, and forgotten when that is acknowledged', async (t) => {
  const scene = await openScene({ kind: 'lively', runMs: 2000 });
  const { cluster, agent, scheduler } = scene;
  await launch(scene, 't1');
  await cluster.until(() => scheduler.updates('t1').length === 1, 'no update');
  await cluster.world.runFor(5000);
  for (const state of ['TASK_RUNNING', 'TASK_FINISHED'] as const) {
    const [status] = scheduler.updates('t1').slice(-1);
    t.is(status?.state, state, 'the next one waits for the acknowledgement of this one');
    t.is(agent.taskCount, 1);
    if (status !== undefined) await scheduler.acknowledge(status);
    await cluster.settle();
  }
  t.is(agent.taskCount, 0);
});

test('an update goes out again until it is acknowledged', async (t) => {
  const scene = await openScene({ kind: 'lively', runMs: undefined });
  await launch(scene, 't1');
  await scene.cluster.world.runFor(45_000);
  const uuids = scene.scheduler
    .updates('t1')
    .map(({ uuid }) => Buffer.from(uuid ?? []).toString('hex'));
  t.true(uuids.length >= 3, `told ${uuids.length} times`);
  t.is(new Set(uuids).size, 1);
});

test('after a failover it is back by itself, under its id, with its tasks, none started twice', async (t) => {
  const scene = await openScene({ kind: 'silent' });
  const { cluster, agent, scheduler } = scene;
  await launch(scene, 't1', 't2', 't3');
  await cluster.until(() => agent.counts.launches === 3, 'not launched');
  const { id } = agent;
  const heir = await cluster.lead(2);
  await cluster.until(() => agent.counts.registrations === 2, 'not back');
  await cluster.settle();
  t.is(agent.id, id);
  t.deepEqual([...heir.master.view().connectedAgents].map(String), [id]);
  // What the heir sent again, if it did, the agent has not taken for new.
  t.is(agent.counts.launches, 3);
  t.is(agent.taskCount, 3);
  t.is(heir.ledger.state().frameworks.get(frameworkId(scheduler.id))?.tasks.size, 3);
});

test('one that was sent away for good stays away', async (t) => {
  const { cluster, masters, agent } = await openScene({ kind: 'silent' });
  const leader = masters.get('m1');
  const decided = leader?.master.operate({
    type: 'MARK_AGENT_GONE',
    mark_agent_gone: { agent_id: { value: agent.id ?? '' } },
  });
  await cluster.until(() => agent.counts.isDismissed, 'not dismissed');
  await cluster.world.runFor(5000);
  t.is((await decided)?.status, 200);
  t.deepEqual([...(leader?.master.view().connectedAgents ?? [])], []);
  t.is(agent.counts.registrations, 1);
});
