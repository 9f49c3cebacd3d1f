/**
 * The allocator in the shapes of Mesos's own benchmark of its allocator (`HierarchicalAllocator_BENCHMARK`,
 * which published 1.1 s for a run of 10 000 agents and 1 000 frameworks), against a straightforward
 * allocator in the same process (`allocator/straightforward.ts`), and against that one with the first
 * thing mended that one would mend.
 *
 * A full run looks at a cluster in which everything is free: the mean of four, after each of which all
 * is refused, so that all but the first see filters. In an incremental run one task has ended. Times are
 * those of the CPU, but for the incremental run, which is a median.
 * `npm run bench -- allocator` runs all shapes, each in a process of its own.
 */
import { spawnSync } from 'node:child_process';
import { heapPerPart } from './allocator/heap.ts';
import { timeIncremental } from './allocator/incremental.ts';
import { timeOffersAsJson } from './allocator/offers-json.ts';
import { newCluster, timeRounds, type Timed, timeStraightforward } from './allocator/rounds.ts';
import { timeSlices } from './allocator/slices.ts';
import { nameOf, type Shape } from './allocator/workload.ts';
import type { Reckoning } from './allocator/straightforward.ts';
import { type Figure, reportFigures } from './figure.ts';

const shapes: readonly Shape[] = [
  { agents: 1000, frameworks: 50, roles: 10 },
  { agents: 5000, frameworks: 200, roles: 10 },
  { agents: 10_000, frameworks: 1000, roles: 10 },
  // As Mesos's own benchmark has it: everybody in one role.
  { agents: 10_000, frameworks: 1000, roles: 1 },
  { agents: 50_000, frameworks: 200, roles: 10 },
];

/**
 * A yardstick looks at so many agents a run and no more; a whole run is reckoned from them. That flatters
 * it, if anything: at first nearly all shares are equal, and a list of equals is soon sorted.
 */
const yardstickAgentsMax = 2500;

const meanMs = (rounds: readonly Timed[]): number =>
  rounds.reduce((sum, { ms }) => sum + ms, 0) / rounds.length;

function measure(shape: Shape): readonly Figure[] {
  const name = nameOf(shape);
  // Once for nothing: what is timed is the program, not its being compiled.
  timeRounds(newCluster({ ...shape, agents: 5000 }));
  // While the heap is small: each of its measurements is a full collection or two.
  const heap = heapPerPart(shape);
  const cluster = newCluster(shape);
  const { rounds, held } = timeRounds(cluster);
  const incrementalUs = timeIncremental(cluster, held);
  const [cold, , warm] = timeOffersAsJson(shape);
  const figures = {
    'full-run': [meanMs(rounds), 'ms'],
    'incremental-run': [incrementalUs, 'us'],
    'longest-slice': [timeSlices(shape), 'ms'],
    'encode-offers-first': [cold?.encodeMs ?? NaN, 'ms'],
    'encode-offers-again': [warm?.encodeMs ?? NaN, 'ms'],
    'full-run-and-encode-again': [(warm?.allocateMs ?? NaN) + (warm?.encodeMs ?? NaN), 'ms'],
    'offers-as-json': [warm?.bytes ?? NaN, 'bytes'],
    ...yardsticks(shape, meanMs(rounds)),
  } as const;
  return [
    ...Object.entries(figures).map(([what, [value, unit]]) => ({
      name: `${name}-${what}`,
      value,
      unit,
    })),
    ...heap.map((figure) => ({ ...figure, name: `${name}-${figure.name}` })),
  ];
}

/** What both yardsticks take, and how many times as much as a full run of ours. */
function yardsticks(shape: Shape, fullRunMs: number): Record<string, readonly [number, string]> {
  const part = Math.min(shape.agents, yardstickAgentsMax);
  const estimated = part < shape.agents ? '-extrapolated' : '';
  const wholeMs = (reckoning: Reckoning): number =>
    (meanMs(timeStraightforward(shape, reckoning, part)) * shape.agents) / part;
  const plainMs = wholeMs('in-comparator');
  const mendedMs = wholeMs('once-a-sort');
  return {
    [`straightforward-run${estimated}`]: [plainMs, 'ms'],
    [`straightforward-over-full-run${estimated}`]: [plainMs / fullRunMs, 'times'],
    [`straightforward-shares-once-a-sort-run${estimated}`]: [mendedMs, 'ms'],
    [`straightforward-shares-once-a-sort-over-full-run${estimated}`]: [
      mendedMs / fullRunMs,
      'times',
    ],
  };
}

/** In a process of its own, on a heap that nobody has used. */
function measureApart(shape: Shape, index: number): readonly Figure[] {
  const { stdout, status } = spawnSync(
    process.execPath,
    ['--expose-gc', '--max-old-space-size=8192', import.meta.filename, String(index)],
    { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`the shape ${nameOf(shape)} ended with status ${status}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => {
      const [name = '', value, unit = ''] = line.split(' ');
      return { name, value: Number(value), unit };
    });
}

const valueOf = (figures: readonly Figure[], name: string): number =>
  figures.find((figure) => figure.name === name)?.value ?? NaN;

const [, , index] = process.argv;
const only = index === undefined ? undefined : shapes[Number(index)];
if (only === undefined) {
  const figures = shapes.flatMap(measureApart);
  const large = valueOf(figures, '50000x200-incremental-run');
  const small = valueOf(figures, '1000x50-incremental-run');
  reportFigures('allocator', [
    ...figures,
    { name: 'incremental-run-50000-over-1000-agents', value: large / small, unit: 'times' },
  ]);
} else {
  for (const { name, value, unit } of measure(only)) console.log(`${name} ${value} ${unit}`);
}
