import test from 'ava';
import type { FoundVolume } from '#internal/model/volume.ts';
import type { Conversion } from '#internal/resources/conversion.ts';
import { format } from '#internal/resources/format.ts';
import { conversionsOf, type ResourceOperation } from '#internal/resources/operation.ts';
import { parseResources } from '#internal/resources/parse.ts';
import { pushReservation } from '#internal/resources/reservation.ts';
import type { Resource, Resources } from '#internal/resources/resource.ts';
import { conversionToWire } from '#internal/wire/operation-record.ts';
import { resourcesToWire } from '#internal/wire/resources.ts';
import type { ApplyOperation } from '#proto/gen/altiplano/agent/v1.ts';
import type { CheckpointWrite, Recovered } from '#storage/checkpoint/records.ts';
import { Bench } from '../testing/core-bench.ts';
import type { Input } from './input.ts';
import { ResourcesError } from './resources.ts';

const reserved = (text: string): Resources => {
  const read = parseResources(text);
  if (!read.ok) throw new Error(read.refusal);
  const reservation = {
    kind: 'dynamic',
    role: 'r',
    principal: undefined,
    labels: undefined,
  } as const;
  return read.value.map((one) => pushReservation(one, reservation));
};

function volume(disk: string, id = 'v1'): Resource {
  const place = { mode: 'rw', containerPath: 'data', hostPath: undefined } as const;
  const persistence = { id, principal: undefined };
  return { ...reserved(disk)[0]!, disk: { source: undefined, persistence, volume: place } };
}

function asked(uuid: string, operation: ResourceOperation): ApplyOperation {
  const made = conversionsOf(operation);
  const conversions: readonly Conversion[] = made.ok ? made.value : [];
  return {
    uuid,
    info: { type: 'RESERVE', id: { value: `id of ${uuid}` } },
    conversions: conversions.map(conversionToWire),
  };
}

const reserve = (uuid: string, text: string): ApplyOperation =>
  asked(uuid, { kind: 'reserve', resources: reserved(text) });

const create = (uuid: string, one: Resource): ApplyOperation =>
  asked(uuid, { kind: 'create', volumes: [one] });

const destroy = (uuid: string, one: Resource): ApplyOperation =>
  asked(uuid, { kind: 'destroy', volumes: [one] });

/** What is said of operations, short. */
const told = (bench: Bench): readonly string[] =>
  bench.sent().flatMap((message) => {
    if (message.reregister !== undefined) return ['introduction'];
    const { operation_update: update } = message;
    return update === undefined ? [] : [`${update.operation_uuid} ${update.status.state}`];
  });

const done = (bench: Bench): readonly string[] =>
  bench.effects.flatMap((effect) => {
    if (effect.kind === 'remove-volumes') return [`${effect.kind} ${format(effect.volumes)}`];
    if (effect.kind !== 'make-volumes') return [];
    const { volumes, adopted } = effect;
    const news = volumes.map(({ isNew, origin }) => `${isNew ? 'new' : 'resized'} ${origin}`);
    const taken = adopted === undefined ? [] : [`adopted ${adopted.origin} ${adopted.epoch}`];
    const all = format([
      ...volumes.map(({ volume: one }) => one),
      ...(adopted ? [adopted.volume] : []),
    ]);
    return [[effect.kind, ...news, ...taken, ...(all === '' ? [] : [all])].join(' ')];
  });

const made = (operation: string, fault?: string): Input => ({
  kind: 'volumes-made',
  operation,
  made: fault === undefined ? [manifest(operation, 1)] : [],
  fault,
});

const manifest = (origin: string, epoch: number): FoundVolume => ({
  volume: volume('disk:40'),
  origin,
  epoch,
  clusterId: 'c',
  frameworkId: undefined,
  madeMs: 1,
  usedMs: undefined,
});

/** A later life, on what this one has written. */
function reborn(writes: readonly CheckpointWrite[]): Bench {
  let resources: Recovered['resources'];
  const operations = new Map<string, Recovered['operations'][number]>();
  for (const write of writes) {
    if (write.kind === 'resources') resources = write.record;
    if (write.kind === 'operation') operations.set(write.record.uuid, write.record);
    if (write.kind === 'remove-operation') operations.delete(write.uuid);
  }
  return new Bench('a', { resources, operations: [...operations.values()] });
}

const plainTotal = 'cpus:4; disk:100';

test('an operation is written down with what it makes before it is told, once', (t) => {
  const bench = new Bench('a').register();
  bench.hear({ apply_operation: reserve('o1', 'cpus:1') });
  t.deepEqual(
    bench.writes.map(({ kind }) => kind),
    ['resources', 'operation'],
  );
  t.deepEqual(told(bench), ['o1 OPERATION_FINISHED']);
  t.is(format(bench.state.total), 'cpus:3; disk:100; cpus(reservations: [(DYNAMIC,r)]):1');
  bench.hear({ apply_operation: reserve('o1', 'cpus:1') });
  t.deepEqual([told(bench), bench.writes], [['o1 OPERATION_FINISHED'], []]);
  t.is(format(bench.state.total), 'cpus:3; disk:100; cpus(reservations: [(DYNAMIC,r)]):1');
});

