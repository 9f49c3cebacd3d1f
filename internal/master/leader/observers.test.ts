/** Operators who watch a cluster, through the faces of its leader (contract 11). */
import test from 'ava';
import { runToEnd } from '#internal/base/steps.ts';
import type { Random } from '#internal/base/random.ts';
import { linesOf } from '#internal/testing/golden-files.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { toJson } from '#internal/wire/json.ts';
import { settled } from '#internal/wire/streamed.ts';
import type { Event, Response_GetState } from '#proto/gen/mesos/v1/master.ts';
import { stateSteps } from '../api/operator-replies.ts';
import type { TestAgent } from '../testing/test-agent.ts';
import { smallCluster, TestCluster, type TestMaster } from '../testing/test-cluster.ts';
import { type TestOperator, watch } from '../testing/test-operator.ts';
import { taskFor, type TestScheduler } from '../testing/test-scheduler.ts';

const typesOf = (operator: TestOperator): readonly (string | undefined)[] =>
  operator.events().map(({ type }) => type);

test('an operator is shown the state and a heartbeat, then what changes, in the order of the log', async (t) => {
  const cluster = new TestCluster();
  const leader = await cluster.lead();
  const operator = await watch(cluster, leader);
  t.deepEqual(typesOf(operator), ['SUBSCRIBED', 'HEARTBEAT']);
  const scheduler = await cluster.scheduler(leader);
  const agent = await cluster.agent(leader, 'a1');
  await cluster.until(() => scheduler.offers.size > 0, 'no offer');
  const { offer } = scheduler;
  await scheduler.launch(offer, taskFor(offer, 't1'));
  await cluster.until(() => agent.tasks.has('t1'), 'not launched');
  await scheduler.acknowledge(agent.report('t1', 'TASK_RUNNING'));
  await cluster.settle();
  agent.resend();
  agent.report('t1', 'TASK_RUNNING', { message: 'nothing new' });
  agent.say({ unregister: { message: 'bye' } });
  await cluster.settle();
  await scheduler.call({ type: 'TEARDOWN' });
  await cluster.settle();
  t.deepEqual(typesOf(operator).slice(2), [
    'FRAMEWORK_ADDED',
    'AGENT_ADDED',
    'TASK_ADDED',
    'TASK_UPDATED',
    'TASK_UPDATED',
    'AGENT_REMOVED',
    'FRAMEWORK_REMOVED',
  ]);
  const states = operator.events().flatMap(({ task_updated }) => task_updated?.state ?? []);
  t.deepEqual(states, ['TASK_RUNNING', 'TASK_LOST']);
});

test('a scheduler that comes again, or says something new of itself, is told of as changed', async (t) => {
  const { cluster, leader, scheduler } = await smallCluster();
  const operator = await watch(cluster, leader);
  scheduler.subscribe();
  await cluster.settle();
  const same = { framework_info: scheduler.info };
  void scheduler.call({ type: 'UPDATE_FRAMEWORK', update_framework: same });
  await cluster.settle();
  const other = { framework_info: { ...scheduler.info, name: 'other' } };
  void scheduler.call({ type: 'UPDATE_FRAMEWORK', update_framework: other });
  await cluster.settle();
  const names = operator
    .events()
    .flatMap(({ framework_updated }) => framework_updated?.framework.framework_info.name ?? []);
  t.deepEqual(names, ['test', 'other']);
});

test('a check of a task that goes on running is told of, although its state is the same', async (t) => {
  const { cluster, leader, scheduler, agent } = await smallCluster();
  const { offer } = scheduler;
  await scheduler.launch(offer, taskFor(offer, 't1'));
  await cluster.until(() => agent.tasks.has('t1'), 'not launched');
  const operator = await watch(cluster, leader);
  const reason = 'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED';
  for (const more of [{}, { reason, healthy: true } as const]) {
    const status = agent.report('t1', 'TASK_RUNNING', more);
    await cluster.settle();
    await scheduler.acknowledge(status);
    await cluster.settle();
  }
  const told = operator.events().flatMap(({ task_updated }) => task_updated ?? []);
  t.deepEqual(
    told.map(({ status }) => status.healthy),
    [undefined, true],
  );
});

test('heartbeats come in their time, and nothing comes after a leadership', async (t) => {
  const { cluster, leader } = await smallCluster();
  const operator = await watch(cluster, leader);
  const before = typesOf(operator).length;
  await cluster.world.runFor(45_100);
  t.deepEqual(typesOf(operator).slice(before), ['HEARTBEAT', 'HEARTBEAT', 'HEARTBEAT']);
  await cluster.lead(2);
  await cluster.settle();
  t.is(operator.sink.state(), 'ended');
});

