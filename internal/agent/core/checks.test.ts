import test from 'ava';
import fc from 'fast-check';
import type { ProgressRecord, TaskRecord } from '#proto/gen/altiplano/agent/v1.ts';
import type {
  CheckInfo,
  ExecutorInfo,
  HealthCheck,
  TaskInfo,
  TaskStatus,
} from '#proto/gen/mesos/v1.ts';
import { linesOf } from '#internal/testing/golden-files.ts';
import type { ContainerEnd } from '../containerizer.ts';
import { Bench, framework } from '../testing/core-bench.ts';
import { type CheckKind, checkPlan } from './check-plan.ts';
import type { Effect, Input, ProbeResult } from './input.ts';
import { executorKey, type Task, taskKey } from './state.ts';
import { checkUpdatesMax } from './updates.ts';

const executor: ExecutorInfo = { type: 'DEFAULT', executor_id: { value: 'e' } };
const modern = framework(['TASK_KILLING_STATE']);

const good: ProbeResult = { kind: 'exited', status: 0 };
const bad: ProbeResult = { kind: 'exited', status: 1 };
const late: ProbeResult = { kind: 'failed', reason: 'no result in 1000 ms' };
const interrupted: ProbeResult = { kind: 'interrupted' };
const answered = (status: number): ProbeResult => ({ kind: 'answered', status });
const connected = (succeeded: boolean): ProbeResult => ({ kind: 'connected', succeeded });

/** A bench on which tasks are looked at when their timers say so. */
class CheckBench extends Bench {
  #task: TaskRecord | undefined;
  #progress: ProgressRecord | undefined;

  start(id: string, more: Partial<TaskInfo>): this {
    this.run(id, more, modern);
    this.container(id, 'launched');
    return this;
  }

  group(id: string, tasks: Readonly<Record<string, Partial<TaskInfo>>>): void {
    const infos = Object.entries(tasks).map(([name, more]) => ({
      name,
      task_id: { value: name },
      agent_id: { value: 'a' },
      command: { value: 'true' },
      executor,
      ...more,
    }));
    this.hear({
      run_group: { framework_info: modern, executor_info: executor, tasks: infos, group_id: id },
    });
    for (const { name } of infos) this.container(name, 'launched');
  }

  task(id: string): Task | undefined {
    return this.state.tasks.get(taskKey('f', id));
  }

  /** Its timer is over: what it wants to be looked at. */
  due(id: string, check: CheckKind): Extract<Effect, { readonly kind: 'probe' }> | undefined {
    this.take({ kind: 'timer', timer: { kind: check, task: taskKey('f', id) } });
    return this.effects.find((effect) => effect.kind === 'probe');
  }

  shows(id: string, result: ProbeResult, check: CheckKind = 'health-check'): void {
    const { containerId = '' } = this.task(id) ?? {};
    this.take({ kind: 'probed', task: taskKey('f', id), containerId, check, result });
  }

  ends(id: string, end: ContainerEnd): readonly Effect[] {
    const { containerId = '' } = this.task(id) ?? {};
    return this.take({ kind: 'container-ended', task: taskKey('f', id), containerId, end });
  }

  /** All that waits to be told of a task, in order. */
  waiting(id: string): readonly TaskStatus[] {
    return this.task(id)?.updates.map(({ status }) => status) ?? [];
  }

  override take(input: Input): readonly Effect[] {
    const effects = super.take(input);
    for (const write of this.writes) {
      if (write.kind === 'task') this.#task = write.record;
      if (write.kind === 'progress') this.#progress = write.record;
    }
    return effects;
  }

