/**
 * What tasks and their scheduler notice of an agent that dies, with real processes: three masters, one
 * agent, 200 tasks that sleep, fail, are killed, run together in pods, or in an
 * executor that is not ours. What ran is told by files that
 * the tasks write, not by anybody's books.
 *
 * `SECONDS=60` for the full length.
 */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { httpClient } from '#internal/runtime/real/http-client.ts';
import { openLogger } from '#internal/runtime/real/logger.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import type { ExecutorInfo } from '#proto/gen/mesos/v1.ts';
import { temporaryFolder, until } from './cluster.ts';
import { ManyTasks } from './failover/many-tasks.ts';
import { type ClusterProcesses, startProcesses } from './failover/processes.ts';

const seconds = Number(process.env['SECONDS'] ?? 16);
const count = 200;
const killEveryMs = 2000;
const leaderEvery = 5;
const stoppedMs = 20_000;
const restEndsMs = 120_000;

type Kind = 'sleeps' | 'fails' | 'killed' | 'pod' | 'foreign';

/** Of twenty tasks two fail, two are killed, four run in pods of two, and one in a stranger's executor. */
function kindOf(task: number): Kind {
  const place = task % 20;
  if (place < 2) return 'fails';
  if (place < 4) return 'killed';
  if (place < 8) return 'pod';
  return place === 8 ? 'foreign' : 'sleeps';
}

const statusOf = (task: number): number => (kindOf(task) === 'fails' ? 3 : 0);

const isKilled = (task: number): boolean => kindOf(task) === 'killed' || kindOf(task) === 'foreign';

const endOf = (task: number): string => {
  if (isKilled(task)) return 'TASK_KILLED';
  return statusOf(task) === 0 ? 'TASK_FINISHED' : 'TASK_FAILED';
};

/** It is not ours, and in another language; its tasks run until they are killed. */
const executorIn = (folder: string): ExecutorInfo => ({
  type: 'CUSTOM',
  executor_id: { value: 'stranger' },
  command: { value: `cd ${folder} && exec python3 ${resolve('test/wire-executor.py')}` },
});

function commandOf(task: number, folder: string): string {
  const sleep = kindOf(task) === 'killed' ? 600 : 0.5 + (task % 7);
  return (
    `echo $MESOS_TASK_ID >> ${folder}/starts; sleep ${sleep}; ` +
    `echo $MESOS_TASK_ID >> ${folder}/ends; exit ${statusOf(task)}`
  );
}

test.serial(
  'the agent dies every two seconds, leaders now and then, and no task notices',
  async (t) => {
    const { cluster, folder } = await startAll(t);
    await using load = startLoad(cluster, folder);
    let kills = 0;
    let leaders = 0;
    const back: Promise<void>[] = [];
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end) {
      const next = performance.now() + killEveryMs;
      await cluster.restartAgent(0);
      kills++;
      const leader = kills % leaderEvery === 0 ? await cluster.leader() : undefined;
      if (leader !== undefined) {
        leaders++;
        back.push(cluster.restartMaster(leader, 'SIGKILL', 200));
      }
      await pause(Math.max(0, next - performance.now()));
    }
    await Promise.all(back);
    t.log(`the agent was killed ${kills} times, a leader ${leaders} times`);
    await judge(t, load, folder);
    t.true(kills >= seconds / 2 - 2 && leaders > 0);
  },
);

test.serial(
  'an agent that stands still for 20 seconds, while its leader dies, loses nothing',
  async (t) => {
    const { cluster, folder } = await startAll(t);
    await using load = startLoad(cluster, folder);
    await pause((seconds * 1000) / 4);
    cluster.signalAgent(0, 'SIGSTOP');
    await pause(stoppedMs / 2);
    await cluster.restartMaster(await cluster.untilLed(), 'SIGKILL', 200);
    await pause(stoppedMs / 2);
    cluster.signalAgent(0, 'SIGCONT');
    await judge(t, load, folder);
  },
);

type Stage = { readonly cluster: ClusterProcesses; readonly folder: string };

async function startAll(t: ExecutionContext): Promise<Stage> {
  const folder = await temporaryFolder(t);
  const agents = ['cpus:16;mem:8192;disk:4096'];
  const cluster = await startProcesses({ folder, masters: 3, agents });
  t.teardown(async () => await cluster[Symbol.asyncDispose]());
  return { cluster, folder };
}

function startLoad({ masters }: ClusterProcesses, folder: string): ManyTasks {
  const http = httpClient();
  return new ManyTasks(
    { clock: systemClock(), random: systemRandom(), logger: openLogger({ level: 'error' }), http },
    {
      name: 'load',
      masters,
      tasks: count,
      tasksPerSecond: count / (seconds - 5),
      commandOf: (task) => commandOf(task, folder),
      groupOf: (task) => (kindOf(task) === 'pod' ? Math.floor(task / 2) : undefined),
      executorOf: (task) => (kindOf(task) === 'foreign' ? executorIn(folder) : undefined),
      killAfterMsOf: (task) => (isKilled(task) ? 1500 : undefined),
    },
  );
}

async function judge(t: ExecutionContext, load: ManyTasks, folder: string): Promise<void> {
  let isOver = false;
  void load.over.then(() => (isOver = true));
  await until(
    () => isOver,
    restEndsMs,
    () => `all tasks end; not ${load.unfinished().join(', ')}; ${JSON.stringify(load.tally())}`,
  );
  const { byState, repeated, again, ends, endedTwice, lost, disorder } = load.tally();
  t.log(
    `${ends.size} tasks ended once each: ${JSON.stringify(byState)}; ${again} launched again ` +
      `before anybody knew them, ${repeated} updates repeated`,
  );
  t.deepEqual({ endedTwice, lost, disorder }, { endedTwice: [], lost: [], disorder: [] });
  const tasks = Array.from({ length: count }, (_, task) => task);
  const untrue = tasks.filter((task) => ends.get(`load-${task}`) !== endOf(task));
  const words = untrue.map((task) => `load-${task}: ${load.lastWordsOf(`load-${task}`)}`);
  t.deepEqual(words, [], 'each ended as it did');
  const names = (some: readonly number[]): string[] =>
    some.map((task) => `load-${task}`).toSorted();
  const foreign = tasks.filter((task) => kindOf(task) === 'foreign');
  const own = tasks.filter((task) => kindOf(task) !== 'foreign');
  t.deepEqual(await linesOf(`${folder}/starts`), names(own), 'each started once');
  t.deepEqual(await linesOf(`${folder}/launched`), names(foreign), 'each heard of once');
  const ending = tasks.filter((task) => !isKilled(task));
  t.deepEqual(await linesOf(`${folder}/ends`), names(ending), 'each came to its own end once');
  await load.tearDown();
}

async function linesOf(path: string): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .toSorted();
}
