/**
 * One run of a scenario: a network and a cluster of real programs, work for them, faults, and then peace,
 * in which everything has to come right. It ends early when a promise breaks. Whatever happens, what it
 * has broken is healed, and what it has started is ended.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { faults } from '#chaos/nemesis/faults/catalogue.ts';
import { Network } from '#chaos/nemesis/network.ts';
import { RealCluster } from '#chaos/nemesis/real-cluster.ts';
import { UndoJournal } from '#chaos/nemesis/undo-journal.ts';
import { processesIn } from '#chaos/nemesis/undo.ts';
import { renderJson } from '#chaos/report/render-json.ts';
import { renderPage } from '#chaos/report/render-page.ts';
import { renderText } from '#chaos/report/render-text.ts';
import type { RunRecord } from '#chaos/report/run-record.ts';
import type { Workload } from '#chaos/workloads/workload.ts';
import { randomFromSeed } from '#internal/base/random.ts';
import { type PreparedFaults, prepareFaults } from './prepare-faults.ts';
import { LogWatch } from './watch-logs.ts';
import { everyoneOf, Nemesis } from './nemesis.ts';
import { openWorkloads, type WorkloadPorts } from './open-workloads.ts';
import { recordOf } from './record-of.ts';
import type { Scenario } from './scenario.ts';
import { Timeline } from './timeline.ts';
import { untilWhole } from './until-whole.ts';

export type RunOptions = {
  readonly scenario: Scenario;
  readonly seed: number;
  /** Unique to the run. */
  readonly run: string;
  readonly journals: string;
  /** Logs, data and the record. */
  readonly out: string;
  readonly launcher: string;
  /** The namespace that this process is in: its place in the network. */
  readonly namespace: string;
  readonly replay: string;
  /** A bug that all programs of the cluster have. */
  readonly mutant: string | undefined;
};

export type RunDependencies = {
  readonly ports: WorkloadPorts;
  readonly tell: (line: string) => void;
};

/** Between the beginning of work and that of faults. */
const warmUpMs = 2000;

