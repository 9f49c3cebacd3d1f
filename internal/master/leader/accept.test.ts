/** ACCEPT and LAUNCH, in the strict order of contract 4.1, and as a real Mesos answered (5.5). */
import test from 'ava';
import { randomFromSeed } from '#internal/base/random.ts';
import { agentId } from '#internal/model/ids.ts';
import { contains, sum, unallocated } from '#internal/resources/resources.ts';
import { tasksOnAgent } from '#internal/state/state.ts';
import { isTerminal } from '#internal/model/cluster.ts';
import { fromJson, toJson } from '#internal/wire/json.ts';
import type { Offer, TaskInfo, TaskStatus } from '#proto/gen/mesos/v1.ts';
import { linesOf } from '#internal/testing/golden-files.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { smallCluster, type TestMaster } from '../testing/test-cluster.ts';
import { taskFor, type TestScheduler } from '../testing/test-scheduler.ts';

const cpus = (value: number) => [{ name: 'cpus', type: 'SCALAR', scalar: { value } }] as const;

test('no agent hears of a task before it is in the log', async (t) => {
  const { cluster, scheduler, agent } = await smallCluster();
  cluster.log.hold();
  const { offer } = scheduler;
  await scheduler.launch(offer, taskFor(offer, 't1'));
  await cluster.settle();
  t.deepEqual(agent.heard('run_task'), []);
  cluster.log.release();
  await cluster.settle();
  const [run] = agent.heard('run_task');
  t.is(run!.framework_info.id?.value, scheduler.id);
  const { resources: given, ...asked } = taskFor(offer, 't1');
  const { resources = [], ...sent } = run!.task_info;
  t.deepEqual(sent, asked);
  t.is(resources.length, given!.length);
  t.true(resources.every(({ allocation_info }) => allocation_info?.role === 'test'));
});

test('tasks that are decided together are told together, to an agent that takes it', async (t) => {
  for (const takes of [true, false]) {
    const { cluster, scheduler, agent, leader } = await smallCluster();
    agent.takesRunTasks = takes;
    agent.disconnect();
    agent.connect(leader.master.acceptAgent);
    await cluster.settle();
    await cluster.until(() => scheduler.offers.size > 0, 'no offer');
    const { offer } = scheduler;
    const ids = ['t1', 't2', 't3'];
    const task_infos = ids.map((id) => taskFor(offer, id));
    await scheduler.accept([offer], [{ type: 'LAUNCH', launch: { task_infos } }]);
    await cluster.until(() => agent.starts.size === 3, 'not all are started');
    t.deepEqual(
      [...agent.starts.keys()].map((key) => key.slice(-2)),
      ids,
    );
    t.is(agent.heard('run_tasks').length, takes ? 1 : 0);
    t.is(agent.heard('run_task').length, takes ? 0 : 3);
  }
});

test('what is not used comes back, with the filter of the ACCEPT', async (t) => {
  const { cluster, scheduler } = await smallCluster();
  const { offer } = scheduler;
  const operations = [{ type: 'LAUNCH', launch: { task_infos: [taskFor(offer, 't1')] } }] as const;
  await scheduler.accept([offer], operations, { refuse_seconds: 0 });
  await cluster.until(() => scheduler.offered('cpus') === 3, 'the rest is not offered', 100);
  t.is(scheduler.offered('mem'), 960);
});

test('an ACCEPT without operations, or of no tasks, is a decline', async (t) => {
  const { cluster, scheduler } = await smallCluster();
  for (const operations of [[], [{ type: 'LAUNCH', launch: {} } as const]]) {
    await scheduler.accept([scheduler.offer], operations, { refuse_seconds: 0 });
    await cluster.until(() => scheduler.offered('cpus') === 4, 'not offered again', 1000);
  }
  t.deepEqual(scheduler.updates(), []);
});

