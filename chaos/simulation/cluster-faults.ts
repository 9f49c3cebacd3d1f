/**
 * What a run of the cluster has to suffer. Each seed draws which classes of fault exist at all (swarm
 * testing), and how hard each of them strikes. Everything is bounded so that a majority of the masters
 * meets now and then, and no framework is away for as long as it is waited for.
 */
import { type Random, randomFromSeed } from '#internal/base/random.ts';
import type { MasterLimits } from '#internal/master/leader/master.ts';
import type { AdoptionPolicy } from '#internal/master/leader/operators/adopt.ts';
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
  const within = (minMs: number, maxMs: number): Span => {
    const from = minMs + random.below(maxMs - minMs);
    return { minMs: from, maxMs: from + random.below(maxMs - minMs) + 1 };
  };
  return {
    ...sampleSize(random),
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
