/**
 * A large cluster: ten thousand agents that are connected and pinged, a hundred thousand tasks on them,
 * all of it told at once, and all of them back at once when the leader is killed.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Tell } from '../figure.ts';
import { failoverReport, killLeader, launchAll } from './failover.ts';
import { type Ground, openGround } from './ground.ts';
import type { MasterCluster } from './master-cluster.ts';
import { cpuSeconds, cpuShare, residentBytes } from './process-use.ts';
import { stateReadFigures } from './reads.ts';

export const crowdedParts = ['idle', 'reads', 'herd'] as const;
export type CrowdedPart = (typeof crowdedParts)[number];

/** A round of pings. */
const watchMs = 15_000;
/** As the masters have it. */
const pingMs = 15_000;

/** One cluster for all parts that are asked for. */
export async function crowdedFigures(
  { folder, scale }: { readonly folder: string; readonly scale: number },
  parts: readonly CrowdedPart[],
  tell: Tell,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const agents = Math.round(10_000 * scale);
  const tasks = Math.round(100_000 * scale);
  const bytes: number[] = [];
  const look = async (cluster: MasterCluster, name: string): Promise<void> => {
    if (parts.includes('idle')) bytes.push(await watch(cluster, name, tell));
  };
  const atFirst = { ms: 0, cpuSeconds: 0 };
  const ground = await openGround(stack, {
    folder,
    agents,
    agentsPerProcess: 2000,
    schedulers: 20,
    tasksPerAccept: 10,
    life: { kind: 'lively', runMs: undefined },
    onMasters: async (cluster) => {
      await look(cluster, 'masters');
      atFirst.cpuSeconds = cpuSeconds(cluster.pid(await cluster.leader()));
      atFirst.ms = performance.now();
    },
    onAgents: async (cluster) => {
      const seconds = cpuSeconds(cluster.pid(await cluster.leader())) - atFirst.cpuSeconds;
      tell(
        {
          name: 'agents-connected-after',
          value: (performance.now() - atFirst.ms) / 1000,
          unit: 's',
        },
        { name: 'leader-cpu-per-registration', value: (1e6 * seconds) / agents, unit: 'us' },
      );
      await look(cluster, 'agents');
    },
  });
  await launchAll(ground, tasks);
  await look(ground.cluster, 'agents-and-tasks');
  const [alone = NaN, connected = NaN, busy = NaN] = bytes;
  if (parts.includes('idle')) {
    tell(
      { name: 'bytes-per-agent', value: (connected - alone) / agents, unit: 'bytes' },
      { name: 'bytes-per-task', value: (busy - connected) / tasks, unit: 'bytes' },
    );
  }
  if (parts.includes('reads')) await stateReadFigures(ground, tell);
  if (parts.includes('herd')) await herdFigures(ground, tell);
}

async function herdFigures(ground: Ground, tell: Tell): Promise<void> {
  const { cluster, fleet } = ground;
  const before = await Promise.all(
    cluster.http.map(async (_, master) => cpuSeconds(cluster.pid(master))),
  );
  const { failover } = await killLeader(ground);
  tell(...failoverReport('herd', [failover]));
  const leader = await cluster.leader();
  const seconds = cpuSeconds(cluster.pid(leader)) - (before[leader] ?? NaN);
  tell({ name: 'herd-leader-cpu-per-agent', value: (1e6 * seconds) / fleet.agents, unit: 'us' });
  // The second ping of everybody tells whether the first ones were late.
  await pause(pingMs + 5000);
  const { silenceMs, dismissed } = await fleet.report();
  const metrics = await cluster.metrics(leader);
  tell(
    { name: 'herd-ping-late-by', value: Math.max(0, silenceMs - pingMs), unit: 'ms' },
    { name: 'herd-agents-dismissed', value: dismissed, unit: 'agents' },
    {
      name: 'herd-agents-unreachable',
      value: metrics.get('master/slaves_unreachable') ?? NaN,
      unit: 'agents',
    },
  );
}

/** What the leader takes while nothing happens. Returns the memory that it holds. */
async function watch(cluster: MasterCluster, name: string, tell: Tell): Promise<number> {
  const leader = await cluster.leader();
  const pid = cluster.pid(leader);
  const share = await cpuShare(pid, watchMs);
  const metrics = await cluster.metrics(leader);
  const bytes = residentBytes(pid);
  tell(
    { name: `idle-${name}-cpu`, value: share, unit: 'cores' },
    { name: `idle-${name}-memory`, value: bytes, unit: 'bytes' },
    {
      name: `idle-${name}-longest-stall`,
      value: metrics.get('loop/longest_stall_ms/10secs') ?? NaN,
      unit: 'ms',
    },
  );
  return bytes;
}
