/**
 * What schedulers and operators of a real Mesos heard of partitions, of agents that went and of groups
 * that were refused, beside what ours hear when the same happens: event for event and field for field,
 * in both media types. Ids and times are masked. What is told of one task has to come in the recorded
 * order; that of several at once may be any (Mesos's is that of a hash table).
 */
import test from 'ava';
import { assert } from '#internal/base/assert.ts';
import { linesOf } from '#internal/testing/golden-files.ts';
import { exchange, schedulerExchanges } from '#internal/testing/oracle-http.ts';
import { fromJson, toJson } from '#internal/wire/json.ts';
import type { MediaType } from '#internal/wire/media-type.ts';
import type { Event } from '#proto/gen/mesos/v1/scheduler.ts';
import { frameworkInfo, type Said, Stage } from '../testing/stage.ts';
import type { TestAgent } from '../testing/test-agent.ts';
import { watch } from '../testing/test-operator.ts';

type Line = { readonly history: string; readonly event: object };

const recorded: readonly Line[] = linesOf('testdata/oracle/histories.jsonl').map(
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own file.
  (line) => JSON.parse(line) as Line,
);

const mediaTypes: readonly MediaType[] = ['application/json', 'application/x-protobuf'];
const older = frameworkInfo({ capabilities: [{ type: 'MULTI_ROLE' }] });
const timeoutMs = 91_000;

type Scene = { readonly stage: Stage; readonly agent: TestAgent };
type History = {
  readonly info?: object;
  /** Tasks that run before it begins, and whether that was recorded as well. */
  readonly tasks: readonly string[];
  readonly isLaunchRecorded?: boolean;
  readonly happens: (scene: Scene) => Promise<unknown>;
};

const reconcile = async ({ stage }: Scene, ...tasks: readonly object[]): Promise<void> => {
  await stage.call({ type: 'RECONCILE', reconcile: { tasks } });
  await stage.settle();
};
const task = (value: string, agent?: TestAgent | string): object => ({
  task_id: { value },
  ...(agent !== undefined && {
    agent_id: { value: typeof agent === 'string' ? agent : agent.id },
  }),
});

async function cutOff({ stage, agent }: Scene): Promise<void> {
  agent.answersPings = false;
  await stage.cluster.world.runFor(timeoutMs);
}

async function comeBack({ stage, agent }: Scene): Promise<void> {
  agent.answersPings = true;
  agent.disconnect();
  agent.connect(stage.leader.master.acceptAgent);
  await stage.settle();
}

async function markGone({ stage, agent }: Scene): Promise<void> {
  const mark_agent_gone = { agent_id: { value: agent.id } };
  await stage.post({ type: 'MARK_AGENT_GONE', mark_agent_gone }, { to: 'operator' });
  await stage.settle();
}

/** What an agent says of a task is what it was recorded to say. */
async function say({ stage, agent }: Scene, history: string, state: string): Promise<void> {
  for (const { update } of heard(history)) {
    const status = update?.status;
    if (status?.source !== 'SOURCE_EXECUTOR' || status.state !== state) continue;
    const { agent_id: _agent, uuid: _uuid, ...said } = status;
    agent.report(status.task_id.value, status.state, said);
    await stage.settle();
    await acknowledgeAll(stage);
  }
}

const histories: Readonly<Record<string, History>> = {
  'partition/nopa': {
    info: older,
    tasks: ['np_long', 'np_finishes_during'],
    isLaunchRecorded: true,
    happens: async (scene) => {
      const { agent } = scene;
      await cutOff(scene);
      const asked = [task('np_long', agent), task('unknown_task', agent), task('unknown_no_agent')];
      await reconcile(scene, ...asked);
      await say(scene, 'partition/nopa', 'TASK_FINISHED');
      await comeBack(scene);
      await acknowledgeAll(scene.stage);
      await reconcile(scene);
    },
  },
  'operator2/pa unreachable': {
    tasks: ['un1'],
    isLaunchRecorded: true,
    happens: async (scene) => {
      await cutOff(scene);
      await comeBack(scene);
    },
  },
  'operator2/pa gone': {
    tasks: ['un1'],
    happens: async (scene) => {
      await markGone(scene);
      await reconcile(scene, task('un1', scene.agent));
    },
  },
  'operator2/nopa gone': {
    info: older,
    tasks: ['nun1'],
    happens: async (scene) => {
      await markGone(scene);
      await reconcile(scene, task('nun1', scene.agent));
    },
  },
  'operator/gone': {
    tasks: [],
    happens: async (scene) => {
      await markGone(scene);
      await reconcile(scene, task('t3', scene.agent), task('zz', scene.agent));
    },
  },
  'operator/pa removed': {
    tasks: ['t2'],
    isLaunchRecorded: true,
    happens: async ({ stage, agent }) => {
      agent.say({ unregister: { message: 'the agent unregistered' } });
      await stage.settle();
    },
  },
  'failover/reconciled': {
    tasks: ['u1', 'r1'],
    happens: async (scene) => {
      await reconcile(scene, task('nope3', 'no-such-agent'));
      await reconcile(scene, task('u1', scene.agent), task('r1', 'no-such-agent'));
      await reconcile(scene, task('nope', scene.agent), task('nope2'));
    },
  },
  'group/refused': {
    tasks: [],
    happens: async ({ stage, agent }) => {
      for (const name of ['no_mem', 'has_command']) {
        const call = callOf(`extra/group/launch_group_executor_${name}`);
        const { id } = await stage.offer();
        const ours = call
          .replaceAll(/[0-9a-f-]{36}-O\d+/gu, id.value)
          .replaceAll(/[0-9a-f-]{36}-S\d+/gu, agent.id)
          .replaceAll(/[0-9a-f-]{36}-\d{4}/gu, stage.id)
          .replaceAll('grpfw', 'test');
        const { status } = await stage.post(ours);
        assert(status === 202, `${name}: ${status}`);
        await stage.settle();
      }
    },
  },
};

