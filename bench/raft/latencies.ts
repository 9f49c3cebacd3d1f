/** What a number of waits amounts to. */
export type Latencies = {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
};

export function latenciesOf(waitsMs: readonly number[], elapsedMs: number): Latencies {
  const sorted = Float64Array.from(waitsMs).toSorted();
  const at = (part: number): number => quantile(sorted, part);
  const perSecond = (1000 * waitsMs.length) / elapsedMs;
  return { perSecond, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

/** Of sorted values; NaN of none. */
export function quantile(sorted: ArrayLike<number>, part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}

export const median = (values: readonly number[]): number =>
  quantile(
    values.toSorted((one, other) => one - other),
    0.5,
  );

/** `count` loops that each ask again as soon as they have their answer, for `durationMs`. */
export async function closedLoop(
  count: number,
  durationMs: number,
  ask: (loop: number) => Promise<void>,
): Promise<Latencies> {
  const waitsMs: number[] = [];
  const start = performance.now();
  const loop = async (number: number): Promise<void> => {
    for (let now = start; now - start < durationMs;) {
      await ask(number);
      const then = now;
      now = performance.now();
      waitsMs.push(now - then);
    }
  };
  await Promise.all(Array.from({ length: count }, (_, number) => loop(number)));
  return latenciesOf(waitsMs, performance.now() - start);
}
