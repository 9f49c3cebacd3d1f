/** LAUNCH_GROUP and executors, as far as a master sees them (contract 4.2, 5.5, 7.6). */
import test from 'ava';
import { runToEnd } from '#internal/base/steps.ts';
import { usageSteps } from '../api/usage.ts';
import { isTerminal } from '#internal/model/cluster.ts';
import { agentId, executorId, frameworkId, role } from '#internal/model/ids.ts';
import { format } from '#internal/resources/format.ts';
import { quantityOf } from '#internal/resources/quantities.ts';
import { consumedQuota } from '#internal/state/consumed-quota.ts';
import type {
  ContainerInfo,
  ExecutorInfo,
  Offer,
  Offer_Operation,
  Resource,
  TaskInfo,
} from '#proto/gen/mesos/v1.ts';
import type { TestAgent } from '../testing/test-agent.ts';
import { TestCluster, type TestMaster } from '../testing/test-cluster.ts';
import { taskFor, type TestScheduler } from '../testing/test-scheduler.ts';

const scalar = (name: string, value: number): Resource => ({
  name,
  type: 'SCALAR',
  scalar: { value },
});

const large = [scalar('cpus', 4), scalar('mem', 1024), scalar('disk', 1024)];

type Setting = {
  readonly cluster: TestCluster;
  readonly leader: TestMaster;
  readonly agent: TestAgent;
  readonly scheduler: TestScheduler;
};

/** One agent that has a disk too, and one scheduler that was offered all of it. */
async function setting(): Promise<Setting> {
  const cluster = new TestCluster();
  const leader = await cluster.lead();
  const scheduler = await cluster.scheduler(leader);
  const agent = await cluster.agent(leader, 'a1', { resources: large });
  await cluster.until(() => scheduler.offers.size > 0, 'no offer');
  return { cluster, leader, scheduler, agent };
}

function executorFor(
  scheduler: TestScheduler,
  id: string,
  more: Partial<ExecutorInfo> = {},
): ExecutorInfo {
  return {
    type: 'DEFAULT',
    executor_id: { value: id },
    framework_id: { value: scheduler.id },
    resources: [scalar('cpus', 0.5), scalar('mem', 32), scalar('disk', 32)],
    ...more,
  };
}

const group = (executor: ExecutorInfo, ...tasks: readonly TaskInfo[]): Offer_Operation => ({
  type: 'LAUNCH_GROUP',
  launch_group: { executor, task_group: { tasks } },
});

function ownTask(offer: Offer, executor: ExecutorInfo): TaskInfo {
  const { command: _command, ...task } = taskFor(offer, 't');
  return { ...task, executor };
}

const rest = { refuse_seconds: 0 };

/** Of what is offered next, the ids of the framework's executors. */
async function nextOffer({ cluster, scheduler }: Setting): Promise<Offer> {
  await cluster.until(() => scheduler.offers.size > 0, 'nothing is offered', 3000);
  return scheduler.offer;
}

test('a group reaches its agent whole, after it is in the log, and its executor is paid once', async (t) => {
  const around = await setting();
  const { cluster, scheduler, agent } = around;
  const { offer } = scheduler;
  cluster.log.hold();
  const executor = executorFor(scheduler, 'e1');
  await scheduler.accept(
    [offer],
    [group(executor, taskFor(offer, 't1'), taskFor(offer, 't2'))],
    rest,
  );
  await cluster.settle();
  t.deepEqual(agent.heard('run_group'), []);
  cluster.log.release();
  await cluster.settle();
  const [run, more] = agent.heard('run_group');
  t.is(more, undefined);
  t.deepEqual(
    run!.tasks!.map((task) => [task.task_id.value, task.executor?.executor_id.value]),
    [
      ['t1', 'e1'],
      ['t2', 'e1'],
    ],
  );
  t.true(run!.executor_info.resources!.every((one) => one.allocation_info?.role === 'test'));
  const again = await nextOffer(around);
  t.is(scheduler.offered('cpus'), 1.5);
  t.deepEqual(again.executor_ids, [{ value: 'e1' }]);
  // In the executor that lives already: only the task is paid.
  await scheduler.accept([again], [group(executor, taskFor(again, 't3'))], rest);
  await nextOffer(around);
  t.is(scheduler.offered('cpus'), 0.5);
  t.is(scheduler.offered('disk'), 992);
});

