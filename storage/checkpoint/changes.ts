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
 */
import { unreachable } from '#internal/base/assert.ts';
import { encode } from '#internal/wire/protobuf.ts';
import type { Messages } from '#proto/gen/messages.ts';
import type { Write } from '../key-value-store.ts';
import type { CheckpointWrite, ExecutorName, TaskName } from './records.ts';

/** The changes of the store that a change of the checkpoint is. */
export function changesOf(write: CheckpointWrite): readonly Write[] {
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
