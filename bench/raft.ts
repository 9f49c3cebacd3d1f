/**
 * Our log against etcd's, in one run on one disk: three nodes of each on this machine, loaded in turns
 * by the same client with Puts of 256 bytes (ours with the log in the thread of the service, and in
 * one of its own); what a process that leads gets done without a network
 * before it, next to what the bare disk allows; and how long nobody answers when a leader dies or
 * hands over.
 *
 * On a machine that does other work too, both clusters and the client run with a real-time policy
 * (`chrt`), or it would be the others that are measured. Ratios hold then, absolute figures hardly.
 *
 * With `--profile FOLDER` it tells instead where the microseconds of our puts go, and leaves V8's
 * profiles there.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Figure, reportFigures } from './figure.ts';
import {
  type Cluster,
  etcdCluster,
  installEtcd,
  ownCluster,
  productionOptions,
  type Wrap,
} from './raft/clusters.ts';
import { diskCounts, type DiskUse, useBetween } from './raft/disk-use.ts';
import { failoverGapsMs, transferGapsMs } from './raft/gaps.ts';
import { type Generator, startGenerator } from './raft/generator.ts';
import { paths } from './raft/kv-messages.ts';
import { type Latencies, median, quantile } from './raft/latencies.ts';
import { profile, profiledShapes } from './raft/profile.ts';
import { rawLogRate } from './raft/raw-log.ts';

const clientCounts = [1, 32, 256];
const outstandingCounts = [1, 32, 256, 1024];
const valueBytes = 256;
const rounds = 5;
const roundMs = 2500;
const failovers = 9;
/** So many that one in a hundred is not simply the worst. */
const transfers = 150;
/** More than this of other work, and only a real-time policy tells anything. */
const quietLoad = 0.7;

const isBusy = (loadavg()[0] ?? 0) > quietLoad;
/** Nodes go before the client, as they would on machines of their own. */
const withPriority =
  (priority: number): Wrap =>
  (program) =>
    isBusy
      ? { command: 'chrt', args: ['--rr', `${priority}`, program.command, ...program.args] }
      : program;

const times = (name: string, value: number): Figure => ({ name, value, unit: 'times' });

function latencyFigures(name: string, measured: readonly Latencies[]): readonly Figure[] {
  const of = (field: keyof Latencies): number => median(measured.map((each) => each[field]));
  return [
    { name: `${name}-rate`, value: of('perSecond'), unit: '1/s' },
    { name: `${name}-p50`, value: of('p50Ms'), unit: 'ms' },
    { name: `${name}-p99`, value: of('p99Ms'), unit: 'ms' },
  ];
}

/** Each round loads one cluster right after the other, beginning at either end; ratios are to the first. */
async function loadInTurns(
  clusters: readonly Cluster[],
  generator: Generator,
  clients: number,
): Promise<readonly Figure[]> {
  const measured = new Map(clusters.map(({ name }) => [name, [] as Latencies[]]));
  const uses = new Map(clusters.map(({ name }) => [name, [] as DiskUse[]]));
  for (let round = 0; round < rounds; round++) {
    for (const cluster of round % 2 === 0 ? clusters : clusters.toReversed()) {
      const leader = await cluster.leader();
      const before = await diskCounts(cluster, leader);
      const order = { address: cluster.addresses[leader] ?? '', clients, valueBytes };
      measured.get(cluster.name)?.push(await generator.run({ ...order, durationMs: roundMs }));
      uses
        .get(cluster.name)
        ?.push(useBetween(before, await diskCounts(cluster, leader), valueBytes));
    }
  }
  const [first, ...others] = clusters.map(({ name }) => ({ name, of: measured.get(name) ?? [] }));
  const over = (own: readonly Latencies[], field: keyof Latencies): number =>
    median(own.map((each, round) => each[field] / (first?.of[round]?.[field] ?? NaN)));
  return [
    ...clusters.flatMap(({ name }) => [
      ...latencyFigures(`${name}-${clients}-clients`, measured.get(name) ?? []),
      ...diskFigures(`${name}-${clients}-clients`, uses.get(name) ?? []),
    ]),
    ...others.flatMap(({ name, of }) => [
      times(`${name}-over-${first?.name}-${clients}-clients-rate`, over(of, 'perSecond')),
      times(`${name}-over-${first?.name}-${clients}-clients-p99`, over(of, 'p99Ms')),
    ]),
  ];
}

