/**
 * How fast tasks are launched: from the first ACCEPT of a hundred tasks until the last task has reached
 * its agent, decided by three masters with synced logs; in turns with what the log alone commits, three
 * nodes of it as the masters run them, on the same disk.
 */
import type { Tell } from '../figure.ts';
import { type Cluster, ownCluster, productionOptions } from '../raft/clusters.ts';
import { CallError } from '../raft/kv-client.ts';
import { paths } from '../raft/kv-messages.ts';
import { startGenerator } from '../raft/generator.ts';
import { type Latencies, median } from '../raft/latencies.ts';
import { type Ground, openGround, untilFleet, wallMs } from './ground.ts';
import { mastersPriority, withPriority } from './priority.ts';
import { cpuSeconds } from './process-use.ts';

const tasksPerAccept = 100;
const outstanding = 256;
const valueBytes = 256;
const logMs = 2500;
const rounds = 5;

export async function launchFigures(
  { folder, scale }: { readonly folder: string; readonly scale: number },
  tell: Tell,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const log = stack.use(
    await ownCluster(folder, withPriority(mastersPriority), {
      ...productionOptions,
      threaded: true,
    }),
  );
  log.startAll();
  using generator = startGenerator((program) => program);
  const ground = await openGround(stack, {
    folder,
    agents: 500,
    agentsPerProcess: 500,
    schedulers: 20,
    tasksPerAccept,
    life: { kind: 'silent' },
  });
  const tasks = Math.round(30_000 * scale);
  const measured: Record<'called' | 'inside' | 'launched' | 'leaderCpu' | 'followerCpu', number[]> =
    {
      called: [],
      inside: [],
      launched: [],
      leaderCpu: [],
      followerCpu: [],
    };
  // Once for nothing: what is timed is the programs, not their being compiled.
  await launchRate(ground, tasks);
  for (let round = 0; round < rounds; round++) {
    const address = log.addresses[await log.leader()] ?? '';
    const order = { address, clients: outstanding, valueBytes, durationMs: logMs };
    measured.called.push((await generator.run(order)).perSecond);
    measured.inside.push(await insideRate(log));
    const before = await cpuOfMasters(ground);
    measured.launched.push(await launchRate(ground, tasks));
    const after = await cpuOfMasters(ground);
    measured.leaderCpu.push((after.leader - before.leader) / tasks);
    measured.followerCpu.push((after.followers - before.followers) / tasks / 2);
    tell({
      name: `launched-tasks-${round + 1}`,
      value: measured.launched.at(-1) ?? NaN,
      unit: '1/s',
    });
  }
  const over = (entries: readonly number[]): number =>
    median(measured.launched.map((rate, round) => rate / (entries[round] ?? NaN)));
  tell(
    { name: 'launched-tasks', value: median(measured.launched), unit: '1/s' },
    { name: 'log-entries-called', value: median(measured.called), unit: '1/s' },
    { name: 'log-entries-inside', value: median(measured.inside), unit: '1/s' },
    { name: 'launched-over-log-called', value: over(measured.called), unit: 'times' },
    { name: 'launched-over-log-inside', value: over(measured.inside), unit: 'times' },
    { name: 'leader-cpu-per-launch', value: 1e6 * median(measured.leaderCpu), unit: 'us' },
    { name: 'follower-cpu-per-launch', value: 1e6 * median(measured.followerCpu), unit: 'us' },
  );
}

/** Tasks that have reached their agents, by the time from the wish to the last of them. */
async function launchRate({ fleet, crowd }: Ground, tasks: number): Promise<number> {
  const { launches } = await fleet.report();
  const startMs = wallMs();
  await crowd.want(tasks);
  const { lastLaunchMs } = await untilFleet(fleet, (report) => report.launches >= launches + tasks);
  const { refusals, refusal } = await crowd.report();
  if (refusals > 0) throw new Error(`${refusals} calls refused: ${refusal}`);
  return (1000 * tasks) / (lastLaunchMs - startMs);
}

type CpuOfMasters = { readonly leader: number; readonly followers: number };

/** In seconds. */
async function cpuOfMasters({ cluster }: Ground): Promise<CpuOfMasters> {
  const leader = await cluster.leader();
  const seconds = cluster.http.map((_, master) => cpuSeconds(cluster.pid(master)));
  const all = seconds.reduce((sum, one) => sum + one, 0);
  return { leader: seconds[leader] ?? NaN, followers: all - (seconds[leader] ?? NaN) };
}

const attempts = 5;

/** Entries that the process which leads commits without a call before them. */
async function insideRate(log: Cluster): Promise<number> {
  const order = Buffer.from(JSON.stringify({ outstanding, durationMs: logMs, valueBytes }));
  for (let attempt = 1; ; attempt++) {
    try {
      const reply = await log.client(await log.leader()).call(paths.drive, order, 60_000);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own node's word.
      return (JSON.parse(Buffer.from(reply).toString()) as Latencies).perSecond;
    } catch (fault) {
      // On a machine that does other work the leader may lose its place: that round tells nothing.
      if (attempt === attempts || !(fault instanceof CallError)) throw fault;
    }
  }
}
