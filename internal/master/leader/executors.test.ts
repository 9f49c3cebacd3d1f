/** Executors, as far as a master sees them: how they live, are found, and end (contract 4.2, 9.5). */
import test from 'ava';
import { isTerminal } from '#internal/model/cluster.ts';
import { executorId, frameworkId } from '#internal/model/ids.ts';
import {
  executorFor,
  group,
  nextOffer,
  own,
  ownTask,
  rest,
  scalar,
  setting,
} from '../testing/group-stage.ts';
import { taskFor } from '../testing/test-scheduler.ts';
test('an executor that its framework brought stays until its agent says that it has ended', async (t) => {
  const around = await setting();
  const { cluster, scheduler, agent, leader } = around;
  const { offer } = scheduler;
  const executor = { executor_id: { value: 'e' }, ...own, resources: [scalar('cpus', 1)] };
  const task = ownTask(offer, executor);
  await scheduler.accept([offer], [{ type: 'LAUNCH', launch: { task_infos: [task] } }], rest);
  await cluster.settle();
  t.is(agent.heard('run_task')[0]?.task_info.executor?.framework_id?.value, scheduler.id);
  agent.report('t', 'TASK_FINISHED');
  await cluster.settle();
  await cluster.until(() => scheduler.offered('cpus') === 3, 'the task is not freed', 3000);
  const [known] = leader.ledger
    .state()
    .frameworks.get(frameworkId(scheduler.id))!
    .executors.values();
  t.is(known?.id, executorId('e'));
  agent.say({
    executor_exited: {
      framework_id: { value: scheduler.id },
      executor_id: { value: 'e' },
      status: 256,
    },
  });
  await cluster.until(() => scheduler.offered('cpus') === 4, 'the executor is not freed', 3000);
  t.is(scheduler.events.find(({ type }) => type === 'FAILURE')?.failure?.status, 256);
});

test('an executor that ended before it was given a task is started again, and what it holds is on offer no more', async (t) => {
  const around = await setting();
  const { cluster, leader, scheduler, agent } = around;
  const { offer } = scheduler;
  const executor = { executor_id: { value: 'e' }, ...own, resources: [scalar('cpus', 1)] };
  const first = ownTask(offer, executor);
  await scheduler.accept([offer], [{ type: 'LAUNCH', launch: { task_infos: [first] } }], rest);
  await cluster.settle();
  agent.report('t', 'TASK_FINISHED');
  await cluster.settle();
  await scheduler.acknowledge(scheduler.updates('t')[0]!);
  await cluster.until(() => scheduler.offered('cpus') === 3, 'the task is not freed', 3000);
  const other = await cluster.scheduler(leader);
  cluster.log.hold();
  const name = { framework_id: { value: scheduler.id }, executor_id: { value: 'e' } };
  agent.say({ executor_exited: { ...name, status: 0 } });
  await cluster.settle();
  const offers = [...scheduler.offers.values()];
  const second = { ...ownTask(offers[0]!, executor), task_id: { value: 't2' } };
  await scheduler.accept(offers, [{ type: 'LAUNCH', launch: { task_infos: [second] } }]);
  await cluster.settle();
  cluster.log.releaseFirst();
  await cluster.until(
    () => other.offered('cpus') === 3,
    'what the executor had is not offered',
    3000,
  );
  cluster.log.release();
  await cluster.settle();
  t.is(agent.heard('run_task').length, 2);
  t.true(other.offered('cpus') <= 2);
});

test('an executor that was started anew under a task outlives it, until its agent says that it ended', async (t) => {
  const around = await setting();
  const { cluster, scheduler, agent } = around;
  const { offer } = scheduler;
  const executor = { executor_id: { value: 'e' }, ...own, resources: [scalar('cpus', 1)] };
  const task = ownTask(offer, executor);
  await scheduler.accept([offer], [{ type: 'LAUNCH', launch: { task_infos: [task] } }], rest);
  await cluster.settle();
  const executor_info = agent.heard('run_task')[0]!.task_info.executor!;
  const started = { framework_id: { value: scheduler.id }, executor_info };
  const ended = { framework_id: started.framework_id, executor_id: executor.executor_id };
  // Each says the opposite of what the one before has not brought into the log yet.
  agent.say({ executor_launched: started });
  agent.say({ executor_exited: { ...ended, status: 0 } });
  agent.say({ executor_launched: started });
  await cluster.settle();
  agent.report('t', 'TASK_FINISHED');
  await cluster.settle();
  await scheduler.acknowledge(scheduler.updates('t')[0]!);
  await cluster.until(() => scheduler.offered('cpus') === 3, 'the task is not freed', 3000);
  agent.say({ executor_exited: { ...ended, status: 0 } });
  await cluster.until(() => scheduler.offered('cpus') === 4, 'the executor is not freed', 3000);
  agent.say({ executor_launched: started });
  await cluster.until(() => scheduler.offered('cpus') < 4, 'it is not counted', 3000);
  agent.say({ executor_exited: { ...ended, status: 0 } });
  // What was rescinded for it is not offered again at once.
  await cluster.until(() => scheduler.offered('cpus') === 4, 'it is not freed again', 10_000);
  t.is(scheduler.events.filter(({ type }) => type === 'FAILURE').length, 3);
});

