/** Status updates, acknowledgements, kills and reconciliation (contract 7.2, 7.5 and 7.6). */
import test from 'ava';
import { randomFromSeed } from '#internal/base/random.ts';
import { uuidText } from '#internal/base/uuid.ts';
import type { Task } from '#internal/model/cluster.ts';
import { frameworkId, taskId } from '#internal/model/ids.ts';
import { liveTask } from '#internal/state/state.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import type { TaskState, TaskStatus } from '#proto/gen/mesos/v1.ts';
import { type SmallCluster, smallCluster, type TestMaster } from '../testing/test-cluster.ts';
import { taskFor } from '../testing/test-scheduler.ts';

async function running(options: Parameters<typeof smallCluster>[0] = {}): Promise<SmallCluster> {
  const small = await smallCluster(options);
  const { scheduler, agent, cluster } = small;
  const { offer } = scheduler;
  await scheduler.launch(offer, taskFor(offer, 't1'));
  await cluster.until(() => agent.tasks.has('t1'), 'not launched');
  return small;
}

test('an update goes to its scheduler before the log knows of it', async (t) => {
  const { cluster, scheduler, agent, leader } = await running();
  cluster.log.hold();
  const status = agent.report('t1', 'TASK_RUNNING', { data: new Uint8Array([1]) });
  await cluster.settle();
  t.deepEqual(scheduler.updates('t1'), [status]);
  const logged = () =>
    liveTask(leader.ledger.state(), frameworkId(scheduler.id), taskId('t1'))!.state;
  t.is(logged(), 'staging');
  cluster.log.release();
  await cluster.settle();
  t.is(logged(), 'running');
});

test('the end of a task is told when the log has it: no leader can say otherwise then', async (t) => {
  const { cluster, scheduler, agent } = await running();
  cluster.log.hold();
  const status = agent.report('t1', 'TASK_FINISHED');
  await cluster.settle();
  await scheduler.call({ type: 'RECONCILE', reconcile: {} });
  t.deepEqual(
    scheduler.updates('t1').map(({ state }) => state),
    ['TASK_STAGING'],
    'neither told nor answered',
  );
  cluster.log.release();
  await cluster.settle();
  t.deepEqual(scheduler.updates('t1').at(-1), status);
});

test('the agent may forget an update only when its acknowledgement is in the log', async (t) => {
  const { cluster, scheduler, agent } = await running();
  const status = agent.report('t1', 'TASK_RUNNING');
  await cluster.settle();
  cluster.log.hold();
  t.is((await scheduler.acknowledge(status)).status, 202);
  await cluster.settle();
  t.deepEqual(agent.heard('acknowledge_update'), []);
  cluster.log.release();
  await cluster.settle();
  t.deepEqual(agent.heard('acknowledge_update'), [
    {
      framework_id: { value: scheduler.id },
      task_id: { value: 't1' },
      uuid: status.uuid!,
    },
  ]);
});

test('an acknowledged update that comes again is answered for, not passed on', async (t) => {
  const { cluster, scheduler, agent } = await running();
  const status = agent.report('t1', 'TASK_FINISHED');
  const { updates } = agent.tasks.get('t1')!;
  await cluster.settle();
  await scheduler.acknowledge(status);
  await cluster.settle();
  updates.push(status); // The agent has not heard: its record of the acknowledgement was lost.
  agent.resend();
  await cluster.settle();
  t.is(scheduler.updates('t1').length, 1);
  t.is(updates.length, 0);
});

test('what frees resources is the newest state, not the acknowledged one', async (t) => {
  const { cluster, scheduler, agent } = await running();
  agent.report('t1', 'TASK_STARTING');
  agent.report('t1', 'TASK_FINISHED');
  agent.resend();
  await cluster.until(() => scheduler.offered('cpus') === 4, 'not free', 6000);
  t.is(scheduler.updates('t1').at(-1)?.state, 'TASK_STARTING');
});

test('a framework that is away misses nothing: the agent sends again', async (t) => {
  const { cluster, scheduler, agent } = await running();
  scheduler.disconnect();
  agent.report('t1', 'TASK_RUNNING');
  await cluster.settle();
  t.deepEqual(scheduler.updates('t1'), []);
  scheduler.subscribe();
  await cluster.settle();
  agent.resend();
  await cluster.settle();
  t.is(scheduler.updates('t1').length, 1);
});

test('acknowledgements that cannot be meant are dropped', async (t) => {
  const { cluster, scheduler, agent, leader } = await running();
  const uuid = new Uint8Array(16).fill(0x44);
  const task_id = { value: 't1' };
  const before = cluster.log.entries.length;
  const state = 'TASK_RUNNING' as const;
  await scheduler.acknowledge({ task_id, state, uuid, agent_id: { value: 'nobody' } });
  await scheduler.acknowledge({ task_id, state, uuid, agent_id: { value: agent.id } });
  agent.report('t1', 'TASK_RUNNING');
  await cluster.settle();
  agent.disconnect();
  await scheduler.acknowledge(scheduler.updates('t1')[0]!);
  await cluster.settle();
  t.is(cluster.log.entries.length, before + 1, 'only the report is in the log');
  t.is(leader.master.leadership().kind, 'leading');
});

