import test from 'ava';
import { type Random, randomFromSeed } from '#internal/base/random.ts';
import type { FrameworkCapability } from '#internal/model/cluster.ts';
import { agentId, type FrameworkId, frameworkId, role, type Role } from '#internal/model/ids.ts';
import { parseResources } from '#internal/resources/parse.ts';
import { isForRole } from '#internal/resources/reservation.ts';
import type { Resources } from '#internal/resources/resource.ts';
import {
  allocatedTo,
  contains,
  equals,
  isEmpty,
  scalarMilli,
  subtract,
  sum,
  unallocated,
} from '#internal/resources/resources.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { type Allocator, newAllocator } from './allocator.ts';
import {
  type Allocation,
  allocatorDefaults,
  type AllocatorEvent,
  type FrameworkWish,
} from './event.ts';
import { refusalFilter } from './refusals.ts';

const [a, b, ab] = [role('a'), role('b'), role('a/b')];

function amount(text: string): Resources {
  const parsed = parseResources(text);
  if (!parsed.ok) throw new Error(parsed.refusal);
  return parsed.value;
}

function allocator(seed = 1): Allocator {
  return newAllocator({ random: randomFromSeed(seed) }, allocatorDefaults);
}

const traits = { hostname: 'h', attributes: [], domain: undefined };

const offers = (target: Allocator, nowMs: number): readonly Allocation[] =>
  target.allocate({ nowMs }).offers;

const agentAdded = (id: string, text: string): AllocatorEvent => ({
  kind: 'agent-added',
  agentId: agentId(id),
  total: amount(text),
  traits,
  used: [],
});

const frameworkAdded = (
  id: string,
  roles: readonly Role[],
  ...capabilities: readonly FrameworkCapability[]
): AllocatorEvent => ({
  kind: 'framework-added',
  frameworkId: frameworkId(id),
  ...wish(roles, ...capabilities),
});

const returned = (
  allocation: Allocation,
  untilMs?: number,
  resources: Resources = allocation.resources,
): AllocatorEvent => ({
  kind: 'resources-returned',
  frameworkId: allocation.frameworkId,
  agentId: allocation.agentId,
  resources,
  filter: untilMs === undefined ? undefined : { untilMs },
});

function started(...events: readonly AllocatorEvent[]): Allocator {
  const made = allocator();
  for (const event of events) made.handle(event);
  return made;
}

/** A cluster of chance whose truth is kept beside the allocator, by simple addition. */
type World = {
  readonly agents: Map<string, Resources>;
  readonly held: { allocation: Allocation; resources: Resources }[];
  readonly wishes: Map<FrameworkId, { roles: Role[]; suppressed: Set<Role>; active: boolean }>;
  readonly refused: { allocation: Allocation; resources: Resources; untilMs: number }[];
};

const totals = [
  'cpus:8;mem:8192;ports:[1-100]',
  'cpus:4;mem:4096;cpus(a):2',
  'cpus:2;mem:512;mem(a/b):256;disk:100',
];

function populate(random: Random, target: Allocator): World {
  const world: World = { agents: new Map(), held: [], wishes: new Map(), refused: [] };
  for (let i = 0; i < 6; i++) {
    const event = agentAdded(`S${i}`, totals[random.below(totals.length)] ?? '');
    target.handle(event);
    if (event.kind === 'agent-added') world.agents.set(event.agentId, event.total);
  }
  for (let i = 0; i < 5; i++) {
    const roles = [a, b, ab].filter(() => random.oneIn(2));
    target.handle(frameworkAdded(`F${i}`, roles, 'MULTI_ROLE'));
    world.wishes.set(frameworkId(`F${i}`), { roles, suppressed: new Set(), active: true });
  }
  return world;
}

/** Something happens: to the allocator, and to the truth. */
function disturb(random: Random, target: Allocator, world: World, nowMs: number): void {
  const [id, wish] = pick(random, [...world.wishes]);
  switch (random.below(6)) {
    case 0:
      wish.active = !wish.active;
      if (!wish.active) unrefuse(world, (one) => one.frameworkId === id);
      target.handle({
        kind: wish.active ? 'framework-activated' : 'framework-deactivated',
        frameworkId: id,
      });
      return;
    case 1:
      for (const one of wish.roles) wish.suppressed.add(one);
      target.handle({ kind: 'roles-suppressed', frameworkId: id, roles: [] });
      return;
    case 2: {
      const roles = wish.roles.slice(0, 1);
      for (const one of roles.length > 0 ? roles : wish.roles) wish.suppressed.delete(one);
      unrefuse(world, (one) => one.frameworkId === id && roles.includes(one.role));
      target.handle({ kind: 'roles-revived', frameworkId: id, roles });
      return;
    }
    default:
      for (const held of world.held.splice(0, random.below(world.held.length + 1))) {
        giveBack(random, target, world, { ...held, nowMs });
      }
  }
}

