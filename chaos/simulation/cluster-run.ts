/**
 * One run of the whole cluster from one seed: masters, agents, users at shells and schedulers of many
 * tempers. First a while under faults, in which nothing wrong may happen; then all faults stop, and
 * within a bounded time every task must have ended and everybody must agree how.
 */
import { jsonFormat, protobufFormat } from '#internal/client/wire-format.ts';
import { CALM } from '#internal/runtime/simulated/network.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { digest } from '#internal/wire/state-codec.ts';
import type { Call } from '#proto/gen/mesos/v1/scheduler.ts';
import type { Capacity } from '#chaos/checkers/cluster-containers.ts';
import { AgentMachine } from './cluster-agent.ts';
import { unsettledResources } from './cluster-belongings.ts';
import { type ClusterFaults, sampleClusterFaults } from './cluster-faults.ts';
import { type Ground, httpPort, linkPort, masterName, newGround } from './cluster-ground.ts';
import { ClusterHistory } from './cluster-history.ts';
import { MasterMachine } from './cluster-master.ts';
import { membersOf } from './cluster-node.ts';
import { ClusterNemesis } from './cluster-nemesis.ts';
import { ClusterMachineNemesis } from './cluster-machine-nemesis.ts';
import { ClusterOperator } from './cluster-operator.ts';
import { Revenant, revenantName } from './cluster-revenant.ts';
import { bodyFigures, SchedulerMachine } from './cluster-scheduler.ts';
import { ServicesMachine } from './cluster-services.ts';
import { Shell } from './cluster-shell.ts';
import { tellTruth } from './cluster-truth.ts';
import { ClusterWitness } from './cluster-witness.ts';
import type { RaftRun } from './raft-run.ts';
import { crowder } from './temperaments/crowder.ts';
import { dealt, temperaments as dealtOut } from './temperaments/registry.ts';

const temperaments = [...dealtOut, crowder];

/** Every simulated run is told of in the same way. */
export type ClusterRun = RaftRun;

export type ClusterRunOptions = {
  readonly seed: number;
  /** Virtual time under faults, if it is not what the seed draws. */
  readonly hostileMs?: number;
  /** Hears the log of everything that ran, for people who look into a failure. */
  readonly onStory?: (lines: Ground['book']['lines']) => void;
};

export type Cluster = {
  readonly ground: Ground;
  readonly history: ClusterHistory;
  readonly masters: readonly MasterMachine[];
  readonly agents: readonly AgentMachine[];
  readonly shells: readonly Shell[];
  readonly schedulers: readonly SchedulerMachine[];
  /** None, or one. */
  readonly services: readonly ServicesMachine[];
  readonly revenant: Revenant;
  readonly nemesis: ClusterNemesis;
  readonly machineNemesis: ClusterMachineNemesis;
  readonly operator: ClusterOperator;
};

/**
 * Virtual time until all is settled once all is well: an agent that has waited longest for a leader
 * looks again within a minute, and the longest tasks take twenty seconds.
 */
const healingMs = 150_000;
const lookEveryMs = 40;
const capacity: Capacity = { cpusMilli: 4000, memMb: 1024 };

export async function runCluster(options: ClusterRunOptions): Promise<ClusterRun> {
  const { seed } = options;
  const { world, cluster, faults } = newWorld(seed);
  const { hostileMs = faults.hostileMs } = options;
  const { witness, book } = cluster.ground;
  const onLostRejection = (reason: unknown): void => witness.fail('a lost rejection', reason);
  process.on('unhandledRejection', onLostRejection);
  try {
    begin(cluster, faults, hostileMs);
    await world.runUntil(() => witness.violation !== undefined, { withinMs: hostileMs });
    if (witness.violation === undefined) await heal(cluster);
  } catch (error) {
    witness.fail('the run broke off', error);
  } finally {
    process.off('unhandledRejection', onLostRejection);
  }
  options.onStory?.(book.lines);
  const { events, hash } = world;
  const { violation } = witness;
  const figures = figuresOf(cluster);
  world.end();
  return { seed, events, hash, violation, figures };
}

