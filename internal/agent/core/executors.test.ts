import test from 'ava';
import type { ExecutorRecord, ProgressRecord, TaskRecord } from '#proto/gen/altiplano/agent/v1.ts';
import type { Recovered } from '#storage/checkpoint/records.ts';
import { Bench } from '../testing/core-bench.ts';
import {
  aware,
  ExecutorBench,
  executor,
  key,
  statusOf,
  taskOf,
} from '../testing/executor-bench.ts';
import type { ContainerSpec } from '../containerizer.ts';

/** Launched for `t`, and subscribed. */
const running = (): ExecutorBench =>
  new ExecutorBench().register().run('t').launched().subscribes();

const specsOf = ({ effects }: ExecutorBench): readonly ContainerSpec[] =>
  effects.flatMap((effect) => (effect.kind === 'launch-executor' ? [effect.spec] : []));

test('tasks wait until their executor listens, and reach it in the order in which they came', (t) => {
  const bench = new ExecutorBench().register().run('b').run('a').group('g', 'd', 'c').run('e');
  t.is(specsOf(bench).length, 1, 'one executor for all');
  t.deepEqual(bench.told(), []);
  bench.launched().subscribes();
  t.deepEqual(bench.told(), ['SUBSCRIBED', 'LAUNCH b', 'LAUNCH a', 'LAUNCH_GROUP d c', 'LAUNCH e']);
  bench.run('f');
  t.deepEqual(bench.told(), ['LAUNCH f'], 'one that lives is used again');
  t.is(specsOf(bench).length, 1);
});

test('an executor is told where it is, and gets what it and its tasks need', (t) => {
  const bench = new ExecutorBench().register();
  const variables = [{ name: 'MESOS_CHECKPOINT', value: 'mine' }];
  const own = { ...executor, command: { value: 'run it', environment: { variables } } };
  bench.run('t', { executor: own });
  const [spec] = specsOf(bench);
  t.deepEqual(spec?.command, { kind: 'shell', line: 'run it' });
  t.is(spec?.taskId, undefined);
  t.is(spec?.limits.memBytes, 96 * 1024 * 1024);
  t.like(spec?.environment, {
    PATH: '/bin',
    MESOS_FRAMEWORK_ID: 'f',
    MESOS_EXECUTOR_ID: 'e',
    MESOS_SLAVE_ID: 'a',
    MESOS_AGENT_ENDPOINT: '10.0.0.1:5051',
    MESOS_SLAVE_PID: 'slave(1)@10.0.0.1:5051',
    MESOS_RECOVERY_TIMEOUT: '15mins',
    MESOS_SUBSCRIPTION_BACKOFF_MAX: '2secs',
    MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD: '5secs',
    MESOS_HTTP_COMMAND_EXECUTOR: '0',
    LIBPROCESS_IP: '10.0.0.1',
    LIBPROCESS_PORT: '0',
    MESOS_CHECKPOINT: 'mine',
  });
  const plain = new ExecutorBench().register().run('t', {}, { ...aware, checkpoint: false });
  const environment = specsOf(plain)[0]?.environment ?? {};
  t.is(environment['MESOS_CHECKPOINT'], '0');
  t.false('MESOS_RECOVERY_TIMEOUT' in environment);
});

test('an update is written down, completed, passed on and only then acknowledged', (t) => {
  const bench = running();
  bench.told();
  bench.says('t', 'TASK_RUNNING', 1);
  t.true(bench.core.writes.some(({ kind }) => kind === 'update'));
  t.deepEqual(bench.told(), ['ACKNOWLEDGED t 1']);
  const [status] = bench.statuses('t');
  t.like(status, {
    state: 'TASK_RUNNING',
    agent_id: { value: 'a' },
    executor_id: { value: 'e' },
    timestamp: 1000,
  });
  t.deepEqual(status?.container_status, {
    executor_pid: 7,
    container_id: { value: bench.containerId },
    network_infos: [{ ip_addresses: [{ protocol: 'IPv4', ip_address: '10.0.0.1' }] }],
  });
});

