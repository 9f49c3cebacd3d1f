/**
 * What the records of a checkpoint mean together. A record that cannot be read, or that lacks one it
 * belongs to, is left out and named: whoever asked decides whether the rest will do.
 */
import { decode } from '#internal/wire/protobuf.ts';
import { WireError } from '#internal/wire/wire-error.ts';
import type { ProgressRecord } from '#proto/gen/altiplano/agent/v1.ts';
import type { TaskState } from '#proto/gen/mesos/v1.ts';
import type { Messages } from '#proto/gen/messages.ts';
import type { NumberedUpdate, Recovered, RecoveredTask } from './records.ts';
import type { Opened } from './sealed.ts';

export type Damage = { readonly key: string; readonly why: string };

type Reading = {
  readonly records: ReadonlyMap<string, Opened>;
  readonly keys: readonly string[];
  readonly damages: Damage[];
};

export function recoverRecords(records: ReadonlyMap<string, Opened>): {
  readonly recovered: Recovered;
  readonly damages: readonly Damage[];
} {
  const keys = [...records.keys()].toSorted((one, other) => (one < other ? -1 : 1));
  const reading: Reading = { records, keys, damages: [] };
  const recovered: Recovered = {
    identity: read(reading, 'identity', 'altiplano.agent.v1.IdentityRecord'),
    term: read(reading, 'term', 'altiplano.agent.v1.TermRecord')?.term ?? 0n,
    frameworks: all(reading, 'framework/', 'altiplano.agent.v1.FrameworkRecord'),
    tasks: recoverTasks(reading),
    resources: read(reading, 'resources', 'altiplano.agent.v1.ResourcesRecord'),
    operations: all(reading, 'operation/', 'altiplano.agent.v1.OperationRecord'),
    executors: all(reading, 'executor/', 'altiplano.agent.v1.ExecutorRecord'),
  };
  return { recovered, damages: reading.damages };
}

function recoverTasks(reading: Reading): readonly RecoveredTask[] {
  const tasks = collect(reading, 'task/', 'altiplano.agent.v1.TaskRecord');
  const progress = collect(reading, 'progress/', 'altiplano.agent.v1.ProgressRecord');
  const updates = new Map<string, NumberedUpdate[]>();
  for (const [rest, record] of collect(reading, 'update/', 'altiplano.agent.v1.UpdateRecord')) {
    const end = rest.lastIndexOf('/');
    const name = rest.slice(0, end);
    const list = updates.get(name) ?? [];
    list.push({ number: Number(rest.slice(end + 1)), record });
    updates.set(name, list);
    if (!tasks.has(name) || !progress.has(name)) orphan(reading, `update/${rest}`);
  }
  for (const name of progress.keys()) if (!tasks.has(name)) orphan(reading, `progress/${name}`);
  return [...tasks].flatMap(([name, task]) => {
    const found = progress.get(name);
    if (found !== undefined) {
      return [{ task, progress: found, updates: withLast(updates.get(name) ?? [], found) }];
    }
    orphan(reading, `task/${name}`);
    return [];
  });
}

/**
 * A task that has ended is kept until its end is acknowledged: when that update is lost, the progress
 * still has its status.
 */
function withLast(
  updates: readonly NumberedUpdate[],
  { state, status, next_update }: ProgressRecord,
): readonly NumberedUpdate[] {
  const number = Number(next_update) - 1;
  const hasLast = updates.at(-1)?.number === number;
  if (hasLast || status === undefined || !endStates.has(state)) return updates;
  return [...updates, { number, record: { status } }];
}

const endStates: ReadonlySet<TaskState> = new Set([
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_ERROR',
  'TASK_LOST',
  'TASK_DROPPED',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
]);

/** Task and progress are written together and removed together, and updates never outlive them. */
function orphan({ damages }: Reading, key: string): void {
  damages.push({ key, why: 'lacks the rest of its task' });
}

function all<Name extends keyof Messages>(
  reading: Reading,
  prefix: string,
  name: Name,
): readonly Messages[Name][] {
  return [...collect(reading, prefix, name).values()];
}

/** The records under `prefix` by the rest of their keys, in key order. */
function collect<Name extends keyof Messages>(
  reading: Reading,
  prefix: string,
  name: Name,
): ReadonlyMap<string, Messages[Name]> {
  const found = new Map<string, Messages[Name]>();
  for (const key of reading.keys) {
    const record = key.startsWith(prefix) ? read(reading, key, name) : undefined;
    if (record !== undefined) found.set(key.slice(prefix.length), record);
  }
  return found;
}

function read<Name extends keyof Messages>(
  { records, damages }: Reading,
  key: string,
  name: Name,
): Messages[Name] | undefined {
  const record = records.get(key);
  if (record === undefined) return undefined;
  try {
    return decode(name, record.content);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    damages.push({ key, why: `is not a ${name}` });
    return undefined;
  }
}