test('bad offers drop the tasks, in the words of each kind of framework', async (t) => {
  for (const [capabilities, state] of [
    [['MULTI_ROLE', 'PARTITION_AWARE'], 'TASK_DROPPED'],
    [['MULTI_ROLE'], 'TASK_LOST'],
  ] as const) {
    const { cluster, scheduler } = await smallCluster({ framework: { capabilities } });
    const { offer } = scheduler;
    const operations = [
      { type: 'LAUNCH', launch: { task_infos: [taskFor(offer, 't1')] } },
      { type: 'RESERVE', id: { value: 'op' }, reserve: {} },
    ] as const;
    const { id } = offer;
    await scheduler.accept([offer, offer], operations);
    const { timestamp, ...status } = scheduler.updates('t1')[0]!;
    t.deepEqual(status, {
      task_id: { value: 't1' },
      state,
      message: `Task launched with invalid offers: Duplicate offer ${id.value} in offer list`,
      source: 'SOURCE_MASTER',
      reason: 'REASON_INVALID_OFFERS',
      agent_id: offer.agent_id,
    });
    t.true(timestamp! > 1e9);
    t.deepEqual(scheduler.events.at(-1)?.update_operation_status?.status, {
      operation_id: { value: 'op' },
      state: 'OPERATION_ERROR',
      message: `Operation attempted with invalid offers: Duplicate offer ${id.value} in offer list`,
    });
    await cluster.until(() => scheduler.offered('cpus') === 4, 'the offer is not given back', 1000);
  }
});

test('offers are judged in order: none, twice, unknown, of another, of another role, of another agent', async (t) => {
  const { cluster, leader, scheduler } = await smallCluster({
    framework: { roles: ['test', 'b'] },
  });
  await cluster.agent(leader, 'a2');
  await cluster.until(() => scheduler.offers.size === 2, 'two agents');
  const other = await cluster.scheduler(leader, { roles: ['other'] });
  const [one, two] = [...scheduler.offers.values()];
  const task = taskFor(one!, 't');
  const launch = [{ type: 'LAUNCH', launch: { task_infos: [task] } }] as const;
  const text = async (who: TestScheduler, ...offers: readonly Offer[]) => {
    await who.accept(offers, launch);
    return who.updates('t').at(-1)!.message!.replace('Task launched with invalid offers: ', '');
  };
  const gone = { ...one!, id: { value: 'gone' } };
  t.is(await text(scheduler), 'No offers specified');
  t.is(await text(other, gone), 'Offer gone is no longer valid');
  t.is(
    await text(other, one!),
    `Offer ${one!.id.value} has invalid framework ${scheduler.id} while framework ${other.id} is expected`,
  );
  const mixed = await text(scheduler, one!, two!);
  t.is(
    mixed,
    one!.allocation_info!.role === two!.allocation_info!.role
      ? `Aggregated offers must belong to one single agent. Offer ${two!.id.value} uses agent ${two!.agent_id.value} and agent ${one!.agent_id.value}`
      : `Aggregated offers must be allocated to the same role. Offer ${two!.id.value} uses role '${two!.allocation_info!.role!} but another is using role '${one!.allocation_info!.role!}`,
  );
});

test('a bad task does not touch its siblings and consumes nothing', async (t) => {
  const { cluster, scheduler, agent } = await smallCluster();
  const { offer } = scheduler;
  const tasks = [
    taskFor(offer, 'greedy', { resources: cpus(100) }),
    taskFor(offer, 'big', { resources: cpus(3) }),
    taskFor(offer, 'too-late', { resources: cpus(1.5) }),
    taskFor(offer, 'small', { resources: cpus(1) }),
    taskFor(offer, 'small', { resources: cpus(0.1) }),
  ];
  await scheduler.launch(offer, ...tasks);
  await cluster.settle();
  t.deepEqual([...agent.tasks.keys()], ['big', 'small']);
  t.deepEqual(
    scheduler.updates().map(({ task_id, state, reason }) => [task_id.value, state, reason]),
    [
      ['greedy', 'TASK_ERROR', 'REASON_TASK_INVALID'],
      ['too-late', 'TASK_ERROR', 'REASON_TASK_INVALID'],
      ['small', 'TASK_ERROR', 'REASON_TASK_INVALID'],
    ],
  );
  t.is(scheduler.updates('small')[0]!.message, 'Task has duplicate ID: small');
});

