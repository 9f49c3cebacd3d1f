/** Takes note of what the cluster says of tasks and operations, and acknowledges it once it is kept. */
import { backoffMs } from '#internal/base/backoff.ts';
import type { OperationStatus, TaskStatus } from '#proto/gen/mesos/v1.ts';
import { type Binding, type InstanceRecord, keyOfTask, readOperationId } from './records.ts';
import {
  call,
  type Draft,
  type Instance,
  newInstance,
  type Seen,
  setInstance,
  tell,
} from './world.ts';

export function onStatus(draft: Draft, status: TaskStatus): void {
  const key = keyOfTask(status.task_id.value);
  const instance = key === undefined ? undefined : draft.instances.get(key);
  if (key === undefined || instance?.record.task?.id !== status.task_id.value) {
    onStray(draft, status);
  } else {
    const confirmed = confirm(instance, status);
    if (confirmed !== instance) setInstance(draft, key, confirmed);
    if (isOver(status)) onEnd(draft, { key, instance: confirmed }, status);
    else if (status.state === 'TASK_UNREACHABLE') onUnreachable(draft, key, confirmed);
    else setInstance(draft, key, { ...confirmed, seen: seenOf(confirmed, status, draft) });
  }
  acknowledge(draft, status);
}

export function onOperation(draft: Draft, status: OperationStatus): void {
  const { operation_id, uuid, agent_id } = status;
  const named = readOperationId(operation_id?.value ?? '');
  const instance = named === undefined ? undefined : draft.instances.get(named.key);
  if (named !== undefined && instance !== undefined) {
    if (named.verb === 'create') onCreate(draft, { key: named.key, instance }, status);
    else onDestroy(draft, { key: named.key, instance }, status);
  }
  if (uuid === undefined || agent_id === undefined || operation_id === undefined) return;
  call(draft, {
    type: 'ACKNOWLEDGE_OPERATION_STATUS',
    acknowledge_operation_status: { agent_id, uuid: uuid.value, operation_id },
  });
}

type Named = { readonly key: string; readonly instance: Instance };

/** Only now is it known whether the instance has volumes, wherever its task has got to. */
function onCreate(
  draft: Draft,
  { key, instance }: Named,
  { operation_id, state, message = '' }: OperationStatus,
): void {
  const { binding, ...rest } = instance.record;
  if (binding?.creating === undefined || binding.creating !== operation_id?.value) return;
  if (state === 'OPERATION_FINISHED') {
    setInstance(draft, key, { ...instance, record: { ...rest, binding: madeOf(binding) } });
  } else if (isOverWithout(state)) {
    // mark: volumes of an instance did not come to be
    tell(draft, 'volumes did not come to be', { instance: key, state, message });
    setInstance(draft, key, { ...instance, record: rest });
  }
}

const madeOf = ({ agentId, host, volumes }: Binding): Binding => ({ agentId, host, volumes });

function onDestroy(
  draft: Draft,
  { key, instance }: Named,
  { state, message = '' }: OperationStatus,
): void {
  const { service, index } = instance.record;
  if (state === 'OPERATION_FINISHED') {
    setInstance(draft, key, { ...instance, record: { service, index }, destroying: undefined });
  } else if (isOverWithout(state)) {
    tell(draft, 'volumes were not destroyed, and will be later', { instance: key, message });
    setInstance(draft, key, { ...instance, destroying: undefined });
  }
}

/** Nothing is on its way any more: what is still there will be offered again. */
const isOverWithout = (state: OperationStatus['state']): boolean =>
  state !== 'OPERATION_PENDING' &&
  state !== 'OPERATION_UNREACHABLE' &&
  state !== 'OPERATION_RECOVERING';

/** A task that we had given up, or that was started for a record that is gone: it must not run. */
function onStray(draft: Draft, { task_id, agent_id, state }: TaskStatus): void {
  const isAlive = !ends.has(state) && state !== 'TASK_UNREACHABLE';
  const key = keyOfTask(task_id.value);
  const [service = '', index = ''] = key?.split('/') ?? [];
  if (key !== undefined) {
    const instance = draft.instances.get(key) ?? newInstance(service, Number(index));
    const others = instance.strays.filter((id) => id !== task_id.value);
    const strays = isAlive ? [...others, task_id.value] : others;
    setInstance(draft, key, { ...instance, strays });
  }
  if (!isAlive || state === 'TASK_KILLING') return;
  // mark: a task that was given up is killed
  tell(draft, 'a task that was given up is killed', { task: task_id.value });
  call(draft, { type: 'KILL', kill: { task_id, ...(agent_id !== undefined && { agent_id }) } });
}

