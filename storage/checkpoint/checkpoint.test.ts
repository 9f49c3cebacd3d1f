import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import type { Life } from '#internal/runtime/simulated/life.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { KeyValueStore } from '../key-value-store.ts';
import { MemoryMedium, openMemoryStore } from '../memory/memory-store.ts';
import { CheckpointError, openCheckpoint } from './checkpoint.ts';
import type { CheckpointWrite, ExecutorName, NumberedUpdate, Recovered } from './records.ts';

type Rig = {
  readonly world: SimulatedWorld;
  /** The store, after whatever held it before has crashed. */
  reopen(kind: 'process' | 'power'): Promise<KeyValueStore>;
  run<T>(promise: Promise<T>): Promise<T>;
};

function newRig(seed: number | string): Rig {
  const world = new SimulatedWorld({ seed });
  const medium = new MemoryMedium({ random: world.random('store') });
  const run: Rig['run'] = (promise) => world.settle(promise, { withinMs: 1_000_000 });
  const open = (life: Life): Promise<KeyValueStore> => run(openMemoryStore({ medium, life }));
  return {
    world,
    run,
    reopen: async (kind) => {
      world.crash('agent', kind);
      return await open(world.boot('agent'));
    },
  };
}

const nothing: Recovered = {
  identity: undefined,
  term: 0n,
  frameworks: [],
  tasks: [],
  resources: undefined,
  operations: [],
  executors: [],
};

const infoOf = (taskId: string) =>
  ({ name: taskId, task_id: { value: taskId }, agent_id: { value: 'a' } }) as const;

/** What the checkpoint holds after `writes`, by the plainest means. */
function model(writes: readonly CheckpointWrite[]): Recovered {
  let { identity, term, resources } = nothing;
  const operations = new Map<string, Recovered['operations'][number]>();
  const frameworks = new Map<string, Recovered['frameworks'][number]>();
  const tasks = new Map<string, Recovered['tasks'][number]>();
  const executors = new Map<string, Recovered['executors'][number]>();
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
  };
}

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
      t.deepEqual(recovered, nothing);
      for (const batch of list) await rig.run(checkpoint.write(batch));
      const again = await rig.run(openCheckpoint(await rig.reopen(kind)));
      t.deepEqual(again.recovered, model(list.flat()));
    }),
    { numRuns: 60 },
  );
});

async function refusal(
  t: ExecutionContext,
  damage: (store: KeyValueStore) => Promise<void>,
): Promise<CheckpointError> {
  const rig = newRig('damage');
  const { checkpoint } = await rig.run(openCheckpoint(await rig.reopen('process')));
  const name = { frameworkId: 'f', taskId: 't' };
  const record = { framework_id: 'f', info: infoOf('t'), container_id: 'c' };
  const status = { task_id: { value: 't' }, state: 'TASK_RUNNING' } as const;
  await rig.run(
    checkpoint.write([
      { kind: 'identity', record: { registration_uuid: 'r' } },
      { kind: 'task', name, record },
      { kind: 'progress', name, record: { state: 'TASK_RUNNING', next_update: 2n } },
      { kind: 'update', name, update: { number: 1, record: { status } } },
    ]),
  );
  const store = await rig.reopen('process');
  await rig.run(damage(store));
  const opening = rig.run(openCheckpoint(store));
  return await t.throwsAsync(opening, { instanceOf: CheckpointError });
}

test('a record that is damaged or missing is named, never passed over', async (t) => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const keys = ['identity', 'task/f/t', 'progress/f/t', 'update/f/t/0000000000000001'];
  for (const key of keys) {
    const error = await refusal(t, (store) =>
      store.write([{ kind: 'put', key, value: bytes('garbage') }], { sync: true }),
    );
    t.is(error.code, 'DAMAGED');
    t.true(error.message.includes(`"${key}"`), error.message);
  }
  for (const key of ['version', 'task/f/t', 'progress/f/t']) {
    const error = await refusal(t, (store) =>
      store.write([{ kind: 'delete', key }], { sync: true }),
    );
    t.is(error.code, 'DAMAGED', key);
  }
  const newer = await refusal(t, (store) =>
    store.write([{ kind: 'put', key: 'version', value: bytes('2') }], { sync: true }),
  );
  t.is(newer.code, 'NEWER');
});