test('operations that are not carried out say so to those who asked to be told', async (t) => {
  const { scheduler, cluster } = await smallCluster();
  const { offer } = scheduler;
  const id = { value: 'op' };
  const task_group = { tasks: [taskFor(offer, 'g1')] };
  const executor = { executor_id: { value: 'e' } };
  await scheduler.accept(
    [offer],
    [
      { type: 'RESERVE', id },
      { type: 'UNRESERVE', id },
      { type: 'UNRESERVE' },
      { type: 'UNKNOWN', id },
      { type: 'LAUNCH_GROUP', id, launch_group: { executor, task_group } },
      { type: 'LAUNCH', id, launch: { task_infos: [taskFor(offer, 't1')] } },
    ],
  );
  t.deepEqual(
    scheduler.events.flatMap((event) => event.update_operation_status?.status.message ?? []),
    [
      'Operation attempted with invalid resources: A RESERVE offer operation must have the Offer.Operation.reserve field set.',
      'Operation attempted with invalid resources: An UNRESERVE offer operation must have the Offer.Operation.unreserve field set.',
    ],
  );
  t.like(scheduler.updates('g1')[0], {
    state: 'TASK_ERROR',
    reason: 'REASON_TASK_GROUP_INVALID',
    message: 'The `id` field cannot be set on LAUNCH_GROUP operations',
  });
  t.like(scheduler.updates('t1')[0], {
    state: 'TASK_ERROR',
    reason: 'REASON_TASK_INVALID',
    message: 'The `id` field cannot be set on LAUNCH operations',
  });
  await cluster.settle();
});

test('a task that its description makes too long for the log is an error', async (t) => {
  const { scheduler } = await smallCluster({ master: { taskBytesMax: 1000 } });
  const { offer } = scheduler;
  await scheduler.launch(offer, taskFor(offer, 't1', { data: new Uint8Array(1000) }));
  t.is(scheduler.updates('t1')[0]!.message, 'Task is described by more than 1000 bytes');
});

test('an agent that is lost between ACCEPT and log gets nothing, and the task is dropped', async (t) => {
  const { cluster, leader, scheduler, agent } = await smallCluster();
  const { offer } = scheduler;
  cluster.log.hold();
  agent.say({ unregister: { message: 'going' } });
  await cluster.settle();
  await scheduler.launch(offer, taskFor(offer, 't1'));
  cluster.log.release();
  await cluster.settle();
  t.like(scheduler.updates('t1')[0], { state: 'TASK_DROPPED', reason: 'REASON_AGENT_REMOVED' });
  t.deepEqual(agent.heard('run_task'), []);
  t.is(leader.ledger.state().agents.size, 0);
});

test('a launch whose agent is away is delivered when it is back', async (t) => {
  const { cluster, leader, scheduler, agent } = await smallCluster();
  const { offer } = scheduler;
  cluster.log.hold();
  await scheduler.launch(offer, taskFor(offer, 't1'));
  agent.disconnect();
  cluster.log.release();
  await cluster.settle();
  t.deepEqual(agent.heard('run_task'), []);
  agent.connect(leader.master.acceptAgent);
  await cluster.until(() => agent.tasks.has('t1'), 'not launched');
  t.is(agent.starts.get('t1'), 1);
});

type Recorded = { readonly name: string; readonly tasks: unknown[]; readonly statuses: unknown[] };

const recorded = linesOf('testdata/oracle/scheduler-launches.jsonl')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own file.
  .map((line) => JSON.parse(line) as Recorded);

/** The agent and the time are the recording's, and so are the amounts of what was on offer. */
function comparable(status: TaskStatus, agent: string): unknown {
  const { timestamp, agent_id, message, ...rest } = status;
  return {
    ...rest,
    hasTimestamp: timestamp !== undefined,
    agent: agent_id!.value === agent ? 'the agent' : agent_id!.value,
    message: message!.replaceAll(agent, 'the agent').replace(/(?<=more than available ).*/, ''),
  };
}

const theirs = '6953569d-ccfd-41c0-aa02-4369fc403d1e-S0';

