import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import layoutOne from './testdata/layout-1.json' with { type: 'json' };
import { SimulatedDisk } from '#internal/runtime/simulated/disk.ts';
import { simulatedFiles } from '#internal/runtime/simulated/files.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { KeyValueStore, Write } from '../key-value-store.ts';
import { MemoryMedium, openMemoryStore } from '../memory/memory-store.ts';
import { CheckpointError, type CheckpointPlace, openCheckpoint } from './checkpoint.ts';
import {
  type CheckpointWrite,
  type ExecutorName,
  nothingRecovered,
  type NumberedUpdate,
  type Recovered,
} from './records.ts';

type Rig = {
  readonly world: SimulatedWorld;
  /** Store and journal, after whatever held them before has crashed. */
  reopen(kind: 'process' | 'power'): Promise<CheckpointPlace>;
  run<T>(promise: Promise<T>): Promise<T>;
};

const folder = '/meta/journal';

function newRig(seed: number | string): Rig {
  const world = new SimulatedWorld({ seed });
  const medium = new MemoryMedium({ random: world.random('store') });
  const disk = new SimulatedDisk({ world }, { name: 'agent' });
  const run: Rig['run'] = (promise) => world.settle(promise, { withinMs: 1_000_000 });
  return {
    world,
    run,
    reopen: async (kind) => {
      world.crash('agent', kind);
      const life = world.boot('agent');
      const store = await run(openMemoryStore({ medium, life }));
      return { store, journal: { files: simulatedFiles({ disk, life }), folder } };
    },
  };
}

const infoOf = (taskId: string) =>
  ({ name: taskId, task_id: { value: taskId }, agent_id: { value: 'a' } }) as const;

/** What the checkpoint holds after `writes`, by the plainest means. */
function model(writes: readonly CheckpointWrite[]): Recovered {
  let { identity, term, resources } = nothingRecovered;
  const operations = new Map<string, Recovered['operations'][number]>();
  const frameworks = new Map<string, Recovered['frameworks'][number]>();
  const tasks = new Map<string, Recovered['tasks'][number]>();
  const executors = new Map<string, Recovered['executors'][number]>();
  const containers = new Map<string, Recovered['containers'][number]>();
  const change = (
    { frameworkId, taskId }: { readonly frameworkId: string; readonly taskId: string },
    parts: Partial<Recovered['tasks'][number]>,
  ): void => {
    const key = `${frameworkId}/${taskId}`;
    const empty = {
      task: { framework_id: '', info: infoOf(''), container_id: '' },
      progress: { state: 'TASK_STAGING', next_update: 0n },
      updates: [],
    } as const;
    tasks.set(key, { ...(tasks.get(key) ?? empty), ...parts });
  };
  const updatesOf = (name: { frameworkId: string; taskId: string }): readonly NumberedUpdate[] =>
    tasks.get(`${name.frameworkId}/${name.taskId}`)?.updates ?? [];
  for (const write of writes) {
    if (write.kind === 'identity') identity = write.record;
    else if (write.kind === 'remove-identity') identity = undefined;
    else if (write.kind === 'term') ({ term } = write);
    else if (write.kind === 'framework') frameworks.set(write.frameworkId, write.record);
    else if (write.kind === 'remove-framework') frameworks.delete(write.frameworkId);
    else if (write.kind === 'task') change(write.name, { task: write.record });
    else if (write.kind === 'progress') change(write.name, { progress: write.record });
    else if (write.kind === 'update') {
      change(write.name, { updates: [...updatesOf(write.name), write.update] });
    } else if (write.kind === 'remove-update') {
      const updates = updatesOf(write.name).filter(({ number }) => number !== write.number);
      change(write.name, { updates });
    } else if (write.kind === 'resources') resources = write.record;
    else if (write.kind === 'operation') operations.set(write.record.uuid, write.record);
    else if (write.kind === 'remove-operation') operations.delete(write.uuid);
    else if (write.kind === 'executor') executors.set(pathOf(write.name), write.record);
    else if (write.kind === 'remove-executor') executors.delete(pathOf(write.name));
    else if (write.kind === 'container') containers.set(write.path, write.record);
    else if (write.kind === 'remove-container') containers.delete(write.path);
    else tasks.delete(`${write.name.frameworkId}/${write.name.taskId}`);
  }
  const sorted = <T>(map: Map<string, T>): T[] =>
    [...map].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, value]) => value);
  return {
    identity,
    term,
    frameworks: sorted(frameworks),
    tasks: sorted(tasks),
    resources,
    operations: sorted(operations),
    executors: sorted(executors),
    containers: sorted(containers),
  };
}

