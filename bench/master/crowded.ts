/**
 * A large cluster: ten thousand agents that are connected and pinged, a hundred thousand tasks on them,
 * all of it told at once, and all of them back at once when the leader is killed.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Figure } from '../figure.ts';
import { failoverReport, killLeader, launchAll } from './failover.ts';
import { openGround } from './ground.ts';
import type { MasterCluster } from './master-cluster.ts';
import { cpuShare, residentBytes } from './process-use.ts';
import { stateReadFigures } from './reads.ts';

/** Two rounds of pings. */
const watchMs = 30_000;
/** As the masters have it. */
const pingMs = 15_000;

export async function crowdedFigures(folder: string, scale: number): Promise<readonly Figure[]> {
  await using stack = new AsyncDisposableStack();
  const agents = Math.round(10_000 * scale);
  const tasks = Math.round(100_000 * scale);
  const watched: Watched[] = [];
  const ground = await openGround(stack, {
    folder,
    agents,
    agentsPerProcess: 2000,
    schedulers: 20,
    tasksPerAccept: 10,
    life: { kind: 'lively', runMs: undefined },
    onMasters: async (cluster) => void watched.push(await watch(cluster, 'masters')),
    onAgents: async (cluster) => void watched.push(await watch(cluster, 'agents')),
  });
  await launchAll(ground, tasks);
  watched.push(await watch(ground.cluster, 'agents-and-tasks'));
  const [alone, connected, busy] = watched.map(({ bytes }) => bytes);
  const reads = await stateReadFigures(ground);
  const { failover } = await killLeader(ground);
  // The second ping of everybody tells whether the first ones were late.
  await pause(pingMs + 5000);
  const { silenceMs, dismissed } = await ground.fleet.report();
  const metrics = await ground.cluster.metrics(await ground.cluster.leader());
  return [
    ...watched.flatMap(({ figures }) => figures),
    {
      name: 'bytes-per-agent',
      value: ((connected ?? NaN) - (alone ?? NaN)) / agents,
      unit: 'bytes',
    },
    { name: 'bytes-per-task', value: ((busy ?? NaN) - (connected ?? NaN)) / tasks, unit: 'bytes' },
    ...reads,
    ...failoverReport('herd', [failover]),
    { name: 'herd-ping-late-by', value: Math.max(0, silenceMs - pingMs), unit: 'ms' },
    { name: 'herd-agents-dismissed', value: dismissed, unit: 'agents' },
    {
      name: 'herd-agents-unreachable',
      value: metrics.get('master/slaves_unreachable') ?? NaN,
      unit: 'agents',
    },
  ];
}

type Watched = { readonly bytes: number; readonly figures: readonly Figure[] };

/** What the leader takes while nothing happens. */
async function watch(cluster: MasterCluster, name: string): Promise<Watched> {
  const leader = await cluster.leader();
  const pid = cluster.pid(leader);
  const share = await cpuShare(pid, watchMs);
  const metrics = await cluster.metrics(leader);
  const bytes = residentBytes(pid);
  return {
    bytes,
    figures: [
      { name: `idle-${name}-cpu`, value: share, unit: 'cores' },
      { name: `idle-${name}-memory`, value: bytes, unit: 'bytes' },
      {
        name: `idle-${name}-longest-stall`,
        value: metrics.get('loop/longest_stall_ms/10secs') ?? NaN,
        unit: 'ms',
      },
    ],
  };
}