test('an executor that was started anew unheard outlives its task, once its agent has come back with it', async (t) => {
  const around = await setting();
  const { cluster, leader, scheduler, agent } = around;
  const { offer } = scheduler;
  const executor = { executor_id: { value: 'e' }, ...own, resources: [scalar('cpus', 1)] };
  const launch = { task_infos: [ownTask(offer, executor)] };
  await scheduler.accept([offer], [{ type: 'LAUNCH', launch }], rest);
  await cluster.settle();
  const { task_info, framework_info: framework } = agent.heard('run_task')[0]!;
  const ended = {
    framework_id: { value: scheduler.id },
    executor_id: executor.executor_id,
    status: 0,
  };
  agent.say({ executor_exited: ended });
  await cluster.settle();
  agent.executors.set('e', { framework, info: task_info.executor! });
  agent.disconnect();
  await cluster.settle();
  agent.connect(leader.master.acceptAgent);
  await cluster.settle();
  agent.report('t', 'TASK_FINISHED');
  await cluster.settle();
  await scheduler.acknowledge(scheduler.updates('t')[0]!);
  await cluster.until(() => scheduler.offered('cpus') === 3, 'the task is not freed', 3000);
  await cluster.world.runFor(5000);
  t.is(scheduler.offered('cpus'), 3);
  agent.say({ executor_exited: ended });
  await cluster.until(() => scheduler.offered('cpus') === 4, 'the executor is not freed', 3000);
});

test('another executor under the same id is refused, with both shown', async (t) => {
  const around = await setting();
  const { scheduler } = around;
  const first = executorFor(scheduler, 'e1');
  await scheduler.accept([scheduler.offer], [group(first, taskFor(scheduler.offer, 't1'))], rest);
  const again = await nextOffer(around);
  const other = executorFor(scheduler, 'e1', { name: 'another' });
  await scheduler.accept([again], [group(other, taskFor(again, 't2'))], rest);
  const { message = '' } = scheduler.updates('t2')[0]!;
  t.true(
    message.startsWith(
      'ExecutorInfo is not compatible with existing ExecutorInfo with same ExecutorID.\n',
    ),
  );
  t.true(message.includes('another'));
});

test('a group without tasks starts its executor, which is offered until it is shut down', async (t) => {
  const around = await setting();
  const { cluster, scheduler, agent } = around;
  await scheduler.accept([scheduler.offer], [group(executorFor(scheduler, 'idle'))], rest);
  const offer = await nextOffer(around);
  t.deepEqual(offer.executor_ids, [{ value: 'idle' }]);
  t.is(scheduler.offered('cpus'), 3.5);
  const names = { agent_id: offer.agent_id, executor_id: { value: 'idle' } };
  await scheduler.call({ type: 'SHUTDOWN', shutdown: names });
  await cluster.settle();
  t.is(agent.heard('shutdown_executor')[0]?.executor_id.value, 'idle');
  agent.exit('idle', 0);
  await cluster.until(() => scheduler.offered('cpus') === 4, 'not freed', 3000);
});

test('schedulers and executors say bytes to each other', async (t) => {
  const { cluster, scheduler, agent } = await setting();
  const executor_id = { value: 'e1' };
  const agent_id = { value: agent.id };
  const data = Uint8Array.of(1, 2, 3);
  await scheduler.call({ type: 'MESSAGE', message: { agent_id, executor_id, data } });
  await cluster.settle();
  const framework_id = { value: scheduler.id };
  t.deepEqual(agent.heard('executor_message'), [{ framework_id, executor_id, data }]);
  agent.say({ executor_message: { framework_id, executor_id, data } });
  await cluster.settle();
  t.deepEqual(scheduler.events.at(-1), {
    type: 'MESSAGE',
    message: { agent_id, executor_id, data },
  });
});

test('a group that no agent heard of is sent whole by the next leader, once', async (t) => {
  const { cluster, leader, scheduler, agent } = await setting();
  const { offer } = scheduler;
  cluster.log.hold();
  const tasks = [taskFor(offer, 't1'), taskFor(offer, 't2')];
  await scheduler.accept([offer], [group(executorFor(scheduler, 'e1'), ...tasks)]);
  agent.disconnect();
  cluster.log.release();
  await cluster.settle();
  const next = await cluster.lead(2);
  t.not(next, leader);
  agent.connect(next.master.acceptAgent);
  await cluster.until(() => agent.tasks.size === 2, 'not launched');
  t.is(agent.heard('run_group').length, 1);
  t.deepEqual([...agent.starts.values()], [1, 1]);
  const { executors } = next.ledger.state().frameworks.get(frameworkId(scheduler.id))!;
  t.is(executors.size, 1);
});

test('an agent that lost its executor while it was away frees what it held', async (t) => {
  const around = await setting();
  const { cluster, leader, scheduler, agent } = around;
  const { offer } = scheduler;
  const tasks = [taskFor(offer, 't1'), taskFor(offer, 't2')];
  await scheduler.accept([offer], [group(executorFor(scheduler, 'e1'), ...tasks)], rest);
  await cluster.settle();
  agent.report('t1', 'TASK_RUNNING');
  agent.report('t2', 'TASK_RUNNING');
  await cluster.settle();
  agent.disconnect();
  agent.forgetTasks();
  await cluster.settle();
  agent.connect(leader.master.acceptAgent);
  await cluster.until(() => scheduler.offered('cpus') === 4, 'not freed', 3000);
  const { tasks: live, executors } = leader.ledger
    .state()
    .frameworks.get(frameworkId(scheduler.id))!;
  t.true([...live.values()].every(({ state }) => isTerminal(state)));
  t.is(executors.size, 0);
});

test('a framework that goes takes its executors with it', async (t) => {
  const { cluster, leader, scheduler, agent } = await setting();
  await scheduler.accept([scheduler.offer], [group(executorFor(scheduler, 'idle'))], rest);
  await cluster.settle();
  await scheduler.call({ type: 'TEARDOWN' });
  await cluster.settle();
  t.is(agent.heard('shutdown_framework').length, 1);
  t.true(leader.ledger.state().loads.isEmpty());
  const other = await cluster.scheduler(leader, { roles: ['other'] });
  await cluster.until(() => other.offered('cpus') === 4, 'not freed', 3000);
});
