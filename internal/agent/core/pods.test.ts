import test from 'ava';
import type { AgentMessage } from '#proto/gen/altiplano/agent/v1.ts';
import type { ExecutorInfo, TaskInfo, TaskStatus } from '#proto/gen/mesos/v1.ts';
import type { ContainerEnd } from '../containerizer.ts';
import { Bench, framework } from '../testing/core-bench.ts';
import { executorKey, taskKey } from './state.ts';

const executor: ExecutorInfo = { type: 'DEFAULT', executor_id: { value: 'e' } };

const taskOf = (id: string, more: Partial<TaskInfo> = {}): TaskInfo => ({
  name: id,
  task_id: { value: id },
  agent_id: { value: 'a' },
  command: { value: 'true' },
  executor,
  ...more,
});

/** A bench that was told to run groups, and keeps what it said since. */
class PodBench extends Bench {
  readonly said: AgentMessage[] = [];

  group(groupId: string, tasks: readonly TaskInfo[], info: ExecutorInfo = executor): void {
    const framework_info = framework(['TASK_KILLING_STATE']);
    this.hear({ run_group: { framework_info, executor_info: info, tasks, group_id: groupId } });
    this.note();
  }

  started(...ids: readonly string[]): this {
    for (const id of ids) {
      this.container(id, 'launched');
      this.note();
      this.acknowledgeAll(id);
    }
    return this;
  }

  ends(id: string, end: ContainerEnd): void {
    const task = taskKey('f', id);
    const { containerId } = this.state.tasks.get(task)!;
    this.take({ kind: 'container-ended', task, containerId, end });
    this.note();
  }

  note(): void {
    this.said.push(...this.sent());
  }

  /** What the scheduler of a task is told in the end: the newest update that waits. */
  last(id: string): TaskStatus | undefined {
    return this.state.tasks.get(taskKey('f', id))?.updates.at(-1)?.status;
  }

  stateOf(id: string): string | undefined {
    return this.state.tasks.get(taskKey('f', id))?.state;
  }

  exits(): readonly number[] {
    return this.said.flatMap(({ executor_exited: exited }) => exited?.status ?? []);
  }
}

const pair = [taskOf('t1'), taskOf('t2')];
const registered = (): PodBench => new PodBench('a').register();

const failed = { kind: 'exited', status: 1 } as const;
const finished = { kind: 'exited', status: 0 } as const;
const killed = { kind: 'signaled', signal: 15 } as const;

test('a group is written down and launched whole, nested in one executor', (t) => {
  const bench = registered();
  bench.group('g', pair);
  const launches = bench.effects.flatMap((effect) =>
    effect.kind === 'launch' ? [effect.spec] : [],
  );
  t.deepEqual(
    launches.map(({ taskId, executorId }) => [taskId, executorId]),
    [
      ['t1', 'e'],
      ['t2', 'e'],
    ],
  );
  const { containerId } = bench.state.executors.get(executorKey('f', 'e'))!;
  t.true(launches.every(({ parentId }) => parentId === containerId));
  const kinds = bench.writes.map(({ kind }) => kind);
  t.deepEqual(
    kinds.filter((kind) => kind === 'task' || kind === 'executor'),
    ['executor', 'task', 'task'],
  );
  bench.started('t1', 't2');
  const status = bench.said.find(({ status_update: update }) => update !== undefined)!
    .status_update!.status;
  t.is(status.executor_id?.value, 'e');
  t.is(status.container_status?.container_id?.parent?.value, containerId);
});

test('a group that is said again is not launched again', (t) => {
  const bench = registered();
  bench.group('g', pair);
  bench.group('g', pair);
  t.false(bench.effects.some(({ kind }) => kind === 'launch'));
  t.is(bench.state.tasks.size, 2);
});