/** For how long a seed is under faults when nothing is said. */
export const hostileMsOf = (seed: number): number => sampleClusterFaults(seed).hostileMs;

function newWorld(seed: number): {
  readonly world: SimulatedWorld;
  readonly cluster: Cluster;
  readonly faults: ClusterFaults;
} {
  const late: { cluster?: Cluster } = {};
  const afterEvent = (label: string): void => {
    if (label.startsWith('nemesis')) late.cluster?.ground.logger.info(label);
    for (const agent of late.cluster?.agents ?? []) agent.observe();
  };
  const world = new SimulatedWorld({ seed, afterEvent });
  const faults = sampleClusterFaults(seed);
  const members = membersOf(faults.masters);
  const witness = new ClusterWitness({}, { capacity, members, drift: faults.drift });
  const cluster = newCluster(newGround(world, witness), faults);
  late.cluster = cluster;
  return { world, cluster, faults };
}

function newCluster(ground: Ground, faults: ClusterFaults): Cluster {
  const { world, network, witness } = ground;
  const history = new ClusterHistory({ world, witness });
  const clocks = world.random('clocks');
  const clockRate = (): number => 1 + (faults.drift * (clocks.below(201) - 100)) / 100;
  const { masters: size, syncMsMax, adoptVolumes } = faults;
  const limits = { ...faults.master, adoptVolumes };
  const versionOfAll = (): number =>
    Math.min(
      ...masters.map(({ isGivenUp, knownVersion }) => (isGivenUp ? Infinity : knownVersion)),
    );
  const masters = count(sizeWithSpares(faults)).map((id) => {
    const place = { id, size, joins: id > size, clockRate: clockRate() };
    return new MasterMachine(
      { ground, history, versionOfAll },
      { ...place, ...faults.log, limits, syncMsMax },
    );
  });
  const linked = masters.map(({ name }) => `${name}:${linkPort}`);
  const haunted = faults.revenant ? [`${revenantName}:${linkPort}`, ...linked] : linked;
  const onOrder = (agent: AgentMachine): void => nemesis.overhearOrder(agent);
  const agents = count(faults.agents).map(
    (n) =>
      new AgentMachine(
        { ground },
        { name: `a${n}`, masters: haunted, capacity, syncMsMax, clockRate: clockRate(), onOrder },
      ),
  );
  const onCall = (call: Call): void => nemesis.overhear(call);
  const { shells, schedulers, services } = newTenants(ground, faults, onCall);
  const revenant = new Revenant({ ground });
  const bystanders = shells.map(({ name }) => name);
  const programs = [...schedulers, ...services];
  const parts = { world, network, masters, agents, schedulers: programs, bystanders };
  const nemesis = new ClusterNemesis(parts, faults);
  const onClockSet = (byMs: number): void =>
    witness.see(({ frameworks }) => frameworks.clockSet(byMs));
  const machineNemesis = new ClusterMachineNemesis({ world, masters, agents, onClockSet }, faults);
  const { decisions: every, membership, mistakes } = faults;
  const spares = masters.slice(size);
  for (const { id } of spares) witness.see(({ raft }) => raft.joined(id));
  const operator = new ClusterOperator({ world, masters, spares }, { every, membership, mistakes });
  return {
    ground,
    history,
    masters,
    agents,
    shells,
    schedulers,
    services,
    revenant,
    nemesis,
    machineNemesis,
    operator,
  };
}

/** One machine that may take the place of another, where operators want other masters. */
const sizeWithSpares = ({ masters, membership }: ClusterFaults): number =>
  membership === undefined ? masters : masters + 1;

function newTenants(
  ground: Ground,
  faults: ClusterFaults,
  onCall: (call: Call) => void,
): Pick<Cluster, 'shells' | 'schedulers' | 'services'> {
  const { shells, schedulers, forgets } = faults;
  const masters = count(sizeWithSpares(faults)).map((id) => `${masterName(id)}:${httpPort}`);
  const place = { name: 'services', masters };
  return {
    services: faults.services ? [new ServicesMachine({ ground, onCall }, place)] : [],
    shells: count(shells).map((n) => new Shell({ ground, onCall }, { name: `shell${n}`, masters })),
    schedulers: [
      ...dealt(ground.world.random('temperaments'), schedulers),
      ...(faults.crowd ? [crowder] : []),
    ].map((temperament, n) => {
      const format = n % 2 === 0 ? jsonFormat : protobufFormat;
      const name = `${temperament.name}${n + 1}`;
      return new SchedulerMachine(
        { ground, onCall },
        { name, temperament, masters, format, forgets },
      );
    }),
  };
}

