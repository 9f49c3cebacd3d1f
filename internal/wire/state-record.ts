/** Records of the state as they are written down. */
import { unreachable } from '#internal/base/assert.ts';
import { agentId } from '#internal/model/ids.ts';
import type { StateRecord } from '#internal/state/records.ts';
import { type Histories, type Leader, usualHistories } from '#internal/state/state.ts';
import type * as written from '#proto/gen/altiplano/state/v1.ts';
import { historiesFromWritten, historiesToWritten } from './log-record.ts';
import { operationFromWritten, operationToWritten } from './operation-record.ts';
import {
  maintenanceFromWritten,
  maintenanceToWritten,
  quotaFromWritten,
  quotaToWritten,
  weightFromWritten,
  weightToWritten,
} from './policy-record.ts';
import {
  agentFromWritten,
  agentToWritten,
  executorFromWritten,
  executorToWritten,
  frameworkFromWritten,
  frameworkToWritten,
  masterFromWritten,
  masterToWritten,
  taskFromWritten,
  taskToWritten,
} from './state-model.ts';
import { storeRecordFromWritten, storeRecordToWritten } from './store-record.ts';
import { volumeRecordFromWritten, volumeRecordToWritten } from './volume.ts';

export function recordToWritten(record: StateRecord): written.Record {
  switch (record.kind) {
    case 'root': {
      const { version, leader, checked, histories, clusterId } = record;
      return {
        root: {
          version,
          ...(leader !== undefined && { leader: leaderToWritten(leader) }),
          ...(checked !== undefined && {
            checked: { index: checked.index, at_ms: checked.atMs },
          }),
          ...(clusterId !== undefined && { cluster_id: clusterId }),
          ...(!areUsual(histories) && { histories: historiesToWritten(histories) }),
        },
      };
    }
    case 'agent':
      return { agent: agentToWritten(record.agent) };
    case 'framework':
      return { framework: frameworkToWritten(record.framework) };
    case 'completed-framework': {
      const { framework, unregisteredMs, ordinal } = record;
      return {
        completed_framework: {
          framework: frameworkToWritten(framework),
          unregistered_ms: unregisteredMs,
          ordinal,
        },
      };
    }
    case 'live-task':
      return { live_task: taskToWritten(record.task) };
    case 'executor':
      return { executor: executorToWritten(record.executor) };
    case 'unreachable-task':
      return { unreachable_task: taskToWritten(record.task) };
    case 'completed-task': {
      const { task, ordinal } = record;
      return { completed_task: { task: taskToWritten(task), ordinal } };
    }
    case 'gone-agent':
      return { gone_agent: { id: record.agentId, gone_ms: record.goneMs } };
    case 'weight':
      return { weight: weightToWritten(record) };
    case 'quota':
      return { quota: quotaToWritten(record) };
    case 'operation':
      return { operation: operationToWritten(record.operation) };
    case 'volume':
      return { volume: volumeRecordToWritten(record.volume) };
    case 'store':
    case 'stored-value':
      return storeRecordToWritten(record);
    case 'maintenance':
      return { maintenance: maintenanceToWritten(record.maintenance) };
    default:
      return unreachable(record);
  }
}

/** Undefined for a record that this version does not know. */
export function recordFromWritten(from: written.Record): StateRecord | undefined {
  if (from.root !== undefined) {
    const { version, leader, checked, histories, cluster_id: clusterId } = from.root;
    return {
      kind: 'root',
      version,
      clusterId,
      leader: leader === undefined ? undefined : leaderFromWritten(leader),
      checked: checked === undefined ? undefined : { index: checked.index, atMs: checked.at_ms },
      histories: histories === undefined ? usualHistories : historiesFromWritten(histories),
    };
  }
  if (from.agent !== undefined) return { kind: 'agent', agent: agentFromWritten(from.agent) };
  if (from.framework !== undefined) {
    return { kind: 'framework', framework: frameworkFromWritten(from.framework) };
  }
  if (from.operation !== undefined) {
    return { kind: 'operation', operation: operationFromWritten(from.operation) };
  }
  if (from.volume !== undefined) {
    return { kind: 'volume', volume: volumeRecordFromWritten(from.volume) };
  }
  return (
    taskRecord(from) ?? completedRecord(from) ?? policyRecord(from) ?? storeRecordFromWritten(from)
  );
}

function policyRecord(from: written.Record): StateRecord | undefined {
  if (from.gone_agent !== undefined) {
    const { id, gone_ms: goneMs } = from.gone_agent;
    return { kind: 'gone-agent', agentId: agentId(id), goneMs };
  }
  if (from.weight !== undefined) return { kind: 'weight', ...weightFromWritten(from.weight) };
  if (from.quota !== undefined) return { kind: 'quota', ...quotaFromWritten(from.quota) };
  if (from.maintenance !== undefined) {
    return { kind: 'maintenance', maintenance: maintenanceFromWritten(from.maintenance) };
  }
  return undefined;
}

function completedRecord({ completed_framework: from }: written.Record): StateRecord | undefined {
  if (from === undefined) return undefined;
  const { framework, unregistered_ms: unregisteredMs, ordinal } = from;
  return {
    kind: 'completed-framework',
    framework: frameworkFromWritten(framework),
    unregisteredMs,
    ordinal,
  };
}

function taskRecord(from: written.Record): StateRecord | undefined {
  if (from.live_task !== undefined) {
    return { kind: 'live-task', task: taskFromWritten(from.live_task) };
  }
  if (from.unreachable_task !== undefined) {
    return { kind: 'unreachable-task', task: taskFromWritten(from.unreachable_task) };
  }
  if (from.completed_task !== undefined) {
    const { task, ordinal } = from.completed_task;
    return { kind: 'completed-task', task: taskFromWritten(task), ordinal };
  }
  if (from.executor !== undefined) {
    return { kind: 'executor', executor: executorFromWritten(from.executor) };
  }
  return undefined;
}

function leaderToWritten({ nodeId, master, electedMs }: Leader): written.Leader {
  return { node_id: nodeId, master: masterToWritten(master), elected_ms: electedMs };
}

function leaderFromWritten(from: written.Leader): Leader {
  const { node_id: nodeId, master, elected_ms: electedMs } = from;
  return { nodeId, master: masterFromWritten(master), electedMs };
}

/** Not written: what a state of an older program comes to does not change. */
const areUsual = ({ completedFrameworks, completedTasks, unreachableTasks }: Histories): boolean =>
  completedFrameworks === usualHistories.completedFrameworks &&
  completedTasks === usualHistories.completedTasks &&
  unreachableTasks === usualHistories.unreachableTasks;
