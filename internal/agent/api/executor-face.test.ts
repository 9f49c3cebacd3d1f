/** Contract 9: the face that executors talk to, paragraph by paragraph, and next to a real agent's. */
import test from 'ava';
import { executorEvents, executorExchanges } from '#internal/testing/oracle-http.ts';
import { toJson, fromJson } from '#internal/wire/json.ts';
import type { MediaType } from '#internal/wire/media-type.ts';
import type { Call, Event } from '#proto/gen/mesos/v1/executor.ts';
import type { FrameworkInfo, TaskInfo, TaskStatus } from '#proto/gen/mesos/v1.ts';
import { Bench } from '../testing/core-bench.ts';
import { aware, executor, statusOf, taskOf, uuidOf } from '../testing/executor-bench.ts';
import { ExecutorStage, type HeardStream } from '../testing/executor-stage.ts';

const ids = { framework_id: { value: 'f' }, executor_id: { value: 'e' } };
const data = new Uint8Array([104, 105]);

/** On which `e` was launched for `t`, and has not subscribed. */
function launched(): ExecutorStage {
  const stage = new ExecutorStage();
  run(stage, taskOf('t'), aware);
  return stage;
}

function run(stage: ExecutorStage, task_info: TaskInfo, framework_info: FrameworkInfo): void {
  stage.note(stage.core.hear({ run_task: { framework_info, task_info } }));
}

function subscribed(type: MediaType = 'application/json'): {
  readonly stage: ExecutorStage;
  readonly stream: HeardStream;
} {
  const stage = launched();
  const { stream } = stage.call({ ...ids, type: 'SUBSCRIBE', subscribe: {} }, type);
  if (stream === undefined) throw new Error('no stream');
  return { stage, stream };
}

const update = (more: Partial<TaskStatus> = {}): Call => ({
  ...ids,
  type: 'UPDATE',
  update: { status: { ...statusOf('t', 'TASK_RUNNING', 1), ...more } },
});

const fault = 'Failed to validate Executor::Call: ';
const own = 'executor e of framework f';

type Row = {
  readonly at: string;
  readonly name: string;
  readonly call: Call;
  /** Before the first SUBSCRIBE. */
  readonly isNew?: true;
  readonly status: number;
  readonly text?: string;
};

const rows: readonly Row[] = [
  {
    at: '9.1',
    name: 'a heartbeat, whoever it is',
    call: { framework_id: { value: 'x' }, executor_id: { value: 'y' }, type: 'HEARTBEAT' },
    status: 202,
  },
  {
    at: '9.1',
    name: 'an unknown framework',
    call: { ...update(), framework_id: { value: 'x' } },
    status: 400,
    text: 'Framework cannot be found',
  },
  {
    at: '9.1',
    name: 'an unknown executor',
    call: { ...ids, executor_id: { value: 'x' }, type: 'MESSAGE', message: { data } },
    status: 400,
    text: 'Executor cannot be found',
  },
  {
    at: '9.1',
    name: 'one that never subscribed',
    isNew: true,
    call: update(),
    status: 403,
    text: 'Executor is not subscribed',
  },
  {
    at: '9.1',
    name: 'what is ill-formed is seen before who says it',
    isNew: true,
    call: { ...ids, type: 'UPDATE' },
    status: 400,
    text: `${fault}Expecting 'update' to be present`,
  },
  {
    at: '9.1',
    name: 'no type',
    call: ids,
    status: 400,
    text: `${fault}Expecting 'type' to be present`,
  },
  {
    at: '9.1',
    name: 'no subscribe',
    call: { ...ids, type: 'SUBSCRIBE' },
    status: 400,
    text: `${fault}Expecting 'subscribe' to be present`,
  },
  {
    at: '9.1',
    name: 'no message',
    call: { ...ids, type: 'MESSAGE' },
    status: 400,
    text: `${fault}Expecting 'message' to be present`,
  },
  {
    at: '1.7',
    name: 'a type without meaning',
    call: { ...ids, type: 'UNKNOWN' },
    status: 501,
    text: '501 Not Implemented.',
  },
  { at: '9.2', name: 'an update', call: update(), status: 202 },
  {
    at: '9.2',
    name: 'a message',
    call: { ...ids, type: 'MESSAGE', message: { data } },
    status: 202,
  },
  {
    at: '9.2',
    name: 'no uuid',
    call: {
      ...ids,
      type: 'UPDATE',
      update: { status: { task_id: { value: 't' }, state: 'TASK_RUNNING' } },
    },
    status: 400,
    text: `${fault}Expecting 'uuid' to be present`,
  },
  {
    at: '9.2',
    name: 'a short uuid',
    call: update({ uuid: data }),
    status: 400,
    text: `${fault}Not a valid UUID`,
  },
  {
    at: '9.2',
    name: 'a uuid of no version',
    call: update({ uuid: new Uint8Array(16) }),
    status: 400,
    text: `${fault}Not a valid UUID`,
  },
  {
    at: '9.2',
    name: 'another executor in the status',
    call: update({ executor_id: { value: 'x' } }),
    status: 400,
    text: `${fault}ExecutorID in Call: e does not match ExecutorID in TaskStatus: x`,
  },
  {
    at: '9.2',
    name: 'another source',
    call: update({ source: 'SOURCE_AGENT' }),
    status: 400,
    text: `${fault}Received Call from ${own} with invalid source, expecting 'SOURCE_EXECUTOR'`,
  },
  {
    at: '9.2',
    name: 'a task that is staged',
    call: update({ state: 'TASK_STAGING' }),
    status: 400,
    text: `${fault}Received TASK_STAGING from ${own} which is not allowed`,
  },
  {
    at: '9.2',
    name: 'an ill-formed check status',
    call: update({ check_status: { type: 'TCP' } }),
    status: 400,
    text: `${fault}Expecting 'tcp' to be set for TCP check's status`,
  },
];