const count = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i + 1);

function begin(cluster: Cluster, faults: ClusterFaults, hostileMs: number): void {
  const { ground, masters, agents, shells, schedulers, revenant, nemesis } = cluster;
  const { world } = ground;
  const first = masters.slice(0, faults.masters);
  const programs = [...schedulers, ...cluster.services];
  for (const machine of [...first, ...agents, ...programs]) machine.start();
  if (faults.revenant) revenant.start();
  const random = world.random('shells');
  for (const shell of shells) {
    world.schedule(random.below(hostileMs), 'a user comes', () => shell.start());
  }
  nemesis.begin();
  cluster.machineNemesis.begin();
  cluster.operator.begin();
  lookNowAndThen(cluster);
}

/** What leaders have on offer, between two of their turns. */
function lookNowAndThen(cluster: Cluster): void {
  const { ground, masters } = cluster;
  ground.world.schedule(lookEveryMs, 'the witness looks', () => {
    for (const { isLeader, view } of masters) {
      if (isLeader && view !== undefined) ground.witness.see(({ offers }) => offers.look(view));
    }
    lookNowAndThen(cluster);
  });
}

/** All is made well, and nothing new is asked for. Then everything ends as it should. */
async function heal(cluster: Cluster): Promise<void> {
  const { ground, masters, agents, schedulers, nemesis } = cluster;
  const { world, network, witness } = ground;
  nemesis.end();
  cluster.machineNemesis.end();
  network.heal();
  network.setFaults(CALM);
  const programs = [...schedulers, ...cluster.services];
  for (const machine of [...masters, ...agents, ...programs]) machine.start();
  for (const program of programs) program.finish();
  cluster.operator.finish();
  const healedMs = world.nowMs;
  const isOver = (): boolean => witness.violation !== undefined || unsettled(cluster) === undefined;
  if (await world.runUntil(isOver, { withinMs: healingMs })) {
    for (const agent of agents) agent.lookAtVolumes();
    witness.see(({ frameworks, stores }) => {
      frameworks.settled(healedMs);
      stores.settled();
    });
    tellTruth(cluster);
    await compareBooks(cluster);
  } else witness.refute('liveness', unsettled(cluster) ?? '');
}

/** What the leader finds when it asks the agents itself. */
async function compareBooks({ ground, masters }: Cluster): Promise<void> {
  const { world, witness } = ground;
  const check = masters.find(({ isLeader }) => isLeader)?.check();
  if (witness.violation !== undefined || check === undefined) return;
  const report = await world.settle(check, { withinMs: 60_000 });
  witness.booksCompared += report?.agents ?? 0;
  for (const { law, facts } of report?.disagreements ?? []) {
    witness.refute('truth', `${law}: ${facts.join('; ')}`);
  }
}

/** What is not as it should be in the end; cheap questions first, for it is asked after each event. */
function unsettled({
  ground,
  masters,
  agents,
  shells,
  schedulers,
  services,
}: Cluster): string | undefined {
  const { containers } = ground.witness.laws;
  const waiting = shells.find(({ end }) => end === undefined);
  if (waiting !== undefined) return `${waiting.name} waits for its task`;
  for (const { unsettled: waits } of [...schedulers, ...services])
    if (waits !== undefined) return waits;
  const busy = agents.find(({ tasks }) => tasks !== 0);
  if (busy !== undefined) return `${busy.name} still has ${busy.tasks} tasks`;
  if (containers.runningCount > 0) return `${containers.runningCount} containers still run`;
  const [overdue] = ground.witness.laws.frameworks.overdue(ground.world.nowMs);
  if (overdue !== undefined) return `framework ${overdue} has left, and is still waited for`;
  const leaders = masters.filter(({ isLeader }) => isLeader);
  if (leaders.length !== 1) return `${leaders.length} masters lead`;
  const [leader] = leaders;
  const voting = masters.filter(({ id }) => leader?.voters?.includes(id));
  const behind = voting.find(({ appliedIndex }) => appliedIndex !== leader?.appliedIndex);
  if (behind !== undefined) return `${behind.name} has not applied all that the leader has`;
  for (const [id, { tasks, unreachable }] of leader?.state?.frameworks ?? []) {
    if (tasks.size + unreachable.size > 0) {
      return `the masters hold ${tasks.size} and ${unreachable.size} tasks of framework ${id}`;
    }
  }
  const ownership = unsettledResources(agents, leader?.state);
  if (ownership !== undefined) return ownership;
  const states = voting.map(({ state }) => state && digest(state));
  return new Set(states).size > 1 ? 'the masters do not agree' : undefined;
}

