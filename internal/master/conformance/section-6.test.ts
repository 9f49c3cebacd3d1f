/**
 * Contract 6: resources as they come over the wire, what two of them are together, and what is left of
 * an agent when some of it was refused. How they are computed is tested beside `internal/resources`.
 */
import test from 'ava';
import { assert } from '#internal/base/assert.ts';
import { applyOperation, type ResourceOperation } from '#internal/resources/operation.ts';
import { isForRole } from '#internal/resources/reservation.ts';
import type { Resource as Held, Resources } from '#internal/resources/resource.ts';
import { add, contains, subtract } from '#internal/resources/resources.ts';
import {
  type ReservationForm,
  resourcesFromWire,
  resourcesToWire,
} from '#internal/wire/resources.ts';
import type {
  Resource,
  Resource_DiskInfo,
  Resource_ReservationInfo,
  Volume,
} from '#proto/gen/mesos/v1.ts';
import { testEvents } from './rows.suite.ts';
import { frameworkInfo, Stage } from '../testing/stage.ts';
import type { TestAgent } from '../testing/test-agent.ts';

const scalar = (name: string, value: number, more: Partial<Resource> = {}): Resource => ({
  name,
  type: 'SCALAR',
  scalar: { value },
  ...more,
});
const ports = (...range: readonly (readonly [number, number])[]): Resource => ({
  name: 'ports',
  type: 'RANGES',
  ranges: { range: range.map(([begin, end]) => ({ begin: BigInt(begin), end: BigInt(end) })) },
});
const items = (...item: readonly string[]): Resource => ({
  name: 'zones',
  type: 'SET',
  set: { item },
});

function read(...list: readonly Resource[]): Resources {
  const said = resourcesFromWire(list);
  assert(said.ok, said.ok ? '' : said.refusal);
  return said.value;
}

/** The values alone, as people write them. */
const shown = (list: Resources): readonly unknown[] =>
  resourcesToWire(list, 'new').map(
    ({ scalar: number, ranges, set }) =>
      number?.value ?? set?.item ?? ranges?.range?.map(({ begin, end }) => `${begin}-${end}`),
  );

type Sum = readonly [name: string, left: Resource, right: Resource, sum: unknown, rest?: unknown];

const sums: readonly Sum[] = [
  ['0.1 + 0.2 is 0.3', scalar('cpus', 0.1), scalar('cpus', 0.2), [0.3]],
  ['0.3 - 0.1 is 0.2', scalar('cpus', 0.3), scalar('cpus', 0.1), [0.4], [0.2]],
  ['thousandths are rounded', scalar('cpus', 1.0006), scalar('cpus', 0.0014), [1.002], [1]],
  ['equal amounts leave nothing', scalar('mem', 5), scalar('mem', 5), [10], []],
  ['ranges that touch are one', ports([1, 4]), ports([5, 9]), [['1-9']]],
  ['ranges split around a hole', ports([1, 9]), ports([3, 4]), [['1-9']], [['1-2', '5-9']]],
  ['ranges are sorted', ports([20, 29]), ports([1, 9]), [['1-9', '20-29']]],
  ['items are united', items('b', 'a'), items('c'), [['a', 'b', 'c']]],
  ['items are taken away', items('a', 'b'), items('b'), [['a', 'b']], [['a']]],
  ['names are case sensitive', scalar('cpus', 1), scalar('CPUS', 1), [1, 1]],
];

for (const [name, left, right, sum, rest] of sums) {
  test(`6.1: ${name}`, (t) => {
    t.deepEqual(shown(add(read(left), read(right))), sum);
    if (rest !== undefined) t.deepEqual(shown(subtract(read(left), read(right))), rest);
  });
}

const reservation = (role: string, more: object = {}): Resource_ReservationInfo => ({
  type: 'DYNAMIC',
  role,
  principal: 'p',
  ...more,
});
const reserved = (...stack: readonly Resource_ReservationInfo[]): Resource =>
  scalar('disk', 10, { reservations: stack });
const on = (disk: Resource_DiskInfo, more: Partial<Resource> = {}): Resource => ({
  ...reserved(reservation('a')),
  ...more,
  disk,
});
const path = { type: 'PATH', path: { root: '/p' } } as const;
const mount = { type: 'MOUNT', mount: { root: '/m' } } as const;
const persistence = { id: 'v', principal: 'p' };
const at = (container_path: string): Volume => ({
  container_path,
  mode: 'RW',
});
const volume = on({ persistence, volume: at('one') });

/** What is together one resource; what is contained, the other is a part of. */
type Pair = readonly [
  name: string,
  one: Resource,
  other: Resource,
  merged: number,
  within: boolean,
];