test('it is told after 10 s, 20 s, … and at each registration, until it is acknowledged', (t) => {
  const bench = new Bench('a').register();
  bench.hear({ apply_operation: reserve('o1', 'cpus:1') });
  const first = bench.sent()[0]!.operation_update!;
  t.is(bench.delay('retry-operation'), 10_000);
  bench.take({ kind: 'timer', timer: { kind: 'retry-operation', operation: 'o1' } });
  t.is(bench.delay('retry-operation'), 20_000);
  t.deepEqual(bench.sent()[0]!.operation_update, first);
  const again = reborn([
    { kind: 'resources', record: { changed: resourcesToWire(reserved('cpus:1'), 'new') } },
    { kind: 'operation', record: { uuid: 'o1', info: { type: 'RESERVE' }, status: first.status } },
  ]).register();
  t.deepEqual(told(again), ['o1 OPERATION_FINISHED']);
  const uuid = first.status.uuid!.value;
  bench.hear({ acknowledge_operation: { operation_uuid: 'o1', uuid: new Uint8Array(16) } });
  t.is(bench.state.operations.size, 1);
  bench.hear({ acknowledge_operation: { operation_uuid: 'o1', uuid } });
  t.deepEqual(bench.writes, [{ kind: 'remove-operation', uuid: 'o1' }]);
  t.is(bench.state.operations.size, 0);
});

test('an operation that cannot be fails, after the masters were told what there is', (t) => {
  const bench = new Bench('a').register();
  bench.hear({ apply_operation: reserve('o1', 'cpus:5') });
  t.deepEqual(told(bench), ['introduction', 'o1 OPERATION_FAILED']);
  t.is(format(bench.state.total), plainTotal);
  t.deepEqual(
    bench.writes.map(({ kind }) => kind),
    ['operation'],
  );
});

test('a volume is said to be there when it is, whatever happens on the way', (t) => {
  const bench = new Bench('a').register();
  const writes: CheckpointWrite[] = [];
  const hear = (apply_operation: ApplyOperation): void => {
    bench.hear({ apply_operation });
    writes.push(...bench.writes);
  };
  hear(reserve('o1', 'disk:40'));
  hear(create('o2', volume('disk:40')));
  t.deepEqual(told(bench), []);
  t.deepEqual(done(bench), ['make-volumes new o2 disk(reservations: [(DYNAMIC,r)])[v1:data]:40']);
  const next = reborn(writes);
  next.take({ kind: 'start' });
  t.deepEqual(done(next), done(bench));
  next.take(made('o2'));
  next.hear({ registered: { agent_id: { value: 'a' }, total_ping_timeout_seconds: 75 } });
  t.deepEqual(told(next), ['o1 OPERATION_FINISHED', 'o2 OPERATION_FINISHED']);
});

test('a volume that cannot be made is none: the disk is as it was', (t) => {
  const bench = new Bench('a').register();
  bench.hear({ apply_operation: reserve('o1', 'disk:40') });
  const before = format(bench.state.total);
  bench.hear({ apply_operation: create('o2', volume('disk:40')) });
  bench.take(made('o2', 'no space'));
  t.deepEqual(told(bench), ['introduction', 'o2 OPERATION_FAILED']);
  t.is(format(bench.state.total), before);
  const update = bench.sent().at(-1)!.operation_update!;
  t.like(update.status, { message: 'no space', operation_id: { value: 'id of o2' } });
});

test('what was destroyed is doomed until its data are gone, and no volume inherits them', (t) => {
  const bench = new Bench('a').register();
  const writes: CheckpointWrite[] = [];
  const take = (one: ApplyOperation): void => {
    bench.hear({ apply_operation: one });
    writes.push(...bench.writes);
  };
  take(reserve('o1', 'disk:40'));
  take(create('o2', volume('disk:40')));
  bench.take(made('o2'));
  writes.push(...bench.writes);
  take(destroy('o3', volume('disk:40')));
  const removal = [
    'remove-volumes disk(reservations: [(DYNAMIC,r)])[v1:data]:40',
    'make-volumes {}',
  ];
  t.deepEqual(done(bench), removal);
  // Nobody is told before they are out of sight.
  t.deepEqual(told(bench), []);
  t.deepEqual(bench.state.held.size, 0);
  const next = reborn(writes);
  next.take({ kind: 'start' });
  t.deepEqual(done(next), removal);
  // It was not removed, so it cannot be made anew.
  bench.hear({ apply_operation: create('o4', volume('disk:40')) });
  bench.take(made('o4'));
  t.deepEqual(told(bench), ['introduction', 'o4 OPERATION_FAILED']);
  bench.take({ kind: 'volumes-removed', volumes: [volume('disk:40')] });
  bench.hear({ apply_operation: create('o5', volume('disk:40')) });
  bench.take(made('o5'));
  t.deepEqual(told(bench), ['o5 OPERATION_FINISHED']);
});