test('of what a batch changes more than once only the last is written', async (t) => {
  const rig = newRig('once');
  const { store, journal } = await rig.reopen('process');
  const batches: (readonly Write[])[] = [];
  const write: KeyValueStore['write'] = (batch, options) => {
    batches.push(batch);
    return store.write(batch, options);
  };
  const watched = { ...store, write };
  const { checkpoint } = await rig.run(openCheckpoint({ store: watched, journal }));
  batches.length = 0;
  const name = { frameworkId: 'f', taskId: 't' };
  const progress = (state: 'TASK_STARTING' | 'TASK_RUNNING'): CheckpointWrite => ({
    kind: 'progress',
    name,
    record: { state, next_update: 1n },
  });
  const record = { framework_id: 'f', info: infoOf('t'), container_id: 'c' };
  const uuid = 'o';
  await rig.run(
    checkpoint.write([
      { kind: 'task', name, record },
      progress('TASK_STARTING'),
      { kind: 'remove-operation', uuid },
      progress('TASK_RUNNING'),
      { kind: 'framework', frameworkId: 'f', record: { info: { user: 'u', name: 'one' } } },
      { kind: 'remove-framework', frameworkId: 'f' },
    ]),
  );
  const written = batches.flat().map(({ kind, key }) => `${kind} ${key}`);
  t.deepEqual(written.toSorted(), [
    'delete framework/f',
    'delete operation/o',
    'put batch',
    'put progress/f/t',
    'put task/f/t',
  ]);
  const { recovered } = await rig.run(openCheckpoint(await rig.reopen('power')));
  t.deepEqual(
    recovered.tasks.map(({ progress: { state } }) => state),
    ['TASK_RUNNING'],
  );
});

/** One of few, asked for or acknowledged, and what it has made. */
function operationWrites(number: number): readonly CheckpointWrite[] {
  const uuid = `o${number % 3}`;
  if (number % 2 === 0) return [{ kind: 'remove-operation', uuid }];
  const status = { state: 'OPERATION_FINISHED', message: `${number}` } as const;
  const changed = [{ name: 'cpus', type: 'SCALAR', scalar: { value: number } } as const];
  return [
    { kind: 'resources', record: { changed } },
    { kind: 'operation', record: { uuid, info: { type: 'RESERVE' }, status } },
  ];
}

const pathOf = ({ frameworkId, executorId }: ExecutorName): string =>
  `${frameworkId}/${executorId}`;

/** One that an operator launches, sees end, or removes. */
function containerWrites(number: number): readonly CheckpointWrite[] {
  const path = `c${number % 3}`;
  if (number % 3 === 0) return [{ kind: 'remove-container', path }];
  const record = {
    container_id: { value: path },
    agent_id: '',
    framework_id: '',
    executor_id: '',
    is_session: number % 2 === 0,
    ...(number % 3 === 1 && { end: { wait_status: number % 65536 } }),
  };
  return [{ kind: 'container', path, record }];
}

/** One that a group is launched in, or that has ended. */
function executorWrites(frameworkId: string, number: number): readonly CheckpointWrite[] {
  const executorId = `e${number % 3}`;
  const name = { frameworkId, executorId };
  if (number % 2 === 0) return [{ kind: 'remove-executor', name }];
  const info = { executor_id: { value: executorId }, name: `${number}` };
  const record = { framework_id: frameworkId, info, container_id: 'c', has_tasks: true };
  return [{ kind: 'executor', name, record }];
}