const pairs: readonly Pair[] = [
  ['the same', reserved(reservation('a')), reserved(reservation('a')), 1, true],
  ['another role', reserved(reservation('a')), reserved(reservation('b')), 2, false],
  [
    'another principal',
    reserved(reservation('a')),
    reserved(reservation('a', { principal: 'q' })),
    2,
    false,
  ],
  [
    'other labels',
    reserved(reservation('a')),
    reserved(reservation('a', { labels: { labels: [{ key: 'k', value: 'v' }] } })),
    2,
    false,
  ],
  [
    'a refinement',
    reserved(reservation('a')),
    reserved(reservation('a'), reservation('a/b')),
    2,
    false,
  ],
  ['what may be revoked', scalar('cpus', 1), scalar('cpus', 1, { revocable: {} }), 2, false],
  [
    'of a provider',
    scalar('cpus', 1),
    scalar('cpus', 1, { provider_id: { value: 'p' } }),
    2,
    false,
  ],
  [
    'allocated to another role',
    scalar('cpus', 1, { allocation_info: { role: 'a' } }),
    scalar('cpus', 1, { allocation_info: { role: 'b' } }),
    2,
    false,
  ],
  ['disk of one PATH', on({ source: path }), on({ source: path }), 1, true],
  ['a whole disk', on({ source: mount }), on({ source: mount }), 2, true],
  [
    'a part of a whole disk',
    on({ source: mount }),
    on({ source: mount }, scalar('disk', 5)),
    2,
    false,
  ],
  ['a volume and itself', volume, volume, 2, true],
  ['a volume and a part of it', volume, { ...volume, scalar: { value: 5 } }, 2, false],
  ['a volume under another path', volume, on({ persistence, volume: at('two') }), 2, true],
  [
    'a volume by another principal',
    volume,
    on({ persistence: { id: 'v', principal: 'q' }, volume: at('one') }),
    2,
    true,
  ],
  [
    'another volume',
    volume,
    on({ persistence: { id: 'w', principal: 'p' }, volume: at('one') }),
    2,
    false,
  ],
];

for (const [name, one, other, merged, within] of pairs) {
  test(`6.2: ${name}`, (t) => {
    t.is(add(read(one), read(other)).length, merged);
    t.is(contains(read(one), read(other)), within);
  });
}

test('6.2: copies of a shared volume are counted', (t) => {
  const shared = { ...volume, shared: {} };
  const two = add(read(shared), read(shared));
  t.true(contains(two, add(read(shared), read(shared))));
  t.false(contains(two, add(two, read(shared))));
  t.deepEqual(subtract(two, read(shared)), read(shared));
});

/** What a resource is when it comes in one form and goes out in another. */
const asRole = { role: 'a' };
const dynamic = { type: 'DYNAMIC', principal: 'p' } as const;
type Form = readonly [name: string, said: Partial<Resource>, form: ReservationForm, told: object];

const forms: readonly Form[] = [
  ['unreserved', { role: '*' }, 'new', {}],
  ['unreserved', {}, 'old', { role: '*' }],
  ['unreserved', {}, 'endpoint', { role: '*' }],
  ['static', asRole, 'new', { reservations: [{ type: 'STATIC', role: 'a' }] }],
  ['static', { reservations: [{ type: 'STATIC', role: 'a' }] }, 'old', asRole],
  [
    'dynamic',
    { ...asRole, reservation: { principal: 'p' } },
    'new',
    { reservations: [{ ...dynamic, role: 'a' }] },
  ],
  [
    'dynamic',
    { reservations: [{ ...dynamic, role: 'a' }] },
    'old',
    { ...asRole, reservation: { principal: 'p' } },
  ],
  [
    'dynamic',
    { reservations: [{ ...dynamic, role: 'a' }] },
    'endpoint',
    { ...asRole, reservation: { principal: 'p' }, reservations: [{ ...dynamic, role: 'a' }] },
  ],
  [
    'refined',
    { reservations: [reservation('a'), reservation('a/b')] },
    'endpoint',
    { reservations: [reservation('a'), reservation('a/b')] },
  ],
];

for (const [name, said, form, told] of forms) {
  test(`6.3: ${name}, from ${JSON.stringify(said)} to the ${form} form`, (t) => {
    const [out] = resourcesToWire(read(scalar('cpus', 1, said)), form);
    const { name: _name, type: _type, scalar: _scalar, ...rest } = out ?? { name: '' };
    t.deepEqual(JSON.parse(JSON.stringify(rest)), told);
  });
}

test('6.4: what is reserved to a role is for it and the roles below it', (t) => {
  const [held] = read(reserved(reservation('a/b')));
  const roles = ['*', 'a', 'a/b', 'a/b/c', 'a/bc', 'b'];
  t.deepEqual(
    roles.filter((role) => isForRole(held!, role)),
    ['a/b', 'a/b/c'],
  );
  const [free] = read(scalar('cpus', 1));
  t.true(roles.every((role) => isForRole(free!, role)));
});

const only = (resource: Resource): Held => read(resource)[0]!;
const disk = scalar('disk', 10);
const plainDisk = (value: number): Resource => ({
  ...reserved(reservation('a')),
  scalar: { value },
});
const sized = (value: number): Resource => ({ ...volume, scalar: { value } });

