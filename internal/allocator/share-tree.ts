/**
 * Dominant shares of roles and frameworks (DRF), as a tree: roles and the roles below them, and in each
 * role its frameworks, which stand beside the roles below it as one. Of all that a branch holds, its
 * share is the largest fraction of what the cluster has of one scalar, divided by its weight.
 *
 * Each branch keeps those below it that wish for offers in order, least share first; an order is mended
 * where a share changes, not sorted anew. When the cluster's total changes, so do all shares: they are
 * reckoned again by `refresh`, once before the next run.
 */
import { assert } from '#internal/base/assert.ts';
import { addTo, type Amounts, type Vector } from './amounts.ts';
import type { Client, RoleBook } from './books.ts';
import { insertAt, itemAt, itemsOf, newRing, removeAt, type Ring, sortRing } from './ring.ts';

export type Share = {
  /** Among equals, who is called less goes first, so that every replay agrees. */
  readonly name: string;
  /** The place of the name among all names, unless the tree is stale. */
  rank: number;
  readonly above: Share | undefined;
  /** Whose: of a role, of its frameworks together, or else of one of them. */
  role: RoleBook | undefined;
  client: Client | undefined;
  readonly held: Vector;
  weight: number;
  value: number;
  /** How often it was given something: among equal shares, who was served less goes first. */
  served: number;
  /** Whether it is in the queue of the branch above. */
  isQueued: boolean;
  /** Least share first, unless the tree is stale. */
  readonly queue: Ring<Share>;
  /** The last look at an agent in which it had its turn, */
  seen: number;
  /** in which it, or somebody below it, was to be asked, */
  asked: number;
  /** in which all below it could use something reserved, and in which somebody below it could. */
  reserved: number;
  onPath: number;
};

export type ShareTree = {
  readonly root: Share;
  /** Of the whole cluster. */
  readonly total: Vector;
  /** By the number of the name: does not count for shares. */
  readonly isExcluded: (name: number) => boolean;
  readonly all: Set<Share>;
  isStale: boolean;
  /** Somebody has no rank yet. Then the tree is stale, too. */
  isUnranked: boolean;
  /** How many looks there were: what a share is marked with. */
  looks: number;
};

export function newShareTree(isExcluded: (name: number) => boolean): ShareTree {
  const root = newShare('', undefined);
  return {
    root,
    total: [],
    isExcluded,
    all: new Set(),
    isStale: false,
    isUnranked: false,
    looks: 0,
  };
}

/** Its owner is for the caller to fill in. */
export function addShare(tree: ShareTree, above: Share, name: string): Share {
  const share = newShare(name, above);
  tree.all.add(share);
  tree.isStale = true;
  tree.isUnranked = true;
  return share;
}

/** It wishes for nothing and holds nothing. */
export function dropShare(tree: ShareTree, share: Share): void {
  assert(!share.isQueued, `${share.name} leaves and still wishes for offers`);
  assert(
    share.held.every((milli) => milli === 0),
    `${share.name} leaves and still holds something`,
  );
  tree.all.delete(share);
}

export function setWeight(tree: ShareTree, share: Share, weight: number): void {
  share.weight = weight;
  tree.isStale = true;
}

/** The cluster has more, or less. */
export function countTotal(tree: ShareTree, amounts: Amounts, sign: 1 | -1): void {
  addTo(tree.total, amounts, sign);
  tree.isStale = true;
}

/**
 * It holds more, or less, and so do all above it. `served` is 1 when it is given that now, -1 when
 * that is undone, and else 0.
 */
export function charge(tree: ShareTree, share: Share, { amounts, sign, served }: Charge): void {
  for (let one = share; one.above !== undefined; one = one.above) {
    const at = placeOf(tree, one);
    addTo(one.held, amounts, sign);
    one.served += served;
    if (!tree.isStale) one.value = valueOf(tree, one);
    mend(one, at);
  }
}

type Charge = { readonly amounts: Amounts; readonly sign: 1 | -1; readonly served: 1 | 0 | -1 };

/** It wishes for offers from now on, and with it all above it. */
export function enqueue(tree: ShareTree, share: Share): void {
  for (let one = share; one.above !== undefined && !one.isQueued; one = one.above) {
    one.isQueued = true;
    const { queue } = one.above;
    if (tree.isStale) insertAt(queue, queue.length, one);
    else {
      one.value = valueOf(tree, one);
      insertAt(queue, search(queue, one), one);
    }
  }
}

/** It wishes for nothing any more; who has nobody below that does goes with it. */
export function dequeue(tree: ShareTree, share: Share): void {
  for (let one = share; one.above !== undefined && one.isQueued; one = one.above) {
    if (one.queue.length > 0) return;
    const { queue } = one.above;
    const at = tree.isStale ? itemsOf(queue).indexOf(one) : placeOf(tree, one);
    assert(itemAt(queue, at) === one, `${one.name} is not where it should be`);
    removeAt(queue, at);
    one.isQueued = false;
  }
}

/** Puts everything into order when the total or a weight has changed, or somebody came. */
export function refresh(tree: ShareTree): void {
  if (!tree.isStale) return;
  tree.isStale = false;
  if (tree.isUnranked) rankAll(tree);
  for (const share of tree.all) share.value = valueOf(tree, share);
  for (const { queue } of tree.all) sortRing(queue, compare);
  sortRing(tree.root.queue, compare);
}

/** Who goes first: negative when it is `left`. */
export function compare(left: Share, right: Share): number {
  if (left.value !== right.value) return left.value - right.value;
  if (left.served !== right.served) return left.served - right.served;
  return left.rank - right.rank;
}

/** Names are long and begin alike: comparing numbers is faster. */
function rankAll(tree: ShareTree): void {
  tree.isUnranked = false;
  const all = [...tree.all].toSorted(byName);
  for (const [at, share] of all.entries()) share.rank = at;
}

const byName = (left: Share, right: Share): number =>
  left.name < right.name ? -1 : left.name > right.name ? 1 : 0;

/** What nobody has counts for nothing: an agent may have left with the only one. */
function valueOf({ total, isExcluded }: ShareTree, { held, weight }: Share): number {
  let value = 0;
  for (let name = 0; name < held.length; name++) {
    const milli = held[name] ?? 0;
    const whole = total[name] ?? 0;
    if (milli > value * whole && whole > 0 && !isExcluded(name)) value = milli / whole;
  }
  return value / weight;
}

function newShare(name: string, above: Share | undefined): Share {
  return {
    name,
    rank: 0,
    above,
    role: undefined,
    client: undefined,
    held: [],
    weight: 1,
    value: 0,
    served: 0,
    isQueued: false,
    queue: newRing(),
    seen: 0,
    asked: 0,
    reserved: 0,
    onPath: 0,
  };
}

/** -1 when it is in no queue, or when the queue is in no order. */
function placeOf({ isStale }: ShareTree, share: Share): number {
  return !share.isQueued || isStale || share.above === undefined
    ? -1
    : search(share.above.queue, share);
}

/** Where it stands, or would, between two places. */
function search(queue: Ring<Share>, share: Share, from = 0, to = queue.length): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const one = itemAt(queue, middle);
    if (one !== undefined && compare(one, share) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** It stood at `at` and its key has changed: moves it to where it belongs. */
function mend(share: Share, at: number): void {
  if (at < 0 || share.above === undefined) return;
  const { queue } = share.above;
  const after = search(queue, share, at + 1);
  const place = after > at + 1 ? after - 1 : search(queue, share, 0, at);
  if (place === at) return;
  removeAt(queue, at);
  insertAt(queue, place, share);
}
