import test, { type ExecutionContext } from 'ava';
import type { TaskState } from '#proto/gen/mesos/v1.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { AgentWorld, type CrashPoint } from './testing/agent-world.ts';

const minuteMs = 60_000;

/** Runs until every task was told to the end and the agent has forgotten it. */
async function finish(t: ExecutionContext, w: AgentWorld, told: string): Promise<void> {
  w.network.heal();
  w.masters.enlighten();
  w.masters.attention = 1;
  const isDone = (): boolean => w.masters.allTold && w.unfinished === 0;
  const done = await w.world.runUntil(isDone, { withinMs: 30 * minuteMs });
  t.deepEqual(w.masters.violations, [], told);
  t.true(done, `${told}: not everything was told and forgotten`);
  t.is(w.containers.alive, 0, told);
}

/** A task id of the framework begins at most once, and nothing runs that nobody launched. */
function checkStarts(t: ExecutionContext, w: AgentWorld, told: string): void {
  const { starts } = w.containers;
  t.deepEqual(starts.length, new Set(starts).size, `${told}: started twice`);
  t.deepEqual(
    starts.filter((name) => name.includes('error')),
    [],
    `${told}: heeded a deposed one`,
  );
}

const statesOf = (w: AgentWorld, id: string): readonly TaskState[] =>
  w.masters.tasks.get(id)!.heard.map(({ state }) => state);

async function settled(w: AgentWorld): Promise<void> {
  await w.world.runUntil(() => w.masters.counts.registrations > 0, { withinMs: minuteMs });
}

test('a task runs, is reported in order, and is forgotten once its end is acknowledged', async (t) => {
  const w = new AgentWorld('plain', { attention: 1 });
  w.boot();
  await settled(w);
  w.masters.launch('good', 'sleep 5; exit 0');
  w.masters.launch('bad', 'exit 3');
  w.masters.launch('none', 'fail');
  await finish(t, w, 'plain');
  t.deepEqual(statesOf(w, 'good'), ['TASK_STARTING', 'TASK_RUNNING', 'TASK_FINISHED']);
  t.deepEqual(statesOf(w, 'bad'), ['TASK_STARTING', 'TASK_RUNNING', 'TASK_FAILED']);
  t.deepEqual(statesOf(w, 'none'), ['TASK_FAILED']);
  const [, running, last] = w.masters.tasks.get('bad')!.heard;
  t.is(last!.message, 'Command exited with status 3');
  t.is(w.masters.tasks.get('none')!.heard[0]!.reason, 'REASON_CONTAINER_LAUNCH_FAILED');
  t.like(running, {
    task_id: { value: 'bad' },
    source: 'SOURCE_EXECUTOR',
    agent_id: { value: 'master-S0' },
    executor_id: { value: 'bad' },
  });
  t.is(running!.uuid!.length, 16);
  t.is(running!.message, undefined);
  const status = running!.container_status!;
  t.regex(status.container_id!.value, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-/);
  t.is(status.network_infos![0]!.ip_addresses![0]!.ip_address, '10.0.0.1');
  t.true(status.executor_pid! > 0);
  checkStarts(t, w, 'plain');
});

test('an agent counts what it has done since its start, and how long its checkpoint took', async (t) => {
  const w = new AgentWorld('meters', { attention: 1 });
  w.boot();
  await settled(w);
  w.masters.launch('good', 'sleep 5; exit 0');
  w.masters.launch('bad', 'exit 3');
  w.masters.launch('none', 'fail');
  await finish(t, w, 'meters');
  const told = (): Readonly<Record<string, number>> =>
    Object.fromEntries(w.agent?.meters.snapshot() ?? []);
  t.like(told(), {
    'slave/container_launch_errors': 1,
    'slave/executors_terminated': 3,
    'slave/recovery_errors': 0,
    'slave/tasks_failed': 2,
    'slave/tasks_finished': 1,
    'slave/tasks_killed': 0,
    'slave/valid_status_updates': 7,
  });
  t.true((told()['slave/recovery_time_secs'] ?? -1) >= 0);
  t.true((told()['checkpoint/write_ms/count'] ?? 0) > 0);
  t.true((told()['checkpoint/write_ms/max'] ?? 0) >= (told()['checkpoint/write_ms/min'] ?? 1));
  w.crash('process');
  await w.world.runUntil(() => w.masters.counts.registrations > 1, { withinMs: minuteMs });
  t.like(told(), { 'slave/tasks_failed': 0, 'slave/valid_status_updates': 0 });
});

