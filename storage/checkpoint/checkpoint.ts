/**
 * The agent's memory of itself: identity, the highest term it has heeded, frameworks, tasks and the
 * updates that nobody has acknowledged, each a record of its own in a `KeyValueStore`.
 *
 * A `write` resolves when the whole list survives a power cut, all or nothing; the agent answers for
 * nothing before that. A failed write is final: what is on the disk is unknown then, so the caller
 * stops and reads it anew. The store belongs to whoever opened it.
 *
 * Keys (ids contain no `/`, contract 5.2):
 *
 *     version                                  which of these layouts it is
 *     identity, term
 *     framework/<framework>
 *     executor/<framework>/<executor>          one of groups, while it lives
 *     task/<framework>/<task>                  as launched, written once
 *     progress/<framework>/<task>
 *     update/<framework>/<task>/<16 digits>    in the order they were made
 *     resources                                what operations have made of them
 *     operation/<uuid>
 */
import { unreachable } from '#internal/base/assert.ts';
import { decode, encode } from '#internal/wire/protobuf.ts';
import { WireError } from '#internal/wire/wire-error.ts';
import type { Messages } from '#proto/gen/messages.ts';
import type { KeyValueStore, Write } from '../key-value-store.ts';
import type {
  CheckpointWrite,
  ExecutorName,
  NumberedUpdate,
  Recovered,
  RecoveredTask,
  TaskName,
} from './records.ts';

export type Checkpoint = {
  /** Resolves when all of it is durable. Writes are made one after the other. */
  write(writes: readonly CheckpointWrite[]): Promise<void>;
};

/**
 * `code`: `NEWER` (made by a later version than this one understands), `DAMAGED` (a record that cannot
 * be read, or that lacks one it belongs to: the message names it).
 */
export class CheckpointError extends Error {
  override readonly name: string = 'CheckpointError';
  readonly code: 'NEWER' | 'DAMAGED';

