/** Shares and their order, against reckoning them anew. */
import test from 'ava';
import { randomFromSeed } from '#internal/base/random.ts';
import { frameworkId, role } from '#internal/model/ids.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import type { Amounts } from './amounts.ts';
import type { Allocation, AllocatorEvent } from './event.ts';
import { itemsOf } from './ring.ts';
import {
  addShare,
  charge,
  compare,
  countTotal,
  dequeue,
  enqueue,
  newShareTree,
  refresh,
  setWeight,
  type Share,
  type ShareTree,
} from './share-tree.ts';
import { agentAdded, frameworkAdded, offersAt, started, use } from './testing/small-cluster.ts';

function anyTree(seed: number): { readonly tree: ShareTree; readonly leaves: readonly Share[] } {
  const random = randomFromSeed(`${seed}/tree`);
  const tree = newShareTree((name) => name === 2);
  countTotal(
    tree,
    [0, 1, 2].map((name) => ({ name, milli: 1000 + random.below(9000) })),
    1,
  );
  const leaves: Share[] = [];
  for (let at = 0; at < 4; at++) {
    const above = addShare(tree, tree.root, `role-${at}`);
    const below = random.oneIn(2) ? addShare(tree, above, `role-${at}/x`) : above;
    for (let n = random.below(5); n >= 0; n--) {
      leaves.push(addShare(tree, n === 0 ? above : below, `framework-${at}-${n}`));
    }
  }
  return { tree, leaves };
}

/** What `share` has to be, from what is below it. */
function dominant({ total }: ShareTree, { held, weight }: Share): number {
  const fractions = [0, 1].map((name) => (held[name] ?? 0) / (total[name] ?? 1));
  return Math.max(...fractions) / weight;
}

test('queues are in order and complete, whatever is given, taken, wished for and weighed', (t) => {
  for (const seed of seedsOf(40)) {
    const random = randomFromSeed(seed);
    const { tree, leaves } = anyTree(seed);
    const given: (readonly [Share, Amounts])[] = [];
    for (let step = 0; step < 60; step++) {
      const one = leaves[random.below(leaves.length)]!;
      const amounts = [{ name: random.below(3), milli: random.below(500) }];
      const luck = random.below(20);
      if (luck === 0) setWeight(tree, one.above!, 1 + random.below(4));
      else if (luck === 1) countTotal(tree, [{ name: random.below(2), milli: 500 }], 1);
      else if (luck < 5) dequeue(tree, one);
      else if (luck < 9) enqueue(tree, one);
      else if (luck < 14 && given.length > 0) {
        for (const [whose, back] of given.splice(random.below(given.length), 1)) {
          charge(tree, whose, { amounts: back, sign: -1, served: 0 });
        }
      } else {
        given.push([one, amounts]);
        charge(tree, one, { amounts, sign: 1, served: random.oneIn(2) ? 1 : 0 });
      }
      if (random.oneIn(3)) refresh(tree);
      if (tree.isStale) continue;
      for (const share of [tree.root, ...tree.all]) {
        const wishing = [...tree.all].filter(({ above, isQueued }) => above === share && isQueued);
        const names = itemsOf(share.queue).map(({ name }) => name);
        t.deepEqual(
          names,
          wishing.toSorted(compare).map(({ name }) => name),
          `SEED=${seed}`,
        );
        if (share !== tree.root) t.is(share.value, dominant(tree, share), `SEED=${seed}`);
      }
    }
  }
});

/** How many of the agents each framework gets. */
function counts(offers: readonly Allocation[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { frameworkId: id } of offers) found[id] = (found[id] ?? 0) + 1;
  return found;
}

const weightUpdated = (name: string, weight: number): AllocatorEvent => ({
  kind: 'weight-updated',
  role: role(name),
  weight,
});

const agents = Array.from({ length: 24 }, (_, i) => agentAdded(`S${i}`, 'cpus:1;mem:1024'));

test('roles share level by level, and frameworks of a role stand beside the roles below it', (t) => {
  const target = started([
    frameworkAdded('F', ['a']),
    frameworkAdded('G', ['a']),
    frameworkAdded('X', ['a/x']),
    frameworkAdded('Y', ['a/y/z']),
    frameworkAdded('B', ['b']),
    ...agents,
  ]);
  t.deepEqual(counts(offersAt(target)), { B: 12, F: 2, G: 2, X: 4, Y: 4 });
});

test('a weight is a share, of each level', (t) => {
  const target = started([
    frameworkAdded('X', ['a/x']),
    frameworkAdded('Y', ['a/y']),
    frameworkAdded('B', ['b']),
    ...agents,
    weightUpdated('a', 2),
    weightUpdated('a/y', 3),
  ]);
  t.deepEqual(counts(offersAt(target)), { B: 8, X: 4, Y: 12 });
});

test('excluded names do not count for shares', (t) => {
  const used = [use('F', 'a', 'gpus:4'), use('G', 'b', 'cpus:1')];
  const cluster = [
    frameworkAdded('F', ['a']),
    frameworkAdded('G', ['b']),
    agentAdded('S', 'gpus:4;cpus:1', { used }),
    agentAdded('T', 'cpus:4;mem:1024'),
  ];
  const first = (fairSharingExcluded: readonly string[]): string | undefined =>
    offersAt(started(cluster, { fairSharingExcluded, filterGpus: false })).find(({ agentId }) =>
      agentId.startsWith('T'),
    )?.frameworkId;
  t.is(first([]), frameworkId('G'));
  t.is(first(['gpus']), frameworkId('F'));
});

test('by lot, each is first as often as its weight says', (t) => {
  const tries = 60;
  let first = 0;
  const target = started(
    [frameworkAdded('F', ['a']), frameworkAdded('G', ['b']), ...agents, weightUpdated('a', 3)],
    { roleSorter: 'random', frameworkSorter: 'random' },
  );
  for (let run = 0; run < tries; run++) {
    const offers = offersAt(target, run);
    first += counts(offers)['F'] ?? 0;
    for (const { serial, ...offer } of offers) {
      target.handle({ kind: 'offer-closed', serial });
      target.handle({ kind: 'resources-returned', ...offer, filter: undefined });
    }
  }
  const share = first / (tries * agents.length);
  // The deviation of so many lots is a hundredth.
  t.true(Math.abs(share - 0.75) < 0.06, `${share}`);
});
