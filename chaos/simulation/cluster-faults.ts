/**
 * What a run of the cluster has to suffer. Each seed draws which classes of fault exist at all (swarm
 * testing), and how hard each of them strikes. Everything is bounded so that a majority of the masters
 * meets now and then, and no framework is away for as long as it is waited for.
 */
import { type Random, randomFromSeed } from '#internal/base/random.ts';
import type { MasterLimits } from '#internal/master/leader/master.ts';
import type { AdoptionPolicy } from '#internal/master/leader/operators/adopt.ts';
import { newestVersion } from '#internal/state/version.ts';
import { CALM, type NetworkFaults } from '#internal/runtime/simulated/network.ts';
import type { NodeLimits } from './cluster-node.ts';
import type { Recurring, Span } from './raft-faults.ts';

export type ClusterFaults = {
  readonly masters: 3 | 5;
  readonly agents: number;
  readonly shells: number;
  readonly schedulers: number;
  /** Virtual time under faults. */
  readonly hostileMs: number;
  readonly network: NetworkFaults;
  readonly partitions: Recurring | undefined;
  readonly masterCrashes: Recurring | undefined;
  /** Chance that a crash of a master aims at the leader. */
  readonly regicide: number;
  /** Chance that the leader crashes within milliseconds of being asked for launches or kills. */
  readonly afterAccept: number;
  readonly agentCrashes: Recurring | undefined;
  /** Chance that an agent crashes within milliseconds of being asked for something. */
  readonly afterOrder: number;
  readonly schedulerCrashes: Recurring | undefined;
  readonly pauses: Recurring | undefined;
  /** The greatest time of a sync, on all disks. */
  readonly syncMsMax: number;
  /** Clocks run up to so much faster or slower: 0.1 is a tenth. */
  readonly drift: number;
  /** A leader of an earlier term haunts the agents. */
  readonly revenant: boolean;
  readonly master: Partial<MasterLimits>;
  readonly log: NodeLimits;
  /** The chance that an agent's machine, when it is struck, loses all but its volumes. */
  readonly amnesia: number;
  /** How often an operator decides something. */
  readonly decisions: Span | undefined;
  /** The flag of the masters. */
  readonly adoptVolumes: AdoptionPolicy;
  /** The chance that a scheduler forgets to acknowledge an update. */
  readonly forgets: number;
} & WorldFaults;

/** What is drawn with luck of its own. */
type WorldFaults = {
  /** The chance that a partition leaves somebody whom both sides reach. */
  readonly bridges: number;
  /** Some link takes longer, one way. */
  readonly slowLinks: Recurring | undefined;
  /** Disks of masters and agents that hang, fill up, and fail to sync. */
  readonly hungDisks: Recurring | undefined;
  readonly fullDisks: Recurring | undefined;
  readonly failedSyncs: Recurring | undefined;
  /** How often somebody sets the wall clock of a master or an agent. */
  readonly clockJumps: Span | undefined;
  /** The masters begin with programs that know this version of the state, and are upgraded. */
  readonly olderVersion: number | undefined;
  /** How often a master is upgraded, and one that was is started with its older program again. */
  readonly upgrades: Span;
  /** How often an operator wants other masters. */
  readonly membership: Span | undefined;
  /** The chance that what an operator asks for is wrong. */
  readonly mistakes: number;
  /** The service framework is one of the tenants. */
  readonly services: boolean;
  /** One of the tenants fills all that it is offered. */
  readonly crowd: boolean;
};

type Size = Pick<ClusterFaults, 'masters' | 'agents' | 'shells' | 'schedulers' | 'hostileMs'>;

/**
 * Most clusters are as large as their time is short. In the small ones everybody wants the same few
 * agents, for longer.
 */
function sampleSize(random: Random): Size {
  const masters = random.chance(0.4) ? 5 : 3;
  const shells = random.below(4);
  if (random.chance(0.75)) {
    return { masters, agents: 20, shells, schedulers: 10, hostileMs: 8000 + random.below(8000) };
  }
  const agents = 2 + random.below(5);
  const schedulers = 1 + random.below(4);
  return { masters, agents, shells, schedulers, hostileMs: 20_000 + random.below(20_000) };
}