for (const end of [failed, { kind: 'signaled', signal: 9 } as const]) {
  test(`when a task of a group is ${end.kind === 'exited' ? 'failed' : 'killed from outside'}, the others are killed`, (t) => {
    const bench = registered();
    bench.group('g', pair);
    bench.group('other', [taskOf('t3')]);
    bench.started('t1', 't2', 't3');
    bench.ends('t1', end);
    t.is(bench.stateOf('t1'), 'TASK_FAILED');
    t.deepEqual(bench.signals(), ['TERM']);
    t.is(bench.stateOf('t2'), 'TASK_KILLING');
    t.is(bench.stateOf('t3'), 'TASK_RUNNING');
    t.deepEqual(bench.exits(), []);
    bench.ends('t2', killed);
    t.is(bench.last('t2')?.message, 'Command terminated with signal Terminated');
    t.is(bench.last('t2')?.reason, undefined);
    t.deepEqual(bench.exits(), [], 'the other group runs on');
    bench.ends('t3', finished);
    t.deepEqual(bench.exits(), [0]);
    t.is(bench.state.executors.size, 0);
  });
}

test('a task of a group that finishes leaves the others alone', (t) => {
  const bench = registered();
  bench.group('g', pair);
  bench.started('t1', 't2');
  bench.ends('t1', finished);
  t.is(bench.stateOf('t2'), 'TASK_RUNNING');
  t.deepEqual(bench.signals(), []);
});

test('killing one task of a group ends them all, each with its own grace', (t) => {
  const bench = registered();
  const patient = taskOf('t2', {
    kill_policy: { grace_period: { nanoseconds: 7_000_000_000n } },
  });
  bench.group('g', [taskOf('t1'), patient]);
  bench.started('t1', 't2');
  bench.hear({ kill_task: { framework_id: { value: 'f' }, task_id: { value: 't1' } } });
  t.is(bench.delay('escalate'), 3000);
  bench.ends('t1', killed);
  t.is(bench.stateOf('t1'), 'TASK_KILLED');
  t.is(bench.delay('escalate'), 7000);
  bench.ends('t2', killed);
  t.is(bench.stateOf('t2'), 'TASK_KILLED');
  t.deepEqual(bench.exits(), [0]);
});

test('a kill that comes before the containers keeps the whole group from starting', (t) => {
  const bench = registered();
  bench.group('g', pair);
  bench.hear({ kill_task: { framework_id: { value: 'f' }, task_id: { value: 't1' } } });
  bench.container('t1', 'launched');
  t.deepEqual(bench.signals(), ['KILL']);
  bench.ends('t1', { kind: 'signaled', signal: 9 });
  bench.container('t2', 'launched');
  t.deepEqual(bench.signals(), ['KILL']);
  bench.ends('t2', { kind: 'signaled', signal: 9 });
  for (const id of ['t1', 't2']) {
    t.like(bench.last(id), {
      state: 'TASK_KILLED',
      reason: 'REASON_TASK_KILLED_DURING_LAUNCH',
      message: 'Command terminated with signal Killed',
    });
  }
});

test('of what was killed before its container began, just that is said', (t) => {
  const bench = registered();
  bench.group('g', pair);
  bench.run('alone');
  const said = (id: string): string | undefined => {
    const task = taskKey('f', id);
    const containerId = bench.state.tasks.get(task)?.containerId ?? '';
    bench.hear({ kill_task: { framework_id: { value: 'f' }, task_id: { value: id } } });
    bench.take({ kind: 'launch-failed', task, containerId, reason: 'no' });
    return bench.last(id)?.message;
  };
  t.is(said('t1'), 'A task within the task group was killed before delivery to the executor');
  t.is(said('alone'), 'Killed before delivery to the executor');
});

test('nothing of a group starts when one of its tasks cannot', (t) => {
  const bench = registered();
  const nothing = { command: {} } as const;
  bench.group('g', [taskOf('t1'), taskOf('t2', nothing)], executor);
  t.false(bench.effects.some(({ kind }) => kind === 'launch'));
  for (const id of ['t1', 't2']) {
    t.like(bench.last(id), {
      state: 'TASK_FAILED',
      reason: 'REASON_CONTAINER_LAUNCH_FAILED',
      source: 'SOURCE_AGENT',
    });
  }
  t.deepEqual(bench.exits(), [0]);
  t.is(bench.state.executors.size, 0);
});