  /** The agent of one task dies and comes back; what it had written down is all that is left. */
  reborn(id: string): CheckBench {
    const next = new CheckBench('a', {
      frameworks: [{ info: modern }],
      tasks: [{ task: this.#task!, progress: this.#progress!, updates: [] }],
    });
    next.#task = this.#task;
    next.#progress = this.#progress;
    next.nowMs = this.nowMs;
    next.container(id, 'launched');
    return next;
  }
}

const registered = (): CheckBench => new CheckBench('a').register();
const command = { value: 'test -e ok' };
const health: HealthCheck = { type: 'COMMAND', command };
const impatient: HealthCheck = { ...health, grace_period_seconds: 0, interval_seconds: 1 };
const check = (type: NonNullable<CheckInfo['type']>): CheckInfo => ({
  type,
  ...(type === 'COMMAND' && { command: { command } }),
  ...(type === 'HTTP' && { http: { port: 80 } }),
  ...(type === 'TCP' && { tcp: { port: 80 } }),
});

type Recording = {
  readonly info: Partial<TaskInfo>;
  /** In order; a number lets so many seconds pass. */
  readonly script: readonly (ProbeResult | readonly [CheckKind, ProbeResult] | number)[];
};

const watched = (more: HealthCheck): Partial<TaskInfo> => ({
  health_check: { ...impatient, ...more },
});

/** What was asked for in the recordings, and what the tasks showed. */
const recordings: Readonly<Record<string, Recording>> = {
  hc_fails: { info: watched({}), script: [bad, good, bad, bad, bad] },
  hc_never_ok_grace4: {
    info: watched({ grace_period_seconds: 4 }),
    script: [bad, 1, bad, 1, bad, 1, bad, 1.1, bad, 1, bad, 1, bad],
  },
  hc_recovers: { info: watched({ consecutive_failures: 9 }), script: [bad, bad, bad, good, good] },
  hc_timeout: { info: watched({ consecutive_failures: 2 }), script: [late, late] },
  hc_tcp: { info: watched({}), script: [connected(true), connected(true)] },
  hc_tcp_closed: { info: watched({}), script: Array.from({ length: 3 }, () => connected(false)) },
  hc_http: { info: watched({}), script: [answered(200), answered(302), answered(399)] },
  hc_http_404: { info: watched({}), script: [answered(404), answered(199), answered(400)] },
  ck_cmd: {
    info: { check: check('COMMAND') },
    script: [
      ['check', bad],
      ['check', bad],
      ['check', { kind: 'exited', status: 3 }],
    ],
  },
  ck_cmd_timeout: { info: { check: check('COMMAND') }, script: [['check', late]] },
  ck_tcp: { info: { check: check('TCP') }, script: [['check', connected(true)]] },
  ck_tcp_closed: { info: { check: check('TCP') }, script: [['check', connected(false)]] },
  ck_http: { info: { check: check('HTTP') }, script: [['check', answered(404)]] },
  ck_and_hc: {
    info: { check: check('TCP'), ...watched({}) },
    script: [bad, ['check', connected(true)], good],
  },
};

const recorded = linesOf('testdata/oracle/check-updates.jsonl').map(
  (line): { readonly task: string; readonly status: Partial<TaskStatus> } => JSON.parse(line),
);

const seenAs = (status: TaskStatus): Partial<TaskStatus> => {
  const { state, source, reason, message, healthy, check_status } = status;
  return Object.fromEntries(
    Object.entries({ state, source, reason, message, healthy, check_status }).filter(
      ([, value]) => value !== undefined,
    ),
  );
};

const updatesOf = (id: string): readonly Partial<TaskStatus>[] =>
  recorded.filter(({ task }) => task === id).map(({ status }) => status);

for (const [id, { info, script }] of Object.entries(recordings)) {
  test(`${id}: a task that shows the same is told of as Mesos told of it`, (t) => {
    const bench = registered().start(id, info);
    for (const each of script) {
      if (typeof each === 'number') bench.nowMs += each * 1000;
      else if ('kind' in each) bench.shows(id, each);
      else bench.shows(id, each[1], each[0]);
    }
    if (bench.task(id)?.kill !== undefined) bench.ends(id, { kind: 'signaled', signal: 15 });
    t.deepEqual(bench.waiting(id).map(seenAs), updatesOf(id));
  });
}

test('when one of a group is killed for its health, so are the others, and all are called unhealthy', (t) => {
  const bench = registered();
  bench.group('g', { hc1: watched({ consecutive_failures: 2 }), hc2: {} });
  bench.group('other', { hc3: {} });
  bench.shows('hc1', good);
  bench.shows('hc1', bad);
  bench.shows('hc1', bad);
  t.deepEqual(bench.signals(), ['TERM']);
  bench.ends('hc1', { kind: 'signaled', signal: 15 });
  bench.ends('hc2', { kind: 'signaled', signal: 15 });
  for (const id of ['hc1', 'hc2']) {
    t.deepEqual(bench.waiting(id).map(seenAs), updatesOf(id), id);
  }
  t.is(bench.task('hc3')?.kill, undefined, 'another group of that executor runs on');
  t.true(bench.state.executors.get(executorKey('f', 'e'))?.isUnhealthy);
  bench.ends('hc3', { kind: 'exited', status: 0 });
  t.like(bench.waiting('hc3').at(-1), { state: 'TASK_FINISHED', healthy: false });
});

test('the end of a task says nothing of what its check had shown', (t) => {
  const bench = registered();
  bench.group('g', { ck1: { check: check('COMMAND') } });
  bench.shows('ck1', { kind: 'exited', status: 5 }, 'check');
  bench.ends('ck1', { kind: 'exited', status: 0 });
  t.deepEqual(bench.waiting('ck1').map(seenAs), updatesOf('ck1'));
});

test('a check waits as long as it was told, at first and from each result to the next look', (t) => {
  const bench = registered().start('t', { health_check: health, check: check('HTTP') });
  t.is(bench.delay('health-check'), 15_000);
  t.is(bench.delay('check'), 15_000);
  const look = bench.due('t', 'health-check');
  t.is(look?.probe.timeoutMs, 20_000);
  t.is(bench.delay('health-check'), undefined, 'one look at a time');
  bench.shows('t', good);
  t.is(bench.delay('health-check'), 10_000);
  const other = registered().start('t', {
    health_check: { ...health, delay_seconds: 2, timeout_seconds: 0, interval_seconds: 0 },
  });
  t.is(other.delay('health-check'), 2000);
  t.is(other.due('t', 'health-check')?.probe.timeoutMs, undefined);
  other.shows('t', good);
  t.is(other.delay('health-check'), 100, 'not without a pause');
});

test('a command looks at its task from a container beside it, with its user and environment', (t) => {
  const variables = (name: string, value: string): TaskInfo['command'] => ({
    value: 'serve',
    environment: { variables: [{ name, value }] },
  });
  const bench = registered().start('t', {
    command: { ...variables('A', '1'), user: 'somebody' },
    health_check: { type: 'COMMAND', command: { ...command, ...variables('B', '2')! } },
  });
  const { target } = bench.due('t', 'health-check')!.probe;
  if (target.kind !== 'command') return t.fail(target.kind);
  const { spec } = target;
  t.is(spec.parentId, bench.task('t')!.containerId);
  t.not(spec.containerId, spec.parentId);
  t.is(spec.taskId, undefined);
  t.is(spec.nesting, 'debug');
  t.is(spec.user, 'somebody');
  t.like(spec.environment, { A: '1', B: '2', MESOS_TASK_ID: 't' });
  return t.deepEqual(spec.command, { kind: 'shell', line: 'serve' });
});

test('ports are looked for on the machine itself, by either protocol', (t) => {
  const info = (asked: Partial<TaskInfo>): TaskInfo => ({
    name: 't',
    task_id: { value: 't' },
    agent_id: { value: 'a' },
    ...asked,
  });
  const target = (more: HealthCheck): unknown =>
    checkPlan(info({ health_check: more }), 'health-check')?.target;
  const port = 8080;
  t.deepEqual(target({ type: 'HTTP', http: { port } }), {
    kind: 'http',
    url: 'http://127.0.0.1:8080',
  });
  t.deepEqual(
    target({ type: 'HTTP', http: { port, protocol: 'IPv6', scheme: 'https', path: '/x' } }),
    {
      kind: 'http',
      url: 'https://[::1]:8080/x',
    },
  );
  t.deepEqual(target({ type: 'TCP', tcp: { port, protocol: 'IPv6' } }), {
    kind: 'tcp',
    host: '::1',
    port,
  });
  t.is(checkPlan(info({ check: {} }), 'check'), undefined);
});

test('nothing is looked at, and no result counts, when the task is being killed or has ended', (t) => {
  const bench = registered().start('t', { health_check: impatient, check: check('TCP') });
  bench.hear({ kill_task: { framework_id: { value: 'f' }, task_id: { value: 't' } } });
  const before = bench.waiting('t').length;
  t.is(bench.due('t', 'health-check'), undefined);
  for (let i = 0; i < 5; i++) bench.shows('t', bad);
  bench.shows('t', connected(true), 'check');
  t.is(bench.waiting('t').length, before);
  const effects = bench.ends('t', { kind: 'signaled', signal: 15 });
  t.true(effects.some(({ kind }) => kind === 'stop-probes'));
  t.is(bench.waiting('t').at(-1)?.healthy, undefined, 'it was killed, but not for its health');
});

test('what a restart cut short counts as nothing', (t) => {
  const bench = registered().start('t', { health_check: impatient });
  for (let i = 0; i < 10; i++) bench.shows('t', interrupted);
  t.is(bench.task('t')?.health, undefined);
  t.is(bench.delay('health-check'), 1000);
});

test('a restarted agent goes on where the last one was, neither faster nor from the beginning', (t) => {
  const bench = registered().start('t', { health_check: { ...impatient, interval_seconds: 10 } });
  bench.shows('t', bad);
  bench.shows('t', bad);
  bench.nowMs += 4000;
  const next = bench.reborn('t');
  t.is(next.delay('health-check'), 11_000, 'the delay since the start, which is longer');
  bench.nowMs += 60_000;
  const later = bench.reborn('t');
  t.is(later.delay('health-check'), 0);
  later.shows('t', bad);
  t.is(later.task('t')?.kill?.cause, 'UNHEALTHY');
});

test('agents that come and go do not count failures faster than the interval', (t) => {
  let bench = registered().start('t', {
    health_check: { ...impatient, delay_seconds: 0, interval_seconds: 10, consecutive_failures: 3 },
  });
  bench.shows('t', bad);
  for (let i = 0; i < 9; i++) {
    bench.nowMs += 1000;
    bench = bench.reborn('t');
    t.is(bench.delay('health-check'), 9000 - 1000 * i);
  }
});

test('a task is killed when, and only when, so many failures on end were seen outside its grace', (t) => {
  const steps = fc.array(
    fc.record({
      seconds: fc.nat(8),
      result: fc.constantFrom(good, bad, late, interrupted, answered(200), connected(false)),
      restart: fc.boolean(),
    }),
    { maxLength: 20 },
  );
  const asked = fc.record({ grace: fc.nat(20), max: fc.integer({ min: 1, max: 4 }) });
  fc.assert(
    fc.property(steps, asked, (looks, { grace, max }) => {
      let bench = registered().start('t', {
        health_check: { ...impatient, grace_period_seconds: grace, consecutive_failures: max },
      });
      let [aliveSeconds, failures, hasPassed] = [0, 0, false];
      for (const { seconds, result, restart } of looks) {
        bench.nowMs += seconds * 1000;
        aliveSeconds += seconds;
        if (restart) bench = bench.reborn('t');
        bench.shows('t', result);
        if (result !== interrupted) {
          const isGood = result === good || result.kind === 'answered';
          const isExcused = !hasPassed && grace > 0 && aliveSeconds <= grace;
          hasPassed ||= isGood;
          if (isGood) failures = 0;
          else if (!isExcused) failures++;
        }
        if (failures === max) break;
      }
      t.is(bench.task('t')?.kill?.cause, failures === max ? 'UNHEALTHY' : undefined);
    }),
  );
});

test('of the results that nobody acknowledges a bounded number is kept, the newest among them', (t) => {
  const bench = registered().start('t', { check: check('COMMAND') });
  for (let status = 1; status <= 3 * checkUpdatesMax; status++) {
    bench.shows('t', { kind: 'exited', status }, 'check');
  }
  const waiting = bench.waiting('t');
  t.is(waiting.length, checkUpdatesMax);
  t.is(waiting[0]?.state, 'TASK_STARTING');
  t.is(waiting.at(-1)?.check_status?.command?.exit_code, 3 * checkUpdatesMax);
  const removed = bench.writes.filter(({ kind }) => kind === 'remove-update');
  t.is(removed.length, 1, 'also from the checkpoint');
  bench.ends('t', { kind: 'exited', status: 0 });
  t.is(bench.waiting('t').length, checkUpdatesMax + 1);
  t.is(bench.waiting('t').at(-1)?.state, 'TASK_FINISHED');
});