/** Batches as an agent may write them: a task with its progress, updates in order. */
const batches: fc.Arbitrary<readonly (readonly CheckpointWrite[])[]> = fc
  .array(
    fc.record({
      frameworkId: fc.constantFrom('f', 'f-0', 'g'),
      taskId: fc.constantFrom('t', 'a.b', 'ü 1', 't-0'),
      verb: fc.constantFrom(
        'launch',
        'update',
        'acknowledge',
        'forget',
        'term',
        'identity',
        'operation',
        'executor',
        'container',
      ),
      number: fc.nat(1e15),
    }),
    { maxLength: 40 },
  )
  .map((list) => {
    const pending = new Map<string, number[]>();
    let made = 0;
    return list.map(({ frameworkId, taskId, verb, number }): readonly CheckpointWrite[] => {
      const name = { frameworkId, taskId };
      const key = `${frameworkId}/${taskId}`;
      const known = pending.get(key);
      const progress = (state: 'TASK_STAGING' | 'TASK_RUNNING'): CheckpointWrite => ({
        kind: 'progress',
        name,
        record: { state, next_update: BigInt(made) },
      });
      if (verb === 'term') return [{ kind: 'term', term: BigInt(number) }];
      if (verb === 'identity') {
        return [{ kind: 'identity', record: { registration_uuid: `${number}`, agent_id: 'a' } }];
      }
      if (verb === 'operation') return operationWrites(number);
      if (verb === 'container') return containerWrites(number);
      if (verb === 'executor') return executorWrites(frameworkId, number);
      if (known === undefined) {
        pending.set(key, []);
        const info = { user: 'u', name: `${number}`, id: { value: frameworkId } };
        const record = { framework_id: frameworkId, info: infoOf(taskId), container_id: 'c' };
        return [
          { kind: 'framework', frameworkId, record: { info } },
          { kind: 'task', name, record },
          progress('TASK_STAGING'),
        ];
      }
      if (verb === 'forget') {
        pending.delete(key);
        const removals = known.map(
          (each) => ({ kind: 'remove-update', name, number: each }) as const,
        );
        return [...removals, { kind: 'remove-task', name }];
      }
      const [first] = known;
      if (verb === 'acknowledge' && first !== undefined) {
        known.shift();
        return [{ kind: 'remove-update', name, number: first }];
      }
      made++;
      known.push(made);
      const status = {
        task_id: { value: taskId },
        state: 'TASK_RUNNING',
        timestamp: made,
      } as const;
      return [
        { kind: 'update', name, update: { number: made, record: { status } } },
        progress('TASK_RUNNING'),
      ];
    });
  });

test('whatever was written is there after a crash of any kind, and nothing else', async (t) => {
  await fc.assert(
    fc.asyncProperty(batches, fc.constantFrom('process', 'power'), async (list, kind) => {
      const rig = newRig(list.length);
      const { checkpoint, recovered } = await rig.run(openCheckpoint(await rig.reopen('process')));
      t.deepEqual(recovered, nothingRecovered);
      for (const batch of list) await rig.run(checkpoint.write(batch));
      const again = await rig.run(openCheckpoint(await rig.reopen(kind)));
      t.deepEqual(again.recovered, model(list.flat()));
    }),
    { numRuns: 60 },
  );
});

/** What there was before something happens to it: a task whose update nobody has acknowledged. */
async function lived(rig: Rig): Promise<readonly CheckpointWrite[]> {
  const { checkpoint } = await rig.run(openCheckpoint(await rig.reopen('process')));
  const name = { frameworkId: 'f', taskId: 't' };
  const record = { framework_id: 'f', info: infoOf('t'), container_id: 'c' };
  const status = { task_id: { value: 't' }, state: 'TASK_RUNNING' } as const;
  const batch: readonly CheckpointWrite[] = [
    { kind: 'identity', record: { registration_uuid: 'r' } },
    { kind: 'task', name, record },
    { kind: 'progress', name, record: { state: 'TASK_RUNNING', next_update: 2n } },
    { kind: 'update', name, update: { number: 1, record: { status } } },
  ];
  await rig.run(checkpoint.write(batch));
  await rig.run(checkpoint.write([{ kind: 'term', term: 7n }]));
  return [...batch, { kind: 'term', term: 7n }];
}

