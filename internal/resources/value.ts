/**
 * Arithmetic on one value (contract 6.1): scalars in thousandths, ranges, sets. Results are
 * canonical (ranges sorted, disjoint, not adjacent; items sorted), so equal values look equal.
 */
import { assert, unreachable } from '#internal/base/assert.ts';
import { coalesced, countOf, includesRanges, rangesWithout } from './ranges.ts';
import type { Range, Value } from './resource.ts';

/** A scalar from the wire's double; rounds to thousandths, so it may become 0. */
export function scalar(value: number): Value {
  const milli = Math.round(value * 1000);
  assert(Number.isSafeInteger(milli), `scalar out of bounds: ${value}`);
  return { kind: 'scalar', milli };
}

/** Merges ranges that overlap or touch. */
export function ranges(list: readonly Range[]): Value {
  return { kind: 'ranges', ranges: coalesced(list) };
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

/** How much it is, in thousandths: each number of a range and each item of a set is 1. */
export function countMilli(value: Value): number {
  switch (value.kind) {
    case 'scalar':
      return value.milli;
    case 'ranges':
      return 1000 * countOf(value.ranges);
    case 'set':
      return 1000 * value.items.length;
    default:
      return unreachable(value);
  }
}

/** Both of one kind. What is on both sides of ranges and sets is there once. */
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

export function includes(whole: Value, part: Value): boolean {
  if (whole.kind === 'scalar' && part.kind === 'scalar') return whole.milli >= part.milli;
  if (whole.kind === 'ranges' && part.kind === 'ranges') {
    return includesRanges(whole.ranges, part.ranges);
  }
  if (whole.kind === 'set' && part.kind === 'set') {
    const items = new Set(whole.items);
    return part.items.every((item) => items.has(item));
  }
  return false;
}

/** What is left of `left` when all of `right` that is in it is taken out. Both of one kind. */
export function cut(left: Value, right: Value): Value {
  if (left.kind === 'scalar' && right.kind === 'scalar') {
    return { kind: 'scalar', milli: Math.max(0, left.milli - right.milli) };
  }
  if (left.kind === 'ranges' && right.kind === 'ranges') {
    return { kind: 'ranges', ranges: rangesWithout(left.ranges, right.ranges) };
  }
  assert(left.kind === 'set' && right.kind === 'set', `cutting ${right.kind} out of ${left.kind}`);
  const items = new Set(right.items);
  return { kind: 'set', items: left.items.filter((item) => !items.has(item)) };
}

export function equalValues(left: Value, right: Value): boolean {
  return includes(left, right) && includes(right, left);
}
