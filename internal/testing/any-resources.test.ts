import test from 'ava';
import fc from 'fast-check';
import { isIndivisible, isSameThing } from '#internal/resources/identity.ts';
import type { Resource } from '#internal/resources/resource.ts';
import { contains, resources } from '#internal/resources/resources.ts';
import { anyHeaps, anyResource } from './any-resources.ts';

const samples = 2000;

const kinds: Readonly<Record<string, (one: Resource) => boolean>> = {
  scalar: ({ value }) => value.kind === 'scalar',
  ranges: ({ value }) => value.kind === 'ranges',
  set: ({ value }) => value.kind === 'set',
  'static reservation': ({ reservations }) => reservations.at(-1)?.kind === 'static',
  'dynamic reservation': ({ reservations }) => reservations.at(-1)?.kind === 'dynamic',
  'refined reservation': ({ reservations }) => reservations.length > 1,
  'labelled reservation': ({ reservations }) => (reservations[0]?.labels?.length ?? 0) > 0,
  lent: ({ allocationRole }) => allocationRole !== undefined,
  'of a provider': ({ providerId }) => providerId !== undefined,
  revocable: ({ revocable }) => revocable,
  'root disk': ({ name, disk }) => name === 'disk' && disk === undefined,
  'path disk': ({ disk }) => disk?.source?.kind === 'path',
  'mount disk': ({ disk }) => disk?.source?.kind === 'mount',
  'block disk': ({ disk }) => disk?.source?.kind === 'block',
  'raw disk': ({ disk }) => disk?.source?.kind === 'raw' && disk.source.id !== undefined,
  'storage pool': ({ disk }) => disk?.source?.kind === 'raw' && disk.source.id === undefined,
  volume: ({ disk }) => disk?.persistence !== undefined,
  'shared volume': ({ shared }) => shared,
};

test('every kind of resource is generated, and every kind of disk', (t) => {
  const found = fc.sample(anyResource, samples);
  for (const [kind, is] of Object.entries(kinds)) {
    const count = found.filter(is).length;
    t.true(count > samples / 200, `${count} times in ${samples}: ${kind}`);
  }
});

test('what is in one heap is often in another, the indivisible too', (t) => {
  const pairs = fc
    .sample(anyHeaps(2), samples)
    .map(([one = [], other = []]) => [resources(one), resources(other)] as const)
    .filter(([one, other]) => one.length > 0 && other.length > 0);
  const meets = pairs.filter(([one, other]) =>
    one.some((left) => other.some((right) => isSameThing(left, right))),
  );
  t.true(meets.length > pairs.length / 2, `${meets.length} meet`);
  const inside = pairs.filter(([one, other]) => contains(one, other));
  t.true(inside.length > pairs.length / 20, `${inside.length} are contained`);
  t.true(inside.some(([, other]) => other.some(isIndivisible)));
});
