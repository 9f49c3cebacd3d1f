/**
 * One run of the whole cluster from one seed: three masters, agents, users at shells and schedulers of
 * many tasks. First a while under faults, in which nothing wrong may happen; then all faults stop, and
 * within a bounded time every task must have ended and everybody must agree how.
 */
import { jsonFormat, protobufFormat } from '#internal/client/wire-format.ts';
import { CALM } from '#internal/runtime/simulated/network.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { digest } from '#internal/wire/state-codec.ts';
import type { Call } from '#proto/gen/mesos/v1/scheduler.ts';
import type { Capacity } from '#chaos/checkers/cluster-containers.ts';
import { AgentMachine } from './cluster-agent.ts';
import { BatchScheduler } from './cluster-batch.ts';
import { type ClusterFaults, sampleClusterFaults } from './cluster-faults.ts';
import { type Ground, httpPort, linkPort, masterName, newGround } from './cluster-ground.ts';
import { ClusterHistory } from './cluster-history.ts';
import { MasterMachine } from './cluster-master.ts';
import { ClusterNemesis } from './cluster-nemesis.ts';
import { ClusterOperator } from './cluster-operator.ts';
import { Revenant, revenantName } from './cluster-revenant.ts';
import { Shell } from './cluster-shell.ts';
import { tellTruth } from './cluster-truth.ts';
import { ClusterWitness } from './cluster-witness.ts';
import type { RaftRun } from './raft-run.ts';

/** Every simulated run is told of in the same way. */
export type ClusterRun = RaftRun;

export type ClusterRunOptions = {
  readonly seed: number;
  /** Virtual time under faults. */
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
  readonly batches: readonly BatchScheduler[];
  readonly revenant: Revenant;
  readonly nemesis: ClusterNemesis;
  readonly operator: ClusterOperator;
};

const size = 3;
export const hostileMsUsual = 40_000;
/**
 * Virtual time until all is settled once all is well: an agent that has waited longest for a leader
 * looks again within a minute, and the longest tasks take twenty seconds.
 */
const healingMs = 150_000;
const capacity: Capacity = { cpusMilli: 4000, memMb: 1024 };

export async function runCluster(options: ClusterRunOptions): Promise<ClusterRun> {
  const { seed, hostileMs = hostileMsUsual } = options;
  const { world, cluster, faults } = newWorld(seed);
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
  return { seed, events, hash, violation: witness.violation, figures: figuresOf(cluster) };
}

function newWorld(seed: number): {
  readonly world: SimulatedWorld;
  readonly cluster: Cluster;
  readonly faults: ClusterFaults;
} {
  const late: { cluster?: Cluster } = {};
  const afterEvent = (): void => {
    for (const agent of late.cluster?.agents ?? []) agent.observe();
  };
  const world = new SimulatedWorld({ seed, afterEvent });
  const faults = sampleClusterFaults(world.random('faults'));
  const cluster = newCluster(newGround(world, new ClusterWitness({}, { capacity })), faults);
  late.cluster = cluster;
  return { world, cluster, faults };
}

function newCluster(ground: Ground, faults: ClusterFaults): Cluster {
  const { world, network, witness } = ground;
  const history = new ClusterHistory({ witness });
  const clocks = world.random('clocks');
  const clockRate = (): number => 1 + (faults.drift * (clocks.below(201) - 100)) / 100;
  const { syncMsMax } = faults;
  const masters = count(size).map(
    (id) =>
      new MasterMachine(
        { ground, history },
        { id, size, limits: faults.master, syncMsMax, clockRate: clockRate() },
      ),
  );
  const linked = count(size).map((id) => `${masterName(id)}:${linkPort}`);
  const haunted = faults.revenant ? [`${revenantName}:${linkPort}`, ...linked] : linked;
  const agents = count(faults.agents).map(
    (n) =>
      new AgentMachine(
        { ground },
        { name: `a${n}`, masters: haunted, capacity, syncMsMax, clockRate: clockRate() },
      ),
  );
  const onCall = (call: Call): void => nemesis.overhear(call);
  const asked = count(size).map((id) => `${masterName(id)}:${httpPort}`);
  const shells = count(faults.shells).map(
    (n) => new Shell({ ground, onCall }, { name: `shell${n}`, masters: asked }),
  );
  const foreign = (): string | undefined => shells[0]?.draft.id;
  const batches = count(faults.batches).map(
    (n) =>
      new BatchScheduler(
        { ground, onCall, foreign },
        {
          name: `batch${n}`,
          masters: asked,
          format: n % 2 === 0 ? jsonFormat : protobufFormat,
          wanted: 8,
          kills: faults.kills,
          forgets: faults.forgets,
          failoverSeconds: 3600,
        },
      ),
  );
  const revenant = new Revenant({ ground });
  const bystanders = shells.map(({ name }) => name);
  const parts = { world, network, masters, agents, schedulers: batches, bystanders };
  const nemesis = new ClusterNemesis(parts, faults);
  const operator = new ClusterOperator({ world, masters }, { every: faults.decisions });
  return { ground, history, masters, agents, shells, batches, revenant, nemesis, operator };
}