test('updates of a framework that was removed shut it down on the agent', async (t) => {
  const { cluster, scheduler, agent, leader } = await running();
  agent.disconnect();
  const task = agent.tasks.get('t1')!;
  await scheduler.call({ type: 'TEARDOWN' });
  await cluster.settle();
  t.true(agent.tasks.has('t1'), 'it was away');
  agent.connect(leader.master.acceptAgent);
  await cluster.settle();
  t.false(agent.tasks.has('t1'), 'told when it came back');
  agent.tasks.set('t1', task);
  agent.report('t1', 'TASK_RUNNING');
  await cluster.settle();
  t.false(agent.tasks.has('t1'), 'told when it asked');
});

test('beyond the bound, reports are dropped whole and come again', async (t) => {
  const { cluster, scheduler, agent } = await running({ master: { reportsMax: 1 } });
  cluster.log.hold();
  agent.report('t1', 'TASK_STARTING');
  await cluster.settle();
  for (let n = 0; n < 5; n++) {
    agent.resend();
    await cluster.settle();
  }
  t.is(scheduler.updates('t1').length, 2, 'one is under way and one waits');
  cluster.log.release();
  await cluster.settle();
  agent.resend();
  await cluster.settle();
  t.is(scheduler.updates('t1').length, 3);
});

test('a long status reaches the scheduler whole and the log in brief', async (t) => {
  const { cluster, scheduler, agent } = await running({ master: { taskBytesMax: 300 } });
  const message = 'x'.repeat(1000);
  agent.report('t1', 'TASK_FAILED', { message });
  await cluster.settle();
  t.is(scheduler.updates('t1')[0]!.message, message);
  t.true(cluster.log.entries.at(-1)!.data.length < 600);
});

test('a task is killed through the log, with the policy that was given', async (t) => {
  const { cluster, scheduler, agent } = await running();
  const kill_policy = { grace_period: { nanoseconds: 5n } };
  const task_id = { value: 't1' };
  await scheduler.call({ type: 'KILL', kill: { task_id, agent_id: { value: 'other' } } });
  await cluster.settle();
  t.deepEqual(agent.heard('kill_task'), [], 'another agent was meant');
  await scheduler.call({ type: 'KILL', kill: { task_id, kill_policy } });
  await cluster.settle();
  const framework_id = { value: scheduler.id };
  t.deepEqual(agent.heard('kill_task'), [{ framework_id, task_id, kill_policy }]);
});

test('a kill is repeated to an agent that was away, also by the next leader', async (t) => {
  const { cluster, scheduler, agent } = await running();
  agent.disconnect();
  await scheduler.call({ type: 'KILL', kill: { task_id: { value: 't1' } } });
  await cluster.settle();
  const next = await cluster.lead(2);
  agent.connect(next.master.acceptAgent);
  await cluster.settle();
  t.is(agent.heard('kill_task').length, 1);
});

test('a task may be killed before its launch is in the log', async (t) => {
  const { cluster, scheduler, agent } = await smallCluster();
  const { offer } = scheduler;
  cluster.log.hold();
  await scheduler.launch(offer, taskFor(offer, 't1'));
  await scheduler.call({ type: 'KILL', kill: { task_id: { value: 't1' } } });
  cluster.log.release();
  await cluster.settle();
  const order = agent.received.flatMap((message) => Object.keys(message));
  t.true(order.indexOf('run_task') < order.indexOf('kill_task') && order.includes('run_task'));
});

test('killing what nobody knows is a reconciliation of it', async (t) => {
  const { scheduler } = await smallCluster();
  await scheduler.call({ type: 'KILL', kill: { task_id: { value: 'nope' } } });
  t.like(scheduler.updates('nope')[0], { state: 'TASK_UNKNOWN', reason: 'REASON_RECONCILIATION' });
});

type Summary = readonly (string | undefined)[];
const summary = ({ task_id, state, message, agent_id }: TaskStatus): Summary => [
  task_id.value,
  state,
  message,
  agent_id?.value,
];

