/** LAUNCH_GROUP and executors, as far as a master sees them (contract 4.2, 5.5, 7.6). */
import test from 'ava';
import { runToEnd } from '#internal/base/steps.ts';
import { usageSteps } from '../api/usage.ts';
import { agentId, frameworkId, role } from '#internal/model/ids.ts';
import { format } from '#internal/resources/format.ts';
import { quantityOf } from '#internal/resources/quantities.ts';
import { consumedQuota } from '#internal/state/consumed-quota.ts';
import type { ContainerInfo, ExecutorInfo, Resource, TaskInfo } from '#proto/gen/mesos/v1.ts';
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
