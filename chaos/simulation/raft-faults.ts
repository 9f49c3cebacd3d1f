/**
 * What a run has to suffer. Each seed draws which classes of fault exist at all (swarm testing: a
 * cluster under every fault at once only ever elects), and how hard each of them strikes.
 */
import type { Random } from '#internal/base/random.ts';
import { CALM, type NetworkFaults } from '#internal/runtime/simulated/network.ts';

export type Span = { readonly minMs: number; readonly maxMs: number };

/** Something that begins every now and then, and ends after a while. */
export type Recurring = { readonly every: Span; readonly lasts: Span };

export type RaftFaults = {
  readonly size: 3 | 5;
  /** Settings under which nodes trip more easily: hasty elections, an entry a message. */
  readonly limits: RaftLimits;
  readonly network: NetworkFaults;
  readonly partitions: Recurring | undefined;
  readonly crashes: Recurring | undefined;
  /** Chance that a crash takes all machines, and that it aims at the leader. */
  readonly blackout: number;
  readonly regicide: number;
  /** Chance that a machine loses power just after it sent a vote or an acknowledgement. */
  readonly afterPromise: number;
  /** Chance that a leader is gagged or crashes when it begins to lead: so logs end in lonely entries. */
  readonly afterElection: number;
  readonly pauses: Recurring | undefined;
  /** The greatest time of a sync, of each machine's disk. */
  readonly syncMsMax: number;
  readonly syncFails: number;
  /** Clocks run up to so much faster or slower: 0.1 is a tenth. */
  readonly drift: number;
  readonly proposals: Span;
};

export type RaftLimits = {
  readonly electionTicks: number;
  readonly messageBytesMax: number;
  readonly inflightMessagesMax: number;
  readonly uncommittedBytesMax: number;
};

export function sampleFaults(random: Random): RaftFaults {
  const often = (): boolean => random.chance(0.5);
  const within = (minMs: number, maxMs: number): Span => {
    const from = minMs + random.below(maxMs - minMs);
    return { minMs: from, maxMs: from + random.below(maxMs - minMs) + 1 };
  };
  const percent = (max: number): number => random.below(max + 1) / 100;
  const syncMsMax = random.chance(0.3) ? 20 + random.below(600) : 1 + random.below(10);
  return {
    size: random.chance(0.6) ? 5 : 3,
    limits: sampleLimits(random, syncMsMax),
    network: sampleNetwork(random),
    partitions: often() ? { every: within(200, 4000), lasts: within(100, 4000) } : undefined,
    crashes: often() ? { every: within(100, 4000), lasts: within(10, 2000) } : undefined,
    blackout: often() ? percent(20) : 0,
    regicide: often() ? percent(100) : 0.2,
    afterPromise: often() ? percent(5) : 0,
    afterElection: often() ? percent(60) : 0,
    pauses: random.chance(0.3) ? { every: within(500, 5000), lasts: within(50, 4000) } : undefined,
    syncMsMax,
    syncFails: random.chance(0.2) ? 0.001 : 0,
    drift: random.chance(0.3) ? percent(20) : 0,
    proposals: within(5, 300),
  };
}

function sampleLimits(random: Random, syncMsMax: number): RaftLimits {
  const isThin = random.chance(0.5);
  // Two syncs, the candidate's and the voter's, have to fit into an election, or none is ever won.
  const isHasty = syncMsMax <= 50 && random.chance(0.5);
  return {
    electionTicks: isHasty ? 2 + random.below(5) : 10,
    messageBytesMax: isThin ? 1 : 1 << 20,
    inflightMessagesMax: random.chance(0.5) ? 256 : 1 + random.below(3),
    // An entry a message and a slow disk decide a few entries a second: more must not queue up.
    uncommittedBytesMax: isThin ? 40 : 1 << 20,
  };
}

function sampleNetwork(random: Random): NetworkFaults {
  const delayMsMax = random.chance(0.3) ? 20 + random.below(400) : 1 + random.below(10);
  return {
    ...CALM,
    delayMsMax,
    slow: random.chance(0.3) ? 0.05 : 0,
    slowMs: 2000,
    loss: random.chance(0.5) ? random.below(20) / 100 : 0,
    repeat: random.chance(0.5) ? random.below(20) / 100 : 0,
  };
}

export const drawMs = (random: Random, { minMs, maxMs }: Span): number =>
  minMs + random.below(maxMs - minMs + 1);