test('an executor without tasks waits, and is ended when it is not wanted any more', (t) => {
  for (const how of ['shutdown', 'framework', 'drain'] as const) {
    const bench = registered();
    bench.group('g', []);
    t.is(bench.state.executors.size, 1);
    bench.group('g', []);
    t.is(bench.state.executors.size, 1);
    const framework_id = { value: 'f' };
    if (how === 'shutdown') {
      bench.hear({ shutdown_executor: { framework_id, executor_id: { value: 'e' } } });
    } else if (how === 'framework') bench.hear({ shutdown_framework: { framework_id } });
    else bench.hear({ drain: { config: { gone_then: false, since_ms: 1 } } });
    bench.note();
    t.deepEqual(bench.exits(), [0], how);
    t.is(bench.state.executors.size + bench.state.frameworks.size, 0, how);
  }
});

test('a shutdown gives the tasks of an executor no more than its grace', (t) => {
  const bench = registered();
  const patient = taskOf('t1', {
    kill_policy: { grace_period: { nanoseconds: 60_000_000_000n } },
  });
  const info = { ...executor, shutdown_grace_period: { nanoseconds: 2_000_000_000n } };
  bench.group('g', [patient], info);
  bench.started('t1');
  bench.hear({
    shutdown_executor: { framework_id: { value: 'f' }, executor_id: { value: 'e' } },
  });
  t.is(bench.delay('escalate'), 2000);
  bench.ends('t1', killed);
  t.deepEqual(bench.exits(), [0]);
});

test('a restarted agent knows who shares whose fate', (t) => {
  const bench = registered();
  bench.group('g', pair);
  const records = bench.writes.flatMap((write) => (write.kind === 'task' ? [write.record] : []));
  const executors = bench.writes.flatMap((write) =>
    write.kind === 'executor' ? [write.record] : [],
  );
  const process = { pid: 7n, start_ticks: 1n, boot_id: 'b' };
  const progress = { state: 'TASK_RUNNING', next_update: 3n, process } as const;
  const tasks = records.map((task) => ({ task, progress, updates: [] }));
  const frameworks = [{ info: framework(['TASK_KILLING_STATE']) }];
  const next = new PodBench('a', { frameworks, tasks, executors });
  next.take({ kind: 'start' });
  const [introduction] = next.sent();
  t.is(introduction?.reregister?.executors?.[0]?.executor_info.executor_id.value, 'e');
  next.hear({ registered: { agent_id: { value: 'a' }, total_ping_timeout_seconds: 75 } });
  next.ends('t1', failed);
  t.is(next.stateOf('t2'), 'TASK_KILLING');
  next.ends('t2', killed);
  t.deepEqual(next.exits(), [0]);
});

test('a task of a group that takes longer than it may has failed at once, and the others are killed', (t) => {
  const bench = registered();
  const limit = { nanoseconds: 2_000_000_000n };
  const patient = { grace_period: { nanoseconds: 60_000_000_000n } };
  bench.group('g', [
    taskOf('t1', { max_completion_time: limit, kill_policy: patient }),
    taskOf('t2'),
  ]);
  bench.container('t1', 'launched');
  t.is(bench.delay('overtime'), 2000);
  bench.note();
  bench.acknowledgeAll('t1');
  bench.started('t2');
  bench.take({ kind: 'timer', timer: { kind: 'overtime', task: taskKey('f', 't1') } });
  t.deepEqual(bench.signals(), ['KILL'], 'whatever its policy says');
  bench.ends('t1', { kind: 'signaled', signal: 9 });
  t.like(bench.last('t1'), {
    state: 'TASK_FAILED',
    reason: 'REASON_MAX_COMPLETION_TIME_REACHED',
  });
  t.is(bench.stateOf('t2'), 'TASK_KILLING');
});
