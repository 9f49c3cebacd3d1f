/**
 * What a scheduler sees of its masters' deaths, with real processes: three masters, agents that run
 * real tasks, and the leader killed again and again, or all masters restarted as an upgrade does it.
 *
 * `SECONDS=n` goes on for another time.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { httpClient } from '#internal/runtime/real/http-client.ts';
import { openLogger } from '#internal/runtime/real/logger.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import { temporaryFolder, until } from './cluster.ts';
import { ManyTasks, type Tally } from './failover/many-tasks.ts';
import { type ClusterProcesses, startProcesses } from './failover/processes.ts';

const seconds = Number(process.env['SECONDS'] ?? 60);
const taskCount = 500;
const killEveryMs = 3000;
const downMs = 200;
const restEndsMs = 120_000;

test.serial('leaders die every three seconds, and every task ends exactly once', async (t) => {
  const { cluster, folder } = await startAll(t);
  await using load = startLoad('busy', taskCount, cluster, folder);
  const killed = new Map<number, number>();
  const back: Promise<void>[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const next = performance.now() + killEveryMs;
    const leader = await cluster.leader();
    if (leader !== undefined) {
      killed.set(leader, (killed.get(leader) ?? 0) + 1);
      back.push(cluster.restartMaster(leader, 'SIGKILL', downMs));
    }
    await pause(Math.max(0, next - performance.now()));
  }
  await Promise.all(back);
  await untilOver(load);
  const kills = [...killed].map(([n, count]) => `master-${n + 1} ${count} times`).toSorted();
  t.log(`killed while leading: ${kills.join(', ')}`);
  await judge(t, { load, cluster, folder, count: taskCount });
  t.is(killed.size, 3, 'each master was killed while it led');
});

test.serial(
  'a rolling restart of the masters costs a scheduler one reconnection each',
  async (t) => {
    const { cluster, folder } = await startAll(t);
    await using busy = startLoad('busy', taskCount, cluster, folder);
    await using quiet = startLoad('quiet', 20, cluster, folder);
    const loads = [busy, quiet];
    let handovers = 0;
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end) {
      for (const master of [0, 1, 2]) {
        const leader = await cluster.untilLed();
        if (leader === master) handovers++;
        await cluster.restartMaster(master, 'SIGTERM', 0);
        await cluster.untilFollowing(master);
        await pause(1000);
      }
    }
    for (const load of loads) await untilOver(load);
    t.log(`${handovers} leaders restarted`);
    await judge(t, { load: busy, cluster, folder, count: taskCount });
    await judge(t, { load: quiet, cluster, folder, count: 20 });
    t.true(handovers >= 3, 'no leader was restarted');
    for (const load of loads) {
      const { disconnections, longestGapMs } = load.tally();
      t.true(disconnections <= handovers, `${disconnections} reconnections`);
      t.true(longestGapMs < 15_000, 'a handover took longer than a heartbeat');
    }
  },
);

type Stage = { readonly cluster: ClusterProcesses; readonly folder: string };

async function startAll(t: ExecutionContext): Promise<Stage> {
  const folder = await temporaryFolder(t);
  const agents = ['cpus:4;mem:2048', 'cpus:4;mem:2048'];
  const cluster = await startProcesses({ folder, masters: 3, agents });
  t.teardown(async () => await cluster[Symbol.asyncDispose]());
  return { cluster, folder };
}

function startLoad(
  name: string,
  count: number,
  { masters }: ClusterProcesses,
  folder: string,
): ManyTasks {
  const http = httpClient();
  return new ManyTasks(
    { clock: systemClock(), random: systemRandom(), logger: openLogger({ level: 'error' }), http },
    {
      name,
      masters,
      tasks: count,
      tasksPerSecond: count / (seconds - 5),
      // Each start is written down; every tenth task fails, as it should.
      commandOf: (n) =>
        `echo $MESOS_TASK_ID >> ${folder}/${name}.starts; sleep ${1 + (n % 5) / 2}; exit ${n % 10 === 9 ? 3 : 0}`,
    },
  );
}

async function untilOver(load: ManyTasks): Promise<void> {
  let isOver = false;
  await Promise.race([
    load.over.then(() => (isOver = true)),
    until(
      () => isOver,
      restEndsMs,
      () => `all tasks end; not ${load.unfinished().join(', ')}; ${JSON.stringify(load.tally())}`,
    ),
  ]);
}

type Outcome = Stage & { readonly load: ManyTasks; readonly count: number };

async function judge(
  t: ExecutionContext,
  { load, cluster, folder, count }: Outcome,
): Promise<void> {
  const tally = load.tally();
  t.log(told(tally));
  const name = load.name;
  const text = await readFile(`${folder}/${name}.starts`, 'utf8');
  const starts = text.split('\n').filter((line) => line !== '');
  t.is(starts.length, count, 'starts');
  t.is(new Set(starts).size, count, 'tasks that started');
  t.deepEqual(tally.lost, []);
  t.deepEqual(tally.endedTwice, []);
  t.deepEqual(tally.byState, { TASK_FINISHED: (count * 9) / 10, TASK_FAILED: count / 10 });
  const left = await liveTasks(cluster, load.frameworkId);
  t.deepEqual(left, [], 'tasks that the masters believe to live');
}

/** Once the last acknowledgements have arrived. */
async function liveTasks(cluster: ClusterProcesses, framework: string): Promise<readonly string[]> {
  let live: readonly string[] = ['nobody answers'];
  const ask = async (): Promise<boolean> => {
    const address = cluster.masters[await cluster.untilLed()];
    const reply = await fetch(`http://${address}/frameworks?framework_id=${framework}`);
    const body = await reply.text();
    const tasks = /"tasks":\[(.*?)\],"unreachable_tasks"/s.exec(body)?.[1] ?? 'nothing';
    live = tasks === '' ? [] : [tasks];
    return live.length === 0;
  };
  await until(ask, restEndsMs, () => `no live task; ${live.join()}`).catch(() => {});
  return live;
}

const told = (tally: Tally): string =>
  `${tally.ended} ended (${JSON.stringify(tally.byState)}), ${tally.lost.length} lost, ` +
  `${tally.endedTwice.length} ended twice, ${tally.again} launched again, ` +
  `${tally.repeated} updates repeated, ${tally.subscriptions} subscriptions, ` +
  `${tally.disconnections} disconnections, longest ${tally.longestGapMs} ms, ` +
  `${tally.refusals.length} refusals ${tally.refusals.slice(0, 3).join('; ')}`;
