import test from 'ava';
import { randomFromSeed } from '#internal/base/random.ts';
import type { Offer, Resource } from '#proto/gen/mesos/v1.ts';
import { newPool, ownerLabel, takeDisk, takePort, takeRest, takeScalar } from './offer-pool.ts';

const cpus = (value: number, owner?: string): Resource => ({
  name: 'cpus',
  type: 'SCALAR',
  scalar: { value },
  ...(owner !== undefined && {
    reservations: [
      { type: 'DYNAMIC', role: 'r', labels: { labels: [{ key: ownerLabel, value: owner }] } },
    ],
  }),
});

const offer = (...resources: Resource[]): Offer => ({
  id: { value: 'O' },
  framework_id: { value: 'F' },
  agent_id: { value: 'S' },
  hostname: 'h',
  resources,
});

const pool = (...resources: Resource[]): ReturnType<typeof newPool> =>
  newPool(offer(...resources), { role: 'r', principal: undefined });

test('what is reserved for one instance is never given to another', (t) => {
  const wanted = { milli: 2000, owner: 'db/0', isReserving: false };
  t.is(takeScalar(pool(cpus(1), cpus(5, 'db/1')), 'cpus', wanted), undefined);
  const taken = takeScalar(pool(cpus(1), cpus(5, 'db/1'), cpus(1.5, 'db/0')), 'cpus', wanted);
  t.deepEqual(taken?.parts, [cpus(1.5, 'db/0'), cpus(0.5)]);
  const disk = { ...cpus(9, 'db/1'), name: 'disk' };
  t.is(takeDisk(pool(disk), 1000, 'db/0'), undefined);
  t.deepEqual(takeRest(pool(disk, cpus(1, 'db/0')), 'db/0'), [cpus(1, 'db/0')]);
});

test('what is reserved is only what was not reserved yet', (t) => {
  const wanted = { milli: 2000, owner: 'db/0', isReserving: true };
  const taken = takeScalar(pool(cpus(4), cpus(1.5, 'db/0')), 'cpus', wanted);
  t.deepEqual(taken?.reserve, [cpus(0.5, 'db/0')]);
});

test('a port is given once, the one that was asked for or any that is left', (t) => {
  const range = [{ begin: 80n, end: 81n }];
  const ports: Resource = { name: 'ports', type: 'RANGES', ranges: { range } };
  const one = pool(ports);
  const random = randomFromSeed(1);
  t.is(takePort(one, 81, random)?.number, 81);
  t.is(takePort(one, 81, random), undefined);
  t.is(takePort(one, undefined, random)?.number, 80);
  t.is(takePort(one, undefined, random), undefined);
});
