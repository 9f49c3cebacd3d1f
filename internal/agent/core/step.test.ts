import test from 'ava';
import fc from 'fast-check';
import type { TaskInfo } from '#proto/gen/mesos/v1.ts';
import { Bench, framework, settings } from '../testing/core-bench.ts';
import { taskKey } from './state.ts';

test('masters are dialled in turn, then there is a wait that grows to a minute', (t) => {
  const bench = new Bench();
  bench.take({ kind: 'start' });
  const longest: number[] = [];
  for (let round = 0; round < 30; round++) {
    const dialled = [...bench.dials()];
    for (let master = 0; master < 3; master++) {
      const { session } = bench.state;
      if (session.kind !== 'dialing') return t.fail(`${session.kind} in round ${round}`);
      bench.take({ kind: 'link-closed', link: session.link, reason: 'refused' });
      dialled.push(...bench.dials());
    }
    t.deepEqual(dialled, settings.masters);
    const delayMs = bench.delay('dial')!;
    longest.push(delayMs);
    t.true(delayMs <= Math.min(60_000, 1000 * 2 ** Math.max(0, round - 10)), `round ${round}`);
    bench.take({ kind: 'timer', timer: { kind: 'dial' } });
  }
  t.true(Math.max(...longest.slice(0, 10)) <= 1000);
  t.true(Math.max(...longest.slice(20)) > 20_000);
  return undefined;
});

test('a hint at the leader is followed at once, but not for ever', (t) => {
  const bench = new Bench();
  bench.take({ kind: 'start' });
  const dialled: string[] = [];
  for (let hop = 0; hop < 12 && bench.state.session.kind === 'dialing'; hop++) {
    const leader = hop % 2 === 0 ? 'x:1' : 'y:1';
    bench.hear({ not_leading: { leader } }, 99n);
    dialled.push(...bench.dials());
  }
  t.deepEqual(dialled.slice(0, 3), ['x:1', 'y:1', 'x:1']);
  t.is(bench.state.session.kind, 'waiting');
  // Its term was that of one that does not lead.
  t.is(bench.state.term, 0n);
});

test('terms never fall, and each higher one is written down before it is acted on', (t) => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: 0n, max: 6n }), { maxLength: 20 }), (terms) => {
      const bench = new Bench();
      bench.take({ kind: 'start' });
      let highest = 0n;
      for (const term of terms) {
        if (bench.state.session.kind === 'waiting') {
          bench.take({ kind: 'timer', timer: { kind: 'dial' } });
        }
        bench.hear(
          { registered: { agent_id: { value: 'a' }, total_ping_timeout_seconds: 75 } },
          term,
        );
        const written = bench.writes.some((write) => write.kind === 'term' && write.term === term);
        t.is(written, term > highest);
        if (term > highest) highest = term;
        t.is(bench.state.term, highest);
        if (term < highest) t.not(bench.state.session.kind, 'registered');
      }
    }),
  );
});

test('a leader that falls silent is given up, a ping puts that off', (t) => {
  const bench = new Bench().register();
  t.is(bench.delay('silence'), 75_000);
  bench.hear({ ping: { sequence: 5n } });
  t.deepEqual(bench.sent(), [{ pong: { sequence: 5n } }]);
  t.is(bench.delay('silence'), 75_000);
  bench.take({ kind: 'timer', timer: { kind: 'silence' } });
  t.is(bench.state.session.kind, 'waiting');
  t.true(bench.effects.some(({ kind }) => kind === 'hang-up'));
});

test('a registration that nobody answers is given up after 10 s', (t) => {
  const bench = new Bench();
  bench.take({ kind: 'start' });
  t.is(bench.delay('silence'), 10_000);
  bench.take({ kind: 'timer', timer: { kind: 'silence' } });
  t.deepEqual(bench.dials(), ['m1:1']);
});

