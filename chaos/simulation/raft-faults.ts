/**
 * What a run has to suffer. Each seed draws which classes of fault exist at all (swarm testing: a
 * cluster under every fault at once only ever elects), and how hard each of them strikes.
 *
 * A plain record, which survives JSON: whoever looks for the fault that matters takes classes away and
 * runs again. Each class is drawn from luck of its own and strikes from luck of its own, so that one
 * more or less changes nothing in the others.
 */
import { type Random, randomFromSeed } from '#internal/base/random.ts';
import type { DamageKind } from '#internal/runtime/simulated/disk-damage.ts';

export type Span = { readonly minMs: number; readonly maxMs: number };

/** Something that happens every now and then. */
export type Repeated = { readonly every: Span };
/** Something that begins every now and then, and ends after a while. */
export type Recurring = Repeated & { readonly lasts: Span };
/** Something that happens with this probability. */
export type Chance = { readonly chance: number };

export type FaultClasses = {
  /** Messages take up to so long. */
  readonly delays: { readonly delayMsMax: number };
  /** A few take seconds. */
  readonly stragglers: Chance;
  readonly loss: Chance;
  readonly repeats: Chance;
  readonly partitions: Recurring;
  /** Links that hold everything back, and then let it go at once. */
  readonly clogs: Recurring;
  readonly slowLinks: Recurring & { readonly delayMsMax: number };
  /** `blackout`: chance that all machines fall; `regicide`: that it is the leader. */
  readonly crashes: Recurring & { readonly blackout: number; readonly regicide: number };
  /** A machine loses power just after it sent a vote or an acknowledgement. */
  readonly afterPromise: Chance;
  /** A leader is gagged or crashes when it begins to lead: so logs end in lonely entries. */
  readonly afterElection: Chance;
  /** A machine crashes while a snapshot is sent to it or installed. */
  readonly duringInstall: Chance;
  readonly pauses: Recurring;
  readonly slowDisks: { readonly syncMsMax: number };
  readonly hungDisks: Recurring;
  readonly fullDisks: Recurring;
  /** Of syncs. */
  readonly syncFailures: Chance;
  /** Of a machine that is down; never so many that nobody knows any more what was decided. */
  readonly damage: Recurring & { readonly kinds: readonly DamageKind[] };
  /** A machine comes back with an empty disk and its old id. */
  readonly wipes: Repeated;
  /** Clocks run up to so much faster or slower: 0.1 is a tenth. */
  readonly drift: { readonly share: number };
  /** Wall clocks are set. */
  readonly clockJumps: Repeated & { readonly jumpMsMax: number };
  /** Other voters are asked for: new machines, fewer, more. */
  readonly membership: Repeated;
  /** Leadership is handed to somebody. */
  readonly transfers: Repeated;
  /** A machine is stopped in good order, and started again. */
  readonly stops: Recurring;
  /** Clients ask twice at a time, and answers are lost. */
  readonly retries: Chance;
};

export type FaultClass = keyof FaultClasses;

export type RaftFaults = {
  /** Voters at the beginning. */
  readonly size: 1 | 3 | 5;
  /** Settings under which nodes trip more easily: hasty elections, an entry a message. */
  readonly limits: RaftLimits;
  /** Between two proposals that nobody tries again. */
  readonly proposals: Span;
  /** Clients with sessions, who put and get. */
  readonly clients: number;
  /** A class that is not there does not strike. */
  readonly classes: { readonly [Class in FaultClass]?: FaultClasses[Class] | undefined };
};

export type RaftLimits = {
  readonly electionTicks: number;
  readonly messageBytesMax: number;
  readonly inflightMessagesMax: number;
  readonly uncommittedBytesMax: number;
  readonly segmentBytes: number;
  readonly snapshotEveryBytes: number;
  readonly snapshotTailBytes: number;
  readonly chunkBytes: number;
  readonly hasLease: boolean;
  readonly sessionsMax: number;
};

/** What the run of `seed` suffers when nobody says otherwise. */
export function sampleFaults(seed: number): RaftFaults {
  const random = randomFromSeed(`faults of ${seed}`);
  const slowDisks = sampleOf('slowDisks', random);
  const setting = random.fork('setting');
  const size = setting.below(10);
  return {
    size: size === 0 ? 1 : size < 5 ? 3 : 5,
    limits: sampleLimits(setting, slowDisks?.syncMsMax ?? 0),
    proposals: within(setting, 10, 400),
    clients: 1 + setting.below(4),
    classes: Object.fromEntries(
      faultClasses.map((name) => [name, sampleOf(name, random)]),
    ) satisfies RaftFaults['classes'],
  };
}

/** The same run without one class of fault. */
export function withoutClass(faults: RaftFaults, name: FaultClass): RaftFaults {
  return { ...faults, classes: { ...faults.classes, [name]: undefined } };
}

export const drawMs = (random: Random, { minMs, maxMs }: Span): number =>
  minMs + random.below(maxMs - minMs + 1);

type Sampling<Class extends FaultClass> = {
  /** How often a seed has it at all. */
  readonly share: number;
  readonly sample: (random: Random) => FaultClasses[Class];
};

