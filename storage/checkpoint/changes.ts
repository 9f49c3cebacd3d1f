/**
 * Which key each record has, and what a change of the checkpoint does to them. Ids contain no `/`
 * (contract 5.2), so keys cannot be confused.
 *
 *     identity, term
 *     framework/<framework>
 *     executor/<framework>/<executor>          one of groups, while it lives
 *     task/<framework>/<task>                  as launched, written once
 *     progress/<framework>/<task>
 *     update/<framework>/<task>/<16 digits>    in the order they were made
 *     resources                                what operations have made of them
 *     operation/<uuid>
 *     container/<path>                         one that no task asked for
 */
import { unreachable } from '#internal/base/assert.ts';
import { encode } from '#internal/wire/protobuf.ts';
import type { Messages } from '#proto/gen/messages.ts';
import type { Write } from '../key-value-store.ts';
import type { CheckpointWrite, ExecutorName, TaskName } from './records.ts';

/**
 * The changes of the store that a batch of changes of the checkpoint is. A batch counts as a whole: of what
 * it changes more than once only the last is made.
 */
export function changesOf(writes: readonly CheckpointWrite[]): readonly Write[] {
  const last = new Map<string, Change>();
  for (const write of writes) {
    for (const change of changesBy(write)) last.set(change.key, change);
  }
  return [...last.values()].map(({ key, value }) =>
    value === undefined ? { kind: 'delete', key } : { kind: 'put', key, value: value() },
  );
}

/** `value` is undefined for a key that is removed. */
type Change = { readonly key: string; readonly value: (() => Uint8Array) | undefined };

function changesBy(write: CheckpointWrite): readonly Change[] {
  switch (write.kind) {
    case 'identity':
      return [put('identity', 'altiplano.agent.v1.IdentityRecord', write.record)];
    case 'remove-identity':
      return [remove('identity')];
    case 'term':
      return [put('term', 'altiplano.agent.v1.TermRecord', { term: write.term })];
    case 'framework':
      return [
        put(`framework/${write.frameworkId}`, 'altiplano.agent.v1.FrameworkRecord', write.record),
      ];
    case 'remove-framework':
      return [remove(`framework/${write.frameworkId}`)];
    case 'executor':
      return [put(executorKey(write.name), 'altiplano.agent.v1.ExecutorRecord', write.record)];
    case 'remove-executor':
      return [remove(executorKey(write.name))];
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
      return [remove(updateKey(write.name, write.number))];
    case 'resources':
      return [put('resources', 'altiplano.agent.v1.ResourcesRecord', write.record)];
    case 'operation': {
      const { record } = write;
      return [put(`operation/${record.uuid}`, 'altiplano.agent.v1.OperationRecord', record)];
    }
    case 'remove-operation':
      return [remove(`operation/${write.uuid}`)];
    case 'container': {
      const { record, path: of } = write;
      return [put(`container/${of}`, 'altiplano.agent.v1.ContainerRecord', record)];
    }
    case 'remove-container':
      return [remove(`container/${write.path}`)];
    case 'remove-task':
      return [remove(`task/${path(write.name)}`), remove(`progress/${path(write.name)}`)];
    default:
      return unreachable(write);
  }
}

const path = ({ frameworkId, taskId }: TaskName): string => `${frameworkId}/${taskId}`;

const executorKey = ({ frameworkId, executorId }: ExecutorName): string =>
  `executor/${frameworkId}/${executorId}`;

const updateKey = (name: TaskName, number: number): string =>
  `update/${path(name)}/${String(number).padStart(16, '0')}`;

function put<Name extends keyof Messages>(key: string, name: Name, record: Messages[Name]): Change {
  return { key, value: () => encode(name, record) };
}

const remove = (key: string): Change => ({ key, value: undefined });