type Made = readonly [from: readonly Resource[], made: ResourceOperation, to: readonly Resource[]];

const conversions: readonly Made[] = [
  [[disk], { kind: 'reserve', resources: read(plainDisk(10)) }, [plainDisk(10)]],
  [[plainDisk(10)], { kind: 'unreserve', resources: read(plainDisk(10)) }, [disk]],
  [[plainDisk(10)], { kind: 'create', volumes: read(volume) }, [volume]],
  [[volume], { kind: 'destroy', volumes: read(volume) }, [plainDisk(10)]],
  [
    [volume, plainDisk(5)],
    { kind: 'grow-volume', volume: only(volume), addition: only(plainDisk(5)) },
    [sized(15)],
  ],
  [
    [volume],
    { kind: 'shrink-volume', volume: only(volume), subtractMilli: 4000 },
    [plainDisk(4), sized(6)],
  ],
];

for (const [from, made, to] of conversions) {
  test(`6.5: ${made.kind}`, (t) => {
    const done = applyOperation(read(...from), made);
    t.true(done.ok && contains(done.value, read(...to)) && contains(read(...to), done.value));
    const nothing = applyOperation(read(scalar('cpus', 1)), made);
    t.false(nothing.ok);
    if (!nothing.ok) t.regex(nothing.refusal, / does not contain /u);
  });
}

/** What a DECLINE says, and after how many seconds the same is offered again (at the next allocation). */
const declined: readonly (readonly [filters: object | undefined, afterS: number])[] = [
  [undefined, 5],
  [{}, 5],
  [{ refuse_seconds: 0 }, 0],
  [{ refuse_seconds: -1 }, 5],
  [{ refuse_seconds: 0.5 }, 1],
  [{ refuse_seconds: 3 }, 3],
  [{ refuse_seconds: 60 }, 60],
];

for (const [filters, afterS] of declined) {
  test(`6.6: what was declined comes again after ${afterS} s: ${JSON.stringify(filters)}`, async (t) => {
    for (const mediaType of ['application/json', 'application/x-protobuf'] as const) {
      const stage = await Stage.subscribed(frameworkInfo(), mediaType);
      await stage.agent();
      const { id } = await stage.offer();
      const { world } = stage.cluster;
      const startMs = world.nowMs;
      const offers = (): number => stage.events().filter(({ type }) => type === 'OFFERS').length;
      const before = offers();
      await stage.call({
        type: 'DECLINE',
        decline: { offer_ids: [id], ...(filters && { filters }) },
      });
      await stage.cluster.until(() => offers() > before, 'never offered again', 70_000);
      const seconds = Math.floor((world.nowMs - startMs) / 1000);
      t.true(seconds >= afterS && seconds <= afterS + 1, `${mediaType}: after ${seconds} s`);
    }
  });
}

const declineForLong = async (stage: Stage): Promise<TestAgent> => {
  const machine = await stage.agent();
  const { id } = await stage.offer();
  const decline = { offer_ids: [id], filters: { refuse_seconds: 3600 } };
  await stage.call({ type: 'DECLINE', decline });
  await stage.cluster.world.runFor(3000);
  return machine;
};

test('6.6: a refusal ends with REVIVE, and with a change of the agent', async (t) => {
  const ends: readonly ((stage: Stage, machine: TestAgent) => unknown)[] = [
    (stage) => stage.call({ type: 'REVIVE' }),
    (stage, machine) => {
      machine.disconnect();
      const attributes = [{ name: 'rack', type: 'TEXT', text: { value: 'r2' } }] as const;
      machine.connect(stage.leader.master.acceptAgent, { attributes });
    },
  ];
  for (const end of ends) {
    const stage = await Stage.subscribed();
    const machine = await declineForLong(stage);
    const count = (): number => stage.events().filter(({ type }) => type === 'OFFERS').length;
    const before = count();
    await stage.cluster.world.runFor(10_000);
    t.is(count(), before, 'refused');
    await end(stage, machine);
    await stage.cluster.until(() => count() > before, 'not offered', 3000);
  }
});

testEvents([
  {
    at: '6.4',
    name: 'a task may leave the role of its resources to its offer',
    when: async (stage) => {
      const machine = await stage.agent();
      const { id, agent_id } = await stage.offer();
      const task = {
        name: 't',
        task_id: { value: 't' },
        agent_id,
        resources: [{ name: 'cpus', type: 'SCALAR', scalar: { value: 1 } }],
        command: { value: 'true' },
      };
      const operations = [{ type: 'LAUNCH', launch: { task_infos: [task] } }];
      await stage.call({ type: 'ACCEPT', accept: { offer_ids: [id], operations } });
      await stage.cluster.until(() => machine.tasks.has('t'), 'not launched');
      machine.report('t', 'TASK_RUNNING');
    },
    hears: ['t TASK_RUNNING SOURCE_EXECUTOR uuid'],
  },
]);
