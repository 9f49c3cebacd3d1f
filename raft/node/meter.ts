/**
 * What a node counts and times, for operators: plain numbers, no clock of its own. `figures` gives
 * them by name, in the unit that the name ends with.
 */
export type Figure = { readonly name: string; readonly value: number };

export type CounterName =
  | 'proposals_applied'
  | 'proposals_refused_not_leader'
  | 'proposals_refused_busy'
  | 'proposals_refused_too_large'
  | 'proposals_refused_full'
  | 'proposals_refused_lost'
  | 'proposals_refused_dropped'
  | 'proposals_refused_expired'
  | 'proposals_refused_unknown'
  | 'reads_served'
  | 'reads_refused'
  | 'leader_changes'
  | 'campaigns'
  | 'resignations_disk_stall'
  | 'messages_sent'
  | 'messages_received'
  | 'messages_dropped_inbox_full'
  | 'messages_dropped_disk_full'
  | 'messages_refused'
  | 'entries_applied'
  | 'entries_written'
  | 'bytes_written'
  | 'writes'
  | 'turns_cut_short'
  | 'snapshots_made'
  | 'snapshots_failed'
  | 'snapshots_restored'
  | 'membership_changes';

export type TimingName =
  | 'write_ms'
  | 'write_entries'
  | 'proposal_ms'
  | 'read_ms'
  /** How late ticks come: what keeps the process from its heartbeats. */
  | 'tick_delay_ms';

/** Upper bounds of the buckets; what is beyond counts as the last. */
const bounds: readonly number[] = Array.from({ length: 28 }, (_, i) => 0.125 * 2 ** (i / 1.5));

/** The first whose bound is not below the value: this is asked for every proposal. */
function bucketOf(value: number): number {
  let [low, high] = [0, bounds.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= (bounds[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}

type Timing = { count: number; sum: number; max: number; readonly buckets: number[] };

export class Meter {
  readonly #counters = new Map<CounterName, number>();
  readonly #timings = new Map<TimingName, Timing>();

  count(name: CounterName, by: number = 1): void {
    this.#counters.set(name, (this.#counters.get(name) ?? 0) + by);
  }

  time(name: TimingName, value: number): void {
    const timing = this.#timings.get(name) ?? this.#begin(name);
    timing.count++;
    timing.sum += value;
    timing.max = Math.max(timing.max, value);
    const place = bucketOf(value);
    timing.buckets[place] = (timing.buckets[place] ?? 0) + 1;
  }

  #begin(name: TimingName): Timing {
    const timing = newTiming();
    this.#timings.set(name, timing);
    return timing;
  }

  counted(name: CounterName): number {
    return this.#counters.get(name) ?? 0;
  }

  figures(): readonly Figure[] {
    const counted = [...this.#counters].map(([name, value]) => ({ name, value }));
    const timed = [...this.#timings].flatMap(([name, timing]) => [
      { name: `${name}/count`, value: timing.count },
      { name: `${name}/mean`, value: timing.sum / timing.count },
      { name: `${name}/max`, value: timing.max },
      ...[50, 90, 99].map((percent) => ({
        name: `${name}/p${percent}`,
        value: Math.min(timing.max, quantile(timing, percent / 100)),
      })),
    ]);
    return [...counted, ...timed];
  }
}

const newTiming = (): Timing => ({ count: 0, sum: 0, max: 0, buckets: [] });

/** The upper bound of the bucket in which it lies: at most 59 % too large. */
function quantile({ count, buckets }: Timing, share: number): number {
  let left = share * count;
  for (const [place, bound] of bounds.entries()) {
    left -= buckets[place] ?? 0;
    if (left <= 0) return bound;
  }
  return bounds.at(-1) ?? 0;
}