export async function runScenario(
  { ports, tell }: RunDependencies,
  options: RunOptions,
  { signal }: { readonly signal: AbortSignal },
): Promise<RunRecord> {
  const { scenario, seed, out } = options;
  const beganAt = new Date(ports.clock.now()).toISOString();
  mkdirSync(`${out}/notes`, { recursive: true });
  const timeline = new Timeline(tell);
  using journal = UndoJournal.open(options.journals, options.run);
  const parts: Parts = { workloads: [], nemesis: undefined, watch: undefined };
  let failure: string | undefined;
  try {
    await hurt({ ports, timeline, journal, parts }, options, { signal });
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  const problems = journal.heal();
  timeline.say('heal', 'everything', problems.length === 0 ? 'all is undone' : problems.join('; '));
  timeline.close();
  failure ??= problems[0] ?? parts.nemesis?.problems[0];
  if (failure === undefined && signal.aborted) failure = 'it was interrupted';
  const record = recordOf({
    scenario,
    seed,
    beganAt,
    failure,
    timeline,
    replay: options.replay,
    ...parts,
  });
  writeFileSync(`${out}/record.json`, renderJson(record));
  writeFileSync(`${out}/record.txt`, renderText(record));
  writeFileSync(`${out}/record.html`, renderPage(record));
  if (record.verdict === 'held') removeData(out);
  return record;
}

/** What is of interest only where something went wrong. */
function removeData(out: string): void {
  for (const name of readdirSync(out)) {
    if (!/\.(?:log|json|txt|html)$/.test(name)) rmSync(`${out}/${name}`, { recursive: true });
  }
}

export type Parts = {
  workloads: readonly Workload[];
  nemesis: Nemesis | undefined;
  watch: LogWatch | undefined;
};

type Stage = {
  readonly ports: WorkloadPorts;
  readonly timeline: Timeline;
  readonly journal: UndoJournal;
  /** What there is to tell of at the end, also when it ends early. */
  readonly parts: Parts;
};

async function hurt(
  stage: Stage,
  options: RunOptions,
  interruption: { readonly signal: AbortSignal },
): Promise<void> {
  const { ports, timeline, journal, parts } = stage;
  const { scenario, out } = options;
  const needs = new Set(scenario.faults.flatMap(({ fault }) => faults[fault]?.needs ?? []));
  const prepared = prepareFaults(needs, { scenario, out, mutant: options.mutant });
  const network = new Network(journal, options.namespace);
  const placeOf = (address: string): string => nameAt(cluster, network, address);
  const watch = new LogWatch(timeline, placeOf);
  parts.watch = watch;
  const broken = new AbortController();
  const signal = AbortSignal.any([interruption.signal, broken.signal]);
  await using cluster: RealCluster = await openCluster(stage, {
    options,
    network,
    watch,
    prepared,
  });
  for (const member of cluster.members) cluster.start(member);
  await untilWhole(cluster, { signal, withinMs: scenario.settleMs });
  timeline.say('cluster', 'everyone', 'the cluster is whole');
  const notice = setInterval(() => {
    if (timeline.violations.length > 0) broken.abort();
  }, 100);
  const random = randomFromSeed(options.seed);
  parts.workloads = openWorkloads(scenario, {
    ports,
    random: random.fork('workloads'),
    masters: cluster.masters.map(({ address }) => address),
    folder: out,
    cluster,
    launcher: options.launcher,
    timeline,
  });
  try {
    for (const workload of parts.workloads) await workload.start();
    const sleep = ports.clock.sleep.bind(ports.clock);
    await sleep(warmUpMs, { signal }).catch(() => {});
    const everyone = everyoneOf(cluster.members);
    const ground = {
      cluster,
      network,
      journal,
      random: random.fork('faults'),
      deposedBefore: (agent: string) => watch.leadership.deposedBefore(agent),
      everyone,
      ...prepared,
    };
    const leader = (): string | undefined => watch.leadership.leader;
    parts.nemesis = new Nemesis({ ground, timeline, leader, sleep });
    timeline.begins('phase', 'phase', ['run', 'faults']);
    await parts.nemesis.run(scenario, { signal });
    timeline.begins('phase', 'phase', ['run', 'healing']);
    if (!signal.aborted) await settle(stage, { cluster, network, scenario, signal });
    timeline.ends('phase');
  } finally {
    clearInterval(notice);
    await Promise.all(parts.workloads.map(async (workload) => await workload.close()));
  }
}

/** Everything has to come right within a time, and nothing may be left of what the work has started. */
async function settle(
  { timeline, parts, ports }: Stage,
  {
    cluster,
    network,
    scenario,
    signal,
  }: {
    readonly cluster: RealCluster;
    readonly network: Network;
    readonly scenario: Scenario;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const late = AbortSignal.timeout(scenario.settleMs);
  const either = AbortSignal.any([signal, late]);
  try {
    await untilWhole(cluster, { signal: either, withinMs: scenario.settleMs });
    timeline.say('cluster', 'everyone', 'the cluster is whole again');
  } catch (error) {
    if (signal.aborted) return;
    const facts = [error instanceof Error ? error.message : String(error)];
    timeline.accuse({ law: 'a cluster that is left alone heals', text: 'it did not', facts });
    return;
  }
  for (const workload of parts.workloads) {
    await workload.settle({ signal: either });
    const open = workload.waitsFor();
    if (open === '' || signal.aborted) continue;
    timeline.accuse({
      law: 'whatever was begun comes to an end',
      text: `${workload.name} waits for ${open}`,
      facts: [`nothing was done to the cluster for ${scenario.settleMs / 1000} s`],
    });
  }
  if (timeline.violations.length > 0) return;
  await Promise.all(parts.workloads.map(async (workload) => await workload.close()));
  await untilNothingRuns({ cluster, network, timeline, clock: ports.clock, signal: either });
}

/** By the kernel's own account: in an agent's namespace runs the agent, and nothing of a task. */
async function untilNothingRuns(asked: {
  readonly cluster: RealCluster;
  readonly network: Network;
  readonly timeline: Timeline;
  readonly clock: WorkloadPorts['clock'];
  readonly signal: AbortSignal;
}): Promise<void> {
  const { cluster, network, timeline, clock, signal } = asked;
  const strangers = (): readonly string[] =>
    cluster.agents.flatMap((agent) =>
      processesIn(network.namespaceOf(agent.place))
        .filter((pid) => pid !== cluster.pidOf(agent) && !isIdleSupervisor(pid))
        .map((pid) => `process ${pid} at ${agent.name}`),
    );
  while (strangers().length > 0 && !signal.aborted) await clock.sleep(100);
  const left = strangers();
  if (left.length === 0) timeline.say('check', 'agents', 'nothing runs there any more');
  else {
    const law = 'of a framework that was torn down nothing runs on';
    timeline.accuse({ law, text: `${left.length} processes do`, facts: left.slice(0, 20) });
  }
}

/** Agents keep shells at hand that wait for the next task. Whatever a task runs is called otherwise. */
function isIdleSupervisor(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1') === '/bin/sh\0-s\0';
  } catch {
    return true;
  }
}

async function openCluster(
  { timeline, journal }: Stage,
  {
    options,
    network,
    watch,
    prepared,
  }: {
    readonly options: RunOptions;
    readonly network: Network;
    readonly watch: LogWatch;
    readonly prepared: PreparedFaults;
  },
): Promise<RealCluster> {
  return await RealCluster.open(
    {
      journal,
      network,
      launcher: options.launcher,
      environmentOf: prepared.environmentOf,
      onLine: (member, line) => watch.hear(member, line),
      onEnd: (member, how, isExpected) => {
        watch.ended(member, how);
        if (isExpected) return;
        timeline.accuse({
          law: 'a program does not end by itself',
          text: `${member.name} ended: ${how}`,
          facts: [`nothing had been done to it that ends it; see ${member.name}.log`],
        });
      },
    },
    { ...options.scenario.cluster, disks: prepared.disks },
    options.out,
  );
}

function nameAt(cluster: RealCluster, network: Network, address: string): string {
  const [host] = address.split(':');
  return cluster.members.find(({ place }) => network.ip(place) === host)?.name ?? address;
}