const diskFigures = (name: string, uses: readonly DiskUse[]): readonly Figure[] => [
  { name: `${name}-syncs-per-commit`, value: median(uses.map((use) => use.syncs)), unit: '1' },
  times(`${name}-bytes-per-byte`, median(uses.map((use) => use.bytes))),
];

async function driveInside(own: Cluster, folder: string): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const outstanding of outstandingCounts) {
    const measured: Latencies[] = [];
    const raw: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const client = own.client(await own.leader());
      const order = Buffer.from(JSON.stringify({ outstanding, durationMs: roundMs, valueBytes }));
      const reply = await client.call(paths.drive, order, 60_000);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own node's word.
      measured.push(JSON.parse(Buffer.from(reply).toString()) as Latencies);
      raw.push(rawLogRate(folder, { outstanding, valueBytes }, withPriority(20)));
    }
    const rate = median(measured.map(({ perSecond }) => perSecond));
    const name = `inside-${outstanding}-outstanding`;
    figures.push(
      ...latencyFigures(name, measured),
      { name: `raw-${outstanding}-outstanding-rate`, value: median(raw), unit: '1/s' },
      times(`${name}-over-raw`, rate / median(raw)),
    );
  }
  return figures;
}

async function gaps(cluster: Cluster): Promise<readonly Figure[]> {
  const transfer = await transferGapsMs(cluster, transfers);
  const failover = await failoverGapsMs(cluster, failovers);
  const sorted = transfer.toSorted((one, other) => one - other);
  return [
    { name: `${cluster.name}-transfer-gap-p50`, value: quantile(sorted, 0.5), unit: 'ms' },
    { name: `${cluster.name}-transfer-gap-p99`, value: quantile(sorted, 0.99), unit: 'ms' },
    { name: `${cluster.name}-failover-gap-median`, value: median(failover), unit: 'ms' },
    { name: `${cluster.name}-failover-gap-max`, value: Math.max(...failover), unit: 'ms' },
  ];
}

async function measure(): Promise<void> {
  /** Not in the system's folder for temporary files, which is often memory. */
  const folder = mkdtempSync('/var/tmp/altiplano-bench-');
  try {
    installEtcd();
    await using etcd = await etcdCluster(folder, withPriority(20));
    await using own = await ownCluster(folder, withPriority(20));
    // As in a master, where the log must not be held up by what a state machine does.
    const threads = { ...productionOptions, threaded: true };
    await using threaded = await ownCluster(`${folder}/threads`, withPriority(20), threads);
    using generator = startGenerator(withPriority(10));
    etcd.startAll();
    own.startAll();
    threaded.startAll();
    const figures: Figure[] = [
      { name: 'load-of-machine-before', value: loadavg()[0] ?? NaN, unit: 'processes' },
      { name: 'real-time-policy', value: isBusy ? 1 : 0, unit: 'yes' },
    ];
    for (const clients of clientCounts) {
      figures.push(...(await loadInTurns([etcd, own, threaded], generator, clients)));
    }
    await threaded.endAll('SIGKILL');
    figures.push(...(await driveInside(own, folder)));
    for (const cluster of [etcd, own]) figures.push(...(await gaps(cluster)));
    reportFigures('raft', figures);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const { values: asked } = parseArgs({ options: { profile: { type: 'string' } } });
// Whoever measures gaps must not be kept waiting itself.
const argv = ['--all-tasks', '--rr', '--pid', '10', `${process.pid}`];
if (isBusy && spawnSync('chrt', argv).status !== 0) {
  throw new Error('this machine does other work and lends no real-time policy');
}
if (asked.profile === undefined) await measure();
else {
  const means = {
    into: resolve(asked.profile),
    run: withPriority(20),
    runClient: withPriority(10),
  };
  for (const shape of profiledShapes) await profile(shape, means);
}
