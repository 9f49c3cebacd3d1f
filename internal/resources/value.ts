/**
 * Arithmetic on one value (contract 6.1): scalars in thousandths, ranges, sets. Results are
 * canonical (ranges sorted, disjoint, not adjacent; items sorted), so equal values look equal.
 */
import { assert, unreachable } from '#internal/base/assert.ts';
import type { Range, Value } from './resource.ts';

/** A scalar from the wire's double; rounds to thousandths, so it may become 0. */
export function scalar(value: number): Value {
  const milli = Math.round(value * 1000);
  assert(Number.isSafeInteger(milli), `scalar out of bounds: ${value}`);
  return { kind: 'scalar', milli };
}

/** Merges ranges that overlap or touch. */
export function ranges(list: readonly Range[]): Value {
  const merged: Range[] = [];
  for (const next of list.toSorted((one, other) => one.begin - other.begin)) {
    assert(next.begin <= next.end, `backward range: ${next.begin}-${next.end}`);
    const last = merged.at(-1);
    if (last === undefined || next.begin > last.end + 1) merged.push(next);
    else merged[merged.length - 1] = { begin: last.begin, end: Math.max(last.end, next.end) };
  }
  return { kind: 'ranges', ranges: merged };
}

export function set(items: Iterable<string>): Value {
  return { kind: 'set', items: [...new Set(items)].toSorted() };
}

export function isNothing(value: Value): boolean {
  switch (value.kind) {
    case 'scalar':
      return value.milli === 0;
    case 'ranges':
      return value.ranges.length === 0;
    case 'set':
      return value.items.length === 0;
    default:
      return unreachable(value);
  }
}

/** How much it is, in thousandths: each port of a range and each item of a set is 1. */
export function countMilli(value: Value): number {
  switch (value.kind) {
    case 'scalar':
      return value.milli;
    case 'ranges':
      return 1000 * value.ranges.reduce((count, { begin, end }) => count + end - begin + 1, 0);
    case 'set':
      return 1000 * value.items.length;
    default:
      return unreachable(value);
  }
}

/** Both of one kind. */
export function plus(left: Value, right: Value): Value {
  if (left.kind === 'scalar' && right.kind === 'scalar') {
    return { kind: 'scalar', milli: left.milli + right.milli };
  }
  if (left.kind === 'ranges' && right.kind === 'ranges') {
    return ranges([...left.ranges, ...right.ranges]);
  }
  assert(left.kind === 'set' && right.kind === 'set', `adding ${left.kind} and ${right.kind}`);
  return set([...left.items, ...right.items]);
}

/** What is left when `right` is taken out of `left`; undefined when it is not all there. */
export function minus(left: Value, right: Value): Value | undefined {
  if (left.kind === 'scalar' && right.kind === 'scalar') {
    const milli = left.milli - right.milli;
    return milli < 0 ? undefined : { kind: 'scalar', milli };
  }
  if (left.kind === 'ranges' && right.kind === 'ranges') {
    const within = (part: Range): boolean =>
      left.ranges.some((whole) => whole.begin <= part.begin && part.end <= whole.end);
    if (!right.ranges.every(within)) return undefined;
    return { kind: 'ranges', ranges: right.ranges.reduce(withHole, left.ranges) };
  }
  if (left.kind === 'set' && right.kind === 'set') {
    if (!right.items.every((item) => left.items.includes(item))) return undefined;
    return { kind: 'set', items: left.items.filter((item) => !right.items.includes(item)) };
  }
  return undefined;
}

/** What is left of `left` when all of `right` that is in it is taken out. Both of one kind. */
export function cut(left: Value, right: Value): Value {
  if (left.kind === 'scalar' && right.kind === 'scalar') {
    return { kind: 'scalar', milli: Math.max(0, left.milli - right.milli) };
  }
  if (left.kind === 'ranges' && right.kind === 'ranges') {
    return { kind: 'ranges', ranges: right.ranges.reduce(withHole, left.ranges) };
  }
  assert(left.kind === 'set' && right.kind === 'set', `cutting ${right.kind} out of ${left.kind}`);
  return { kind: 'set', items: left.items.filter((item) => !right.items.includes(item)) };
}

export function equalValues(left: Value, right: Value): boolean {
  const rest = minus(left, right);
  return rest !== undefined && isNothing(rest);
}

/** Cuts one hole: each range keeps what lies before the hole and what lies after it. */
function withHole(list: readonly Range[], hole: Range): readonly Range[] {
  return list
    .flatMap(({ begin, end }) => [
      { begin, end: Math.min(end, hole.begin - 1) },
      { begin: Math.max(begin, hole.end + 1), end },
    ])
    .filter(({ begin, end }) => begin <= end);
}
