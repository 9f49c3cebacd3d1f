/** Runs that go slice by slice. */
import test from 'ava';
import { type Random, randomFromSeed } from '#internal/base/random.ts';
import { agentId, frameworkId, role } from '#internal/model/ids.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { type Allocator, newAllocator } from './allocator.ts';
import type { Allocation, AllocatorEvent, AllocatorOptions, Round } from './event.ts';
import {
  clusterDefaults,
  simulatedAllocatorOptions,
  SimulatedCluster,
} from './testing/simulated-cluster.ts';
import {
  agentAdded,
  frameworkAdded,
  offersAt,
  quotaUpdated,
  started,
} from './testing/small-cluster.ts';

function inSlices(target: Allocator, nowMs: number, random: Random): Round {
  const run = target.begin({ nowMs });
  const rounds = [run.step(0)];
  while (!run.isOver) rounds.push(run.step(1 + random.below(5)));
  return {
    offers: rounds.flatMap(({ offers }) => offers),
    inverseOffers: rounds.flatMap(({ inverseOffers }) => inverseOffers),
  };
}

test('slices give together what one piece gives', (t) => {
  let offers = 0;
  for (const seed of seedsOf(4)) {
    const options: AllocatorOptions = {
      ...simulatedAllocatorOptions,
      ...(seed % 2 === 1 && { roleSorter: 'random', frameworkSorter: 'random' }),
    };
    const [whole, sliced] = [0, 1].map(() =>
      newAllocator({ random: randomFromSeed(seed) }, options),
    );
    const random = randomFromSeed(`${seed}/slices`);
    const subject = {
      handle: (event: AllocatorEvent) => {
        whole!.handle(event);
        sliced!.handle(event);
      },
      allocate: (nowMs: number) => {
        const round = whole!.allocate({ nowMs });
        t.deepEqual(inSlices(sliced!, nowMs, random), round, `SEED=${seed} at ${nowMs}`);
        return round;
      },
    };
    const cluster = new SimulatedCluster(
      { subject, random: randomFromSeed(`${seed}/cluster`) },
      { ...clusterDefaults, agents: 30, frameworks: 10 },
    );
    for (let run = 0; run < 25; run++) {
      cluster.pass(1000);
      for (let n = random.below(5); n > 0; n--) cluster.disturb();
      for (const offer of subject.allocate(cluster.truth.nowMs).offers) {
        cluster.hold(offer);
        offers++;
      }
    }
  }
  t.true(offers > 100 * seedsOf(4).length, `only ${offers} offers`);
});

const agents = Array.from({ length: 6 }, (_, i) => agentAdded(`S${i}`, 'cpus:2;mem:1024'));

/** One agent a slice; after the first of the guarantees something is told. */
function interrupted(...told: readonly AllocatorEvent[]): readonly Allocation[] {
  const target = started([
    frameworkAdded('F1', ['a']),
    frameworkAdded('F2', ['b']),
    ...agents,
    quotaUpdated('a', { cpus: 6, mem: 3072 }),
  ]);
  const run = target.begin({ nowMs: 0 });
  const offers = [...run.step(3).offers];
  for (const event of told) target.handle(event);
  while (!run.isOver) offers.push(...run.step(1).offers);
  return [...offers, ...offersAt(target, 1)];
}

const names = (offers: readonly Allocation[]): readonly string[] =>
  offers.map((offer) => offer.frameworkId).toSorted();

test('what is told in the middle of a run counts from the next slice on', (t) => {
  const id = frameworkId('F1');
  const [f1, f2] = ['F1', 'F2'];
  t.deepEqual(names(interrupted()), [f1, f1, f1, f2, f2, f2]);
  const silenced: readonly AllocatorEvent[] = [
    { kind: 'roles-suppressed', frameworkId: id, roles: [] },
    { kind: 'framework-deactivated', frameworkId: id },
    { kind: 'framework-removed', frameworkId: id },
  ];
  // What was given to it for its guarantee and was not handed out is kept for the guarantee.
  for (const event of silenced) t.deepEqual(names(interrupted(event)), [f2, f2, f2], event.kind);
  const lifted = quotaUpdated('a', {});
  for (const event of silenced) {
    t.deepEqual(names(interrupted(event, lifted)), [f2, f2, f2, f2, f2, f2], event.kind);
  }
});

test('an agent that goes in the middle of a run takes with it what it gave', (t) => {
  for (const name of agents.keys()) {
    const id = agentId(`S${name}`);
    const gone: AllocatorEvent = { kind: 'agent-removed', agentId: id };
    const offers = interrupted(gone);
    t.is(offers.length, 5, id);
    t.false(offers.some((offer) => offer.agentId === id));
    const barred: AllocatorEvent = { kind: 'agent-barred', agentId: id, bar: 'draining' };
    t.is(interrupted(barred).length, 5, id);
  }
});

test('one run begins when the one before it is over, and is explained in between', (t) => {
  const target = started([frameworkAdded('F', ['a']), ...agents]);
  const question = { nowMs: 0, frameworkId: frameworkId('F'), role: role('a') };
  const run = target.begin({ nowMs: 0 });
  run.step(2);
  t.throws(() => target.begin({ nowMs: 0 }), { name: 'AssertionError' });
  t.throws(() => target.explain(question), { name: 'AssertionError' });
  run.step(Infinity);
  t.true(run.isOver);
  t.deepEqual(offersAt(target), []);
  t.is(target.explain(question).roles.length, 1);
});
