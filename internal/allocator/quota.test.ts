/** Guarantees, headroom and limits (contract 10.4). */
import test from 'ava';
import { agentId } from '#internal/model/ids.ts';
import { format } from '#internal/resources/format.ts';
import { scalarMilli, unallocated } from '#internal/resources/resources.ts';
import type { Allocation } from './event.ts';
import {
  agentAdded,
  amount,
  frameworkAdded,
  offersAt,
  quotaUpdated,
  returned,
  started,
  use,
} from './testing/small-cluster.ts';

/** By role, what of a scalar the offers have, in thousandths. */
function given(offers: readonly Allocation[], name: string): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { role, resources } of offers) {
    sums[role] = (sums[role] ?? 0) + scalarMilli(resources, name);
  }
  return sums;
}

const agents = Array.from({ length: 10 }, (_, i) => agentAdded(`S${i}`, 'cpus:2;mem:1024'));

test('a guarantee is met before anybody else is served, and not beyond it', (t) => {
  const target = started([
    frameworkAdded('F1', ['a']),
    frameworkAdded('F2', ['b'], {}),
    // It holds so much that by share alone it would come last.
    agentAdded('S', 'cpus:100;mem:1024', { used: [use('F2', 'b', 'cpus:100')] }),
    ...agents,
    quotaUpdated('b', { cpus: 108 }),
  ]);
  t.deepEqual(given(offersAt(target), 'cpus'), { a: 12_000, b: 8000 });
});

test('what is free and guaranteed to somebody who is not there is kept', (t) => {
  const target = started([
    frameworkAdded('F1', ['a']),
    ...agents,
    quotaUpdated('b', { cpus: 15, mem: 1 }),
  ]);
  t.deepEqual(given(offersAt(target), 'cpus'), { a: 5000 });
  target.handle(frameworkAdded('F2', ['b']));
  t.deepEqual(given(offersAt(target), 'cpus'), { b: 15_000 });
});

test('headroom that is not needed any more is offered', (t) => {
  const target = started([frameworkAdded('F1', ['a']), ...agents, quotaUpdated('b', { cpus: 20 })]);
  t.deepEqual(given(offersAt(target), 'cpus'), { a: 0 });
  target.handle(quotaUpdated('b', {}));
  t.deepEqual(given(offersAt(target), 'cpus'), { a: 20_000 });
});

test('agents that are barred or far away keep no headroom', (t) => {
  const barred = (kind: 'agent-barred' | 'agent-unbarred') =>
    ({ kind, agentId: agentId('S'), bar: 'draining' }) as const;
  const target = started(
    [
      frameworkAdded('F1', ['a'], { capabilities: ['REGION_AWARE'] }),
      agentAdded('S', 'cpus:4;mem:1024'),
      agentAdded('far', 'cpus:8;mem:1024', { region: 'south' }),
      agentAdded('near', 'cpus:4;mem:1024', { region: 'north' }),
      quotaUpdated('b', { cpus: 4 }),
      barred('agent-barred'),
    ],
    { region: 'north' },
  );
  const far = offersAt(target).find((offer) => offer.agentId === agentId('far'));
  t.is(scalarMilli(far?.resources ?? [], 'cpus'), 8000);
  target.handle(returned(far!));
  target.handle(barred('agent-unbarred'));
  // The eight far away, and four of the eight that are near.
  t.deepEqual(given(offersAt(target), 'cpus'), { a: 12_000 });
});

test('a limit is never passed: scalars are cut to fit, the rest goes to others', (t) => {
  const target = started([
    frameworkAdded('F1', ['a']),
    frameworkAdded('F2', ['b']),
    agentAdded('S', 'cpus:10;mem:1000;ports:[1-10]'),
    quotaUpdated('a', {}, { cpus: 1.5, mem: 100 }),
  ]);
  const offers = offersAt(target);
  t.deepEqual(given(offers, 'cpus'), { a: 1500, b: 8500 });
  t.deepEqual(given(offers, 'mem'), { a: 100_000, b: 900_000 });
});

test('gpus and whole disks are within a limit as a whole or not at all', (t) => {
  const target = started([
    frameworkAdded('F1', ['a'], { capabilities: ['GPU_RESOURCES'] }),
    agentAdded('S', 'cpus:10;gpus:4'),
    quotaUpdated('a', {}, { gpus: 2.5 }),
  ]);
  t.deepEqual(given(offersAt(target), 'gpus'), { a: 2000 });
});

test('roles below share the limit of the top-level role, and so do reservations that nobody uses', (t) => {
  const target = started([
    frameworkAdded('F1', ['a/x']),
    frameworkAdded('F2', ['a/y']),
    agentAdded('reserved', 'cpus(a/z):4;cpus:1'),
    ...agents,
    quotaUpdated('a', {}, { cpus: 10 }),
  ]);
  const offers = offersAt(target);
  const sums = given(offers, 'cpus');
  t.is((sums['a/x'] ?? 0) + (sums['a/y'] ?? 0), 6000);
});

test('what is reserved for a role is offered to it whatever its limit says', (t) => {
  const target = started([
    frameworkAdded('F1', ['a']),
    agentAdded('S', 'cpus(a):4;cpus:4'),
    quotaUpdated('a', {}, { cpus: 0 }),
  ]);
  t.is(format(unallocated(offersAt(target)[0]?.resources ?? [])), format(amount('cpus(a):4')));
});

test('when some of it comes back, a role at its limit is served again', (t) => {
  const target = started([
    frameworkAdded('F1', ['a']),
    ...agents,
    quotaUpdated('a', {}, { cpus: 2, mem: 0 }),
  ]);
  const [first, ...others] = offersAt(target);
  t.deepEqual(others, []);
  t.deepEqual(offersAt(target, 1000), []);
  target.handle(returned(first!, 60_000));
  const [second, ...more] = offersAt(target, 2000);
  t.deepEqual(more, []);
  t.not(second?.agentId, first?.agentId, 'on another agent: it was refused on this one');
});

test('what a role gets for its guarantee and besides is one offer of an agent', (t) => {
  const target = started([
    frameworkAdded('F1', ['a'], { capabilities: ['REVOCABLE_RESOURCES'] }),
    agentAdded('S', [
      ...amount('cpus:10;mem:1000'),
      ...amount('cpus:5').map((one) => ({ ...one, revocable: true })),
    ]),
    quotaUpdated('a', { cpus: 3 }),
  ]);
  const [offer, ...others] = offersAt(target);
  t.deepEqual(others, []);
  t.is(scalarMilli(offer?.resources ?? [], 'cpus'), 15_000);
  target.handle(returned(offer!));
  t.is(offersAt(target).length, 1, 'all of it came back');
});