test('an update that comes again, or after the end, is acknowledged and not passed on', (t) => {
  const bench = running();
  bench.told();
  bench.says('t', 'TASK_RUNNING', 1).says('t', 'TASK_RUNNING', 1);
  bench.says('t', 'TASK_FINISHED', 2).says('t', 'TASK_FAILED', 3);
  t.deepEqual(bench.states('t'), ['TASK_RUNNING', 'TASK_FINISHED']);
  t.deepEqual(
    bench.told(),
    [1, 1, 2, 3].map((n) => `ACKNOWLEDGED t ${n}`),
  );
  bench.core.acknowledgeAll('t');
  t.is(bench.core.state.tasks.size, 0);
  t.is(bench.core.state.executors.size, 1, 'its executor lives on');
});

test('an update of a task that nobody launched is passed on, and the task is not ours', (t) => {
  const bench = running().says('x', 'TASK_RUNNING', 1);
  t.deepEqual(bench.states('x'), ['TASK_RUNNING']);
  bench.core.take({ kind: 'link-closed', link: 1, reason: '' });
  bench.core.take({ kind: 'timer', timer: { kind: 'dial' } });
  const [introduction] = bench.core.sent();
  t.deepEqual(
    introduction?.reregister?.tasks?.map(({ task_info }) => task_info.task_id.value),
    ['t'],
  );
  bench.core.hear({ registered: { agent_id: { value: 'a' }, total_ping_timeout_seconds: 75 } });
  bench.core.acknowledgeAll('x');
  t.deepEqual(bench.states('x'), []);
  t.is(bench.core.state.tasks.size, 1);
});

test('a kill before delivery ends the task, its group, and an executor that nobody needs', (t) => {
  const bench = new ExecutorBench().register().group('g', 't1', 't2').kill('t1');
  for (const id of ['t1', 't2']) {
    t.deepEqual(bench.states(id), ['TASK_KILLED REASON_TASK_KILLED_DURING_LAUNCH']);
    t.is(
      bench.statuses(id)[0]?.message,
      'A task within the task group was killed before delivery to the executor',
    );
    t.is(bench.statuses(id)[0]?.container_status, undefined);
  }
  t.is(bench.core.delay('executor-ends'), 5000);
  bench.launched().subscribes();
  t.deepEqual(bench.told(), ['SHUTDOWN']);

  const alone = new ExecutorBench().register().run('t1').run('t2').kill('t1');
  t.is(alone.statuses('t1')[0]?.message, 'Killed before delivery to the executor');
  alone.launched().subscribes();
  t.deepEqual(alone.told(), ['SUBSCRIBED', 'LAUNCH t2']);
});

test('a kill is the business of the executor, which hears of it when it listens', (t) => {
  const bench = running();
  bench.told();
  bench.kill('t');
  t.deepEqual(bench.told(), ['KILL t']);
  t.deepEqual(bench.signals(), []);
  bench.says('t', 'TASK_RUNNING', 1).hangsUp().kill('t');
  bench.told();
  bench.subscribes();
  t.deepEqual(bench.told(), ['SUBSCRIBED', 'KILL t']);
  bench.says('t', 'TASK_KILLED', 2);
  t.deepEqual(bench.states('t'), ['TASK_RUNNING', 'TASK_KILLED']);
});

test('an executor that does not subscribe in time is killed, and its tasks fail for it', (t) => {
  const bench = new ExecutorBench().register().run('t').launched();
  bench.times('executor-registers');
  t.deepEqual(bench.signals(), ['KILL']);
  t.deepEqual(bench.states('t'), [], 'not before it is dead');
  bench.subscribes();
  t.deepEqual(bench.told(), ['SHUTDOWN'], 'too late');
  bench.ends({ kind: 'signaled', signal: 9 });
  t.deepEqual(bench.states('t'), ['TASK_FAILED REASON_EXECUTOR_REGISTRATION_TIMEOUT']);
  t.is(bench.statuses('t')[0]?.message, 'Executor did not register within 1mins');
  t.deepEqual(bench.exits(), [9]);
});