for (const [name, history] of Object.entries(histories)) {
  test(`is told as Mesos told it: ${name}`, async (t) => {
    for (const mediaType of mediaTypes) {
      const stage = await Stage.subscribed(history.info ?? frameworkInfo(), mediaType);
      const agent = await stage.cluster.agent(stage.leader, 'localhost');
      const scene = { stage, agent };
      for (const id of history.tasks) await launch(scene, id);
      let before = stage.events().length;
      if (history.isLaunchRecorded === true) {
        await say(scene, name, 'TASK_STARTING');
        await say(scene, name, 'TASK_RUNNING');
      } else {
        await run(scene, name, history.tasks);
        before = stage.events().length;
      }
      await history.happens(scene);
      const ours = stage
        .events()
        .slice(before)
        .filter(({ type }) => !quiet.has(type ?? ''));
      t.deepEqual(
        inOrder(ours.map((event) => JSON.parse(toJson('mesos.v1.scheduler.Event', event)))),
        inOrder(eventsOf(name)),
        mediaType,
      );
    }
  });
}

test('tasks out of reach are shown as Mesos showed them', async (t) => {
  const name = 'partition/nopa';
  const stage = await Stage.subscribed(older);
  const scene = { stage, agent: await stage.cluster.agent(stage.leader, 'localhost') };
  for (const id of ['np_long', 'np_finishes_during']) await launch(scene, id);
  for (const state of ['TASK_STARTING', 'TASK_RUNNING']) await say(scene, name, state);
  await cutOff(scene);
  for (const what of ['GET_TASKS', 'legacy_tasks']) {
    const { request, reply } = exchange(`extra/partition/unreachable_${what}`);
    const said = await stage.request(request);
    t.is(said.status, reply.status);
    const theirs = Buffer.from(reply.body).toString().replaceAll('"nopa"', '"test"');
    t.deepEqual(inOrder(tasksIn(said.text)), inOrder(tasksIn(theirs)), what);
  }
});