test('two groups of one ACCEPT may share an executor that is only just wanted', async (t) => {
  const around = await setting();
  const { scheduler, agent, cluster } = around;
  const { offer } = scheduler;
  const executor = executorFor(scheduler, 'e1');
  const groups = ['t1', 't2'].map((id) => group(executor, taskFor(offer, id)));
  await scheduler.accept([offer], groups, rest);
  await cluster.settle();
  t.deepEqual([...agent.tasks.keys()], ['t1', 't2']);
  await nextOffer(around);
  t.is(scheduler.offered('cpus'), 1.5);
});

test('what an executor holds is free with the last of its tasks', async (t) => {
  const around = await setting();
  const { cluster, leader, scheduler, agent } = around;
  const { offer } = scheduler;
  const tasks = [taskFor(offer, 't1'), taskFor(offer, 't2')];
  await scheduler.accept([offer], [group(executorFor(scheduler, 'e1'), ...tasks)], rest);
  await cluster.settle();
  const usage = runToEnd(usageSteps(leader.master.view())).used;
  const all = 'cpus(allocated: test):2.5; mem(allocated: test):160; disk(allocated: test):32';
  t.is(format(usage.ofAgent(agentId(agent.id))), all);
  t.is(format(usage.ofFramework(frameworkId(scheduler.id))), all);
  t.is(quantityOf(consumedQuota(leader.ledger.state(), role('test')), 'cpus'), 2500);
  agent.report('t1', 'TASK_RUNNING');
  agent.report('t2', 'TASK_FINISHED');
  await cluster.settle();
  t.is(scheduler.offered('cpus'), 2.5);
  await scheduler.acknowledge(scheduler.updates('t1')[0]!);
  agent.report('t1', 'TASK_FAILED');
  await cluster.settle();
  await cluster.until(() => scheduler.offered('cpus') === 4, 'not all is free', 3000);
  t.is(scheduler.offered('disk'), 1024);
  t.is([...scheduler.offers.values()].at(-1)?.executor_ids, undefined);
  agent.exit('e1', 0);
  await cluster.settle();
  t.deepEqual(scheduler.events.at(-1), {
    type: 'FAILURE',
    failure: { agent_id: { value: agent.id }, executor_id: { value: 'e1' }, status: 0 },
  });
});

test('a group with one bad task is refused whole, and consumes nothing', async (t) => {
  const around = await setting();
  const { scheduler, agent, cluster } = around;
  const { offer } = scheduler;
  const bad = taskFor(offer, 'bad', { resources: [] });
  const operation = group(executorFor(scheduler, 'e1'), taskFor(offer, 'good'), bad);
  await scheduler.accept([offer], [operation], rest);
  t.deepEqual(
    scheduler.updates().map(({ timestamp: _at, ...status }) => status),
    ['good', 'bad'].map((id) => ({
      task_id: { value: id },
      agent_id: offer.agent_id,
      state: 'TASK_ERROR' as const,
      source: 'SOURCE_MASTER' as const,
      reason: 'REASON_TASK_GROUP_INVALID' as const,
      message: "Task 'bad' is invalid: Task uses no resources",
    })),
  );
  await nextOffer(around);
  await cluster.settle();
  t.is(scheduler.offered('cpus'), 4);
  t.deepEqual([...agent.tasks.keys()], []);
});

const own = { type: 'CUSTOM', command: { value: 'run' } } as const;
const list = (cpus: number, mem = 32, disk = 32) =>
  [scalar('cpus', cpus), scalar('mem', mem), scalar('disk', disk)].filter(
    (one) => one.scalar?.value !== 0,
  );