test('one that was given up while it was launched is killed when it is there', (t) => {
  const bench = new ExecutorBench().register().run('t').times('executor-registers');
  bench.effects.length = 0;
  bench.launched();
  t.deepEqual(bench.signals(), ['KILL']);
});

test('an executor that ends takes its tasks with it, those that are over apart', (t) => {
  const bench = running().run('u').says('t', 'TASK_FINISHED', 1).ends();
  t.deepEqual(bench.exits(), [7 << 8], 'as wait gives it');
  t.deepEqual(bench.states('t'), ['TASK_FINISHED']);
  t.deepEqual(bench.states('u'), ['TASK_FAILED REASON_EXECUTOR_TERMINATED']);
  t.is(bench.statuses('u')[0]?.message, 'Executor terminated');
  t.is(bench.core.state.executors.size, 0);
});

test('an executor that cannot be launched never lived, and its tasks say why', (t) => {
  const bench = new ExecutorBench().register().run('t');
  const { containerId } = bench;
  const reason = 'no such user';
  bench.note(
    bench.core.take({ kind: 'executor-launch-failed', executor: key, containerId, reason }),
  );
  t.deepEqual(bench.states('t'), ['TASK_FAILED REASON_CONTAINER_LAUNCH_FAILED']);
  t.is(bench.statuses('t')[0]?.message, reason);
  t.deepEqual(bench.exits(), [-1]);
});

test('SHUTDOWN is said with a grace, after which it is killed; it gets no more tasks', (t) => {
  const bench = running();
  bench.told();
  const ids = { framework_id: { value: 'f' }, executor_id: { value: 'e' } };
  bench.note(bench.core.hear({ shutdown_executor: ids }));
  t.deepEqual(bench.told(), ['SHUTDOWN']);
  t.is(bench.core.delay('executor-ends'), 5000);
  bench.run('late');
  t.deepEqual(bench.states('late'), ['TASK_DROPPED REASON_EXECUTOR_TERMINATED']);
  bench.says('t', 'TASK_KILLED', 1);
  t.deepEqual(bench.told(), ['ACKNOWLEDGED t 1'], 'what it still says counts');
  bench.times('executor-ends');
  t.deepEqual(bench.signals(), ['KILL']);
});

test('a framework that is gone takes its executors with it, and nobody is told how', (t) => {
  const bench = running().run('u');
  bench.told();
  bench.note(bench.core.hear({ shutdown_framework: { framework_id: { value: 'f' } } }));
  t.deepEqual(bench.told(), ['SHUTDOWN']);
  bench.says('t', 'TASK_KILLED', 1);
  t.deepEqual(bench.told(), ['ACKNOWLEDGED t 1']);
  bench.ends({ kind: 'exited', status: 0 });
  t.is(bench.core.state.tasks.size + bench.core.state.frameworks.size, 0);
  t.false(bench.effects.some((one) => one.kind === 'send' && one.message.status_update));
});

test('the newest stream wins, and the end of an older one means nothing', (t) => {
  const bench = running().subscribes();
  t.true(bench.core.effects.some((one) => one.kind === 'close-executor' && one.connection === 1));
  bench.note(bench.core.take({ kind: 'executor-hung-up', executor: key, connection: 1 }));
  bench.told();
  bench.run('u');
  t.deepEqual(bench.told(), ['LAUNCH u']);
  bench.hangsUp();
  t.is(bench.core.delay('executor-comes-back'), 900_000);
  bench.times('executor-comes-back').ends({ kind: 'signaled', signal: 9 });
  t.deepEqual(bench.signals(), ['KILL']);
});