test('words of an old link are not heard', (t) => {
  const bench = new Bench().register();
  const old = bench.state.session;
  bench.take({ kind: 'timer', timer: { kind: 'silence' } });
  bench.take({ kind: 'timer', timer: { kind: 'dial' } });
  const run_task = {
    framework_info: framework(),
    task_info: { name: 't', task_id: { value: 't' }, agent_id: { value: 'a' } },
  };
  const link = 'link' in old ? old.link : 0;
  bench.take({ kind: 'message', link, message: { term: 9n, run_task } });
  t.deepEqual([bench.effects, bench.writes, bench.state.term], [[], [], 1n]);
});

test('a re-registration names every task, ended ones too, and then sends each first update', (t) => {
  const bench = new Bench('a').register();
  bench.run('one');
  bench.container('one', 'launched');
  bench.run('two');
  bench.container('two', 'launched');
  bench.container('two', 'exited');
  const { session } = bench.state;
  bench.take({ kind: 'link-closed', link: 'link' in session ? session.link : 0, reason: 'gone' });
  bench.take({ kind: 'timer', timer: { kind: 'dial' } });
  const { reregister } = bench.sent()[0]!;
  t.deepEqual(
    reregister!
      .tasks!.map(({ task_info, state }) => `${task_info.task_id.value} ${state}`)
      .toSorted(),
    ['one TASK_RUNNING', 'two TASK_FINISHED'],
  );
  t.is(reregister!.description.agent_info.id!.value, 'a');
  t.is(reregister!.frameworks!.length, 1);
  bench.hear({ registered: { agent_id: { value: 'a' }, total_ping_timeout_seconds: 75 } });
  const resent = bench.sent().map(({ status_update: update }) => update!);
  t.deepEqual(
    resent.map(({ status, latest_state }) => `${status.state} ${latest_state}`).toSorted(),
    ['TASK_STARTING TASK_FINISHED', 'TASK_STARTING TASK_RUNNING'],
  );
});

test('a framework that is gone takes its tasks with it, and nobody is told how', (t) => {
  const bench = new Bench().register();
  for (const id of ['alive', 'ended', 'starting']) bench.run(id);
  bench.container('alive', 'launched');
  bench.container('ended', 'launched');
  bench.container('ended', 'exited');
  bench.hear({ shutdown_framework: { framework_id: { value: 'f' } } });
  t.deepEqual(bench.signals(), ['TERM']);
  t.is(bench.state.tasks.size, 2);
  bench.container('starting', 'launched');
  t.deepEqual([bench.sent(), bench.signals()], [[], ['TERM']]);
  bench.container('starting', 'exited');
  bench.container('alive', 'exited');
  t.deepEqual(bench.sent(), []);
  t.is(bench.state.tasks.size, 0);
  t.is(bench.state.frameworks.size, 0);
  t.deepEqual(bench.writes.at(-1), { kind: 'remove-framework', frameworkId: 'f' });
});

test('an agent that is not wanted kills everything, forgets who it is, and stops', (t) => {
  const bench = new Bench('a').register();
  bench.run('t');
  bench.container('t', 'launched');
  bench.hear({ shutdown: { message: 'gone' } });
  t.deepEqual(bench.signals(), ['TERM']);
  t.is(bench.effects.filter(({ kind }) => kind === 'stopped').length, 0);
  bench.container('t', 'exited');
  t.deepEqual(bench.effects.at(-1), { kind: 'stopped', reason: 'gone' });
  t.deepEqual(bench.writes.at(-1), { kind: 'remove-identity' });
  t.is(bench.state.agentId, undefined);
});

test('an agent that comes back and is not wanted ends, without ever being registered', (t) => {
  const bench = new Bench('a').register();
  bench.run('t');
  bench.container('t', 'launched');
  bench.take({ kind: 'link-closed', link: 1, reason: 'reset' });
  bench.take({ kind: 'timer', timer: { kind: 'dial' } });
  t.is(bench.state.session.kind, 'dialing');
  bench.hear({ shutdown: { message: 'gone' } });
  t.is(bench.state.ending.kind, 'expelled');
  bench.container('t', 'exited');
  t.deepEqual(bench.effects.at(-1), { kind: 'stopped', reason: 'gone' });
});

