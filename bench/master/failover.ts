/** What a cluster takes to be itself again when the leader of its masters is killed. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Figure, Tell } from '../figure.ts';
import { median } from '../raft/latencies.ts';
import { type Ground, openGround, untilCrowd, untilFleet, wallMs } from './ground.ts';
import { electionMs } from './master-cluster.ts';

/** All of them from the kill on. */
export type Failover = {
  readonly firstOfferMs: number;
  readonly agentsBackMs: number;
  readonly schedulersBackMs: number;
  /** Every task that a scheduler asked about was answered for. */
  readonly answeredMs: number;
  /** The longest in which the new leader answered nobody. */
  readonly longestStallMs: number;
  /** Tasks whose schedulers heard that they came to a bad end. */
  readonly lost: number;
  /** Terms that passed; one, when the election was over at once and nobody was deposed since. */
  readonly elections: number;
};

const rounds = 3;

export async function failoverFigures(
  { folder, scale }: { readonly folder: string; readonly scale: number },
  tell: Tell,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const [agents, schedulers, tasks] = [1000, 100, 20_000].map((full) => Math.round(full * scale));
  const ground = await openGround(stack, {
    folder,
    agents: agents ?? 0,
    agentsPerProcess: 1000,
    schedulers: schedulers ?? 0,
    tasksPerAccept: 20,
    life: { kind: 'lively', runMs: undefined },
  });
  await launchAll(ground, tasks ?? 0);
  const measured: Failover[] = [];
  for (let round = 0; round < rounds; round++) {
    const { failover, killed } = await killLeader(ground);
    measured.push(failover);
    tell({ name: `failover-${round + 1}-first-offer`, value: failover.firstOfferMs, unit: 'ms' });
    ground.cluster.start(killed);
    await isAsGoodAs(ground, killed);
  }
  tell(...failoverReport('failover', measured));
}

/** Medians, and the worst first offer. */
export function failoverReport(name: string, measured: readonly Failover[]): readonly Figure[] {
  const of = (field: keyof Failover): number => median(measured.map((one) => one[field]));
  const worst = (field: keyof Failover): number => Math.max(...measured.map((one) => one[field]));
  return [
    { name: `${name}-first-offer`, value: of('firstOfferMs'), unit: 'ms' },
    { name: `${name}-first-offer-worst`, value: worst('firstOfferMs'), unit: 'ms' },
    {
      name: `${name}-first-offer-over-election-timeout`,
      value: of('firstOfferMs') / electionMs,
      unit: 'times',
    },
    { name: `${name}-agents-back`, value: of('agentsBackMs'), unit: 'ms' },
    { name: `${name}-schedulers-back`, value: of('schedulersBackMs'), unit: 'ms' },
    { name: `${name}-reconciled`, value: of('answeredMs'), unit: 'ms' },
    { name: `${name}-longest-stall`, value: worst('longestStallMs'), unit: 'ms' },
    { name: `${name}-tasks-lost`, value: worst('lost'), unit: 'tasks' },
    { name: `${name}-elections`, value: worst('elections'), unit: 'terms' },
  ];
}

/** Launched, running and acknowledged: nothing is on its way any more. */
export async function launchAll({ crowd, fleet }: Ground, tasks: number): Promise<void> {
  const { launches } = await fleet.report();
  const { updates } = await crowd.report();
  await crowd.want(tasks);
  await untilFleet(fleet, (report) => report.launches >= launches + tasks);
  await untilCrowd(crowd, (report) => report.updates >= updates + tasks);
  const { refusals, refusal } = await crowd.report();
  if (refusals > 0) throw new Error(`${refusals} calls refused: ${refusal}`);
  // What is acknowledged has yet to be decided and told.
  await pause(2000);
}

type Killed = { readonly failover: Failover; readonly killed: number };

export async function killLeader({ cluster, fleet, crowd }: Ground): Promise<Killed> {
  const killed = await cluster.leader();
  const before = { fleet: await fleet.report(), crowd: await crowd.report() };
  const termBefore = (await cluster.metrics(killed)).get('raft/term') ?? NaN;
  const startMs = wallMs();
  await cluster.end(killed, 'SIGKILL');
  const [agents, schedulers] = await Promise.all([
    untilFleet(
      fleet,
      ({ registered, registrations }) =>
        registered === fleet.agents && registrations >= before.fleet.registrations + fleet.agents,
    ),
    untilCrowd(
      crowd,
      ({ subscriptions, subscribed, unanswered, offered }) =>
        subscribed === before.crowd.subscribed &&
        subscriptions >= before.crowd.subscriptions + subscribed &&
        unanswered === 0 &&
        offered > 0,
    ),
  ]);
  const metrics = await cluster.metrics(await cluster.leader());
  return {
    killed,
    failover: {
      firstOfferMs: (schedulers.firstOfferMs ?? NaN) - startMs,
      agentsBackMs: agents.lastRegisteredMs - startMs,
      schedulersBackMs: schedulers.lastSubscribedMs - startMs,
      answeredMs: schedulers.lastAnsweredMs - startMs,
      longestStallMs: metrics.get('loop/longest_stall_ms/1min') ?? NaN,
      lost: schedulers.lost - before.crowd.lost,
      elections: (metrics.get('raft/term') ?? NaN) - termBefore,
    },
  };
}

/** The one that was started again has caught up, so that the next kill leaves a majority. */
async function isAsGoodAs({ cluster }: Ground, master: number): Promise<void> {
  const applied = async (which: number): Promise<number> =>
    (await cluster.metrics(which).catch(() => undefined))?.get('raft/applied') ?? 0;
  const goal = await applied(await cluster.leader());
  while ((await applied(master)) < goal) await pause(100);
}