const ports: Resource = {
  name: 'ports',
  type: 'RANGES',
  ranges: { range: [{ begin: 1n, end: 2n }] },
};
const nested = (share_cgroups: boolean): ContainerInfo => ({
  type: 'MESOS',
  linux_info: { share_cgroups },
});

/** What is wrong with an executor or a task of a group, and how a master says so (contract 5.5). */
const groupFaults: readonly (readonly [
  executor: Partial<ExecutorInfo> | ((info: ExecutorInfo) => ExecutorInfo),
  task: Partial<TaskInfo>,
  text: string | RegExp,
])[] = [
  [({ type: _type, ...info }) => info, {}, "'ExecutorInfo.type' must be set"],
  [{ type: 'UNKNOWN' }, {}, 'Unknown executor type'],
  [
    { command: { value: 'x' } },
    {},
    "'ExecutorInfo.command' must not be set for 'DEFAULT' executor",
  ],
  [
    { container: { type: 'DOCKER', docker: { image: 'i' } } },
    {},
    "'ExecutorInfo.container.type' must be 'MESOS' for 'DEFAULT' executor",
  ],
  [
    { container: { type: 'MESOS', mesos: { image: { type: 'DOCKER' } } } },
    {},
    "'ExecutorInfo.container.mesos.image' must not be set for 'DEFAULT' executor",
  ],
  [{ type: 'CUSTOM' }, {}, "'ExecutorInfo.command' must be set for 'CUSTOM' executor"],
  [
    { ...own, container: { type: 'DOCKER', docker: { image: 'i' } } },
    {},
    'Docker ContainerInfo is not supported on the executor',
  ],
  [{ executor_id: { value: 'a/b' } }, {}, "'a/b' contains invalid characters"],
  [
    { shutdown_grace_period: { nanoseconds: -1n } },
    {},
    "ExecutorInfo's 'shutdown_grace_period' must be non-negative",
  ],
  [
    { ...own, command: { value: 'x', environment: { variables: [{ name: 'N' }] } } },
    {},
    "Executor's `CommandInfo` is invalid: Environment variable 'N' of type 'VALUE' must have a value set",
  ],
  [({ framework_id: _id, ...info }) => info, {}, "'ExecutorInfo.framework_id' must be set"],
  [
    { framework_id: { value: 'F' } },
    {},
    /^ExecutorInfo has an invalid FrameworkID \(Actual: F vs Expected: .*-0000\)$/,
  ],
  [
    { resources: list(0) },
    {},
    "Executor 'e1' uses less CPUs (None) than the minimum required (0.01)",
  ],
  [
    { resources: list(0.005) },
    {},
    "Executor 'e1' uses less CPUs (0.005) than the minimum required (0.01)",
  ],
  [
    { resources: list(1, 0) },
    {},
    "Executor 'e1' uses less memory (None) than the minimum required (32MB)",
  ],
  [{ resources: list(1, 32, 0) }, {}, "Executor 'e1' uses no disk"],
  [
    { resources: [...list(1), { ...scalar('cpus', 1), revocable: {} }] },
    {},
    /^(?:Task group and executor mix|Executor mixes) revocable and non-revocable resources: /,
  ],
  [
    { resources: [...list(1), ports] },
    { resources: [scalar('cpus', 1), ports] },
    "There are overlapping resources in the task group's task resources cpus(allocated: test):1; ports(allocated: test):[1-2] and/or executor resources cpus(allocated: test):1; mem(allocated: test):32; disk(allocated: test):32; ports(allocated: test):[1-2]",
  ],
  [
    { resources: list(100) },
    {},
    'Total resources cpus(allocated: test):101; mem(allocated: test):96; disk(allocated: test):32 required by task group and its executor are more than available cpus(allocated: test):4; mem(allocated: test):1024; disk(allocated: test):1024',
  ],
  [
    {},
    { executor: { executor_id: { value: 'other' } } },
    "The `ExecutorInfo` of task 't' is different from executor 'e1'",
  ],
  [
    {},
    { container: { type: 'DOCKER', docker: { image: 'i' } } },
    "Task 't' is invalid: Docker ContainerInfo is not supported on the task",
  ],
  [
    {},
    {
      health_check: { type: 'TCP', tcp: { port: 1 } },
      container: { type: 'MESOS', network_infos: [{}] },
    },
    "Task 't' is invalid: HTTP and TCP health checks are not supported for nested containers not joining parent's network",
  ],
  [
    {},
    { agent_id: { value: 'S' } },
    /^Task 't' is invalid: Task uses invalid agent S while agent /,
  ],
  [
    {},
    { resources: [scalar('cpus', -1)] },
    "Resource 'cpus:-1' is invalid: Invalid scalar resource: value <= 0",
  ],
];