test('bad tasks get the statuses and texts that a real Mesos gives', async (t) => {
  t.true(recorded.length > 15);
  for (const { name, tasks, statuses } of recorded) {
    const { cluster, scheduler, agent } = await smallCluster();
    const { offer } = scheduler;
    const asked = tasks.map((task) => fromJson('mesos.v1.TaskInfo', JSON.stringify(task)));
    const ours = asked.map((task): TaskInfo =>
      task.agent_id.value === theirs ? { ...task, agent_id: offer.agent_id } : task,
    );
    await scheduler.launch(offer, ...ours);
    await cluster.settle();
    const expected = statuses.map((status) =>
      comparable(fromJson('mesos.v1.TaskStatus', JSON.stringify(status)), theirs),
    );
    const said = scheduler.updates().map((status) => comparable(status, agent.id));
    t.deepEqual(said, expected, name);
    t.is(agent.tasks.size, tasks.length - statuses.length, name);
    for (const status of scheduler.updates())
      t.notThrows(() => toJson('mesos.v1.TaskStatus', status));
  }
});

/** Capacity, the second invariant: counted from the log, and from what is on offer. */
function overcommitted({ ledger, master }: TestMaster): string | undefined {
  const { offers } = master.view();
  for (const agent of ledger.state().agents.values()) {
    const tasks = tasksOnAgent(ledger.state(), agentId(agent.id));
    const held = [
      ...tasks.filter(({ state }) => !isTerminal(state)).map(({ resources }) => resources),
      ...offers.filter((offer) => offer.agent.id === agent.id).map(({ resources }) => resources),
    ];
    if (!contains(agent.total, unallocated(sum(held)))) return agent.id;
  }
  return undefined;
}

test('whatever schedulers ask for and whoever leads, no agent is promised twice', async (t) => {
  let launched = 0;
  for (const seed of seedsOf(15)) {
    const { cluster, leader: first, scheduler, agent } = await smallCluster({ seed });
    let leader = first;
    const other = await cluster.scheduler(leader, { roles: ['other'] });
    const agents = [agent, await cluster.agent(leader, 'a2')];
    const random = randomFromSeed(seed);
    for (let turn = 0; turn < 80; turn++) {
      const who = random.oneIn(2) ? scheduler : other;
      const [offer] = who.offers.values();
      if (offer !== undefined && who.isConnected) {
        const tasks = Array.from({ length: random.below(4) }, (_, n) =>
          taskFor(offer, `${turn}-${n}`, { resources: cpus(1 + random.below(20) / 10) }),
        );
        const launch = [{ type: 'LAUNCH', launch: { task_infos: tasks } }] as const;
        await who.accept([offer], launch, { refuse_seconds: random.below(2) });
      }
      for (const one of agents) {
        for (const [id, task] of one.tasks) {
          if (task.state === 'TASK_STAGING' && random.oneIn(3)) one.report(id, 'TASK_FINISHED');
        }
        if (random.oneIn(15)) one.disconnect();
        if (!one.isConnected) one.connect(leader.master.acceptAgent);
      }
      if (random.oneIn(20)) leader = await cluster.lead(3 - leader.nodeId);
      for (const one of [scheduler, other]) {
        if (random.oneIn(20)) one.disconnect();
        if (!one.isConnected) one.offers.clear();
        if (!one.isConnected) one.subscribe(leader.master);
      }
      await cluster.world.runFor(random.below(500));
      t.is(overcommitted(leader), undefined, `SEED=${seed} turn ${turn}`);
    }
    for (const one of agents) {
      launched += one.starts.size;
      t.true(
        [...one.starts.values()].every((count) => count === 1),
        `SEED=${seed}: started twice`,
      );
    }
    for (const one of agents) {
      if (!one.isConnected) one.connect(leader.master.acceptAgent);
    }
    const isQuiet = (): boolean => scheduler.isConnected && agents.every((one) => one.isConnected);
    await cluster.world.runFor(1000);
    t.true(isQuiet(), `SEED=${seed}`);
    for (const one of agents) {
      for (const [id, { state }] of one.tasks) {
        if (state === 'TASK_STAGING') one.report(id, 'TASK_FINISHED');
      }
      one.resend();
    }
    await cluster.world.runFor(10_000);
    const offered = Math.round(1000 * (scheduler.offered('cpus') + other.offered('cpus')));
    t.is(offered, 8000, `SEED=${seed}: all that was held is on offer again`);
  }
  t.true(launched > 100, `only ${launched} tasks were launched`);
});
