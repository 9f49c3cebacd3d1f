/**
 * The second half of a run: a majority is made well, the rest stays broken for ever, dead or cut off in
 * one direction. Then what should happen must, in a time counted in election time-outs: a leader, a
 * fresh write and read, everybody at the same place, nothing half done.
 */
import { CALM, type SimulatedNetwork } from '#internal/runtime/simulated/network.ts';
import type { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { Random } from '#internal/base/random.ts';
import type { NodeId } from '#raft/core/types.ts';
import type { RaftFaults } from './raft-faults.ts';
import type { RaftFleet } from './raft-fleet.ts';
import { type RaftMachine, tickMs } from './raft-machine.ts';
import type { Witness } from './raft-witness.ts';
import type { RaftWorkload } from './raft-workload.ts';

export type HealingMeans = {
  readonly world: SimulatedWorld;
  readonly network: SimulatedNetwork;
  readonly fleet: RaftFleet;
  readonly witness: Witness;
  readonly workload: RaftWorkload;
};

/** In election time-outs. */
const leaderWithin = 10;
const writeAndReadWithin = 20;
const agreementWithin = 60;
/** More events than this ahead means that something piles up. */
const eventsAheadMax = 20_000;

export async function heal(means: HealingMeans, faults: RaftFaults): Promise<void> {
  const { world, fleet, witness } = means;
  const random = world.random('healing');
  const broken = drawBroken(fleet, random);
  const well = fleet.machines.filter(({ id }) => !broken.has(id));
  breakForGood(means, broken, random);
  makeWell(means, well);
  const { electionTicks } = faults.limits;
  const clockSlowest = 1 - (faults.classes.drift?.share ?? 0);
  const timeoutMs = (electionTicks * tickMs) / clockSlowest;
  const who = `without n${[...broken].join()}`;
  const within = async (
    condition: () => boolean,
    timeouts: number,
    what: string,
  ): Promise<void> => {
    const isOver = (): boolean => witness.violation !== undefined || condition();
    if (await world.runUntil(isOver, { withinMs: timeouts * timeoutMs })) return;
    witness.stall(`${who} ${what} within ${timeouts} election time-outs: ${tell(well)}`);
  };
  await within(() => well.some(isReady), leaderWithin, 'nobody leads');
  const tried = writeAndRead(means, well);
  await within(() => tried.isDone, writeAndReadWithin, 'nothing new is written and read');
  await within(() => isAgreed(means, well), agreementWithin, 'there is no agreement');
  if (world.ahead > eventsAheadMax) witness.stall(`${world.ahead} events lie ahead`);
}

/** As many as every configuration can do without, in force or to come; and all that are no use. */
function drawBroken(fleet: RaftFleet, random: Random): ReadonlySet<NodeId> {
  const broken = new Set(fleet.machines.map(({ id }) => id).filter((id) => !fleet.isSound(id)));
  const drawn = fleet.machines.map(({ id }) => ({ id, at: random.below(1 << 30) }));
  for (const { id } of drawn.toSorted((a, b) => a.at - b.at)) {
    if (random.chance(0.7) && fleet.canDoWithout(new Set([...broken, id]))) broken.add(id);
  }
  return broken;
}

function breakForGood(
  { network, fleet }: HealingMeans,
  broken: ReadonlySet<NodeId>,
  random: Random,
): void {
  network.heal();
  const names = fleet.machines.map(({ name }) => name);
  for (const id of broken) {
    const machine = fleet.machine(id);
    if (machine === undefined) continue;
    const fate = random.below(4);
    if (fate === 0) machine.crash('power');
    // Deaf: it knows of no leader. Mute: it follows, and nobody knows. Or both.
    for (const other of names) {
      if (fate !== 1) network.cut(machine.name, other);
      if (fate !== 2) network.cut(other, machine.name);
    }
  }
}

function makeWell({ network, fleet }: HealingMeans, well: readonly RaftMachine[]): void {
  network.setFaults(CALM);
  for (const { disk } of fleet.machines) {
    disk.setSyncFails(0);
    disk.setCapacity(Infinity);
    disk.setSyncMs(0, 10);
    disk.hang(0);
  }
  for (const machine of well) machine.revive();
}

/** Asks again and again, as clients do, since the first leader need not be the last. */
function writeAndRead(
  { world, witness, workload }: HealingMeans,
  well: readonly RaftMachine[],
): { readonly isDone: boolean } {
  let isWritten = false;
  let isRead = false;
  const ask = (): void => {
    if ((isWritten && isRead) || witness.violation !== undefined) return;
    for (const { isLeader, program } of well) {
      if (program === undefined) continue;
      if (isLeader && !isWritten) workload.propose(program, () => (isWritten = true));
      if (!isWritten) continue;
      void program.node.read().then(({ kind }) => (isRead ||= kind === 'current'));
    }
    world.schedule(200, 'client', ask);
  };
  ask();
  return {
    get isDone() {
      return isWritten && isRead;
    },
  };
}

/** All members that are well are at the same place, in a configuration that is none in between. */
function isAgreed({ fleet, witness }: HealingMeans, well: readonly RaftMachine[]): boolean {
  // One that is frozen for longer than anybody waits never answers.
  if (fleet.wanted !== undefined && well.some(({ id }) => id === fleet.asked)) return false;
  const { configuration, lastApplied } = witness.safety;
  if (configuration.outgoing.length > 0) return false;
  const members = new Set([...configuration.voters, ...configuration.learners]);
  const there = well.filter(({ id }) => members.has(id));
  return there.every(({ program }) => {
    const status = program?.node.status();
    const pending = program?.node.figures().filter(({ name }) => name.endsWith('_pending'));
    return status?.applied === lastApplied && pending?.every(({ value }) => value === 0) === true;
  });
}

const isReady = ({ program }: RaftMachine): boolean => program?.node.standing().ready === true;

function tell(well: readonly RaftMachine[]): string {
  const told = well.map(({ name, program }) => {
    if (program === undefined) return `${name} is down`;
    const { role, term, commit, applied, last, conf } = program.node.status();
    const members = `${conf.voters.join()}|${conf.outgoing.join()}|${conf.learners.join()}`;
    return `${name} ${role} in ${term}, at ${applied} ${commit} ${last} of ${members}`;
  });
  return told.join('; ');
}