function figuresOf(cluster: Cluster): Record<string, number> {
  const { ground, history, masters, agents, shells, revenant, nemesis } = cluster;
  const { network, witness } = ground;
  const {
    raft,
    containers,
    fencing,
    agreement,
    updates,
    offers,
    frameworks,
    volumeFolders,
    volumes,
  } = witness.laws;
  const { delivered, lost, repeated, slow, blocked, broken, dragged } = network.counts;
  return {
    ...history.counts,
    ...temperFigures(cluster),
    'log-compactions': raft.compactions,
    'leaders-heeded': fencing.leaders,
    'offers-looked-at': offers.looked,
    'frameworks-expired': frameworks.expired,
    'agents-sent-away': sumOf(agents, ({ expulsions }) => expulsions),
    'states-compared': agreement.compared,
    'agents-books-compared': witness.booksCompared,
    'tasks-started': containers.startedCount,
    'runs-with-a-full-agent': containers.fullest >= 900 ? 1 : 0,
    'commands-ended': shells.filter(({ end }) => end !== undefined).length,
    'updates-heard': updates.counts.heard,
    'updates-repeated': updates.counts.repeated,
    'updates-acknowledged': updates.counts.acknowledged,
    'reconciliations-answered': updates.counts.reconciled,
    'volumes-looked-for': volumeFolders.looked,
    'volumes-looked-at': volumes.looked,
    'volumes-adopted': volumes.adopted,
    'orders-of-deposed-leaders': revenant.orders,
    ...cluster.operator.counts,
    ...nemesis.counts,
    ...cluster.machineNemesis.counts,
    'services-launched': sumOf(cluster.services, ({ launches }) => launches),
    'services-revised': sumOf(cluster.services, ({ counts }) => counts.revisions),
    'service-frameworks-started': sumOf(cluster.services, ({ counts }) => counts.sessions),
    'masters-stopped-by-their-disks': sumOf(masters, ({ endings }) => endings.disk),
    'masters-too-old-refused': sumOf(masters, ({ endings }) => endings.version),
    'agents-stopped-by-their-disks': sumOf(agents, ({ endings }) => endings.disk),
    'messages-delivered': delivered,
    'messages-lost': lost,
    'messages-blocked': blocked,
    'messages-repeated': repeated,
    'messages-slow': slow,
    'messages-on-slow-links': dragged,
    'connections-broken': broken,
  };
}

const sumOf = <Item>(items: readonly Item[], amount: (item: Item) => number): number =>
  items.reduce((sum, item) => sum + amount(item), 0);

/** What schedulers did, and how many there were of each temper: those that nobody met show a zero. */
function temperFigures({ schedulers }: Cluster): Record<string, number> {
  const names = [...bodyFigures, ...temperaments.flatMap(({ figures = [] }) => figures)];
  const sum = (name: string): number =>
    schedulers.reduce((total, { counts }) => total + (counts.get(name) ?? 0), 0);
  const met = temperaments.map(({ name }): [string, number] => [
    `schedulers-${name}`,
    schedulers.filter(({ temperament }) => temperament === name).length,
  ]);
  return {
    ...Object.fromEntries(names.map((name) => [name, sum(name)])),
    ...Object.fromEntries(met),
  };
}