test('a task that takes longer than it may is killed at once and has failed', (t) => {
  const bench = new Bench().register();
  const max_completion_time = { nanoseconds: 90_000_000_000n };
  bench.run('t', { max_completion_time, kill_policy: { grace_period: { nanoseconds: 60n } } });
  bench.container('t', 'launched');
  t.is(bench.delay('overtime'), 90_000);
  bench.take({ kind: 'timer', timer: { kind: 'overtime', task: taskKey('f', 't') } });
  t.deepEqual(bench.signals(), ['KILL']);
  bench.container('t', 'exited');
  t.like(bench.state.tasks.get(taskKey('f', 't'))!.status, {
    state: 'TASK_FAILED',
    reason: 'REASON_MAX_COMPLETION_TIME_REACHED',
  });
});

test('only a framework that asks for it is told TASK_KILLING', (t) => {
  for (const asks of [true, false]) {
    const bench = new Bench().register();
    bench.run('t', {}, framework(asks ? ['TASK_KILLING_STATE'] : []));
    bench.container('t', 'launched');
    bench.acknowledgeAll('t');
    bench.hear({ kill_task: { framework_id: { value: 'f' }, task_id: { value: 't' } } });
    t.is(bench.sent().length, asks ? 1 : 0);
    t.is(bench.delay('escalate'), 3000);
  }
});

test('a scheduler that came back hears at once what it has not acknowledged', (t) => {
  const bench = new Bench().register();
  bench.run('t');
  bench.container('t', 'launched');
  bench.take({ kind: 'timer', timer: { kind: 'retry', task: taskKey('f', 't') } });
  t.is(bench.delay('retry'), 20_000);
  bench.hear({ update_framework: { framework_info: { ...framework(), name: 'new' } } });
  t.is(bench.sent().length, 1);
  t.is(bench.delay('retry'), 10_000);
  t.is(bench.state.frameworks.get('f')!.info.name, 'new');
});

test('what this agent cannot run is refused in words, and nothing is launched', (t) => {
  const refused: readonly Partial<TaskInfo>[] = [
    { executor: { executor_id: { value: 'e' } } },
    { command: {} },
    { command: {}, container: { type: 'DOCKER' } },
    { command: { shell: false }, container: { type: 'MESOS' } },
    { command: { value: 'true', environment: { variables: [{ name: 'S', type: 'SECRET' }] } } },
  ];
  for (const more of refused) {
    const bench = new Bench().register();
    bench.run('t', more);
    t.true(bench.effects.every(({ kind }) => kind !== 'launch'));
    const { status_update: update } = bench.sent()[0]!;
    t.like(update!.status, {
      state: 'TASK_FAILED',
      reason: 'REASON_CONTAINER_LAUNCH_FAILED',
      source: 'SOURCE_AGENT',
    });
    t.true(update!.status.message!.length > 10);
  }
});

test('a task gets its own variables, and the ones that tell it where it is', (t) => {
  const bench = new Bench().register();
  const variables = [
    { name: 'A', value: '1' },
    { name: 'PATH', value: '/opt' },
  ];
  const resources = [
    { name: 'cpus', type: 'SCALAR', scalar: { value: 1 }, allocation_info: { role: 'r' } },
  ] as const;
  const launches = bench
    .run('t', {
      resources,
      command: { value: 'prog', shell: false, arguments: ['me', 'x'], environment: { variables } },
    })
    .flatMap((effect) => (effect.kind === 'launch' ? [effect.spec] : []));
  t.like(launches[0], {
    command: { kind: 'argv', path: 'prog', arguments: ['x'] },
    user: 'u',
    environment: {
      A: '1',
      PATH: '/opt',
      MESOS_TASK_ID: 't',
      MESOS_FRAMEWORK_ID: 'f',
      MESOS_EXECUTOR_ID: 't',
      MESOS_SLAVE_ID: 'a',
      MESOS_AGENT_ENDPOINT: '10.0.0.1:5051',
      MESOS_CONTAINER_IP: '10.0.0.1',
      MESOS_ALLOCATION_ROLE: 'r',
    },
  });
});
