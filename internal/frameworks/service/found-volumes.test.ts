import test from 'ava';
import { assert } from '#internal/base/assert.ts';
import { randomFromSeed } from '#internal/base/random.ts';
import type { Resource } from '#proto/gen/mesos/v1.ts';
import type { Event } from '#proto/gen/mesos/v1/scheduler.ts';
import { planOf } from './change.ts';
import { type FoundVolume, readFoundVolumes, takenUp } from './found-volumes.ts';
import { ownerLabel } from './offer-pool.ts';
import { parseServices, type ServiceSpec } from './service-spec.ts';
import { step } from './step.ts';
import { newWorld, type World } from './world.ts';

const role = 'services';
const empty = newWorld({ role, principal: 'p' }, [], []);
const context = { nowMs: 0, random: randomFromSeed(1) };

function db(instances = 2): ServiceSpec {
  const volumes = [
    { name: 'data', path: 'data', size: 100 },
    { name: 'log', path: 'log', size: 10 },
  ];
  const parsed = parseServices({
    services: { db: { instances, command: 'run', cpus: 1, mem: 10, volumes } },
  });
  assert(parsed.ok && parsed.value[0] !== undefined, 'the service is right');
  return parsed.value[0];
}

const volume = (name: string, more: Partial<FoundVolume> = {}): FoundVolume => ({
  owner: 'db/1',
  name,
  id: `db.1.${name}.u`,
  sizeMb: name === 'data' ? 100 : 10,
  agentId: 'S7',
  host: 'h7',
  isOrphan: false,
  ...more,
});

const resourceOf = (one: FoundVolume): Resource => ({
  name: 'disk',
  type: 'SCALAR',
  scalar: { value: one.sizeMb },
  disk: { persistence: { id: one.id }, volume: { mode: 'RW', container_path: 'data' } },
  reservations: [
    {
      type: 'DYNAMIC',
      role,
      principal: 'p',
      labels: { labels: [{ key: ownerLabel, value: one.owner }] },
    },
  ],
});

const shownAs = (one: FoundVolume, state: string, ofRole = role): object => ({
  state,
  agent_id: one.agentId,
  hostname: one.host,
  role: ofRole,
  resource: resourceOf(one),
});

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

test('of what masters tell, the volumes of instances that are there are found, and no others', (t) => {
  const one = volume('data');
  const volumes = [
    shownAs(one, 'held'),
    shownAs(one, 'orphan'),
    shownAs(one, 'left'),
    shownAs(one, 'stale'),
    shownAs(one, 'held', 'other'),
    { ...shownAs(one, 'held'), resource: { ...resourceOf(one), reservations: [] } },
  ];
  t.deepEqual(readFoundVolumes(bytes({ volumes }), role), [one, { ...one, isOrphan: true }]);
  t.is(readFoundVolumes(bytes({}), role), undefined);
  t.is(readFoundVolumes(Uint8Array.of(123), role), undefined);
});

test('an instance whose records were lost has its volumes again, and waits where they are', (t) => {
  const found = [volume('data'), volume('log')];
  const change = { kind: 'run', services: [db()], found } as const;
  const plan = planOf(empty, change);
  t.true(plan.ok && plan.value[1]?.startsWith('take up db.1.data.u, db.1.log.u on h7 for db/1'));
  const { world, effects } = step(empty, { kind: 'change', change }, context);
  t.deepEqual(world.instances.get('db/1')?.record.binding, {
    agentId: 'S7',
    host: 'h7',
    volumes: [
      { name: 'data', sizeMb: 100, id: 'db.1.data.u' },
      { name: 'log', sizeMb: 10, id: 'db.1.log.u' },
    ],
  });
  t.is(world.instances.get('db/0')?.record.binding, undefined);
  t.true(effects.some((one) => one.kind === 'store' && one.key === 'instance/db/1'));
  // An agent with room for everything, and none of its volumes.
  const offered = step(world, { kind: 'event', event: offer(500) }, context);
  t.is(taskOf(offered.world, 'db/1'), undefined);
  t.not(taskOf(offered.world, 'db/0'), undefined);
});

function offer(diskMb: number): Event {
  const scalar = (of: string, amount: number): Resource => ({
    name: of,
    type: 'SCALAR',
    scalar: { value: amount },
  });
  const whole = {
    id: { value: 'O' },
    framework_id: { value: 'F' },
    agent_id: { value: 'S8' },
    hostname: 'h8',
    resources: [scalar('cpus', 8), scalar('mem', 500), scalar('disk', diskMb)],
  };
  return { type: 'OFFERS', offers: { offers: [whole] } };
}

const taskOf = (world: World, key: string): unknown => world.instances.get(key)?.record.task;

test('what is found and cannot be taken up as it is stops the service, and is told of', (t) => {
  const wrong: readonly (readonly FoundVolume[])[] = [
    [volume('data')],
    [volume('data'), volume('log', { isOrphan: true })],
    [volume('data'), volume('log', { agentId: 'S8' })],
    [volume('data', { sizeMb: 50 }), volume('log')],
    [volume('data'), volume('data')],
    [volume('data'), volume('log'), volume('data', { id: 'db.1.data.v' })],
  ];
  for (const found of wrong) {
    const plan = planOf(empty, { kind: 'run', services: [db()], found });
    t.false(plan.ok, JSON.stringify(found));
    if (!plan.ok) t.regex(plan.refusal.join(), /^db\/1 has volumes that it cannot take up/u);
  }
});

test('what is found is for nobody who is not wanted, or has volumes already', (t) => {
  const found = [volume('data'), volume('log')];
  t.deepEqual(takenUp(empty, db(1), found), { ok: true, value: [] });
  const change = { kind: 'run', services: [db()], found } as const;
  const { world } = step(empty, { kind: 'change', change }, context);
  const others = [volume('data', { id: 'db.1.data.v' })];
  t.deepEqual(takenUp(world, db(), others), { ok: true, value: [] });
});
