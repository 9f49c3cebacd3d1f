/**
 * Sets of whole numbers as ranges: ports and the like. Canonical ones are sorted and neither overlap
 * nor touch; what is given here but to `coalesced` must be canonical, and what comes out is. All is
 * one pass: an agent that lends single ports for years has thousands of them.
 */
import { assert } from '#internal/base/assert.ts';
import type { Range } from './resource.ts';

export type Ranges = readonly Range[];

/** Ranges in any order that may overlap or touch. Each must run forwards. */
export function coalesced(list: Ranges): Ranges {
  const merged: Range[] = [];
  for (const next of list.toSorted((one, other) => one.begin - other.begin)) {
    assert(next.begin <= next.end, `backward range: ${next.begin}-${next.end}`);
    const last = merged.at(-1);
    if (last === undefined || next.begin > last.end + 1) merged.push(next);
    else if (next.end > last.end) merged[merged.length - 1] = { begin: last.begin, end: next.end };
  }
  return merged;
}

export function includesRanges(whole: Ranges, parts: Ranges): boolean {
  let at = 0;
  for (const part of parts) {
    while (isBefore(whole[at], part.begin)) at++;
    const around = whole[at];
    if (around === undefined || part.begin < around.begin || part.end > around.end) return false;
  }
  return true;
}

/** What of `whole` is in none of the holes. */
export function rangesWithout(whole: Ranges, holes: Ranges): Ranges {
  const rest: Range[] = [];
  let at = 0;
  for (const range of whole) {
    let { begin } = range;
    while (isBefore(holes[at], begin)) at++;
    for (let hole = holes[at]; hole !== undefined && hole.begin <= range.end; hole = holes[++at]) {
      if (hole.begin > begin) rest.push({ begin, end: hole.begin - 1 });
      begin = hole.end + 1;
      // The hole may reach into the next range, too.
      if (hole.end > range.end) break;
    }
    if (begin === range.begin) rest.push(range);
    else if (begin <= range.end) rest.push({ begin, end: range.end });
  }
  return rest;
}

export function countOf(list: Ranges): number {
  return list.reduce((count, { begin, end }) => count + (end - begin + 1), 0);
}

const isBefore = (range: Range | undefined, begin: number): boolean =>
  range !== undefined && range.end < begin;