test('one operator too many, and the one who has watched longest is let go', async (t) => {
  const { cluster, leader } = await smallCluster({ master: { observersMax: 2 } });
  const operators = [];
  for (const name of ['o1', 'o2', 'o3']) operators.push(await watch(cluster, leader, { name }));
  t.deepEqual(
    operators.map(({ sink }) => sink.state()),
    ['ended', 'open', 'open'],
  );
});

test('one who does not read is let go, and the others hear everything', async (t) => {
  const { cluster, leader } = await smallCluster();
  const slow = await watch(cluster, leader, { name: 'slow', isSlow: true });
  const quick = await watch(cluster, leader, { name: 'quick' });
  for (let i = 0; i < 20; i++) await cluster.scheduler(leader, { name: `f${i}` });
  t.is(slow.sink.state(), 'ended');
  t.true(slow.events().length < quick.events().length);
  t.is(quick.events().filter(({ type }) => type === 'FRAMEWORK_ADDED').length, 20);
});

test('protobuf tells the same as JSON', async (t) => {
  const { cluster, leader, scheduler, agent } = await smallCluster();
  const json = await watch(cluster, leader, { name: 'json' });
  const protobuf = await watch(cluster, leader, {
    name: 'protobuf',
    accept: 'application/x-protobuf',
  });
  const { offer } = scheduler;
  await scheduler.launch(offer, taskFor(offer, 't1'));
  await cluster.until(() => agent.tasks.has('t1'), 'not launched');
  agent.report('t1', 'TASK_FINISHED');
  await cluster.settle();
  t.true(json.events().length >= 4);
  const textOf = (event: Event): string => toJson('mesos.v1.master.Event', event);
  t.deepEqual(protobuf.events().map(textOf), json.texts());
});

/** Everybody known, and of each task the newest state, as an operator would add it up. */
type Picture = {
  readonly agents: Set<string>;
  readonly frameworks: Set<string>;
  readonly tasks: Map<string, string>;
};

function pictureOf(state: Response_GetState): Picture {
  const { get_agents, get_frameworks, get_tasks } = state;
  const { tasks = [], unreachable_tasks = [], completed_tasks = [] } = get_tasks ?? {};
  const all = [...completed_tasks, ...unreachable_tasks, ...tasks];
  const frameworks = get_frameworks?.frameworks ?? [];
  return {
    agents: new Set(get_agents?.agents?.map(({ agent_info }) => agent_info.id?.value ?? '')),
    frameworks: new Set(frameworks.map(({ framework_info }) => framework_info.id?.value ?? '')),
    tasks: new Map(
      all.map(({ framework_id, task_id, state: is }) => [
        `${framework_id.value} ${task_id.value}`,
        is,
      ]),
    ),
  };
}

function addUp(events: readonly Event[]): Picture {
  const picture = pictureOf(events[0]?.subscribed?.get_state ?? {});
  for (const event of events.slice(1)) {
    const { task_added, task_updated, framework_added, framework_removed } = event;
    if (task_added !== undefined) {
      const { framework_id, task_id, state } = task_added.task;
      picture.tasks.set(`${framework_id.value} ${task_id.value}`, state);
    }
    if (task_updated !== undefined) {
      const { framework_id, status, state } = task_updated;
      picture.tasks.set(`${framework_id.value} ${status.task_id.value}`, state);
    }
    const added = event.agent_added?.agent.agent_info.id;
    if (added !== undefined) picture.agents.add(added.value);
    picture.agents.delete(event.agent_removed?.agent_id.value ?? '');
    const joined = framework_added?.framework.framework_info.id;
    if (joined !== undefined) picture.frameworks.add(joined.value);
    picture.frameworks.delete(framework_removed?.framework_info.id?.value ?? '');
  }
  return picture;
}

const sorted = ({ agents, frameworks, tasks }: Picture): unknown => ({
  agents: [...agents].toSorted(),
  frameworks: [...frameworks].toSorted(),
  tasks: Object.fromEntries([...tasks].toSorted(([one], [other]) => (one < other ? -1 : 1))),
});

type Actors = {
  readonly cluster: TestCluster;
  readonly leader: TestMaster;
  readonly scheduler: TestScheduler;
  readonly agents: readonly TestAgent[];
};