test('an implicit reconciliation tells the last state that was told, of every live task', async (t) => {
  const { cluster, scheduler, agent } = await running();
  const reconcile = { type: 'RECONCILE', reconcile: {} } as const;
  const latest = 'Reconciliation: Latest task state';
  await scheduler.call(reconcile);
  t.deepEqual(scheduler.updates().map(summary), [['t1', 'TASK_STAGING', latest, agent.id]]);
  agent.report('t1', 'TASK_RUNNING', { healthy: true });
  await cluster.settle();
  await scheduler.call(reconcile);
  const { timestamp, ...status } = scheduler.updates().at(-1)!;
  t.deepEqual(status, {
    task_id: { value: 't1' },
    state: 'TASK_RUNNING',
    message: latest,
    source: 'SOURCE_MASTER',
    reason: 'REASON_RECONCILIATION',
    agent_id: { value: agent.id },
    healthy: true,
  });
  t.true(timestamp! > 1e9);
});

test('no answer is older than what was told before it, whatever the log knows by then', async (t) => {
  const { cluster, scheduler, agent } = await smallCluster();
  const { offer } = scheduler;
  await scheduler.launch(offer, taskFor(offer, 't1'), taskFor(offer, 't2'));
  await cluster.until(() => agent.tasks.has('t2'), 'not launched');
  cluster.log.hold();
  agent.report('t1', 'TASK_RUNNING');
  await cluster.settle();
  agent.report('t2', 'TASK_STARTING'); // The first is on its way into the log, this one waits.
  await cluster.settle();
  const both = ['t1', 't2'].map((value) => ({ task_id: { value } }));
  for (const tasks of [[], both]) {
    await scheduler.call({ type: 'RECONCILE', reconcile: { tasks } });
    t.is(scheduler.updates('t1').at(-1)?.state, 'TASK_RUNNING');
    t.is(scheduler.updates('t2').at(-1)?.state, 'TASK_STARTING');
  }
  t.is(scheduler.updates().length, 6, 'two were told, and each question was answered for both');
  cluster.log.release();
  await cluster.settle();
});

test('an explicit reconciliation answers by the first row that fits, in both vocabularies', async (t) => {
  for (const [capabilities, word] of [
    [['MULTI_ROLE', 'PARTITION_AWARE'], (state: TaskState): TaskState => state],
    [['MULTI_ROLE'], (): TaskState => 'TASK_LOST'],
  ] as const) {
    const { cluster, leader, scheduler, agent } = await running({ framework: { capabilities } });
    const away = await cluster.agent(leader, 'away');
    away.answersPings = false;
    const isMarked = (): boolean =>
      leader.ledger.state().agents.some(({ reach }) => reach.kind === 'unreachable');
    await cluster.until(isMarked, 'still reached', 100_000);
    const ask = (task: string, on?: string) => ({
      task_id: { value: task },
      ...(on !== undefined && { agent_id: { value: on } }),
    });
    const tasks = [
      ask('t1', 'not compared'),
      ask('nope', agent.id),
      ask('nope', away.id),
      ask('nope', 'nobody'),
      ask('nope'),
    ];
    const before = scheduler.updates().length;
    await scheduler.call({ type: 'RECONCILE', reconcile: { tasks } });
    const answers = scheduler.updates().slice(before);
    t.deepEqual(answers.map(summary), [
      ['t1', 'TASK_STAGING', 'Reconciliation: Latest task state', agent.id],
      ['nope', word('TASK_GONE'), 'Reconciliation: Task is unknown to the agent', agent.id],
      ['nope', word('TASK_UNREACHABLE'), 'Reconciliation: Task is unreachable', away.id],
      ['nope', word('TASK_UNKNOWN'), 'Reconciliation: Task is unknown', 'nobody'],
      ['nope', word('TASK_UNKNOWN'), 'Reconciliation: Task is unknown', undefined],
    ]);
    t.true(answers[2]!.unreachable_time !== undefined);
  }
});

test('while an agent may still come back, its unknown tasks are met with silence', async (t) => {
  const { cluster, scheduler, agent } = await running();
  const next = await cluster.lead(2);
  scheduler.subscribe(next.master);
  await cluster.settle();
  const ask = async (on?: string): Promise<number> => {
    const before = scheduler.updates().length;
    const agent_id = on === undefined ? {} : { agent_id: { value: on } };
    const tasks = [{ task_id: { value: 'nope' }, ...agent_id }];
    await scheduler.call({ type: 'RECONCILE', reconcile: { tasks } });
    return scheduler.updates().length - before;
  };
  t.deepEqual([await ask(agent.id), await ask(), await ask('nobody')], [0, 0, 1]);
  agent.connect(next.master.acceptAgent);
  await cluster.settle();
  t.deepEqual([await ask(agent.id), await ask()], [1, 1]);
});