/** Tasks of this framework, whichever list they are in; resources by name. */
function tasksIn(text: string): readonly object[] {
  const found: object[] = [];
  JSON.parse(text, (key, value: unknown) => {
    if (Array.isArray(value)) {
      if (key !== 'resources') return value;
      return value.toSorted((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
    }
    if (nameOf(value).startsWith('np_') && typeof value === 'object' && value !== null) {
      found.push({ task_id: { value: nameOf(value) }, shown: value });
    }
    return value;
  });
  return found;
}

const nameOf = (value: unknown): string =>
  typeof value === 'object' && value !== null && 'name' in value ? String(value.name) : '';

test('is told as Mesos told it: operator/watched maintenance', async (t) => {
  const stage = await Stage.subscribed();
  const agent = await stage.cluster.agent(stage.leader, 'localhost');
  const tasks = ['mt1', 'dr2', 'dr1'];
  for (const id of tasks) await launch({ stage, agent }, id);
  const machine_ids = [{ hostname: 'localhost', ip: '127.0.0.1' }];
  const windows = [{ machine_ids, unavailability: { start: { nanoseconds: 1 } } }];
  const calls = [
    { type: 'UPDATE_MAINTENANCE_SCHEDULE', update_maintenance_schedule: { schedule: { windows } } },
    { type: 'START_MAINTENANCE', start_maintenance: { machines: machine_ids } },
  ];
  const watching = await watch(stage.cluster, stage.leader);
  const before = watching.events().length;
  for (const call of calls) t.is((await stage.post(call, { to: 'operator' })).status, 200);
  await stage.settle();
  const told = watching.texts().slice(before);
  t.deepEqual(
    inOrder(told.map((text): unknown => JSON.parse(text))),
    inOrder(eventsOf('operator/watched maintenance')),
  );
});

test('maintenance is shown as Mesos showed it', async (t) => {
  const stage = await Stage.subscribed();
  const agent = await stage.cluster.agent(stage.leader, 'localhost');
  await launch({ stage, agent }, 't');
  const machines = [{ hostname: 'localhost', ip: '127.0.0.1' }];
  const windows = [{ machine_ids: machines, unavailability: { start: { nanoseconds: 1 } } }];
  const operate = (call: object): Promise<Said> => stage.post(call, { to: 'operator' });
  const shows = async (name: string): Promise<void> => {
    const { request, reply } = exchange(`extra/operator/GET_MAINTENANCE_${name}`);
    const said = await stage.request(request);
    const parsed = [said.text, Buffer.from(reply.body).toString()].map((text) => JSON.parse(text));
    t.deepEqual(inOrder([parsed[0]]), inOrder([parsed[1]]), name);
  };
  const update_maintenance_schedule = { schedule: { windows } };
  await operate({ type: 'UPDATE_MAINTENANCE_SCHEDULE', update_maintenance_schedule });
  const asked = (): Event | undefined => stage.events().find(({ inverse_offers: it }) => it);
  await stage.cluster.until(() => asked() !== undefined, 'no inverse offer', 5000);
  const inverse_offer_ids = asked()?.inverse_offers?.inverse_offers?.map(({ id }) => id);
  await stage.call({
    type: 'DECLINE_INVERSE_OFFERS',
    decline_inverse_offers: { inverse_offer_ids, filters: { refuse_seconds: 60 } },
  });
  await stage.settle();
  await shows('STATUS_declined');
  await operate({ type: 'START_MAINTENANCE', start_maintenance: { machines } });
  await shows('STATUS_down');
  await operate({ type: 'STOP_MAINTENANCE', stop_maintenance: { machines } });
  await shows('SCHEDULE_after_stop');
});

const quiet: ReadonlySet<string> = new Set(['HEARTBEAT', 'OFFERS', 'RESCIND']);

/** A task that ended out of reach is told of by its agent alone (`docs/mesos-differences.md`). */
const isToldOnce = (event: object): boolean =>
  /"TASK_FINISHED".*"REASON_AGENT_REREGISTERED"/u.test(JSON.stringify(event));

const eventsOf = (name: string): readonly object[] =>
  recorded
    .filter(({ history, event }) => history === name && !isToldOnce(event))
    .map(({ event }) => event);

const heard = (name: string): readonly Event[] =>
  eventsOf(name).map((event) => fromJson('mesos.v1.scheduler.Event', JSON.stringify(event)));

function callOf(name: string): string {
  const found = schedulerExchanges().find((one) => one.name === name);
  assert(found !== undefined, `nothing is recorded under ${name}`);
  return Buffer.from(found.request.body).toString();
}

async function launch({ stage, agent }: Scene, id: string): Promise<void> {
  const offer = await stage.offer();
  const ids = { name: id, task_id: { value: id }, agent_id: offer.agent_id };
  const resources = [
    { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } },
    { name: 'mem', type: 'SCALAR', scalar: { value: 32 } },
  ];
  const info = { ...ids, resources, command: { value: 'sleep 1' } };
  const operations = [{ type: 'LAUNCH', launch: { task_infos: [info] } }];
  const filters = { refuse_seconds: 0 };
  await stage.call({ type: 'ACCEPT', accept: { offer_ids: [offer.id], operations, filters } });
  await stage.cluster.until(() => agent.tasks.has(id), `${id} was not launched`);
}

/** Tasks run, in the containers in which they were recorded later on. */
async function run({ stage, agent }: Scene, name: string, tasks: readonly string[]): Promise<void> {
  for (const id of tasks) {
    const later = heard(name).find(({ update }) => update?.status.task_id.value === id);
    const container_status = later?.update?.status.container_status;
    agent.report(id, 'TASK_RUNNING', { ...(container_status && { container_status }) });
    await stage.settle();
    await acknowledgeAll(stage);
  }
}

/** Twice is no harm. */
async function acknowledgeAll(stage: Stage): Promise<void> {
  for (const { update } of stage.events()) {
    const { agent_id, task_id, uuid } = update?.status ?? {};
    if (uuid === undefined) continue;
    const acknowledge = { agent_id, task_id, uuid: Buffer.from(uuid).toString('base64') };
    await stage.call({ type: 'ACKNOWLEDGE', acknowledge });
    await stage.settle();
  }
}

/** Masked, and by what they are about. */
function inOrder(events: readonly unknown[]): readonly unknown[] {
  const masked = events.map((event): unknown => JSON.parse(JSON.stringify(event, mask)));
  const about = (event: unknown): string =>
    /"task_id":\{"value":"([^"]*)"/u.exec(JSON.stringify(event))?.[1] ?? '';
  return masked.toSorted((one, other) =>
    about(one) < about(other) ? -1 : Number(about(one) > about(other)),
  );
}

const agentIds = /^(?:[0-9a-f-]{36}|m\d-\d)-S\d+$/u;
const frameworkIds = /\b(?:[0-9a-f-]{36}|m\d-\d)-\d{4}\b/u;

function mask(key: string, value: unknown): unknown {
  if (key === 'timestamp' || key === 'nanoseconds') return 'a time';
  if (key === 'uuid' || key === 'status_update_uuid') return 'a uuid';
  if (typeof value !== 'string') return value;
  return value.replace(agentIds, 'an agent').replace(frameworkIds, 'a framework');
}
