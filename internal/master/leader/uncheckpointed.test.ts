/** Frameworks that did not ask for checkpoints lose what runs on an agent that disconnects (contract 7.3). */
import test from 'ava';
import type { FrameworkInfo_Capability_Type } from '#proto/gen/mesos/v1.ts';
import { type SmallCluster, smallCluster } from '../testing/test-cluster.ts';
import { taskFor } from '../testing/test-scheduler.ts';

async function running(
  checkpoint: boolean,
  capabilities: readonly FrameworkInfo_Capability_Type[] = ['MULTI_ROLE', 'PARTITION_AWARE'],
): Promise<SmallCluster> {
  const small = await smallCluster({ framework: { capabilities, checkpoint } });
  const { cluster, scheduler, agent } = small;
  const { offer } = scheduler;
  await scheduler.launch(offer, taskFor(offer, 't1'), taskFor(offer, 't2'));
  await cluster.until(() => agent.tasks.has('t2'), 'not launched');
  const status = agent.report('t1', 'TASK_RUNNING');
  await cluster.settle();
  await scheduler.acknowledge(status);
  await cluster.settle();
  return small;
}

test('they are lost when the link breaks, whatever their framework can do', async (t) => {
  for (const capabilities of [['MULTI_ROLE', 'PARTITION_AWARE'], ['MULTI_ROLE']] as const) {
    const { cluster, scheduler, agent, leader } = await running(false, capabilities);
    agent.disconnect();
    await cluster.settle();
    for (const id of ['t1', 't2']) {
      const status = scheduler.updates(id).at(-1)!;
      t.like(status, {
        state: 'TASK_LOST',
        reason: 'REASON_AGENT_DISCONNECTED',
        source: 'SOURCE_MASTER',
        message: 'Agent a1 disconnected',
      });
      t.is(status.uuid, undefined);
    }
    t.is(leader.ledger.state().loads.size, 0);
  }
});

test('with checkpoints nothing is lost', async (t) => {
  const { cluster, scheduler, agent, leader } = await running(true);
  agent.disconnect();
  await cluster.settle();
  t.deepEqual(
    scheduler.updates('t1').map(({ state }) => state),
    ['TASK_RUNNING'],
  );
  agent.connect(leader.master.acceptAgent);
  await cluster.settle();
  t.deepEqual(agent.heard('kill_task'), []);
});

test('a change of leaders is no disconnection of agents', async (t) => {
  const { cluster, scheduler, agent } = await running(false);
  const next = await cluster.lead(2);
  scheduler.subscribe(next.master);
  agent.disconnect();
  agent.connect(next.master.acceptAgent);
  await cluster.settle();
  t.false(scheduler.updates('t1').some(({ state }) => state === 'TASK_LOST'));
  t.deepEqual(agent.heard('kill_task'), []);
});

test('what was told to be lost is killed when its agent is back, and not told again', async (t) => {
  const { cluster, scheduler, agent, leader } = await running(false);
  agent.disconnect();
  await cluster.settle();
  const told = scheduler.updates('t1').length;
  agent.connect(leader.master.acceptAgent);
  await cluster.settle();
  t.deepEqual(
    agent.heard('kill_task').map(({ task_id }) => task_id.value),
    ['t1', 't2'],
  );
  agent.report('t1', 'TASK_KILLED');
  await cluster.settle();
  t.is(scheduler.updates('t1').length, told);
  t.deepEqual(agent.tasks.get('t1')!.updates, [], 'the agent may forget it');
  t.deepEqual(leader.ledger.state().frameworks.first()!.tasks.size, 0);
});

test('an end that was told before its agent was lost stays what it was', async (t) => {
  const { cluster, scheduler, agent } = await running(false);
  cluster.log.hold();
  agent.report('t1', 'TASK_FINISHED');
  await cluster.settle();
  agent.disconnect();
  cluster.log.release();
  await cluster.settle();
  t.deepEqual(
    scheduler.updates('t1').map(({ state }) => state),
    ['TASK_RUNNING', 'TASK_FINISHED'],
  );
  t.is(scheduler.updates('t2').at(-1)!.state, 'TASK_LOST');
});