test('operations are reconciled by what is known of their agents', async (t) => {
  const { cluster, scheduler, agent } = await running();
  const next = await cluster.lead(2);
  scheduler.subscribe(next.master);
  await cluster.settle();
  const operation_id = { value: 'op' };
  const operations = [
    { operation_id, agent_id: { value: agent.id } },
    { operation_id, agent_id: { value: 'nobody' } },
    { operation_id },
  ];
  await scheduler.call({ type: 'RECONCILE_OPERATIONS', reconcile_operations: { operations } });
  const states = () =>
    scheduler.events.flatMap((event) => event.update_operation_status?.status.state ?? []);
  t.deepEqual(states(), ['OPERATION_RECOVERING', 'OPERATION_UNKNOWN', 'OPERATION_UNKNOWN']);
});

test('calls that nobody can hear yet are accepted and do nothing', async (t) => {
  const { scheduler, agent, cluster } = await running();
  const before = scheduler.events.length;
  const ids = { agent_id: { value: agent.id }, executor_id: { value: 'e' } };
  for (const call of [
    { type: 'MESSAGE', message: { ...ids, data: new Uint8Array() } },
    { type: 'SHUTDOWN', shutdown: ids },
    { type: 'REQUEST', request: {} },
    { type: 'ACCEPT_INVERSE_OFFERS', accept_inverse_offers: {} },
    { type: 'DECLINE_INVERSE_OFFERS', decline_inverse_offers: {} },
  ] as const) {
    t.is((await scheduler.call(call)).status, 202, call.type);
  }
  await cluster.settle();
  t.is(scheduler.events.length, before);
});

function knownTask({ ledger }: TestMaster, framework: string): Task | undefined {
  const record = ledger.state().frameworks.get(frameworkId(framework));
  return record?.tasks.get(taskId('t1')) ?? record?.completed.last();
}

/** The states that a scheduler was told, repetitions left out. */
function distinct(statuses: readonly TaskStatus[]): readonly TaskState[] {
  const seen = new Set<string>();
  return statuses.flatMap(({ state, uuid }) => {
    const key = String(uuid);
    if (seen.has(key)) return [];
    seen.add(key);
    return [state];
  });
}

test('through any number of leaders, every update arrives in order, and none after its acknowledgement', async (t) => {
  let fallen = 0;
  for (const seed of seedsOf(25)) {
    const small = await running({ seed });
    const { cluster, scheduler, agent } = small;
    const random = randomFromSeed(seed);
    const story = ['TASK_STARTING', 'TASK_RUNNING', 'TASK_RUNNING', 'TASK_FINISHED'] as const;
    let told = 0;
    let master = small.leader;
    const settled = new Set<string>();
    for (let turn = 0; turn < 120; turn++) {
      const before = scheduler.updates('t1').length;
      const known = knownTask(master, scheduler.id);
      if (known?.acknowledgedUuid !== undefined) settled.add(known.acknowledgedUuid);
      if (random.oneIn(8) && told < story.length) agent.report('t1', story[told++]!);
      if (random.oneIn(15)) {
        master = await cluster.lead(master.nodeId === 1 ? 2 : 1);
        fallen++;
      }
      if (!agent.isConnected && random.oneIn(2)) agent.connect(master.master.acceptAgent);
      if (!scheduler.isConnected && random.oneIn(2)) scheduler.subscribe(master.master);
      const last = scheduler.updates('t1').findLast(({ uuid }) => uuid !== undefined);
      if (last !== undefined && scheduler.isConnected && random.oneIn(4)) {
        await scheduler.acknowledge(last);
      }
      if (random.oneIn(4)) agent.resend();
      await cluster.world.runFor(random.below(20));
      for (const { uuid } of scheduler.updates('t1').slice(before)) {
        const isSettled = uuid !== undefined && settled.has(uuidText(uuid));
        t.false(isSettled, `SEED=${seed} turn ${turn}: sent again after its acknowledgement`);
      }
    }
    if (!agent.isConnected) agent.connect(master.master.acceptAgent);
    if (!scheduler.isConnected) scheduler.subscribe(master.master);
    while (told < story.length) agent.report('t1', story[told++]!);
    const rest = agent.tasks.get('t1')!.updates;
    for (let round = 0; round < 20 && rest.length > 0; round++) {
      await cluster.settle();
      agent.resend();
      await cluster.settle();
      const last = scheduler.updates('t1').findLast(({ uuid }) => uuid !== undefined);
      if (last !== undefined) await scheduler.acknowledge(last);
      await cluster.settle();
    }
    const fromAgent = scheduler.updates('t1').filter(({ uuid }) => uuid !== undefined);
    t.deepEqual(distinct(fromAgent), story, `SEED=${seed}`);
    t.is(rest.length, 0, `SEED=${seed}: an acknowledgement was lost for good`);
    t.is(agent.starts.get('t1'), 1, `SEED=${seed}`);
    await cluster.settle();
    const record = master.ledger.state().frameworks.get(frameworkId(scheduler.id))!;
    t.is(record.tasks.size, 0, `SEED=${seed}: the task is not completed`);
  }
  t.true(fallen > 50, `only ${fallen} leaders fell`);
});