test('messages go both ways, to whoever listens', (t) => {
  const bench = running();
  const data = new Uint8Array([1, 2]);
  bench.note(bench.core.take({ kind: 'executor-spoke', executor: key, data }));
  t.deepEqual(bench.core.sent()[0]?.executor_message?.data, data);
  bench.told();
  const ids = { framework_id: { value: 'f' }, executor_id: { value: 'e' } };
  bench.note(bench.core.hear({ executor_message: { ...ids, data } }));
  t.deepEqual(bench.told(), ['MESSAGE']);
  bench.hangsUp().note(bench.core.hear({ executor_message: { ...ids, data } }));
  t.deepEqual(bench.told(), []);
});

test('a drain asks the executor for the end of each task, and is over when it is gone itself', (t) => {
  const bench = running();
  bench.told();
  bench.note(bench.core.hear({ drain: { config: { gone_then: false, since_ms: 1 } } }));
  t.deepEqual(bench.told(), ['KILL t']);
  bench.says('t', 'TASK_KILLING', 1).says('t', 'TASK_KILLED', 2);
  t.deepEqual(bench.states('t'), [
    'TASK_KILLING REASON_AGENT_DRAINING',
    'TASK_KILLED REASON_AGENT_DRAINING',
  ]);
  t.deepEqual(bench.told(), ['ACKNOWLEDGED t 1', 'ACKNOWLEDGED t 2', 'SHUTDOWN']);
  const isDrained = (): boolean =>
    bench.effects.some((one) => one.kind === 'send' && one.message.drained !== undefined);
  t.false(isDrained());
  bench.ends({ kind: 'exited', status: 0 });
  t.true(isDrained());
});

/** All that was written of it, as the next agent finds it. */
class Memory {
  readonly #tasks = new Map<string, TaskRecord>();
  readonly #progress = new Map<string, ProgressRecord>();
  #executor: ExecutorRecord | undefined;

  note({ core }: ExecutorBench): void {
    for (const write of core.writes) {
      if (write.kind === 'task') this.#tasks.set(write.name.taskId, write.record);
      if (write.kind === 'progress') this.#progress.set(write.name.taskId, write.record);
      if (write.kind === 'executor') this.#executor = write.record;
      if (write.kind === 'remove-task') this.#tasks.delete(write.name.taskId);
    }
  }

  restarted(): ExecutorBench {
    const recovered: Partial<Recovered> = {
      frameworks: [{ info: aware }],
      executors: this.#executor === undefined ? [] : [this.#executor],
      tasks: [...this.#tasks].map(([id, task]) => ({
        task,
        progress: this.#progress.get(id) ?? { state: 'TASK_STAGING', next_update: 1n },
        updates: [],
      })),
    };
    return new ExecutorBench(new Bench('a', recovered, 'later'));
  }
}

/** `act` upon a fresh bench, each step of it remembered. */
function remembered(...acts: readonly ((bench: ExecutorBench) => unknown)[]): Memory {
  const bench = new ExecutorBench();
  const memory = new Memory();
  bench.core.take({ kind: 'start' });
  bench.core.hear({ registered: { agent_id: { value: 'a' }, total_ping_timeout_seconds: 75 } });
  for (const act of acts) {
    act(bench);
    memory.note(bench);
  }
  return memory;
}

test('after a restart an executor says what it has; what it does not know was never launched', (t) => {
  const memory = remembered(
    (bench) => bench.run('known'),
    (bench) => bench.run('lost'),
    (bench) => bench.run('ran'),
    (bench) => bench.launched(),
    (bench) => bench.subscribes(),
    (bench) => bench.says('ran', 'TASK_RUNNING', 1),
  );
  const next = memory.restarted();
  next.launched().register();
  t.true(
    next.effects.some(
      (one) =>
        one.kind === 'set-timer' && one.timer.kind === 'executor-returns' && one.delayMs === 2000,
    ),
  );
  next.run('new');
  t.deepEqual(next.told(), []);
  const unacknowledged_updates = [
    { status: statusOf('ran', 'TASK_RUNNING', 1) },
    { status: statusOf('ran', 'TASK_FINISHED', 2) },
  ];
  next.subscribes({ unacknowledged_tasks: [taskOf('known')], unacknowledged_updates });
  t.deepEqual(next.told(), [
    'SUBSCRIBED',
    'ACKNOWLEDGED ran 1',
    'ACKNOWLEDGED ran 2',
    'LAUNCH new',
  ]);
  t.deepEqual(next.states('lost'), ['TASK_DROPPED REASON_AGENT_RESTARTED']);
  t.is(next.statuses('lost')[0]?.message, 'Task launched during agent restart');
  t.deepEqual(next.states('ran'), ['TASK_FINISHED'], 'what came before is known');
  t.deepEqual(next.states('known'), []);
});