const samplings: { readonly [Class in FaultClass]: Sampling<Class> } = {
  delays: { share: 0.3, sample: (random) => ({ delayMsMax: 20 + random.below(400) }) },
  stragglers: { share: 0.3, sample: () => ({ chance: 0.05 }) },
  loss: { share: 0.4, sample: (random) => chanceUpTo(random, 0.2) },
  repeats: { share: 0.4, sample: (random) => chanceUpTo(random, 0.2) },
  partitions: { share: 0.5, sample: (random) => recurring(random, [200, 4000], [100, 4000]) },
  clogs: { share: 0.25, sample: (random) => recurring(random, [200, 4000], [50, 3000]) },
  slowLinks: {
    share: 0.25,
    sample: (random) => ({
      ...recurring(random, [500, 5000], [100, 8000]),
      delayMsMax: 10 + random.below(600),
    }),
  },
  crashes: {
    share: 0.5,
    sample: (random) => ({
      ...recurring(random, [200, 5000], [10, 3000]),
      blackout: random.oneIn(2) ? random.below(21) / 100 : 0,
      regicide: random.oneIn(2) ? random.below(101) / 100 : 0.2,
    }),
  },
  afterPromise: { share: 0.4, sample: (random) => chanceUpTo(random, 0.05) },
  afterElection: { share: 0.5, sample: (random) => chanceUpTo(random, 0.6) },
  duringInstall: { share: 0.4, sample: (random) => chanceUpTo(random, 0.6) },
  pauses: {
    share: 0.3,
    sample: (random) => recurring(random, [500, 5000], [1, random.oneIn(4) ? 60_000 : 4000]),
  },
  slowDisks: { share: 0.3, sample: (random) => ({ syncMsMax: 20 + random.below(600) }) },
  hungDisks: { share: 0.2, sample: (random) => recurring(random, [1000, 8000], [100, 6000]) },
  fullDisks: { share: 0.25, sample: (random) => recurring(random, [1000, 8000], [500, 8000]) },
  syncFailures: { share: 0.2, sample: () => ({ chance: 0.001 }) },
  damage: {
    share: 0.25,
    sample: (random) => ({
      ...recurring(random, [3000, 15_000], [10, 2000]),
      kinds: kinds(random),
    }),
  },
  wipes: { share: 0.15, sample: (random) => repeated(random, [5000, 20_000]) },
  drift: { share: 0.3, sample: (random) => ({ share: random.below(21) / 100 }) },
  clockJumps: {
    share: 0.2,
    sample: (random) => ({ ...repeated(random, [500, 5000]), jumpMsMax: 10 ** random.below(8) }),
  },
  membership: { share: 0.45, sample: (random) => repeated(random, [500, 6000]) },
  transfers: { share: 0.3, sample: (random) => repeated(random, [200, 5000]) },
  stops: { share: 0.3, sample: (random) => recurring(random, [500, 6000], [10, 3000]) },
  retries: { share: 0.7, sample: (random) => chanceUpTo(random, 0.3) },
};

export const faultClasses: readonly FaultClass[] = Object.keys(samplings).filter(isFaultClass);

function isFaultClass(name: string): name is FaultClass {
  return name in samplings;
}

function sampleOf<Class extends FaultClass>(
  name: Class,
  random: Random,
): FaultClasses[Class] | undefined {
  const { share, sample } = samplings[name];
  const own = random.fork(name);
  return own.chance(share) ? sample(own) : undefined;
}

function sampleLimits(random: Random, syncMsMax: number): RaftLimits {
  const isThin = random.oneIn(3);
  // Two syncs, the candidate's and the voter's, have to fit into an election, or none is ever won.
  const isHasty = syncMsMax <= 50 && random.oneIn(2);
  return {
    electionTicks: isHasty ? 2 + random.below(5) : 10,
    messageBytesMax: isThin ? 1 : 1 << 20,
    inflightMessagesMax: random.oneIn(2) ? 256 : 1 + random.below(3),
    // An entry a message and a slow disk decide a few entries a second: more must not queue up.
    uncommittedBytesMax: isThin ? 400 : 1 << 20,
    segmentBytes: 4096 << random.below(3),
    snapshotEveryBytes: 1 << (10 + random.below(7)),
    snapshotTailBytes: random.oneIn(2) ? 0 : 1 << random.below(13),
    chunkBytes: 64 << random.below(3),
    hasLease: random.oneIn(3),
    sessionsMax: random.oneIn(5) ? 2 : 64,
  };
}

function kinds(random: Random): readonly DamageKind[] {
  const all: readonly DamageKind[] = ['bit-rot', 'zeroed', 'misdirected', 'lost-file'];
  const some = all.filter(() => random.oneIn(2));
  return some.length === 0 ? all : some;
}

function within(random: Random, minMs: number, maxMs: number): Span {
  const from = minMs + random.below(maxMs - minMs);
  return { minMs: from, maxMs: from + random.below(maxMs - minMs) + 1 };
}

type Range = readonly [minMs: number, maxMs: number];

const repeated = (random: Random, every: Range): Repeated => ({ every: within(random, ...every) });

const recurring = (random: Random, every: Range, lasts: Range): Recurring => ({
  every: within(random, ...every),
  lasts: within(random, ...lasts),
});

const chanceUpTo = (random: Random, max: number): Chance => ({
  chance: (max * (1 + random.below(100))) / 100,
});
