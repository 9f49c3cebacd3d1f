/**
 * One run of the Raft cluster from one seed: first a while under faults, in which nothing wrong may
 * happen; then the faults stop for a majority, the others stay dead, and what should happen must.
 */
import { brand } from '#internal/base/brand.ts';
import type { Violation } from '#chaos/checkers/violation.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import { SimulatedDatagrams } from '#internal/runtime/simulated/datagrams.ts';
import { CALM, SimulatedNetwork } from '#internal/runtime/simulated/network.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { ConfState, Message, NodeId } from '#raft/core/types.ts';
import type { Datagram } from '#raft/transport/memory.ts';
import { type RaftFaults, sampleFaults } from './raft-faults.ts';
import { RaftMachine } from './raft-machine.ts';
import { RaftNemesis } from './raft-nemesis.ts';
import { Witness } from './raft-witness.ts';
import { RaftWorkload } from './raft-workload.ts';

export type RaftRun = {
  readonly seed: number;
  readonly events: number;
  readonly hash: number;
  readonly violation: Violation | undefined;
  /** What happened and which faults struck, by name. */
  readonly figures: Readonly<Record<string, number>>;
};

export type RaftRunOptions = {
  readonly seed: number;
  /** Virtual time under faults. */
  readonly hostileMs?: number;
};

const HOSTILE_MS = 60_000;
/** Virtual time to elect a leader and decide something once all is well: twenty time-outs. */
const HEALING_MS = 40_000;

export async function runRaft(options: RaftRunOptions): Promise<RaftRun> {
  const { seed, hostileMs = HOSTILE_MS } = options;
  const cluster = newCluster(seed);
  const { world, witness, nemesis, workload, machines } = cluster;
  const onLostRejection = (reason: unknown): void => witness.fail('a lost rejection', reason);
  process.on('unhandledRejection', onLostRejection);
  try {
    for (const machine of machines) machine.start();
    nemesis.begin();
    workload.begin();
    await world.runUntil(() => witness.violation !== undefined, { withinMs: hostileMs });
    nemesis.end();
    workload.end();
    if (witness.violation === undefined) await heal(cluster);
  } catch (error) {
    witness.fail('the run broke off', error);
  } finally {
    process.off('unhandledRejection', onLostRejection);
  }
  const { events, hash } = world;
  return { seed, events, hash, violation: witness.violation, figures: figuresOf(cluster) };
}

type Cluster = {
  readonly faults: RaftFaults;
  readonly world: SimulatedWorld;
  readonly network: SimulatedNetwork;
  readonly witness: Witness;
  readonly machines: readonly RaftMachine[];
  readonly nemesis: RaftNemesis;
  readonly workload: RaftWorkload;
};

function newCluster(seed: number): Cluster {
  const world = new SimulatedWorld({ seed });
  const faults = sampleFaults(world.random('faults'));
  const network = new SimulatedNetwork({ world });
  const datagrams = new SimulatedDatagrams<Datagram>({ network }, { name: 'raft' });
  const voters = Array.from({ length: faults.size }, (_, i) => brand<NodeId>(i + 1));
  const conf: ConfState = {
    voters,
    outgoing: [],
    learners: [],
    learnersNext: [],
    autoLeave: false,
  };
  const witness = new Witness({}, { voters });
  const clocks = world.random('clocks');
  const { limits, syncMsMax, syncFails, drift } = faults;
  const overhear = (name: string, message: Message): void => nemesis.overhear(name, message);
  const machines = voters.map((id) => {
    const clockRate = 1 + (drift * (clocks.below(201) - 100)) / 100;
    return new RaftMachine(
      { world, datagrams, witness, logger: silent, overhear },
      { id, conf, limits, syncMsMax, syncFails, clockRate },
    );
  });
  const nemesis = new RaftNemesis({ world, network, victims: machines }, faults);
  const workload = new RaftWorkload({ world, machines, witness }, { every: faults.proposals });
  return { faults, world, network, witness, machines, nemesis, workload };
}

/** A majority is made well, the rest never comes back. Then there is a leader, and it decides. */
async function heal(cluster: Cluster): Promise<void> {
  const { world, network, witness, machines, workload } = cluster;
  const random = world.random('healing');
  const doomed = random.below(Math.ceil(machines.length / 2));
  const offset = random.below(machines.length);
  const turned = [...machines.slice(offset), ...machines.slice(0, offset)];
  for (const machine of turned.slice(0, doomed)) machine.crash('power');
  const well = turned.slice(doomed);
  network.heal();
  network.setFaults(CALM);
  for (const machine of well) {
    machine.disk.setSyncFails(0);
    machine.start();
  }
  let isDecided = false;
  const isWell = (): boolean => {
    const { lastApplied } = witness.safety;
    return isDecided && well.every(({ id }) => witness.safety.appliedBy(id) === lastApplied);
  };
  const ask = (): void => {
    for (const machine of well.filter(({ isLeader }) => isLeader)) {
      workload.propose(machine, () => {
        isDecided = true;
      });
    }
    if (!isDecided) world.schedule(500, 'client', ask);
  };
  ask();
  const isOver = (): boolean => witness.violation !== undefined || isWell();
  if (await world.runUntil(isOver, { withinMs: HEALING_MS })) return;
  witness.stall(`${well.length} of ${machines.length} are well, but do not agree on anything new`);
}

function figuresOf(cluster: Cluster): Record<string, number> {
  const { network, witness, nemesis, workload, machines } = cluster;
  const disks = machines.map(({ disk }) => disk.counts);
  const { delivered, lost, repeated, slow, reordered, blocked } = network.counts;
  const { leaders } = witness.safety;
  return {
    leaders,
    leadersFallen: Math.max(0, leaders - 1),
    decided: witness.safety.decided,
    ...workload.counts,
    ...nemesis.counts,
    messagesDelivered: delivered,
    messagesLost: lost,
    messagesBlocked: blocked,
    messagesRepeated: repeated,
    messagesSlow: slow,
    messagesReordered: reordered,
    writesLost: disks.reduce((sum, disk) => sum + disk.lost, 0),
    writesTorn: disks.reduce((sum, disk) => sum + disk.torn, 0),
    syncsFailed: disks.reduce((sum, disk) => sum + disk.syncsFailed, 0),
  };
}

const silent: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silent,
};