const count = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i + 1);

function begin(cluster: Cluster, faults: ClusterFaults, hostileMs: number): void {
  const { ground, masters, agents, shells, batches, revenant, nemesis } = cluster;
  const { world } = ground;
  for (const machine of [...masters, ...agents, ...batches]) machine.start();
  if (faults.revenant) revenant.start();
  const random = world.random('shells');
  for (const shell of shells) {
    world.schedule(random.below(hostileMs), 'a user comes', () => shell.start());
  }
  nemesis.begin();
  cluster.operator.begin();
}

/** All is made well, and nothing new is asked for. Then everything ends as it should. */
async function heal(cluster: Cluster): Promise<void> {
  const { ground, masters, agents, batches, nemesis } = cluster;
  const { world, network, witness } = ground;
  nemesis.end();
  network.heal();
  network.setFaults(CALM);
  for (const machine of [...masters, ...agents, ...batches]) machine.start();
  for (const batch of batches) batch.finish();
  cluster.operator.finish();
  const isOver = (): boolean => witness.violation !== undefined || unsettled(cluster) === undefined;
  if (await world.runUntil(isOver, { withinMs: healingMs })) tellTruth(cluster);
  else witness.refute('liveness', unsettled(cluster) ?? '');
}

/** What is not as it should be in the end; cheap questions first, for it is asked after each event. */
function unsettled({ ground, masters, agents, shells, batches }: Cluster): string | undefined {
  const { containers } = ground.witness.laws;
  const waiting = shells.find(({ end }) => end === undefined);
  if (waiting !== undefined) return `${waiting.name} waits for its task`;
  const open = batches.flatMap((batch) => batch.open);
  if (open.length > 0) return `nobody was told how ${open.slice(0, 5).join(', ')} ended`;
  const busy = agents.find(({ tasks }) => tasks !== 0);
  if (busy !== undefined) return `${busy.name} still has ${busy.tasks} tasks`;
  if (containers.runningCount > 0) return `${containers.runningCount} containers still run`;
  const leaders = masters.filter(({ isLeader }) => isLeader);
  if (leaders.length !== 1) return `${leaders.length} masters lead`;
  const [leader] = leaders;
  const behind = masters.find(({ appliedIndex }) => appliedIndex !== leader?.appliedIndex);
  if (behind !== undefined) return `${behind.name} has not applied all that the leader has`;
  for (const [id, { tasks, unreachable }] of leader?.state?.frameworks ?? []) {
    if (tasks.size + unreachable.size > 0) {
      return `the masters hold ${tasks.size} and ${unreachable.size} tasks of framework ${id}`;
    }
  }
  const states = masters.map(({ state }) => state && digest(state));
  return new Set(states).size > 1 ? 'the masters do not agree' : undefined;
}

function figuresOf(cluster: Cluster): Record<string, number> {
  const { ground, history, shells, batches, revenant, nemesis } = cluster;
  const { network, witness } = ground;
  const { containers, fencing, agreement, updates } = witness.laws;
  const { delivered, lost, repeated, slow, blocked, broken } = network.counts;
  const sum = (name: keyof BatchScheduler['counts']): number =>
    batches.reduce((total, { counts }) => total + counts[name], 0);
  return {
    ...history.counts,
    'leaders-heeded': fencing.leaders,
    'states-compared': agreement.compared,
    'tasks-asked-for': sum('launches'),
    'tasks-started': containers.startedCount,
    'runs-with-a-full-agent': containers.fullest >= 900 ? 1 : 0,
    'kills-asked-for': sum('kills'),
    'kills-of-others': sum('meddled'),
    'offers-declined': sum('declines'),
    'streams-broken': sum('reconnects'),
    'commands-ended': shells.filter(({ end }) => end !== undefined).length,
    'updates-heard': updates.counts.heard,
    'updates-repeated': updates.counts.repeated,
    'updates-acknowledged': updates.counts.acknowledged,
    'reconciliations-answered': updates.counts.reconciled,
    'orders-of-deposed-leaders': revenant.orders,
    ...cluster.operator.counts,
    ...nemesis.counts,
    'messages-delivered': delivered,
    'messages-lost': lost,
    'messages-blocked': blocked,
    'messages-repeated': repeated,
    'messages-slow': slow,
    'connections-broken': broken,
  };
}