const keys = ['identity', 'task/f/t', 'progress/f/t', 'update/f/t/0000000000000001', 'term'];

const garbage = (key: string): Write => ({
  kind: 'put',
  key,
  value: new TextEncoder().encode('garbage that is long enough'),
});

const removal = (key: string): Write => ({ kind: 'delete', key });

for (const [verb, damage] of [
  ['garbles', garbage],
  ['loses', removal],
] as const) {
  test(`what the store ${verb} is as it was, and named`, async (t) => {
    for (const key of [...keys, 'version', 'batch']) {
      const rig = newRig(key);
      const writes = await lived(rig);
      const place = await rig.reopen('process');
      await rig.run(place.store.write([damage(key)], { sync: true }));
      const { recovered, findings } = await rig.run(openCheckpoint(place));
      t.deepEqual(recovered, model(writes), key);
      const isRecord = key !== 'version' && key !== 'batch';
      t.deepEqual(findings, { restored: isRecord ? [key] : [], dropped: [] });
      const again = await rig.run(openCheckpoint(await rig.reopen('power')));
      t.deepEqual(again.recovered, recovered, key);
      t.deepEqual(again.findings, { restored: [], dropped: [] }, key);
    }
  });

  test(`what the store ${verb} and the journal has not is named, never passed over`, async (t) => {
    for (const key of keys) {
      const rig = newRig(key);
      await lived(rig);
      // Two more openings, and the journal knows names alone.
      for (let opening = 0; opening < 2; opening++) {
        await rig.run(openCheckpoint(await rig.reopen('process')));
      }
      const place = await rig.reopen('process');
      await rig.run(place.store.write([damage(key)], { sync: true }));
      const error = await t.throwsAsync(rig.run(openCheckpoint(place)), {
        instanceOf: CheckpointError,
      });
      t.is(error.code, 'DAMAGED');
      t.true(error.message.includes(`"${key}" is lost or damaged`), error.message);
      const lenient = await rig.run(openCheckpoint(place, { strict: false }));
      t.true(lenient.findings.dropped.some((line) => line.includes(`"${key}"`)));
      t.is(lenient.recovered.term, key === 'term' ? 0n : 7n);
      const isOfTask = key.startsWith('task') || key.startsWith('progress');
      t.is(lenient.recovered.tasks.length, isOfTask ? 0 : 1);
      const again = await rig.run(openCheckpoint(await rig.reopen('power')));
      t.deepEqual(again.recovered, lenient.recovered);
    }
  });
}

test('a store that went back in time is brought forward, or what it lacks is named', async (t) => {
  const rig = newRig('back');
  const { checkpoint } = await rig.run(openCheckpoint(await rig.reopen('process')));
  const first = await rig.reopen('process');
  t.truthy(checkpoint);
  const before = new Map<string, Uint8Array>();
  const opened = await rig.run(openCheckpoint(first));
  await rig.run(opened.checkpoint.write([{ kind: 'term', term: 1n }]));
  await rig.run(readAll(first.store, before));
  await rig.run(opened.checkpoint.write([{ kind: 'term', term: 2n }]));
  const place = await rig.reopen('process');
  const old = [...before].map(([key, value]): Write => ({ kind: 'put', key, value }));
  await rig.run(place.store.write(old, { sync: true }));
  const { recovered, findings } = await rig.run(openCheckpoint(place));
  t.is(recovered.term, 2n);
  t.deepEqual(findings.restored, ['term']);
});

async function readAll(store: KeyValueStore, into: Map<string, Uint8Array>): Promise<void> {
  for await (const [key, value] of store.range({ from: '' })) into.set(key, value);
}

