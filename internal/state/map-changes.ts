/**
 * Where two versions of a map differ, at the cost of what differs: parts of their trees that the two
 * share are one object and are passed over. A state of a hundred thousand tasks is compared every second,
 * and a walk of all of them costs more than what has changed.
 *
 * It looks at the tree behind a map of `immutable`, which that library promises to nobody. When a tree
 * does not look as it should, maps are walked whole: a newer release may cost time, never truth.
 */
import { Map as ImmutableMap } from 'immutable';
import { assert } from '#internal/base/assert.ts';

/**
 * Ids whose values are not the same object in both, each once; and undefined now and then where there
 * is none for a while.
 */
export function* differingIds<Id extends string>(
  previous: ImmutableMap<Id, unknown>,
  next: ImmutableMap<Id, unknown>,
): Generator<Id | undefined, void> {
  const ids = isTreeKnown() ? keysApart(treeOf(previous), treeOf(next)) : allIds(previous, next);
  let passed = 0;
  for (const key of ids) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a tree forgets its map's type.
    const id = key as Id | undefined;
    if (id !== undefined && previous.get(id) !== next.get(id)) yield id;
    else if (++passed % restEvery === 0) yield undefined;
  }
}

/** After so many looks that found nothing, somebody else may want a turn. */
const restEvery = 128;

function* allIds(
  previous: ImmutableMap<string, unknown>,
  next: ImmutableMap<string, unknown>,
): Generator<string, void> {
  yield* previous.keys();
  for (const id of next.keys()) if (!previous.has(id)) yield id;
}

/** A part of a tree: up to 32 further parts by a piece of the keys' hashes, or an end with its keys. */
type Part =
  | { readonly kind: 'branch'; readonly child: (slot: number) => unknown }
  | { readonly kind: 'end'; readonly keys: readonly string[] };

const slots = 32;
const empty: Part = { kind: 'end', keys: [] };

/** Keys below parts that are not the same object; undefined for a part that was looked through. */
function* keysApart(before: unknown, after: unknown): Generator<string | undefined, void> {
  if (before === after) return;
  const [old, now] = [partOf(before), partOf(after)];
  for (let slot = 0; slot < slots; slot++) {
    const found: string[] = [];
    if (old.kind === 'branch' && now.kind === 'branch') {
      collectApart(old.child(slot), now.child(slot), found);
    } else if (old.kind === 'branch' && isNothing(now)) collect(old.child(slot), found);
    else if (now.kind === 'branch' && isNothing(old)) collect(now.child(slot), found);
    else {
      collectApart(before, after, found);
      yield* found;
      return;
    }
    yield* found;
    yield undefined;
  }
}

const isNothing = (part: Part): boolean => part.kind === 'end' && part.keys.length === 0;

/** The same of a part of a tree: a thirty-second of a large one. */
function collectApart(before: unknown, after: unknown, found: string[]): void {
  if (before === after) return;
  const [old, now] = [partOf(before), partOf(after)];
  if (old.kind === 'branch' && now.kind === 'branch') {
    for (let slot = 0; slot < slots; slot++) collectApart(old.child(slot), now.child(slot), found);
    return;
  }
  const [end, rest] = old.kind === 'end' ? [old, after] : [now, before];
  const known = end.kind === 'end' ? end.keys : [];
  const other: string[] = [];
  collect(rest, other);
  found.push(...known);
  for (const key of other) if (!known.includes(key)) found.push(key);
}

/** All keys below a part. */
function collect(node: unknown, found: string[]): void {
  const part = partOf(node);
  if (part.kind === 'end') found.push(...part.keys);
  else for (let slot = 0; slot < slots; slot++) collect(part.child(slot), found);
}

const treeOf = (map: ImmutableMap<string, unknown>): unknown => member(map, '_root');

/** The library has two kinds of branches, one that skips empty slots, and three kinds of ends. */
function partOf(node: unknown): Part {
  if (node === undefined) return empty;
  const nodes = member(node, 'nodes');
  if (Array.isArray(nodes)) {
    const bitmap = member(node, 'bitmap');
    if (typeof bitmap !== 'number') return { kind: 'branch', child: (slot) => nodes[slot] };
    return { kind: 'branch', child: (slot) => packed(nodes, bitmap, slot) };
  }
  const entries = member(node, 'entries') ?? [member(node, 'entry')];
  assert(Array.isArray(entries), 'a tree of a shape that nobody knows');
  return { kind: 'end', keys: entries.map(keyOf) };
}

function packed(nodes: readonly unknown[], bitmap: number, slot: number): unknown {
  const bit = 1 << slot;
  return (bitmap & bit) === 0 ? undefined : nodes[ones(bitmap & (bit - 1))];
}

function ones(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}

function keyOf(entry: unknown): string {
  const key: unknown = Array.isArray(entry) ? entry[0] : undefined;
  assert(typeof key === 'string', 'a tree whose entries nobody can read');
  return key;
}

type Member = '_root' | 'nodes' | 'bitmap' | 'entries' | 'entry';

function member(node: unknown, name: Member): unknown {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- whatever it is, it may have this.
  return (node as Partial<Record<Member, unknown>> | undefined)?.[name];
}

let known: boolean | undefined;

/** Whether trees look as they should: found out once, on maps that have parts of every kind. */
function isTreeKnown(): boolean {
  known ??= [0, 1, 8, 9, 40, 3000].every((size) => {
    const keys = Array.from({ length: size }, (_, n) => `key ${n}`);
    // The hashes of the last two are the same.
    const all = [...keys, ...(size > 8 ? ['Aa', 'BB'] : [])];
    return isReadable(ImmutableMap(all.map((key) => [key, true])));
  });
  return known;
}

function isReadable(map: ImmutableMap<string, unknown>): boolean {
  try {
    const found: string[] = [];
    collect(treeOf(map), found);
    return found.length === map.size && found.every((key) => map.has(key));
  } catch {
    return false;
  }
}