/** Something happens that a cluster has to live with. */
function happen(
  { cluster, leader, scheduler, agents }: Actors,
  random: Random,
  step: number,
): void {
  const agent = agents[random.below(agents.length)]!;
  switch (random.below(7)) {
    case 0:
    case 1: {
      const [offer] = scheduler.offers.values();
      if (offer !== undefined && scheduler.isConnected) {
        void scheduler.launch(offer, taskFor(offer, `t${step}`), taskFor(offer, `u${step}`));
      }
      return;
    }
    case 2: {
      const [id] = [...agent.tasks].find(([, { updates }]) => updates.length === 0) ?? [];
      if (id !== undefined) agent.report(id, random.oneIn(2) ? 'TASK_RUNNING' : 'TASK_FINISHED');
      return;
    }
    case 3:
      for (const status of scheduler.updates().slice(-3)) {
        if (status.uuid !== undefined && scheduler.isConnected) void scheduler.acknowledge(status);
      }
      return;
    case 4:
      agent.disconnect();
      return;
    case 5:
      if (!agent.isConnected) agent.connect(leader.master.acceptAgent);
      return;
    default:
      if (random.chance(0.3)) scheduler.disconnect();
      if (!scheduler.isConnected) scheduler.subscribe();
      cluster.world.schedule(1, 'resend', () => agent.resend());
  }
}

test('what an operator is told adds up to the state, whatever happens', async (t) => {
  let lost = 0;
  for (const seed of seedsOf(15)) {
    const { cluster, leader, scheduler, agent } = await smallCluster({
      seed,
      master: { agentReregisterTimeoutMs: 2000 },
    });
    const agents = [agent, await cluster.agent(leader, 'a2')];
    const random = cluster.world.random('happenings');
    let operator = await watch(cluster, leader);
    for (let step = 0; step < 60; step++) {
      happen({ cluster, leader, scheduler, agents }, random, step);
      await cluster.world.runFor(1 + random.below(400));
      if (step === 20) operator = await watch(cluster, leader, { name: 'late' });
    }
    await cluster.settle();
    const events = operator.events();
    const told = addUp(events);
    const view = leader.master.view();
    const truth = pictureOf(settled<Response_GetState>(runToEnd(stateSteps(view))));
    for (const [id, record] of view.state.agents) {
      // Of those that cannot be reached operators hear by their tasks alone.
      if (record.reach.kind === 'unreachable') told.agents.delete(id);
    }
    lost += events.filter(({ task_updated }) => task_updated?.state === 'TASK_UNREACHABLE').length;
    t.deepEqual(sorted(told), sorted(truth), `SEED=${seed}`);
  }
  t.true(lost > 0, 'no agent was ever out of reach');
});

/** `task_added.task.state: string`; places in lists are all one place. */
function shapeOf(value: unknown, path = ''): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => shapeOf(item, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [`${path}: ${typeof value}`];
  return Object.entries(value).flatMap(([key, member]) => shapeOf(member, `${path}.${key}`));
}

/** Other agents and tasks have other things; `checkpoint` of an agent is no field of v1. */
const elsewhere =
  /agent_info\.checkpoint|capabilities|executor_id|container_status|labels|allocated_resources|drain|principal|kill_policy|status\.(message|reason)|healthy/;

/** Of a task that is back Mesos shows what its agent says, ours also what was said of it before. */
const remembered =
  /task_added\.task\.(status_update_|statuses\[\]\.(message|reason|unreachable_time))/;

test('every event has the shape of those that a real Mesos sent', async (t) => {
  const { cluster, leader, scheduler, agent } = await smallCluster({
    master: { agentReregisterTimeoutMs: 1000 },
  });
  const operator = await watch(cluster, leader);
  const { offer } = scheduler;
  await scheduler.launch(offer, taskFor(offer, 't1'));
  await cluster.until(() => agent.tasks.has('t1'), 'not launched');
  agent.report('t1', 'TASK_RUNNING');
  await cluster.settle();
  agent.disconnect();
  await cluster.world.runFor(1100);
  agent.connect(leader.master.acceptAgent);
  scheduler.subscribe();
  await cluster.agent(leader, 'a2');
  await cluster.scheduler(leader, { checkpoint: true });
  agent.say({ unregister: { message: 'bye' } });
  await cluster.settle();
  await scheduler.call({ type: 'TEARDOWN' });
  await cluster.settle();
  const recorded = linesOf('testdata/oracle/operator-events.jsonl');
  const shapesOf = (texts: readonly string[], type: string): ReadonlySet<string> => {
    const events = texts.filter((text) => new RegExp(`^\\{"type": ?"${type}"`, 'u').test(text));
    return new Set(events.flatMap((text) => shapeOf(JSON.parse(text))));
  };
  const types = new Set(typesOf(operator));
  t.is(types.size, 9);
  for (const type of types) {
    if (type === undefined || type === 'SUBSCRIBED') continue;
    const theirs = shapesOf(recorded, type);
    const ours = shapesOf(operator.texts(), type);
    t.true(theirs.size > 0, type);
    const differences = (one: ReadonlySet<string>, other: ReadonlySet<string>): string[] =>
      [...one].filter((path) => !other.has(path) && !elsewhere.test(path));
    const more = differences(ours, theirs).filter((path) => !remembered.test(path));
    t.deepEqual(more, [], `${type}: only ours`);
    t.deepEqual(differences(theirs, ours), [], `${type}: only theirs`);
  }
});