test('an update that nobody acknowledges comes again after 10 s, 20 s, 40 s and so on', async (t) => {
  const w = new AgentWorld('retry', { attention: 0 });
  w.boot();
  await settled(w);
  w.masters.launch('t', 'sleep 100000');
  const arrivals: number[] = [];
  let repeated = -1;
  await w.world.runUntil(
    () => {
      const { counts, tasks } = w.masters;
      if (tasks.get('t')!.heard.length > 0 && counts.repeated !== repeated) {
        repeated = counts.repeated;
        arrivals.push(w.world.nowMs);
        w.masters.ping();
      }
      if (w.world.events % 50 === 0) w.masters.ping();
      return arrivals.length === 6;
    },
    { withinMs: 60 * minuteMs },
  );
  const waits = arrivals.slice(1).map((at, i) => Math.round((at - arrivals[i]!) / 1000));
  // The link is given up in between when no ping comes, and a registration sends at once.
  t.deepEqual(waits.slice(0, 3), [10, 20, 40]);
  t.is(w.masters.tasks.get('t')!.heard.length, 1);
});

test('a kill gives TERM its grace and then kills; a shorter grace later shortens it', async (t) => {
  const w = new AgentWorld('kill', { attention: 1 });
  w.boot();
  await settled(w);
  const took = async (id: string, line: string, graces: readonly (number | undefined)[]) => {
    w.masters.launch(id, line);
    const isRunning = (): boolean => statesOf(w, id).includes('TASK_RUNNING');
    await w.world.runUntil(isRunning, { withinMs: minuteMs });
    const startMs = w.world.nowMs;
    for (const grace of graces) w.masters.kill(id, grace);
    const isOver = (): boolean => statesOf(w, id).includes('TASK_KILLED');
    await w.world.runUntil(isOver, { withinMs: 10 * minuteMs });
    return Math.round((w.world.nowMs - startMs) / 1000);
  };
  t.is(await took('soft', 'sleep 900', [undefined]), 0);
  t.is(await took('hard', 'trap TERM; sleep 900', [undefined]), 3);
  t.is(await took('slow', 'trap TERM; sleep 900', [20]), 20);
  t.is(await took('hurried', 'trap TERM; sleep 900', [60, 7]), 7);
  t.is(await took('patient', 'trap TERM; sleep 900', [7, 60]), 7);
  await finish(t, w, 'kill');
  const messages = [...w.masters.tasks.values()].map((task) => task.heard.at(-1)!.message);
  t.is(messages[0], 'Command terminated with signal Terminated');
  t.deepEqual(new Set(messages.slice(1)), new Set(['Command terminated with signal Killed']));
  t.deepEqual(statesOf(w, 'soft'), [
    'TASK_STARTING',
    'TASK_RUNNING',
    'TASK_KILLING',
    'TASK_KILLED',
  ]);
});

test('a kill that overtakes the launch leaves one update, that says so', async (t) => {
  const w = new AgentWorld('overtaken', { attention: 1 });
  w.boot();
  await settled(w);
  w.masters.launch('t', 'sleep 900');
  w.masters.kill('t', undefined);
  await finish(t, w, 'overtaken');
  const [only] = w.masters.tasks.get('t')!.heard;
  t.like(only, { state: 'TASK_KILLED', reason: 'REASON_TASK_KILLED_DURING_LAUNCH' });
  t.is(statesOf(w, 't').length, 1);
});

test('an agent that is shut down kills its tasks, and the next one reports them', async (t) => {
  const w = new AgentWorld('shutdown', { attention: 0 });
  w.boot();
  await settled(w);
  w.masters.launch('a', 'sleep 900');
  w.masters.launch('b', 'trap TERM; sleep 900');
  await w.world.runUntil(() => w.containers.alive === 2, { withinMs: minuteMs });
  await w.world.runFor(1000);
  const end = await w.world.settle(
    w.agent!.shutdown().then(() => w.agent!.ended),
    { withinMs: minuteMs },
  );
  t.is(end.kind, 'closed');
  t.is(w.containers.alive, 0);
  w.crash('process');
  await finish(t, w, 'shutdown');
  t.is(statesOf(w, 'b').at(-1), 'TASK_KILLED');
});