for (const { at, name, call, isNew, status, text = '' } of rows) {
  test(`${at}: ${name}`, (t) => {
    for (const type of ['application/json', 'application/x-protobuf'] as const) {
      const stage = isNew === true ? launched() : subscribed().stage;
      const said = stage.call(call, type);
      t.is(said.text, text, type);
      t.is(said.status, status, type);
      t.is(said.headers['content-type'], status < 400 ? undefined : 'text/plain; charset=utf-8');
    }
  });
}

test('9.1: nobody is served before the agent has found its containers', (t) => {
  const { stage } = subscribed();
  stage.isRecovering = true;
  for (const type of ['SUBSCRIBE', 'HEARTBEAT'] as const) {
    const said = stage.call({ ...ids, type, subscribe: {} });
    t.is(said.status, 503);
    t.is(said.text, 'Agent has not finished recovery');
  }
});

test('9.1: an executor subscribes to an agent that was started again before it says more', (t) => {
  const record = {
    framework_id: 'f',
    info: executor,
    container_id: 'c',
    has_tasks: true,
    phase: 'RUNNING',
  } as const;
  const recovered = { frameworks: [{ info: aware }], executors: [record] };
  const stage = new ExecutorStage(new Bench('a', recovered, 'later'));
  const early = stage.call(update());
  t.deepEqual([early.status, early.text], [403, 'Executor is not subscribed']);
  stage.call({ ...ids, type: 'SUBSCRIBE', subscribe: {} });
  t.is(stage.call(update()).status, 202);
});

test('an agent that is too busy says so, and has heard nothing', (t) => {
  const { stage, stream } = subscribed();
  stage.isBusy = true;
  t.is(stage.call(update()).status, 503);
  t.false(stream.events.some(({ type }) => type === 'ACKNOWLEDGED'));
});

test('9.3: the stream is in the dialect that was asked for, and has no id', (t) => {
  for (const type of ['application/json', 'application/x-protobuf'] as const) {
    const stage = launched();
    const said = stage.call({ ...ids, type: 'SUBSCRIBE', subscribe: {} }, type);
    t.is(said.status, 200);
    t.deepEqual(said.headers, { 'content-type': type });
    const types = said.stream?.events.map((event) => event.type);
    t.deepEqual(types, ['SUBSCRIBED', 'LAUNCH']);
  }
});

test('9.3: what a scheduler wants of its tasks and its executor arrives there', (t) => {
  const { stage, stream } = subscribed('application/x-protobuf');
  stream.events.length = 0;
  const named = { framework_id: { value: 'f' }, task_id: { value: 't' } };
  const kill_policy = { grace_period: { nanoseconds: 1_000_000_000n } };
  stage.note(stage.core.hear({ kill_task: { ...named, kill_policy } }));
  stage.note(stage.core.hear({ executor_message: { ...ids, data } }));
  stage.note(stage.core.hear({ shutdown_executor: ids }));
  t.deepEqual(stream.events, [
    { type: 'KILL', kill: { task_id: { value: 't' }, kill_policy } },
    { type: 'MESSAGE', message: { data } },
    { type: 'SHUTDOWN' },
  ]);
});

test('9.4: an executor that is told to end hears SHUTDOWN alone, on a stream that ends', (t) => {
  const { stage, stream } = subscribed();
  stage.note(stage.core.hear({ shutdown_executor: ids }));
  stream.end();
  const again = stage.call({ ...ids, type: 'SUBSCRIBE', subscribe: {} });
  t.deepEqual(again.stream?.events, [{ type: 'SHUTDOWN' }]);
  t.true(again.stream?.closed.aborted);
});

test('9.4: a later stream ends the one before', (t) => {
  const { stage, stream } = subscribed();
  const subscribe = { unacknowledged_tasks: [taskOf('t')] };
  const { stream: next } = stage.call({ ...ids, type: 'SUBSCRIBE', subscribe });
  t.true(stream.closed.aborted);
  t.false(next?.closed.aborted);
  t.deepEqual(
    next?.events.map(({ type }) => type),
    ['SUBSCRIBED'],
  );
});