type Held = World['held'][number] & { readonly nowMs: number };

function giveBack(
  random: Random,
  target: Allocator,
  world: World,
  { allocation, resources, nowMs }: Held,
): void {
  const untilMs = random.oneIn(2) ? nowMs + 1000 + random.below(5000) : undefined;
  target.handle(returned(allocation, untilMs, resources));
  const isHeard = world.wishes.get(allocation.frameworkId)?.active === true;
  if (untilMs !== undefined && isHeard) world.refused.push({ allocation, resources, untilMs });
}

function unrefuse(world: World, isDropped: (allocation: Allocation) => boolean): void {
  const kept = world.refused.filter(({ allocation }) => !isDropped(allocation));
  world.refused.splice(0, world.refused.length, ...kept);
}

const freeOn = (world: World, id: string): Resources =>
  subtract(
    world.agents.get(id) ?? [],
    sum(
      world.held
        .filter(({ allocation }) => allocation.agentId === id)
        .map(({ resources }) => unallocated(resources)),
    ),
  );

function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[random.below(items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

/** What an allocation may be objected to, by the truth beside the allocator. */
function objections(world: World, given: Allocation, nowMs: number): readonly string[] {
  const wish = world.wishes.get(given.frameworkId);
  const bare = unallocated(given.resources);
  const refusal = world.refused.find(
    ({ allocation, resources, untilMs }) =>
      allocation.frameworkId === given.frameworkId &&
      allocation.role === given.role &&
      allocation.agentId === given.agentId &&
      untilMs > nowMs &&
      contains(unallocated(resources), bare),
  );
  const faults = {
    'it is not free': !contains(freeOn(world, given.agentId), bare),
    'the framework is away': wish?.active !== true,
    'the role is not its own': wish?.roles.includes(given.role) !== true,
    'the role is suppressed': wish?.suppressed.has(given.role) === true,
    'it is reserved for others': !bare.every((one) => isForRole(one, given.role)),
    'it was refused': refusal !== undefined,
    'it is too small': scalarMilli(bare, 'cpus') < 10 && scalarMilli(bare, 'mem') < 32_000,
    'it does not say for whom': !given.resources.every((one) => one.allocationRole === given.role),
  };
  return Object.entries(faults).flatMap(([fault, isSo]) => (isSo ? [fault] : []));
}

test('nothing is given twice, nor to those who may not or do not want to have it', (t) => {
  let given = 0;
  let refused = 0;
  for (const seed of seedsOf(60)) {
    const random = randomFromSeed(seed);
    const target = allocator(seed);
    const world = populate(random, target);
    for (let nowMs = 0; nowMs < 60_000; nowMs += 1000) {
      disturb(random, target, world, nowMs);
      for (const allocation of offers(target, nowMs)) {
        t.deepEqual(objections(world, allocation, nowMs), [], `SEED=${seed} at ${nowMs}`);
        world.held.push({ allocation, resources: allocation.resources });
        given++;
      }
      refused += world.refused.length;
    }
  }
  t.true(Math.min(given, refused) > seedsOf(60).length, `${given} given, ${refused} refused`);
});

test('nothing that somebody wants and may have stays behind', (t) => {
  for (const seed of seedsOf(60)) {
    const random = randomFromSeed(seed);
    const target = allocator(seed);
    const world = populate(random, target);
    for (let nowMs = 0; nowMs < 60_000; nowMs += 1000) {
      disturb(random, target, world, nowMs);
      for (const allocation of offers(target, nowMs)) {
        world.held.push({ allocation, resources: allocation.resources });
      }
      for (const id of world.agents.keys()) {
        const free = freeOn(world, id);
        for (const [framework, { roles }] of world.wishes) {
          for (const one of roles) {
            const bare = free.filter((resource) => isForRole(resource, one));
            const resources = allocatedTo(one, bare);
            const where = { frameworkId: framework, role: one, agentId: agentId(id) };
            const wanted = { serial: 0, resources, ...where };
            const faults = isEmpty(bare) ? ['nothing'] : objections(world, wanted, nowMs);
            t.not(faults.length, 0, `SEED=${seed} at ${nowMs}: ${framework} wants ${id}`);
          }
        }
      }
    }
  }
});

test('the same events, times and luck give the same allocations', (t) => {
  for (const seed of seedsOf(5)) {
    const runs = [0, 1].map(() => {
      const random = randomFromSeed(seed);
      const target = allocator(seed);
      const world = populate(random, target);
      return [0, 1000, 2000, 3000].map((nowMs) => {
        disturb(random, target, world, nowMs);
        const given = offers(target, nowMs);
        world.held.push(...given.map((one) => ({ allocation: one, resources: one.resources })));
        return given;
      });
    });
    t.deepEqual(runs[0], runs[1], `SEED=${seed}`);
  }
});

test('roles share by what they hold most of, then frameworks within a role', (t) => {
  const target = started(
    frameworkAdded('F1', [a]),
    frameworkAdded('F2', [b]),
    frameworkAdded('F3', [b]),
    ...Array.from({ length: 40 }, (_, i) => agentAdded(`S${i}`, 'cpus:1;mem:1024')),
  );
  const counts = new Map<string, number>();
  for (const { frameworkId: id } of offers(target, 0)) {
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  t.deepEqual(Object.fromEntries(counts), { F1: 20, F2: 10, F3: 10 });
});

test('who holds much waits until the others have as much', (t) => {
  const used = [{ frameworkId: frameworkId('F1'), resources: allocatedTo(a, amount('cpus:8')) }];
  const target = started(
    frameworkAdded('F1', [a]),
    frameworkAdded('F2', [b]),
    { kind: 'agent-added', agentId: agentId('S'), total: amount('cpus:8'), traits, used },
    ...Array.from({ length: 8 }, (_, i) => agentAdded(`S${i}`, 'cpus:1')),
  );
  const given = offers(target, 0);
  t.deepEqual(new Set(given.map((one) => one.frameworkId)), new Set([frameworkId('F2')]));
});

test('a share is that of the resource which one holds most of', (t) => {
  const holdings = [
    ['cpus:50;mem:100', 'cpus:1;mem:300'],
    ['cpus:1;mem:500', 'cpus:30;mem:100'],
  ] as const;
  for (const [much, less] of holdings) {
    const used = [
      { frameworkId: frameworkId('F1'), resources: allocatedTo(a, amount(much)) },
      { frameworkId: frameworkId('F2'), resources: allocatedTo(a, amount(less)) },
    ];
    const total = amount('cpus:100;mem:1000');
    const target = started(frameworkAdded('F1', [a]), frameworkAdded('F2', [a]), {
      kind: 'agent-added',
      agentId: agentId('S'),
      total,
      traits,
      used,
    });
    t.is(offers(target, 0)[0]?.frameworkId, frameworkId('F2'), much);
  }
});

/**
 * The example of the paper on dominant-resource fairness: 9 CPUs and 18 GB; one user's tasks take
 * 1 CPU and 4 GB, the other's 3 CPUs and 1 GB. Fair are three tasks and two.
 */
test('dominant shares are equalized', (t) => {
  const target = started(
    frameworkAdded('memory', [a]),
    frameworkAdded('cpu', [b]),
    agentAdded('S', 'cpus:9;mem:18000'),
  );
  const takes = new Map([
    ['memory', amount('cpus:1;mem:4000')],
    ['cpu', amount('cpus:3;mem:1000')],
  ]);
  const counts = { memory: 0, cpu: 0 };
  for (let nowMs = 0; nowMs < 20_000; nowMs += 1000) {
    for (const offer of offers(target, nowMs)) {
      const need = allocatedTo(offer.role, takes.get(offer.frameworkId) ?? []);
      const accepts = contains(offer.resources, need);
      if (accepts) counts[offer.frameworkId === frameworkId('cpu') ? 'cpu' : 'memory']++;
      const rest = accepts ? subtract(offer.resources, need) : offer.resources;
      target.handle(returned(offer, accepts ? undefined : Infinity, rest));
    }
  }
  t.deepEqual(counts, { memory: 3, cpu: 2 });
});

test('what was refused is offered again when more is there, or when its time is over', (t) => {
  const target = started(
    frameworkAdded('F', [a, b], 'MULTI_ROLE'),
    { kind: 'roles-suppressed', frameworkId: frameworkId('F'), roles: [b] },
    agentAdded('S', 'cpus:4;mem:1024'),
  );
  const [offer] = offers(target, 0);
  t.truthy(offer);
  const part = allocatedTo(a, amount('cpus:2'));
  const rest = subtract(offer!.resources, part);
  target.handle(returned(offer!, 5000, rest));
  t.deepEqual(offers(target, 4999), []);
  target.handle(returned(offer!, undefined, part));
  const [again] = offers(target, 4999);
  t.true(equals(again?.resources ?? [], offer!.resources));
  target.handle(returned(again!, 9000));
  t.deepEqual(offers(target, 8999), []);
  t.is(offers(target, 9000).length, 1);
});

test('a refusal binds its role alone, and reviving or a change of the agent lifts it', (t) => {
  const id = frameworkId('F');
  const lifts: AllocatorEvent[] = [
    { kind: 'roles-revived', frameworkId: id, roles: [] },
    { kind: 'roles-revived', frameworkId: id, roles: [a] },
    { kind: 'agent-updated', agentId: agentId('S'), total: amount('cpus:4'), traits },
  ];
  for (const lift of lifts) {
    const target = started(frameworkAdded('F', [a]), agentAdded('S', 'cpus:4'));
    target.handle(returned(offers(target, 0)[0]!, 1e9));
    t.deepEqual(offers(target, 1), []);
    target.handle({ kind: 'framework-updated', frameworkId: id, ...wish([a, b]) });
    const [forB] = offers(target, 1);
    t.is(forB?.role, b);
    target.handle(returned(forB!, 1e9));
    target.handle(lift);
    t.is(offers(target, 1).length, 1, lift.kind);
  }
});

const wish = (
  roles: readonly Role[],
  ...capabilities: readonly FrameworkCapability[]
): FrameworkWish => ({
  roles,
  suppressedRoles: [],
  capabilities: new Set(capabilities),
  constraints: new Map(),
  minAllocatable: new Map(),
});

test('GPUs, refined and revocable resources go to those who can use them', (t) => {
  const gpus = started(frameworkAdded('F', [a]), agentAdded('S', 'cpus:4;gpus:1'));
  t.deepEqual(offers(gpus, 0), []);
  gpus.handle(frameworkAdded('G', [a], 'GPU_RESOURCES'));
  t.is(offers(gpus, 0)[0]?.frameworkId, frameworkId('G'));

  const cpus = amount('cpus:4').map((one) => ({ ...one, revocable: true }));
  const refined = amount('mem(a):64').map((one) => ({
    ...one,
    reservations: [
      ...one.reservations,
      { kind: 'dynamic', role: 'a/b', principal: undefined, labels: undefined } as const,
    ],
  }));
  const capable = { REVOCABLE_RESOURCES: cpus, RESERVATION_REFINEMENT: refined } as const;
  for (const capability of ['REVOCABLE_RESOURCES', 'RESERVATION_REFINEMENT'] as const) {
    const total = [...cpus, ...refined];
    const target = started(frameworkAdded('F', [ab]), {
      kind: 'agent-added',
      agentId: agentId('S'),
      total,
      traits,
      used: [],
    });
    t.deepEqual(offers(target, 0), []);
    target.handle(frameworkAdded('C', [ab], capability));
    const [offer] = offers(target, 0);
    t.true(equals(unallocated(offer?.resources ?? []), capable[capability]), capability);
  }
});

test('an agent that is deactivated or gone is not offered, and owes nothing when it comes back', (t) => {
  const id = agentId('S');
  const target = started(frameworkAdded('F', [a]), agentAdded('S', 'cpus:4'));
  target.handle({ kind: 'agent-barred', agentId: id, bar: 'disconnected' });
  t.deepEqual(offers(target, 0), []);
  target.handle({ kind: 'agent-unbarred', agentId: id, bar: 'disconnected' });
  const [offer] = offers(target, 0);
  target.handle({ kind: 'agent-removed', agentId: id });
  target.handle(returned(offer!));
  t.deepEqual(offers(target, 0), []);
  const used = [{ frameworkId: frameworkId('F'), resources: allocatedTo(a, amount('cpus:3')) }];
  target.handle({ kind: 'agent-added', agentId: id, total: amount('cpus:4'), traits, used });
  const [rest] = offers(target, 0);
  t.true(equals(rest?.resources ?? [], allocatedTo(a, amount('cpus:1'))));
});

test('an agent that came back smaller than what it runs has nothing to offer', (t) => {
  const target = started(frameworkAdded('F', [a]), agentAdded('S', 'cpus:4;mem:1024'));
  const [offer] = offers(target, 0);
  const total = amount('cpus:2;mem:2048');
  target.handle({ kind: 'agent-updated', agentId: agentId('S'), total, traits });
  const [more] = offers(target, 0);
  t.true(equals(unallocated(more?.resources ?? []), amount('mem:1024')));
  target.handle(returned(offer!));
  const [back] = offers(target, 0);
  t.true(equals(unallocated(back?.resources ?? []), amount('cpus:2;mem:1024')));
});

test('giving back what one does not hold is a bug', (t) => {
  const target = started(frameworkAdded('F', [a]), agentAdded('S', 'cpus:4'));
  const [offer] = offers(target, 0);
  target.handle(returned(offer!));
  t.throws(
    () => {
      target.handle(returned(offer!));
    },
    { name: 'AssertionError' },
  );
});

test('seconds of refusal are read as the contract says', (t) => {
  const until = (seconds: number | undefined): number | undefined =>
    refusalFilter(seconds, 1000, allocatorDefaults)?.untilMs;
  t.is(until(undefined), 6000);
  t.is(until(0), undefined);
  t.is(until(-3), 6000);
  t.is(until(Number.NaN), 6000);
  t.is(until(0.2), 2000);
  t.is(until(7.5), 8500);
  t.is(until(1e9), 1000 + 31_536_000_000);
  t.is(until(1e300), 6000, 'it fits into no duration');
});
