/**
 * What a state comes to, by kind of record, so that masters can compare theirs and say what differs: of
 * each kind how many there are and the sum of their hashes. A sum can be carried on from one state to
 * the next by what has changed. It detects accidents, not forgers.
 */
import type { Steps } from '#internal/base/steps.ts';
import type { PartDigest } from '#internal/state/command-log.ts';
import { diffSteps, type StateRecord } from '#internal/state/records.ts';
import { newState, type State } from '#internal/state/state.ts';
import { encodeRecord } from './state-codec.ts';

export type Digester = {
  /** In the order of the names. Carries on from the state of the call before. */
  of(state: State): Steps<readonly PartDigest[]>;
};

type Sum = { count: number; low: number; high: number };

export function newDigester(): Digester {
  let last = newState();
  let sums = new Map<string, Sum>();
  return {
    *of(state) {
      // Beside the sums: who stops in the middle begins where the last one ended.
      const next = new Map([...sums].map(([kind, sum]) => [kind, { ...sum }]));
      for (const change of diffSteps(last, state)) {
        if (change?.before !== undefined) note(next, change.key, change.before, -1);
        if (change?.record !== undefined) note(next, change.key, change.record, 1);
        yield;
      }
      last = state;
      sums = next;
      return digestsOf(next);
    },
  };
}

/** Parts that are not the same here and there. */
export function differing(
  ours: readonly PartDigest[],
  theirs: readonly PartDigest[],
): readonly string[] {
  const known = new Map(ours.map(({ part, digest }) => [part, digest]));
  const told = new Map(theirs.map(({ part, digest }) => [part, digest]));
  return [...new Set([...known.keys(), ...told.keys()])]
    .filter((part) => known.get(part) !== told.get(part))
    .toSorted();
}

function digestsOf(sums: ReadonlyMap<string, Sum>): readonly PartDigest[] {
  return [...sums]
    .filter(([, { count }]) => count > 0)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([part, { count, low, high }]) => ({ part, digest: `${count}-${hex(high)}${hex(low)}` }));
}

const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');

const text = new TextEncoder();

function note(sums: Map<string, Sum>, key: string, record: StateRecord, sign: 1 | -1): void {
  const sum = sums.get(record.kind) ?? { count: 0, low: 0, high: 0 };
  sums.set(record.kind, sum);
  let [low, high] = [0x811c9dc5, 0x9e3779b1];
  for (const bytes of [text.encode(key), encodeRecord(record)]) {
    for (const byte of bytes) {
      low = Math.imul(low ^ byte, 0x01000193);
      high = Math.imul(high ^ byte ^ (low >>> 15), 0x85ebca77);
    }
    // What one ends with is not what the next begins with.
    low = Math.imul(low ^ bytes.length, 0x01000193);
  }
  sum.count += sign;
  sum.low = (sum.low + sign * mixed(low)) | 0;
  sum.high = (sum.high + sign * mixed(high)) | 0;
}

/** Sums need every bit to depend on every bit. */
function mixed(word: number): number {
  const half = Math.imul(word ^ (word >>> 16), 0x7feb352d);
  return Math.imul(half ^ (half >>> 15), 0x846ca68b);
}
