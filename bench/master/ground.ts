/** What the parts of the benchmark stand on: masters, agents and schedulers, and the time of day. */
import { setTimeout as pause } from 'node:timers/promises';
import {
  type Crowd,
  type CrowdReport,
  type CrowdSettings,
  openCrowd,
} from '../neighbours/crowd.ts';
import { type Fleet, type FleetOptions, type FleetReport, openFleet } from '../neighbours/fleet.ts';
import { type MasterCluster, newMasterCluster } from './master-cluster.ts';

export type GroundOptions = Pick<FleetOptions, 'agents' | 'agentsPerProcess' | 'life'> &
  Pick<CrowdSettings, 'schedulers' | 'tasksPerAccept'> & {
    /** Where the masters keep their logs. */
    readonly folder: string;
    readonly flags?: readonly string[];
    /** Called when the masters are there and nobody else is. */
    readonly onMasters?: (cluster: MasterCluster) => Promise<void>;
    /** Called when all agents are connected and nobody has subscribed. */
    readonly onAgents?: (cluster: MasterCluster) => Promise<void>;
  };

export type Ground = {
  readonly cluster: MasterCluster;
  readonly fleet: Fleet;
  readonly crowd: Crowd;
};

const withinMs = 300_000;
const pollMs = 50;

/** Everybody is connected when it resolves. */
export async function openGround(
  stack: AsyncDisposableStack,
  { folder, flags = [], onMasters, onAgents, ...options }: GroundOptions,
): Promise<Ground> {
  const cluster = stack.use(await newMasterCluster(folder, flags));
  cluster.startAll();
  await cluster.leader();
  await onMasters?.(cluster);
  const { agents, agentsPerProcess, life, schedulers, tasksPerAccept } = options;
  const shape = { cpus: 10_000, mem: 1 << 20, seed: 1 };
  const fleet = stack.use(
    openFleet({ masters: cluster.grpc, agents, agentsPerProcess, life, ...shape }),
  );
  const crowd = stack.use(
    openCrowd({
      masters: cluster.http,
      schedulers,
      tasksPerAccept,
      task: { cpus: 0.01, mem: 1 },
      // What is not wanted is not asked for again before it is (REVIVE).
      refuseSeconds: 600,
      roles: Math.min(schedulers, 10),
      json: false,
      seed: 1,
    }),
  );
  await fleet.start();
  await untilFleet(fleet, ({ registered }) => registered === agents);
  await onAgents?.(cluster);
  await crowd.start();
  await untilCrowd(crowd, ({ subscribed }) => subscribed === schedulers);
  return { cluster, fleet, crowd };
}

export const untilFleet = async (
  fleet: Fleet,
  isSo: (report: FleetReport) => boolean,
): Promise<FleetReport> => await until(async () => await fleet.report(), isSo);

export const untilCrowd = async (
  crowd: Crowd,
  isSo: (report: CrowdReport) => boolean,
): Promise<CrowdReport> => await until(async () => await crowd.report(), isSo);

/** Milliseconds since the epoch, as the neighbours' reports have them. */
export const wallMs = (): number => Date.now();

async function until<Report>(
  ask: () => Promise<Report>,
  isSo: (report: Report) => boolean,
): Promise<Report> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const report = await ask();
    if (isSo(report)) return report;
    if (performance.now() > deadline) throw new Error(`it never came: ${JSON.stringify(report)}`);
    await pause(pollMs);
  }
}
