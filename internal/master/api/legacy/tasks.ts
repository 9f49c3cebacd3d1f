/** Tasks in `/state`, `/frameworks` and `/tasks` (contract 13.4: "task", "status"). */
import { sortedSteps, type Steps } from '#internal/base/steps.ts';
import type { Task, TaskUpdate } from '#internal/model/cluster.ts';
import { toJson } from '#internal/wire/json.ts';
import { statusToWire } from '#internal/wire/status.ts';
import { taskToWire } from '#internal/wire/task.ts';
import type { ContainerStatus, Labels, TaskStatus, Task as WireTask } from '#proto/gen/mesos/v1.ts';
import type { MasterView } from '../../door.ts';
import { double, type Json, Written } from './json-text.ts';
import { shortResources } from './short-resources.ts';

export function taskJson(task: Task): Json {
  const { limits, user, labels, discovery, container, health_check, ...wire } = taskToWire(task);
  return {
    id: task.id,
    name: task.name,
    framework_id: task.frameworkId,
    executor_id: task.executorId ?? '',
    slave_id: task.agentId,
    state: wire.state,
    resources: shortResources(task.resources),
    limits: limitsJson(limits),
    role: task.resources[0]?.allocationRole ?? '*',
    statuses: (wire.statuses ?? []).map(statusJson),
    user,
    labels: labels && labelsJson(labels),
    discovery: discovery && new Written(toJson('mesos.v1.DiscoveryInfo', discovery)),
    container: container && new Written(toJson('mesos.v1.ContainerInfo', container)),
    health_check: health_check && new Written(toJson('mesos.v1.HealthCheck', health_check)),
  };
}

export const labelsJson = ({ labels = [] }: Labels): Json =>
  labels.map((label) => new Written(toJson('mesos.v1.Label', label)));

export type TaskQuery = {
  readonly frameworkId: string | null;
  readonly taskId: string | null;
  readonly limit: number;
  readonly offset: number;
  readonly order: 'asc' | 'des';
};

/** Live, unreachable and completed ones together, by the time of their first status. */
export function* findTasks(view: MasterView, query: TaskQuery): Steps<readonly Task[]> {
  const { frameworkId, taskId, limit, offset, order } = query;
  const dated: { readonly task: Task; readonly seconds: number }[] = [];
  const sign = order === 'asc' ? 1 : -1;
  for (const task of everyTask(view)) {
    yield;
    if (frameworkId !== null && task.frameworkId !== frameworkId) continue;
    if (taskId !== null && task.id !== taskId) continue;
    // Those that have no status yet come first either way, as they do in Mesos.
    const first = task.statuses[0];
    const seconds = first === undefined ? -Infinity : sign * statusSeconds(task, first);
    dated.push({ task, seconds });
  }
  const sorted = yield* sortedSteps(dated, (one, other) => compare(one.seconds, other.seconds));
  return sorted.slice(offset, offset + limit).map(({ task }) => task);
}

const statusSeconds = (task: Task, update: TaskUpdate): number =>
  update.kind === 'master' ? update.atMs / 1000 : (statusToWire(update, task).timestamp ?? 0);

const compare = (left: number, right: number): number =>
  left === right ? 0 : left < right ? -1 : 1;

function* everyTask({ state }: MasterView): Generator<Task> {
  for (const { tasks, unreachable, completed } of state.frameworks.values()) {
    yield* tasks.values();
    yield* unreachable.values();
    yield* completed;
  }
  for (const { tasks } of state.completedFrameworks) yield* tasks;
}

type WireLimits = NonNullable<WireTask['limits']>;

function limitsJson(limits: WireLimits | undefined): Json | undefined {
  if (limits === undefined || Object.keys(limits).length === 0) return undefined;
  return Object.fromEntries(
    Object.entries(limits).map(([name, { value }]) => [name, double(value)]),
  );
}

function statusJson(status: TaskStatus): Json {
  const { state, timestamp, labels, container_status, healthy } = status;
  return {
    state,
    timestamp: timestamp === undefined ? undefined : double(timestamp),
    labels: labels && labelsJson(labels),
    container_status: container_status && containerJson(container_status),
    healthy,
  };
}

/** Without the executor's process, which is of no use elsewhere. */
function containerJson(status: ContainerStatus): Json {
  const { executor_pid: _pid, ...shown } = status;
  return new Written(toJson('mesos.v1.ContainerStatus', shown));
}