/** What an agent says of a task that holds volumes, it says of volumes that it has. */
function confirm(instance: Instance, { uuid, state }: TaskStatus): Instance {
  const { binding } = instance.record;
  const isOfAgent = uuid !== undefined && state !== 'TASK_DROPPED' && state !== 'TASK_ERROR';
  if (binding?.creating === undefined || !isOfAgent) return instance;
  return { ...instance, record: { ...instance.record, binding: madeOf(binding) } };
}

const ends: ReadonlySet<TaskStatus['state']> = new Set([
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_ERROR',
  'TASK_LOST',
  'TASK_DROPPED',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
  // Neither the task nor its agent is known to anybody.
  'TASK_UNKNOWN',
]);

const isOver = ({ state }: TaskStatus): boolean => ends.has(state);

/** It never ran: nobody has to wait before it is tried again. */
const isUntried = ({ state }: TaskStatus): boolean =>
  state === 'TASK_DROPPED' || state === 'TASK_GONE' || state === 'TASK_UNKNOWN';

function onEnd(draft: Draft, { key, instance }: Named, status: TaskStatus): void {
  const { nowMs, random } = draft.context;
  const { record, seen } = instance;
  const spec = draft.services.get(record.service)?.spec;
  const wasAsked = record.task?.isEnding === true;
  const ranMs = seen.kind === 'running' ? nowMs - seen.sinceMs : 0;
  const isFresh = spec !== undefined && ranMs >= spec.restart.resetSeconds * 1000;
  const isFailure = !wasAsked && !isUntried(status);
  const failures = isFailure ? (isFresh ? 0 : instance.failures) + 1 : instance.failures;
  const pauseMs =
    isFailure && spec !== undefined
      ? backoffMs(
          failures,
          {
            firstMs: spec.restart.firstSeconds * 1000,
            mostMs: spec.restart.mostSeconds * 1000,
          },
          random,
        )
      : 0;
  const text = [status.state, status.message].filter((part) => part !== undefined).join(': ');
  if (isFailure) tell(draft, 'an instance ended', { instance: key, how: text, pauseMs });
  setInstance(draft, key, {
    ...instance,
    record: withoutTask(record),
    seen: { kind: 'nothing' },
    failures,
    notBeforeMs: nowMs + pauseMs,
    lastEnd: wasAsked ? instance.lastEnd : text.slice(0, textMax),
  });
}

/** Of how a task ended. */
const textMax = 500;

/** Its volumes stay its own, also when they may never have come to be: that their operation tells. */
function withoutTask({ service, index, binding }: InstanceRecord): InstanceRecord {
  return { service, index, ...(binding !== undefined && { binding }) };
}

/**
 * Its agent may be away for good. What has no volumes starts elsewhere, and its task is killed should it
 * come back; what has volumes waits for them, for its data are nowhere else.
 */
function onUnreachable(draft: Draft, key: string, instance: Instance): void {
  const { record } = instance;
  if (record.binding !== undefined) {
    // mark: an instance waits for its volumes
    setInstance(draft, key, { ...instance, seen: { kind: 'unreachable' } });
    return;
  }
  // mark: an instance is given up with its agent
  tell(draft, 'an instance is given up with its agent', { instance: key });
  setInstance(draft, key, {
    ...instance,
    record: withoutTask(record),
    seen: { kind: 'nothing' },
    lastEnd: 'its agent is unreachable',
  });
}

function seenOf(
  { seen: before, record }: Instance,
  { state, healthy }: TaskStatus,
  { context: { nowMs }, services }: Draft,
): Seen {
  if (state === 'TASK_KILLING') return { kind: 'killing' };
  if (state !== 'TASK_RUNNING') {
    return before.kind === 'starting' ? before : { kind: 'starting', sinceMs: nowMs };
  }
  const isChecked = services.get(record.service)?.spec.template.health !== undefined;
  const isServing = healthy ?? !isChecked;
  const was = before.kind === 'running' ? before : undefined;
  return {
    kind: 'running',
    sinceMs: was?.sinceMs ?? nowMs,
    isHealthy: healthy,
    servingSinceMs: isServing ? (was?.servingSinceMs ?? nowMs) : undefined,
  };
}

function acknowledge(draft: Draft, { uuid, agent_id, task_id }: TaskStatus): void {
  if (uuid === undefined || agent_id === undefined) return;
  call(draft, { type: 'ACKNOWLEDGE', acknowledge: { agent_id, task_id, uuid } });
}