  constructor(code: CheckpointError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const layout = 1;

/** Reads all that is there. Throws `CheckpointError` or `StoreError`. */
export async function openCheckpoint(
  store: KeyValueStore,
): Promise<{ readonly checkpoint: Checkpoint; readonly recovered: Recovered }> {
  await checkVersion(store);
  const recovered = await recover(store);
  const checkpoint: Checkpoint = {
    async write(writes) {
      if (writes.length > 0) await store.write(writes.flatMap(toStoreWrites), { sync: true });
    },
  };
  return { checkpoint, recovered };
}

async function checkVersion(store: KeyValueStore): Promise<void> {
  const bytes = await store.get('version');
  if (bytes === undefined) {
    for await (const [key] of store.range({ from: '', limit: 1 })) {
      throw new CheckpointError('DAMAGED', `The checkpoint has "${key}" but no "version"`);
    }
    const value = new TextEncoder().encode(String(layout));
    await store.write([{ kind: 'put', key: 'version', value }], { sync: true });
    return;
  }
  const text = new TextDecoder().decode(bytes);
  if (!/^[1-9][0-9]{0,8}$/u.test(text)) {
    throw new CheckpointError('DAMAGED', `The checkpoint's "version" is unreadable: "${text}"`);
  }
  if (Number(text) > layout) {
    const reason = `The checkpoint has layout ${text}, this agent knows up to ${layout}`;
    throw new CheckpointError('NEWER', `${reason}: it was written by a newer version`);
  }
}

async function recover(store: KeyValueStore): Promise<Recovered> {
  const identity = await store.get('identity');
  const term = await store.get('term');
  const frameworks = await collect(store, 'framework/', 'altiplano.agent.v1.FrameworkRecord');
  const resources = await store.get('resources');
  const operations = await collect(store, 'operation/', 'altiplano.agent.v1.OperationRecord');
  const executors = await collect(store, 'executor/', 'altiplano.agent.v1.ExecutorRecord');
  return {
    identity: identity && read('altiplano.agent.v1.IdentityRecord', 'identity', identity),
    term: term === undefined ? 0n : read('altiplano.agent.v1.TermRecord', 'term', term).term,
    frameworks: [...frameworks.values()],
    tasks: await recoverTasks(store),
    resources: resources && read('altiplano.agent.v1.ResourcesRecord', 'resources', resources),
    operations: [...operations.values()],
    executors: [...executors.values()],
  };
}

async function recoverTasks(store: KeyValueStore): Promise<readonly RecoveredTask[]> {
  const tasks = await collect(store, 'task/', 'altiplano.agent.v1.TaskRecord');
  const progress = await collect(store, 'progress/', 'altiplano.agent.v1.ProgressRecord');
  const updates = new Map<string, NumberedUpdate[]>();
  for (const [rest, record] of await collect(store, 'update/', 'altiplano.agent.v1.UpdateRecord')) {
    const end = rest.lastIndexOf('/');
    const name = rest.slice(0, end);
    if (!tasks.has(name)) throw orphan(`update/${rest}`);
    const list = updates.get(name) ?? [];
    list.push({ number: Number(rest.slice(end + 1)), record });
    updates.set(name, list);
  }
  for (const name of progress.keys()) if (!tasks.has(name)) throw orphan(`progress/${name}`);
  return [...tasks].map(([name, task]) => {
    const found = progress.get(name);
    if (found === undefined) throw orphan(`task/${name}`);
    return { task, progress: found, updates: updates.get(name) ?? [] };
  });
}

/** Task and progress are written together and removed together, and updates never outlive them. */
function orphan(key: string): CheckpointError {
  return new CheckpointError('DAMAGED', `The checkpoint's "${key}" lacks the rest of its task`);
}

/** The records under `prefix` by the rest of their keys, in key order. */
async function collect<Name extends keyof Messages>(
  store: KeyValueStore,
  prefix: string,
  name: Name,
): Promise<ReadonlyMap<string, Messages[Name]>> {
  const found = new Map<string, Messages[Name]>();
  // '0' follows '/': the range is every key that starts with the prefix.
  const to = `${prefix.slice(0, -1)}0`;
  for await (const [key, bytes] of store.range({ from: prefix, to })) {
    found.set(key.slice(prefix.length), read(name, key, bytes));
  }
  return found;
}

function read<Name extends keyof Messages>(
  name: Name,
  key: string,
  bytes: Uint8Array,
): Messages[Name] {
  try {
    return decode(name, bytes);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new CheckpointError('DAMAGED', `The checkpoint's "${key}" is not a ${name}`, {
      cause: error,
    });
  }
}

function toStoreWrites(write: CheckpointWrite): readonly Write[] {
  switch (write.kind) {
    case 'identity':
      return [put('identity', 'altiplano.agent.v1.IdentityRecord', write.record)];
    case 'remove-identity':
      return [{ kind: 'delete', key: 'identity' }];
    case 'term':
      return [put('term', 'altiplano.agent.v1.TermRecord', { term: write.term })];
    case 'framework':
      return [
        put(`framework/${write.frameworkId}`, 'altiplano.agent.v1.FrameworkRecord', write.record),
      ];
    case 'remove-framework':
      return [{ kind: 'delete', key: `framework/${write.frameworkId}` }];
    case 'executor':
      return [put(executorKey(write.name), 'altiplano.agent.v1.ExecutorRecord', write.record)];
    case 'remove-executor':
      return [{ kind: 'delete', key: executorKey(write.name) }];
    case 'task':
      return [put(`task/${path(write.name)}`, 'altiplano.agent.v1.TaskRecord', write.record)];
    case 'progress':
      return [
        put(`progress/${path(write.name)}`, 'altiplano.agent.v1.ProgressRecord', write.record),
      ];
    case 'update':
      return [
        put(
          updateKey(write.name, write.update.number),
          'altiplano.agent.v1.UpdateRecord',
          write.update.record,
        ),
      ];
    case 'remove-update':
      return [{ kind: 'delete', key: updateKey(write.name, write.number) }];
    case 'resources':
      return [put('resources', 'altiplano.agent.v1.ResourcesRecord', write.record)];
    case 'operation': {
      const { record } = write;
      return [put(`operation/${record.uuid}`, 'altiplano.agent.v1.OperationRecord', record)];
    }
    case 'remove-operation':
      return [{ kind: 'delete', key: `operation/${write.uuid}` }];
    case 'remove-task':
      return [
        { kind: 'delete', key: `task/${path(write.name)}` },
        { kind: 'delete', key: `progress/${path(write.name)}` },
      ];
    default:
      return unreachable(write);
  }
}

const path = ({ frameworkId, taskId }: TaskName): string => `${frameworkId}/${taskId}`;

const executorKey = ({ frameworkId, executorId }: ExecutorName): string =>
  `executor/${frameworkId}/${executorId}`;

const updateKey = (name: TaskName, number: number): string =>
  `update/${path(name)}/${String(number).padStart(16, '0')}`;

function put<Name extends keyof Messages>(key: string, name: Name, record: Messages[Name]): Write {
  return { kind: 'put', key, value: encode(name, record) };
}