test('what an executor said of a task that is over is not passed on again, also by a new agent', (t) => {
  const next = remembered(
    (bench) => bench.run('over'),
    (bench) => bench.run('on'),
    (bench) => bench.launched(),
    (bench) => bench.subscribes(),
    (bench) => bench.says('over', 'TASK_RUNNING', 1),
    (bench) => bench.says('over', 'TASK_FINISHED', 2),
    (bench) => bench.core.acknowledgeAll('over'),
  ).restarted();
  next.launched().register();
  next.subscribes({
    unacknowledged_tasks: [taskOf('on')],
    unacknowledged_updates: [
      { status: statusOf('over', 'TASK_RUNNING', 1) },
      { status: statusOf('over', 'TASK_FINISHED', 2) },
    ],
  });
  t.deepEqual(next.told(), ['SUBSCRIBED', 'ACKNOWLEDGED over 1', 'ACKNOWLEDGED over 2']);
  t.deepEqual(next.states('over'), []);
});

test('one that does not come back to a new agent is killed, and its tasks are gone', (t) => {
  const next = remembered(
    (bench) => bench.run('t'),
    (bench) => bench.launched(),
    (bench) => bench.subscribes(),
  ).restarted();
  next.launched().register().times('executor-returns');
  t.deepEqual(next.signals(), ['KILL']);
  next.ends({ kind: 'signaled', signal: 9 });
  t.deepEqual(next.states('t'), ['TASK_GONE REASON_EXECUTOR_REREGISTRATION_TIMEOUT']);
  t.is(next.statuses('t')[0]?.message, 'Executor did not reregister within 2secs');
});

test('an executor that an agent died over is launched once more, in another container', (t) => {
  const next = remembered(
    (bench) => bench.run('b'),
    (bench) => bench.run('a'),
  ).restarted();
  const { containerId } = next;
  next.note(next.core.take({ kind: 'executor-absent', executor: key, containerId }));
  t.not(next.containerId, containerId);
  t.is(specsOf(next).length, 1);
  t.is(specsOf(next)[0]?.limits.memBytes, 160 * 1024 * 1024);
  next.register().launched().subscribes();
  t.deepEqual(next.told(), ['SUBSCRIBED', 'LAUNCH b', 'LAUNCH a']);
});

test('a stop of the agent waits for its executors, which are told to end', (t) => {
  const bench = running();
  bench.told();
  bench.note(bench.core.take({ kind: 'close' }));
  t.deepEqual(bench.told(), ['KILL t', 'SHUTDOWN']);
  bench.says('t', 'TASK_KILLED', 1);
  t.false(bench.effects.some(({ kind }) => kind === 'stopped'));
  bench.ends({ kind: 'exited', status: 0 });
  t.true(bench.effects.some(({ kind }) => kind === 'stopped'));
});

test('the master is told of each start of an executor, also of one right after its end', (t) => {
  const bench = new ExecutorBench().register().run('a').run('b').launched().subscribes();
  const starts = (): readonly string[] =>
    bench.effects.flatMap((effect) => {
      if (effect.kind !== 'send') return [];
      const { executor_launched: started, executor_exited: ended } = effect.message;
      const id = started?.executor_info.executor_id.value;
      return id === undefined ? (ended === undefined ? [] : ['ended']) : [id];
    });
  t.deepEqual(starts(), ['e']);
  bench.ends().run('c');
  t.deepEqual(starts(), ['e', 'ended', 'e']);
});