test('a volume that was destroyed before it was made cannot fail any more, nor take its next namesake away', (t) => {
  const bench = new Bench('a').register();
  const writes: CheckpointWrite[] = [];
  const take = (one: ApplyOperation): void => {
    bench.hear({ apply_operation: one });
    writes.push(...bench.writes);
  };
  take(reserve('o1', 'disk:40'));
  take(create('o2', volume('disk:40')));
  take(destroy('o3', volume('disk:40')));
  t.deepEqual(told(bench), ['o2 OPERATION_FINISHED']);
  bench.take({ kind: 'volumes-removed', volumes: [volume('disk:40')] });
  writes.push(...bench.writes);
  take(create('o4', volume('disk:40')));
  const total = format(bench.state.total);
  for (const each of [bench, reborn(writes)]) {
    each.take(made('o2', 'Another volume lies there'));
    t.is(format(each.state.total), total);
  }
});

test('a task on what the agent does not have is dropped', (t) => {
  const bench = new Bench('a').register();
  const resources = resourcesToWire(reserved('cpus:1'), 'new');
  bench.run('t', { resources });
  t.like(bench.sent()[0]!.status_update!.status, {
    state: 'TASK_LOST',
    reason: 'REASON_RESOURCES_UNKNOWN',
  });
  bench.hear({ apply_operation: reserve('o1', 'cpus:2') });
  bench.run('u', { resources });
  t.true(bench.effects.some(({ kind }) => kind === 'launch'));
});

test('a machine that has less than was made of it is refused, one that has more is not', (t) => {
  const record = (text: string): Partial<Recovered> => ({
    resources: { changed: resourcesToWire(reserved(text), 'new') },
  });
  t.throws(() => new Bench('a', record('cpus:5')), { instanceOf: ResourcesError });
  const { total } = new Bench('a', record('cpus:3')).state;
  t.is(format(total), 'cpus:1; disk:100; cpus(reservations: [(DYNAMIC,r)]):3');
});

test('an agent that is expelled dooms nothing: to the next its volumes are those of nobody', (t) => {
  const bench = new Bench('a').register();
  bench.hear({ apply_operation: reserve('o1', 'disk:40') });
  bench.hear({ apply_operation: create('o2', volume('disk:40')) });
  bench.take(made('o2'));
  bench.hear({ shutdown: { message: 'gone' } });
  const next = reborn(bench.writes);
  t.is(format(next.state.total), plainTotal);
  t.is(format(next.state.doomed), '{}');
});

test('a volume that was found is told until it is taken on, and then it is its own', (t) => {
  const bench = new Bench('a');
  bench.take({ kind: 'volumes-surveyed', held: [], found: [manifest('x', 5)] });
  bench.take({ kind: 'start' });
  t.like(bench.sent()[0]!.reregister, { found_volumes: [{ origin: 'x', epoch: 5n }] });
  bench.hear({ registered: { agent_id: { value: 'a' }, total_ping_timeout_seconds: 75 } });
  const consumed = [...reserved('disk:40')].map((one) => ({ ...one, reservations: [] }));
  const conversion = { consumed, converted: [volume('disk:40')], destroyed: undefined };
  const adopts = { origin: 'x', found_epoch: 5n, epoch: 8n };
  const conversions = [conversionToWire(conversion)];
  bench.hear({ apply_operation: { uuid: 'o1', info: { type: 'CREATE' }, conversions, adopts } });
  const taken = ['make-volumes adopted x 8 disk(reservations: [(DYNAMIC,r)])[v1:data]:40'];
  t.deepEqual(done(bench), taken);
  const next = reborn(bench.writes);
  next.take({ kind: 'start' });
  t.deepEqual(done(next), taken, 'a later life goes on with it');
  bench.take({ kind: 'volumes-made', operation: 'o1', made: [manifest('x', 8)], fault: undefined });
  t.deepEqual(told(bench), ['o1 OPERATION_FINISHED']);
  t.deepEqual([bench.state.found.length, bench.state.held.size], [0, 1]);
  bench.take({ kind: 'volumes-used', used: [manifest('x', 9)] });
  t.like(bench.sent()[0]!.volumes_used, { volumes: [{ origin: 'x', epoch: 9n }] });
});

test('one that cannot be taken on is told as found again', (t) => {
  const bench = new Bench('a').register();
  bench.take({ kind: 'volumes-surveyed', held: [], found: [manifest('x', 5)] });
  const consumed = [...reserved('disk:40')].map((one) => ({ ...one, reservations: [] }));
  const conversion = { consumed, converted: [volume('disk:40')], destroyed: undefined };
  const adopts = { origin: 'x', found_epoch: 5n, epoch: 6n };
  const conversions = [conversionToWire(conversion)];
  bench.hear({ apply_operation: { uuid: 'o1', info: { type: 'CREATE' }, conversions, adopts } });
  bench.take({ kind: 'volumes-made', operation: 'o1', made: [], fault: 'used since' });
  t.deepEqual(told(bench), ['introduction', 'o1 OPERATION_FAILED']);
  t.like(bench.sent()[0]!.reregister, { found_volumes: [{ origin: 'x' }] });
  t.is(format(bench.state.total), plainTotal);
});