test('2.2: a heartbeat comes every half hour, the first after half an hour', async (t) => {
  const { stage, stream } = subscribed();
  const beats = (): number => stream.events.filter(({ type }) => type === 'HEARTBEAT').length;
  await stage.world.runFor(30 * 60_000 - 1000);
  t.is(beats(), 0);
  await stage.world.runFor(2000);
  t.is(beats(), 1);
  await stage.world.runFor(60 * 60_000);
  t.is(beats(), 3);
  stream.end();
  await stage.world.runFor(60 * 60_000);
  t.is(beats(), 3);
});

test('an executor that reads too slowly is hung up on, and told what it missed when it is back', (t) => {
  const { stage, stream } = subscribed();
  stream.backlogBytes = 16 * 1024 * 1024;
  stage.call(update());
  t.true(stream.closed.aborted);
  const subscribe = { unacknowledged_updates: [{ status: statusOf('t', 'TASK_RUNNING', 1) }] };
  const { stream: next } = stage.call({ ...ids, type: 'SUBSCRIBE', subscribe });
  t.deepEqual(next?.events.at(-1), {
    type: 'ACKNOWLEDGED',
    acknowledged: { task_id: { value: 't' }, uuid: uuidOf(1) },
  });
});

// What a real agent was asked, and said.

const recordedFramework = 'eb1e6097-f859-43f3-af24-f79b33e8cb7e-0000';

const recorded = (): readonly Event[] =>
  executorEvents().map((line) => fromJson('mesos.v1.executor.Event', line));

/** The framework and the tasks that the recorded executor was launched for. */
function recordedStage(tasks: readonly string[] = ['t1', 't2']): ExecutorStage {
  const stage = new ExecutorStage();
  const events = recorded();
  const info = events[0]?.subscribed?.framework_info;
  if (info === undefined) throw new Error('the recording begins otherwise');
  for (const { launch } of events) {
    if (launch !== undefined && tasks.includes(launch.task.name)) run(stage, launch.task, info);
  }
  return stage;
}

test('calls are answered as a real agent answered them', (t) => {
  const stage = recordedStage();
  const sorted = executorExchanges().filter(({ name }) => name.includes('/cex1/'));
  const isEarly = (name: string): boolean => /\/(?:0\d|1[0-7])_|err_GET/.test(name);
  const early = sorted.filter(({ name }) => isEarly(name));
  const late = sorted.filter(({ name }) => !isEarly(name));
  t.is(early.length, 13);
  t.is(late.length, 13);
  const ask = ({ name, request, reply }: (typeof sorted)[number]): void => {
    const said = stage.request(request);
    t.is(said.text, Buffer.from(reply.body).toString(), name);
    t.is(said.status, reply.status, name);
    t.deepEqual(said.headers, reply.headers, name);
  };
  for (const one of early) ask(one);
  const call = { framework_id: { value: recordedFramework }, executor_id: { value: 'cex1' } };
  stage.call({ ...call, type: 'SUBSCRIBE', subscribe: {} });
  for (const one of late) ask(one);
});

test('the stream of an executor goes as a real one went, event by event', (t) => {
  const stage = recordedStage();
  const named = { framework_id: { value: recordedFramework }, executor_id: { value: 'cex1' } };
  const opened = stage.call({ ...named, type: 'SUBSCRIBE', subscribe: {} });
  const heard = opened.stream?.events ?? [];
  for (const [at, event] of recorded().entries()) {
    if (heard.length <= at) provoke(stage, named, event);
    const told = heard[at];
    if (told === undefined) return t.fail(`nothing came in the place of ${event.type}`);
    t.is(plain(told), plain(event), `event ${at}`);
  }
  t.is(heard.length, recorded().length);
  return undefined;
});

/** Does what made the real agent say it. */
function provoke(
  stage: ExecutorStage,
  named: Pick<Call, 'framework_id' | 'executor_id'>,
  event: Event,
): void {
  const { acknowledged, message, kill, launch } = event;
  if (acknowledged !== undefined) {
    const { task_id, uuid } = acknowledged;
    const status = { task_id, uuid, state: 'TASK_RUNNING', source: 'SOURCE_EXECUTOR' } as const;
    stage.call({ ...named, type: 'UPDATE', update: { status } });
  }
  if (message !== undefined) {
    stage.note(stage.core.hear({ executor_message: { ...named, data: message.data } }));
  }
  if (kill !== undefined) stage.note(stage.core.hear({ kill_task: { ...named, ...kill } }));
  const info = stage.core.state.frameworks.get(recordedFramework)?.info;
  if (launch !== undefined && info !== undefined) run(stage, launch.task, info);
}

/** Field by field, but for what each agent says of itself alone. */
function plain(event: Event): string {
  const { subscribed: it } = event;
  if (it === undefined) return toJson('mesos.v1.executor.Event', event);
  const agent_info = { hostname: Object.keys(it.agent_info).includes('id') ? 'named' : 'nameless' };
  const container_id = { value: it.container_id === undefined ? '' : 'c' };
  const masked = { ...event, subscribed: { ...it, agent_info, container_id } };
  return toJson('mesos.v1.executor.Event', masked);
}
