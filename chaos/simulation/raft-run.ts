/**
 * One run of the Raft cluster from one seed: first a while under faults, in which nothing wrong may
 * happen; then the faults stop for a majority, the others stay broken, and what should happen must.
 */
import type { Operation } from '#chaos/checkers/history.ts';
import type { Violation } from '#chaos/checkers/violation.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import { SimulatedDatagrams } from '#internal/runtime/simulated/datagrams.ts';
import { type LogBook, openLogBook } from '#internal/runtime/simulated/logger.ts';
import { SimulatedNetwork } from '#internal/runtime/simulated/network.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { Message } from '#raft/core/types.ts';
import type { Datagram } from '#raft/transport/memory.ts';
import type { SnapshotDatagram } from '#raft/transport/memory-snapshots.ts';
import { RaftClients } from './raft-clients.ts';
import { CrashNemesis } from './raft-crash-nemesis.ts';
import { DiskNemesis } from './raft-disk-nemesis.ts';
import type { Ending } from './raft-endings.ts';
import { type RaftFaults, sampleFaults } from './raft-faults.ts';
import { initialConf, RaftFleet } from './raft-fleet.ts';
import { heal } from './raft-healing.ts';
import { NetworkNemesis } from './raft-network-nemesis.ts';
import { RaftOperator } from './raft-operator.ts';
import { Witness } from './raft-witness.ts';
import { RaftWorkload } from './raft-workload.ts';

export type RaftRun = {
  readonly seed: number;
  readonly events: number;
  readonly hash: number;
  readonly violation: Violation | undefined;
  /** What happened and which faults struck, by name. */
  readonly figures: Readonly<Record<string, number>>;
  /** What clients were told, in worlds that write it down. */
  readonly history?: readonly Operation[];
};

export type RaftRunOptions = {
  readonly seed: number;
  /** Instead of what the seed draws. */
  readonly faults?: RaftFaults | undefined;
  /** Virtual time under faults. */
  readonly hostileMs?: number | undefined;
  /** Hears the log of everything that ran, for people who look into a failure. */
  readonly onStory?: (lines: LogBook['lines']) => void;
};

export const hostileMsUsual = 60_000;

export async function runRaft(options: RaftRunOptions): Promise<RaftRun> {
  const { seed, faults = sampleFaults(seed), hostileMs = hostileMsUsual } = options;
  const afterEvent = (label: string): void => {
    if (label.startsWith('nemesis')) logger.info(label);
  };
  const world = new SimulatedWorld({ seed, afterEvent });
  const book = options.onStory && openLogBook({ nowMs: () => world.nowMs });
  const logger = book?.logger ?? silent;
  const cluster = newCluster(world, faults, logger);
  const { witness, fleet, workload, clients } = cluster;
  const onLostRejection = (reason: unknown): void => witness.fail('a lost rejection', reason);
  process.on('unhandledRejection', onLostRejection);
  try {
    for (const machine of fleet.machines) machine.start();
    for (const nemesis of cluster.nemeses) nemesis.begin();
    workload.begin();
    clients.begin(faults.clients);
    await world.runUntil(() => witness.violation !== undefined, { withinMs: hostileMs });
    cluster.end();
    if (witness.violation === undefined) await heal(cluster, faults);
  } catch (error) {
    witness.fail('the run broke off', error);
  } finally {
    process.off('unhandledRejection', onLostRejection);
  }
  options.onStory?.(book?.lines ?? []);
  const { events, hash } = world;
  const figures = figuresOf(cluster);
  const history = witness.history.operations;
  const { violation } = witness;
  world.end();
  return { seed, events, hash, violation, figures, history };
}

type Cluster = {
  readonly world: SimulatedWorld;
  readonly network: SimulatedNetwork;
  readonly fleet: RaftFleet;
  readonly witness: Witness;
  readonly workload: RaftWorkload;
  readonly clients: RaftClients;
  readonly nemeses: readonly {
    readonly counts: Readonly<Record<string, number>>;
    begin(): void;
  }[];
  /** What programs ended of, and whom they would not talk to. */
  readonly endings: Record<Ending, number>;
  readonly refusals: { peersRefused: number };
  /** Nothing strikes any more. What is broken stays broken. */
  end(): void;
};

function newCluster(world: SimulatedWorld, faults: RaftFaults, logger: Logger): Cluster {
  const network = new SimulatedNetwork({ world });
  const witness = new Witness({}, { initial: initialConf(faults) });
  const endings = { 'disk-failed': 0, 'disk-full': 0, refused: 0 };
  const refusals = { peersRefused: 0 };
  const fleet = new RaftFleet(
    {
      world,
      witness,
      logger,
      messages: new SimulatedDatagrams<Datagram>({ network }, { name: 'raft' }),
      snapshots: new SimulatedDatagrams<SnapshotDatagram>({ network }, { name: 'snapshots' }),
      overhear: (name: string, message: Message) => crashes.overhear(name, message),
      onSnapshotPart: (name) => crashes.onSnapshotPart(name),
      onRefusedPeer: () => void refusals.peersRefused++,
      onEnded: (ending) => void endings[ending]++,
    },
    faults,
  );
  let isOver = false;
  const means = { world, network, fleet, witness, isOver: () => isOver };
  const { classes } = faults;
  const crashes = new CrashNemesis(means, classes);
  const nemeses = [
    new NetworkNemesis(means, classes),
    crashes,
    new DiskNemesis(means, classes),
    new RaftOperator(means, classes),
  ];
  const workload = new RaftWorkload(means, { every: faults.proposals });
  const clients = new RaftClients(means, { retries: classes.retries?.chance ?? 0 });
  const end = (): void => {
    isOver = true;
    workload.end();
    clients.end();
  };
  return { ...means, workload, clients, nemeses, endings, refusals, end };
}

function figuresOf(cluster: Cluster): Record<string, number> {
  const { network, witness, fleet, workload, clients, nemeses, endings, refusals } = cluster;
  const { broken: _, ...messages } = network.counts;
  const { leaders, lastApplied, changes } = witness.safety;
  const disks = fleet.disks.map(({ counts }) => counts);
  const ofDisks = (name: keyof (typeof disks)[number]): number =>
    disks.reduce((sum, counts) => sum + counts[name], 0);
  return {
    leaders,
    leadersFallen: Math.max(0, leaders - 1),
    decided: lastApplied,
    membershipChanges: changes,
    snapshotsRestored: witness.safety.restores,
    compactions: witness.safety.compactions,
    ...workload.counts,
    ...clients.counts,
    ...Object.assign({}, ...nemeses.map(({ counts }) => counts)),
    ...fleet.counts,
    ...refusals,
    endedByDisk: endings['disk-failed'],
    endedFull: endings['disk-full'],
    startsRefused: endings.refused,
    messagesDelivered: messages.delivered,
    messagesLost: messages.lost,
    messagesBlocked: messages.blocked,
    messagesRepeated: messages.repeated,
    messagesSlow: messages.slow,
    messagesClogged: messages.clogged,
    messagesDragged: messages.dragged,
    messagesReordered: messages.reordered,
    writesLost: ofDisks('lost'),
    writesTorn: ofDisks('torn'),
    namesForgotten: ofDisks('namesForgotten'),
    syncsFailed: ofDisks('syncsFailed'),
    accessesHung: ofDisks('hung'),
    writesWithoutRoom: ofDisks('full'),
  };
}

const silent: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silent,
};
