/**
 * The algebra of resource lists (contract 6.2). What goes in was checked at the edge, so a failed
 * assertion here is a bug of ours. What comes out is canonical: amounts of the same thing are one
 * element, nothing is empty, and elements stand in the order in which they first appeared.
 */
import { AssertionError } from '#internal/base/assert.ts';
import { format } from './format.ts';
import { isIndivisible, isSameThing } from './identity.ts';
import type { Resource, Resources } from './resource.ts';
import { cut, equalValues, includes, isNothing, plus } from './value.ts';
import { eachOnce } from './volume.ts';

export const nothing: Resources = [];

/** Merges what can be merged and drops what is empty. */
export function resources(list: Iterable<Resource>): Resources {
  const result: Resource[] = [];
  for (const one of list) put(result, one);
  return result;
}

export function add(left: Resources, right: Resources): Resources {
  if (right.length === 0) return left;
  const result = [...left];
  for (const one of right) put(result, one);
  return result;
}

export function sum(lists: Iterable<Resources>): Resources {
  const result: Resource[] = [];
  for (const list of lists) {
    for (const one of list) put(result, one);
  }
  return result;
}

/** Asks for `contains(left, right)`: what was never there cannot be taken away. */
export function subtract(left: Resources, right: Resources): Resources {
  const rest = takeOut(left, right);
  // Lists are long to write down: only when there is somebody to read it.
  if (rest === undefined) {
    throw new AssertionError(`${format(left)} does not contain ${format(right)}`);
  }
  return rest;
}

/** What is left when as much of `right` as there is is taken out of `left`. */
export function without(left: Resources, right: Resources): Resources {
  let rest = left;
  for (const one of right) {
    const taken = takeOut(rest, [one]);
    if (taken !== undefined) rest = taken;
    else if (!isIndivisible(one)) {
      rest = resources(
        rest.map((whole) =>
          isSameThing(whole, one) ? { ...whole, value: cut(whole.value, one.value) } : whole,
        ),
      );
    }
  }
  return rest;
}

export function contains(left: Resources, right: Resources): boolean {
  return takeOut(left, right) !== undefined;
}

/** The same things in the same amounts; order does not count. */
export function equals(left: Resources, right: Resources): boolean {
  return takeOut(left, right)?.length === 0;
}

export const isEmpty = (list: Resources): boolean => list.length === 0;

/** Marks all as held for `role` (contract 6.4). */
export function allocatedTo(role: string, list: Resources): Resources {
  return list.map((one) => ({ ...one, allocationRole: role }));
}

/** As an agent's total has them: for whom they were held is forgotten. */
export function unallocated(list: Resources): Resources {
  return resources(list.map((one) => ({ ...one, allocationRole: undefined })));
}

/**
 * How much there is of a scalar, in thousandths, however it is reserved. 0 when it has none. A shared
 * volume counts once, however many use it.
 */
export function scalarMilli(list: Resources, name: string): number {
  let milli = 0;
  for (const one of eachOnce(list)) {
    if (one.name === name && one.value.kind === 'scalar') milli += one.value.milli;
  }
  return milli;
}

/** The names of the scalars, each once. */
export function scalarNames(list: Resources): ReadonlySet<string> {
  return new Set(list.filter(({ value }) => value.kind === 'scalar').map(({ name }) => name));
}

/** What is left, or undefined when something was not there. */
function takeOut(left: Resources, right: Resources): Resources | undefined {
  const rest = [...left];
  for (const part of right) {
    if (isNothing(part.value)) continue;
    const at = rest.findIndex((whole) => isSameThing(whole, part) && has(whole, part));
    const whole = rest[at];
    if (whole === undefined) return undefined;
    const value = cut(whole.value, part.value);
    if (isNothing(value)) rest.splice(at, 1);
    else rest[at] = { ...whole, value };
  }
  return rest;
}

function has(whole: Resource, part: Resource): boolean {
  return isIndivisible(part)
    ? equalValues(whole.value, part.value)
    : includes(whole.value, part.value);
}

function put(result: Resource[], one: Resource): void {
  if (isNothing(one.value)) return;
  const at = isIndivisible(one) ? -1 : result.findIndex((other) => isSameThing(other, one));
  const found = result[at];
  if (found === undefined) result.push(one);
  else result[at] = { ...found, value: plus(found.value, one.value) };
}
