/**
 * Where the microseconds of a put go: our cluster under each shape of load, with V8's profiler in all
 * three processes. It costs some speed itself; the shares are what it is for.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { type Cluster, type OwnOptions, ownCluster, productionOptions } from './clusters.ts';
import type { Wrap } from './clusters.ts';
import { selfTimes, type Span } from './cpu-profiles.ts';
import { startGenerator } from './generator.ts';
import { paths } from './kv-messages.ts';
import type { Latencies } from './latencies.ts';

export type Shape = {
  readonly name: string;
  /** Puts on their way at a time: of clients, or of the leading process itself. */
  readonly outstanding: number;
  readonly from: 'clients' | 'inside';
  readonly threaded: boolean;
};

const counts = { clients: [1, 32, 256], inside: [256] } as const;

/** Each once with the node in the thread of the service, and once in its own as in a master. */
export const profiledShapes: readonly Shape[] = [false, true].flatMap((threaded) =>
  (['clients', 'inside'] as const).flatMap((from) =>
    counts[from].map((outstanding) => {
      const name = `${from}-${outstanding}${threaded ? '-threaded' : ''}`;
      return { name, outstanding, from, threaded };
    }),
  ),
);

const durationMs = 4000;
const valueBytes = 256;
const functionsShown = 12;

export type ProfileOptions = {
  /** Where the profiles stay, a folder for each process. */
  readonly into: string;
  readonly run: Wrap;
  readonly runClient: Wrap;
};

/** Prints a table for each process: microseconds of CPU a put. */
export async function profile(shape: Shape, options: ProfileOptions): Promise<void> {
  const { into, run, runClient } = options;
  const { name, threaded } = shape;
  const folder = mkdtempSync('/var/tmp/altiplano-profile-');
  const folderOf = (node: number): string => join(into, name, `node${node + 1}`);
  try {
    const own: OwnOptions = { ...productionOptions, threaded, profiles: join(into, name) };
    for (const node of [0, 1, 2]) mkdirSync(folderOf(node), { recursive: true });
    await using cluster = await ownCluster(folder, run, own);
    cluster.startAll();
    const leader = await cluster.leader();
    // Until it is compiled and the files made ahead are there.
    await load(cluster, leader, { shape, runClient });
    const first = await revisionOf(cluster, leader);
    const fromUs = nowUs();
    const { perSecond, p50Ms, p99Ms } = await load(cluster, leader, { shape, runClient });
    const span = { fromUs, toUs: nowUs() };
    const puts = (await revisionOf(cluster, leader)) - first;
    const figures = await figuresOf(cluster);
    // Who follows ends first: nobody is elected for the sake of the end.
    const others = [0, 1, 2].filter((node) => node !== leader);
    for (const node of [...others, leader]) await cluster.end(node, 'SIGTERM');
    console.log(`\n${name}: ${perSecond.toFixed(0)} a second, p50 ${ms(p50Ms)}, p99 ${ms(p99Ms)}`);
    for (const node of [leader, ...others]) {
      console.log(`  ${node === leader ? 'leader' : 'follower'}: ${figures[node]}`);
    }
    for (const node of [leader, others[0] ?? leader]) {
      report(node === leader ? 'leader' : 'a follower', folderOf(node), { puts, span });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function load(
  cluster: Cluster,
  leader: number,
  { shape, runClient }: { readonly shape: Shape; readonly runClient: Wrap },
): Promise<Latencies> {
  const { outstanding, from } = shape;
  if (from === 'inside') {
    const order = Buffer.from(JSON.stringify({ outstanding, durationMs, valueBytes }));
    const reply = await cluster.client(leader).call(paths.drive, order, 60_000);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own node's word.
    return JSON.parse(Buffer.from(reply).toString()) as Latencies;
  }
  using generator = startGenerator(runClient);
  const address = cluster.addresses[leader] ?? '';
  return await generator.run({ address, clients: outstanding, durationMs, valueBytes });
}

async function revisionOf(cluster: Cluster, node: number): Promise<number> {
  return Number((await cluster.status(node)).header.revision);
}

/** The node's own timings: what of a put's time is the disk's, and what the log's as a whole. */
async function figuresOf(cluster: Cluster): Promise<readonly string[]> {
  // In a thread of its own it tells them once a second.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const timings = ['proposal_ms', 'write_ms', 'write_entries', 'tick_delay_ms'];
  return await Promise.all(
    cluster.addresses.map(async (_, node) => {
      const reply = await cluster.client(node).call(paths.figures, new Uint8Array(0));
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own node's word.
      const figures = JSON.parse(Buffer.from(reply).toString()) as Record<string, number>;
      return timings
        .filter((name) => figures[`${name}/mean`] !== undefined)
        .map((name) => {
          const [mean = NaN, max = NaN] = [figures[`${name}/mean`], figures[`${name}/max`]];
          return `${name} mean ${mean.toFixed(3)} max ${max.toFixed(1)}`;
        })
        .join(', ');
    }),
  );
}

function report(
  who: string,
  folder: string,
  { puts, span }: { readonly puts: number; readonly span: Span },
): void {
  const { parts, functions } = selfTimes(folder, span);
  const total = [...parts.values()].reduce((sum, us) => sum + us, 0);
  const share = ((100 * total) / (span.toUs - span.fromUs)).toFixed(0);
  console.log(`  ${who}: ${(total / puts).toFixed(1)} us a put, ${share} % of a core`);
  for (const [part, us] of byTime(parts)) console.log(`    ${line(part, us, { total, puts })}`);
  console.log('    of that, by function:');
  for (const [name, us] of byTime(functions).slice(0, functionsShown)) {
    console.log(`      ${line(name, us, { total, puts })}`);
  }
}

const byTime = (times: ReadonlyMap<string, number>): readonly (readonly [string, number])[] =>
  [...times].toSorted(([, one], [, other]) => other - one);

function line(name: string, us: number, all: { total: number; puts: number }): string {
  const share = `${((100 * us) / all.total).toFixed(1)} %`;
  return `${name.padEnd(48)} ${share.padStart(7)} ${(us / all.puts).toFixed(2).padStart(8)} us`;
}

const nowUs = (): number => Number(process.hrtime.bigint() / 1000n);
const ms = (value: number): string => `${value.toFixed(2)} ms`;
