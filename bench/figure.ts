/**
 * What benchmarks share: figures, how they are reported, and how competitors are timed.
 */
import fs from 'node:fs';
import path from 'node:path';

/** What a benchmark measured: one number with a name and a unit. */
export type Figure = { readonly name: string; readonly value: number; readonly unit: string };

/** Reports figures as soon as they are known. */
export type Tell = (...figures: readonly Figure[]) => void;

/** Prints `figure <name> <value> <unit>` for each, and keeps them in `bench/results/NAME.json`. */
export function reportFigures(benchmark: string, figures: readonly Figure[]): void {
  openReport(benchmark)(...figures);
}

/** As `reportFigures`, for a benchmark that takes so long that somebody may end it before its end. */
export function openReport(benchmark: string): Tell {
  const folder = path.join(import.meta.dirname, 'results');
  const told: Figure[] = [];
  return (...figures) => {
    told.push(...figures);
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, `${benchmark}.json`), `${JSON.stringify(told, null, 2)}\n`);
    for (const { name, value, unit } of figures) {
      console.log(`figure ${name} ${Number(value.toPrecision(4))} ${unit}`);
    }
  };
}

export type Competitor = { readonly name: string; readonly run: () => unknown };

/**
 * Times competitors in turns, so that whatever else the machine does hits all of them alike. Returns
 * for each the median of its rounds, in microseconds a call. Each round of each lasts about `roundMs`.
 */
export function timeInTurns(
  competitors: readonly Competitor[],
  { rounds = 41, roundMs = 10 }: { readonly rounds?: number; readonly roundMs?: number } = {},
): ReadonlyMap<string, number> {
  const entries = competitors.map(({ name, run }) => {
    timeCalls(run, 50);
    const calls = Math.max(1, Math.round((roundMs * 1000) / timeCalls(run, 50)));
    const times: number[] = [];
    return { name, run, calls, times };
  });
  for (let round = 0; round < rounds; round++) {
    for (const { run, calls, times } of entries) times.push(timeCalls(run, calls));
  }
  return new Map(entries.map(({ name, times }) => [name, median(times)]));
}

/** Results are gathered here, so that no call can be left out as useless. */
let sink: unknown;

function timeCalls(run: () => unknown, calls: number): number {
  const start = performance.now();
  for (let call = 0; call < calls; call++) sink = run();
  const elapsedMs = performance.now() - start;
  if (sink === undefined) throw new Error('a benchmark returned nothing');
  return (elapsedMs * 1000) / calls;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
