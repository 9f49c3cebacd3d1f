/**
 * What a program counts, by Mesos's names (`master/tasks_launched`): counters that only grow, gauges
 * that are read when somebody asks. In this process and for this process: nothing is replicated.
 */
import { assert } from '#internal/base/assert.ts';

export type Metrics = {
  /** Adds to a counter, which begins at 0 when it is first named. */
  count(name: string, by?: number): void;
  /** `read` is called for each snapshot. A name is given once. */
  gauge(name: string, read: () => number): void;
  /** All names and values, sorted by name. */
  snapshot(): ReadonlyMap<string, number>;
};

/** `counters` are named from the beginning, so that they show as 0 before the first event. */
export function newMetrics(counters: readonly string[] = []): Metrics {
  const counts = new Map(counters.map((name) => [name, 0]));
  const gauges = new Map<string, () => number>();
  return {
    count(name, by = 1) {
      assert(by >= 0 && !gauges.has(name), `${name} is no counter that grows by ${by}`);
      counts.set(name, (counts.get(name) ?? 0) + by);
    },
    gauge(name, read) {
      assert(!counts.has(name) && !gauges.has(name), `the metric ${name} exists already`);
      gauges.set(name, read);
    },
    snapshot() {
      const readings = [...gauges].map(([name, read]): [string, number] => [name, read()]);
      return new Map([...counts, ...readings].toSorted(([a], [b]) => (a < b ? -1 : 1)));
    },
  };
}