/** A fixed little story; the crash strikes at one write of it. */
async function story(t: ExecutionContext, point: CrashPoint | undefined): Promise<number> {
  const told =
    point === undefined ? 'no crash' : `${point.kind} ${point.when} write ${point.write}`;
  const w = new AgentWorld('story', { attention: 0.7 });
  w.crashAtWrite = point;
  w.boot();
  await w.world.runFor(3000);
  w.masters.launch('quick', 'exit 0');
  w.masters.launch('long', 'sleep 40; exit 5');
  w.masters.launch('stubborn', 'trap TERM; sleep 4000');
  await w.world.runFor(4000);
  w.masters.kill('stubborn', 2);
  w.masters.elect();
  await w.world.runFor(20_000);
  await finish(t, w, told);
  checkStarts(t, w, told);
  t.is(w.crashes, point === undefined ? 0 : 1, told);
  if (point === undefined || point.kind === 'process') {
    // Whatever happened to the agent, the tasks noticed nothing.
    t.is(statesOf(w, 'quick').at(-1), 'TASK_FINISHED', told);
    t.is(w.masters.tasks.get('long')!.heard.at(-1)!.message, 'Command exited with status 5', told);
    t.is(statesOf(w, 'stubborn').at(-1), 'TASK_KILLED', told);
  }
  return w.writes;
}

test('an agent that dies around any write of its checkpoint loses nothing', async (t) => {
  const writes = await story(t, undefined);
  t.true(writes > 15, `only ${writes} writes`);
  for (let write = 1; write <= writes; write++) {
    for (const when of ['before', 'after'] as const) {
      for (const kind of ['process', 'power'] as const) await story(t, { write, when, kind });
    }
  }
});

test('no luck with crashes, partitions, elections and deposed leaders breaks a law', async (t) => {
  const counts = { crashes: 0, repeated: 0, deposedWords: 0, registrations: 0, tasks: 0 };
  for (const seed of seedsOf(40)) {
    const w = new AgentWorld(seed, { attention: 0.6 });
    const { random, masters, network, world } = w;
    network.setFaults({
      delayMsMin: 1,
      delayMsMax: 40,
      slow: 0.05,
      slowMs: 2000,
      loss: 0.05,
      repeat: 0,
    });
    w.boot();
    const lines = [
      'exit 0',
      'exit 9',
      'sleep 3; exit 0',
      'sleep 60',
      'trap TERM; sleep 500',
      'fail',
    ];
    const ids: string[] = [];
    for (let turn = 0; turn < 60; turn++) {
      await world.runFor(random.below(4000));
      const dice = random.below(12);
      if (dice <= 3) {
        ids.push(`t${ids.length}`);
        masters.launch(ids.at(-1)!, lines[random.below(lines.length)]!);
      } else if (dice <= 5 && ids.length > 0) {
        masters.kill(ids[random.below(ids.length)]!, random.oneIn(2) ? undefined : random.below(9));
      } else if (dice === 6) masters.elect();
      else if (dice === 7) w.crash(random.oneIn(4) ? 'power' : 'process');
      else if (dice === 8) network.partition([['agent'], ['m0', 'm1', 'm2']]);
      else if (dice === 9) network.heal();
      else if (dice === 10) masters.enlighten();
      else masters.ping();
      masters.speakInError(`error-${turn}`);
    }
    network.setFaults({ delayMsMin: 1, delayMsMax: 5, slow: 0, slowMs: 0, loss: 0, repeat: 0 });
    // A task that ends by itself keeps nobody waiting; the others are killed.
    for (const id of ids) masters.kill(id, 1);
    const pinging = setPings(w);
    await finish(t, w, `SEED=${seed}`);
    pinging.over = true;
    checkStarts(t, w, `SEED=${seed}`);
    counts.crashes += w.crashes;
    counts.tasks += ids.length;
    for (const name of ['repeated', 'deposedWords', 'registrations'] as const) {
      counts[name] += masters.counts[name];
    }
  }
  t.log(counts);
  for (const [name, count] of Object.entries(counts)) t.true(count > 0, `no ${name}`);
});

/** A leader that lives says so. */
function setPings(w: AgentWorld): { over: boolean } {
  const pinging = { over: false };
  const ping = (): void => {
    if (pinging.over) return;
    w.masters.ping();
    w.world.schedule(15_000, 'ping', ping);
  };
  ping();
  return pinging;
}