for (const [executor, task, text] of groupFaults) {
  test(`a group is refused: ${text}`, async (t) => {
    const { scheduler } = await setting();
    const { offer } = scheduler;
    const usual = executorFor(scheduler, 'e1');
    const info = typeof executor === 'function' ? executor(usual) : { ...usual, ...executor };
    await scheduler.accept([offer], [group(info, taskFor(offer, 't', task))]);
    const [status] = scheduler.updates('t');
    t.is(status?.reason, 'REASON_TASK_GROUP_INVALID');
    if (typeof text === 'string') t.is(status?.message, text);
    else t.regex(status?.message ?? '', text);
  });
}

test('the tasks of a group share their cgroups all or none, and an id is used once', async (t) => {
  const { scheduler } = await setting();
  const { offer } = scheduler;
  const executor = executorFor(scheduler, 'e1');
  const mixed = [true, false].map((shared) =>
    taskFor(offer, `${shared}`, { container: nested(shared) }),
  );
  const twins = [taskFor(offer, 'twin'), taskFor(offer, 'twin')];
  await scheduler.accept([offer], [group(executor, ...mixed), group(executor, ...twins)]);
  t.is(
    scheduler.updates('true')[0]?.message,
    "If set, the value of 'share_cgroups' must be the same for all tasks in each task group and under a single executor",
  );
  t.is(
    scheduler.updates('twin')[0]?.message,
    "Task 'twin' is invalid: Task has duplicate ID: twin",
  );
});

/** What is wrong with the executor of a task that is launched alone. */
const ownFaults: readonly (readonly [ExecutorInfo, string | RegExp])[] = [
  [{ executor_id: { value: 'e' } }, "'ExecutorInfo.command' must be set"],
  [{ executor_id: { value: 'e' }, type: 'DEFAULT' }, "'ExecutorInfo.type' must be 'CUSTOM'"],
  [
    { executor_id: { value: 'e' }, type: 'CUSTOM' },
    "'ExecutorInfo.command' must be set for 'CUSTOM' executor",
  ],
  [{ executor_id: { value: '' }, ...own }, 'ID must not be empty'],
  [
    { executor_id: { value: 'e' }, ...own, container: nested(true) },
    "The 'share_cgroups' field cannot be set to 'true' on executor containers",
  ],
  [
    { executor_id: { value: 'e' }, ...own, resources: [scalar('cpus', 100)] },
    /^Total resources cpus\(allocated: test\):101; mem\(allocated: test\):64 required by task and its executor is more than available /,
  ],
];

for (const [executor, text] of ownFaults) {
  test(`a task with an executor of its own is refused: ${text}`, async (t) => {
    const { scheduler } = await setting();
    const { offer } = scheduler;
    await scheduler.launch(offer, ownTask(offer, executor));
    const [status] = scheduler.updates('t');
    t.is(status?.reason, 'REASON_TASK_INVALID');
    if (typeof text === 'string') t.is(status?.message, text);
    else t.regex(status?.message ?? '', text);
  });
}

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