test('a checkpoint without its journal, or with a store that is gone, is no new one', async (t) => {
  const rig = newRig('gone');
  const writes = await lived(rig);
  const place = await rig.reopen('process');
  await rig.run(place.journal.files.remove(folder));
  const error = await t.throwsAsync(rig.run(openCheckpoint(place)), {
    instanceOf: CheckpointError,
  });
  t.is(
    error.message,
    'The checkpoint is damaged: batches after 2 may be missing, because its journal is gone',
  );
  const lenient = await rig.run(openCheckpoint(place, { strict: false }));
  t.deepEqual(lenient.recovered, model(writes));
  const other = newRig('store gone');
  await lived(other);
  const left = await other.reopen('process');
  const all = new Map<string, Uint8Array>();
  await other.run(readAll(left.store, all));
  await other.run(left.store.write([...all.keys()].map(removal), { sync: true }));
  const { recovered, findings } = await other.run(openCheckpoint(left));
  t.deepEqual(recovered, model(writes));
  t.deepEqual(findings.restored.toSorted(), keys.toSorted());
});

test('the power may fail at any moment: what was answered for is there, in whole batches', async (t) => {
  await fc.assert(
    fc.asyncProperty(batches, fc.nat(400), fc.boolean(), async (list, events, isPower) => {
      const rig = newRig(events);
      let answered = 0;
      let begun = 0;
      const live = async (place: CheckpointPlace): Promise<void> => {
        const { checkpoint } = await openCheckpoint(place);
        for (const batch of list) {
          begun++;
          await checkpoint.write(batch);
          answered++;
        }
      };
      void live(await rig.reopen('process'));
      for (let event = 0; event < events; event++) await rig.world.step();
      const { recovered } = await rig.run(
        openCheckpoint(await rig.reopen(isPower ? 'power' : 'process')),
      );
      const told = list.slice(0, answered).flat();
      const tried = list.slice(0, begun).flat();
      t.deepEqual(
        recovered,
        isDeepStrictEqual(recovered, model(told)) ? model(told) : model(tried),
      );
    }),
    { numRuns: 150 },
  );
});

test('records of layout 1 are all there, under the seals of layout 2', async (t) => {
  const pairs: readonly (readonly [string, string])[] = Object.entries(layoutOne);
  for (let events = 0; events < 40; events++) {
    const rig = newRig(events);
    const place = await rig.reopen('process');
    const old = pairs.map(([key, hex]): Write => ({
      kind: 'put',
      key,
      value: Uint8Array.from(Buffer.from(hex, 'hex')),
    }));
    await rig.run(place.store.write(old, { sync: true }));
    // The first try is cut off somewhere.
    void openCheckpoint(place);
    for (let event = 0; event < events; event++) await rig.world.step();
    const { recovered, findings } = await rig.run(openCheckpoint(await rig.reopen('power')));
    t.deepEqual(findings, { restored: [], dropped: [] });
    t.is(recovered.identity?.agent_id, 'master-S0');
    t.is(recovered.term, 12n);
    t.deepEqual(
      recovered.tasks.map(({ task, progress, updates }) => [
        task.info.name,
        progress.state,
        updates.map(({ number }) => number),
      ]),
      [
        ['one', 'TASK_RUNNING', [1, 2]],
        ['two', 'TASK_STAGING', []],
      ],
    );
    t.is(recovered.resources?.changed?.length, 1);
    t.is(recovered.operations.length, 1);
    t.is(recovered.executors.length, 1);
    t.is(recovered.frameworks[0]?.info.name, 'old');
  }
});

test('a checkpoint of a later version is left alone', async (t) => {
  const rig = newRig('newer');
  await lived(rig);
  const place = await rig.reopen('process');
  const value = new TextEncoder().encode('3');
  await rig.run(place.store.write([{ kind: 'put', key: 'version', value }], { sync: true }));
  for (const strict of [true, false]) {
    const opening = rig.run(openCheckpoint(place, { strict }));
    const error = await t.throwsAsync(opening, { instanceOf: CheckpointError });
    t.is(error.code, 'NEWER');
  }
});