export function sampleClusterFaults(seed: number): ClusterFaults {
  const random = randomFromSeed(seed).fork('faults');
  const often = (): boolean => random.chance(0.5);
  const within = spanFrom(random);
  return {
    ...sampleSize(random),
    ...sampleWorldFaults(randomFromSeed(seed).fork('faults of the world')),
    network: sampleNetwork(random),
    partitions: often() ? { every: within(1000, 8000), lasts: within(200, 6000) } : undefined,
    masterCrashes: often() ? { every: within(1000, 8000), lasts: within(50, 3000) } : undefined,
    regicide: often() ? 1 : 0.3,
    afterAccept: often() ? 0.15 : 0,
    agentCrashes: often() ? { every: within(1000, 10_000), lasts: within(50, 4000) } : undefined,
    schedulerCrashes: random.chance(0.3)
      ? { every: within(3000, 10_000), lasts: within(50, 3000) }
      : undefined,
    pauses: random.chance(0.3) ? { every: within(2000, 8000), lasts: within(50, 4000) } : undefined,
    syncMsMax: random.chance(0.3) ? 20 + random.below(200) : 1 + random.below(10),
    drift: random.chance(0.3) ? 0.05 : 0,
    revenant: often(),
    master: often() ? impatient : patient,
    log: {
      segmentBytes: 1 << (14 + random.below(5)),
      snapshotEveryBytes: 1 << (14 + random.below(5)),
      snapshotTailBytes: random.below(1 << 14),
    },
    decisions: random.chance(0.7) ? within(200, 1500) : undefined,
    forgets: often() ? 0.1 : 0,
    afterOrder: often() ? 0.05 : 0,
    amnesia: often() ? 0.3 : 0,
    adoptVolumes: policies[random.below(policies.length)] ?? 'never',
  };
}

/** Each class in one run of some. */
function sampleWorldFaults(random: Random): WorldFaults {
  const within = spanFrom(random);
  const sometimes = (
    chance: number,
    every: [number, number],
    lasts: [number, number],
  ): Recurring | undefined =>
    random.chance(chance) ? { every: within(...every), lasts: within(...lasts) } : undefined;
  return {
    bridges: random.chance(0.3) ? 0.5 : 0,
    slowLinks: sometimes(0.2, [500, 5000], [500, 5000]),
    hungDisks: sometimes(0.2, [1000, 8000], [50, 3000]),
    fullDisks: sometimes(0.15, [2000, 8000], [200, 4000]),
    failedSyncs: sometimes(0.15, [2000, 8000], [0, 1]),
    clockJumps: random.chance(0.2) ? within(1000, 8000) : undefined,
    olderVersion: random.chance(0.2) ? 1 + random.below(newestVersion - 1) : undefined,
    upgrades: within(300, 3000),
    membership: random.chance(0.2) ? within(1000, 5000) : undefined,
    mistakes: random.chance(0.4) ? 0.3 : 0,
    services: random.chance(0.4),
    crowd: random.chance(0.05),
  };
}

type DrawSpan = (minMs: number, maxMs: number) => Span;

const spanFrom =
  (random: Random): DrawSpan =>
  (minMs, maxMs) => {
    const from = minMs + random.below(maxMs - minMs);
    return { minMs: from, maxMs: from + random.below(maxMs - minMs) + 1 };
  };

const policies: readonly AdoptionPolicy[] = ['never', 'same-cluster', 'always'];

/** Whom nobody saw leave is waited for as long as agents are: no longer than a run heals. */
const patient: Partial<MasterLimits> = { agentReregisterTimeoutMs: 45_000 };

/** A master that gives agents up after seconds, so that they are out of reach and come back. */
const impatient: Partial<MasterLimits> = {
  agentPingTimeoutMs: 1000,
  agentPingTimeoutsMax: 3,
  agentReregisterTimeoutMs: 5000,
};

function sampleNetwork(random: Random): NetworkFaults {
  const delayMsMax = random.chance(0.3) ? 20 + random.below(200) : 1 + random.below(10);
  return {
    ...CALM,
    delayMsMax,
    slow: random.chance(0.3) ? 0.05 : 0,
    slowMs: 2000,
    loss: random.chance(0.5) ? random.below(15) / 100 : 0,
    repeat: random.chance(0.5) ? random.below(20) / 100 : 0,
  };
}
