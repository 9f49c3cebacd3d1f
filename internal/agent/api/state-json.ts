/** `/state` of an agent (contract 13.4): what it is, what it has, and what runs on it. */
import { build } from '#internal/config/version.ts';
import { formatValue } from '#internal/resources/format.ts';
import { isReserved, reservationRole } from '#internal/resources/reservation.ts';
import type { Resource, Resources } from '#internal/resources/resource.ts';
import { add, nothing, scalarMilli, sum, unallocated } from '#internal/resources/resources.ts';
import { toJson } from '#internal/wire/json.ts';
import { jsonDouble, jsonString } from '#internal/wire/json-literal.ts';
import { resourcesAsWritten, resourcesToWire } from '#internal/wire/resources.ts';
import type { AgentInfo, FrameworkInfo, TaskInfo, TaskStatus } from '#proto/gen/mesos/v1.ts';
import { type AgentSettings, type AgentState, type Task, executorKey } from '../core/state.ts';
import type { History } from '../history.ts';
import { drainConfig } from './drain-config.ts';
import { executorIdOf, sandboxOfTask } from './task-place.ts';

export type StateSources = {
  readonly state: AgentState;
  readonly history: Pick<History, 'frameworks' | 'executorsOf'>;
  readonly settings: AgentSettings;
  readonly workFolder: string;
  readonly flags: Readonly<Record<string, string>>;
  /** Wall time of the agent's start in milliseconds. */
  readonly startedMs: number;
  readonly version: string;
};

export function stateJson(sources: StateSources): string {
  const { state, settings, flags, startedMs, version, history } = sources;
  const { agent_info: info, capabilities = [] } = settings.description;
  const total = resourcesAsWritten(info.resources);
  const free = total.filter((one) => !isReserved(one));
  const used = sum([...state.tasks.values()].filter(isAlive).map(({ info: task }) => held(task)));
  return object({
    version: jsonString(version),
    build_date: jsonString(build.date),
    build_time: jsonDouble(build.timeSeconds),
    build_user: jsonString(''),
    start_time: jsonDouble(startedMs / 1000),
    id: jsonString(state.agentId ?? ''),
    pid: jsonString(`slave(1)@${settings.endpoint}`),
    hostname: jsonString(info.hostname),
    capabilities: list(capabilities.map(({ type = 'UNKNOWN' }) => jsonString(type))),
    ...(info.domain !== undefined && { domain: toJson('mesos.v1.DomainInfo', info.domain) }),
    ...drainJson(state),
    resources: resourcesJson(total),
    reserved_resources: byRole(total, resourcesJson),
    unreserved_resources: resourcesJson(free),
    reserved_resources_full: byRole(total, fullJson),
    unreserved_resources_full: fullJson(free),
    reserved_resources_allocated: byRole(used, resourcesJson),
    unreserved_resources_allocated: resourcesJson(used.filter((one) => !isReserved(one))),
    resource_providers: '[]',
    attributes: attributesJson(info),
    ...masterJson(state),
    flags: object(mapValues(flags, jsonString)),
    frameworks: list(
      [...state.frameworks].map(([id, framework]) => frameworkJson(sources, id, framework.info)),
    ),
    completed_frameworks: list(
      [...history.frameworks]
        .filter(([id]) => !state.frameworks.has(id))
        .map(([id, past]) => frameworkJson(sources, id, past)),
    ),
  });
}

/** The master that it is registered with, by the name that it was dialed by. */
const masterJson = ({ session }: AgentState): Readonly<Record<string, string>> =>
  session.kind === 'registered'
    ? { master_hostname: jsonString(session.target.replace(/:\d+$/u, '')) }
    : {};

/** Left out where there are none. */
const labelsJson = ({ labels: { labels = [] } = {} }: Labelled): Readonly<Record<string, string>> =>
  labels.length === 0
    ? {}
    : { labels: list(labels.map((label) => toJson('mesos.v1.Label', label))) };

type Labelled = Pick<TaskInfo, 'labels'>;

const isAlive = ({ life }: Task): boolean => life.kind !== 'ended';

const held = ({ resources }: Pick<TaskInfo, 'resources'>): Resources =>
  unallocated(resourcesAsWritten(resources));

function frameworkJson(sources: StateSources, id: string, info: FrameworkInfo): string {
  const tasks = [...sources.state.tasks.values()].filter((task) => task.frameworkId === id);
  const past = sources.history.executorsOf(id).flatMap((executor) => executor.tasks);
  const runs = runsOf([...past, ...tasks]);
  const roles = info.roles ?? [];
  return object({
    id: jsonString(id),
    name: jsonString(info.name),
    user: jsonString(info.user),
    failover_timeout: jsonDouble(info.failover_timeout ?? 0),
    checkpoint: String(info.checkpoint ?? false),
    hostname: jsonString(info.hostname ?? ''),
    ...(info.principal === undefined ? {} : { principal: jsonString(info.principal) }),
    ...(roles.length > 0
      ? { roles: list(roles.map(jsonString)) }
      : { role: jsonString(info.role ?? '*') }),
    executors: list(runs.filter(hasLiving).map((run) => executorJson(sources, run))),
    completed_executors: list(
      runs.filter((run) => !hasLiving(run)).map((run) => executorJson(sources, run)),
    ),
  });
}

/** The tasks of one executor; that of a command task has only the one. */
type Run = readonly [Task, ...(readonly Task[])];

function runsOf(tasks: readonly Task[]): readonly Run[] {
  const byContainer = Map.groupBy(tasks, ({ pod, containerId }) => pod?.containerId ?? containerId);
  return [...byContainer.values()].flatMap(([first, ...others]): readonly Run[] =>
    first === undefined ? [] : [[first, ...others]],
  );
}

const hasLiving = (run: Run): boolean => run.some(isAlive);

function executorJson({ state, workFolder }: StateSources, run: Run): string {
  const [first] = run;
  const id = executorIdOf(first);
  const { info, pod, containerId } = first;
  const own = info.executor;
  const living = run.filter(isAlive);
  const shown = (tasks: readonly Task[]): string => list(tasks.map((one) => taskJson(state, one)));
  const resources = sum([...living.map((task) => held(task.info)), held(own ?? {})]);
  return object({
    id: jsonString(id),
    name: jsonString(pod === undefined ? commandExecutorName(info) : (own?.name ?? '')),
    source: jsonString(pod === undefined ? id : (own?.source ?? '')),
    container: jsonString(pod?.containerId ?? containerId),
    directory: jsonString(sandboxOfTask(workFolder, state.agentId, first).run),
    resources: resourcesJson(resources),
    role: jsonString(roleOf(info)),
    ...labelsJson(own ?? info),
    tasks: shown(living.filter((task) => !isWaiting(task))),
    queued_tasks: shown(living.filter(isWaiting)),
    completed_tasks: shown(run.filter((task) => !isAlive(task))),
  });
}

const isWaiting = ({ life }: Task): boolean => life.kind === 'queued' || life.kind === 'launching';

/** Contract 9.7: what the command executor calls itself. */
export function commandExecutorName({ task_id: id, command }: TaskInfo): string {
  const value = command?.value ?? '';
  const line = (command?.shell ?? true) ? value : [value, ...(command?.arguments ?? [])].join(' ');
  const short = line.length > 15 ? `${line.slice(0, 12)}...` : line;
  return `Command Executor (Task: ${id.value}) (Command: sh -c '${short}')`;
}

function drainJson({ drain }: AgentState): Readonly<Record<string, string>> {
  if (drain === undefined) return {};
  return {
    drain_config: toJson('mesos.v1.DrainConfig', drainConfig(drain)),
    estimated_drain_start_time_seconds: String(Math.floor(drain.sinceMs / 1000)),
  };
}

/** What `source` says: a command task's own id, else what the executor's framework said. */
export function commandSource(
  { executors }: AgentState,
  frameworkId = '',
  executorId = '',
): string {
  const executor = executors.get(executorKey(frameworkId, executorId));
  return executor === undefined ? executorId : (executor.info.source ?? '');
}

function taskJson(state: AgentState, task: Task): string {
  const { info, frameworkId, state: newest, status, pod } = task;
  return object({
    id: jsonString(info.task_id.value),
    name: jsonString(info.name),
    framework_id: jsonString(frameworkId),
    executor_id: jsonString(pod?.executorId ?? ''),
    slave_id: jsonString(state.agentId ?? ''),
    state: jsonString(newest),
    resources: resourcesJson(held(info)),
    role: jsonString(roleOf(info)),
    statuses: list(status === undefined ? [] : [statusJson(status)]),
    ...labelsJson(info),
  });
}

function statusJson({ state, timestamp = 0, container_status: container }: TaskStatus): string {
  return object({
    state: jsonString(state),
    timestamp: jsonDouble(timestamp),
    ...(container === undefined
      ? {}
      : { container_status: toJson('mesos.v1.ContainerStatus', container) }),
  });
}

const roleOf = ({ resources = [] }: TaskInfo): string =>
  resources.find((one) => one.allocation_info !== undefined)?.allocation_info?.role ?? '*';

/** The short form: scalars summed by name, the four well-known ones always there. */
function resourcesJson(all: Resources): string {
  const whole = add(nothing, all);
  const wellKnown = ['disk', 'mem', 'gpus', 'cpus'];
  const others = [...new Set(whole.map(({ name }) => name))].filter(
    (name) => !wellKnown.includes(name),
  );
  return object({
    ...Object.fromEntries(
      wellKnown.map((name) => [name, jsonDouble(scalarMilli(whole, name) / 1000)]),
    ),
    ...Object.fromEntries(others.map((name) => [name, valueJson(whole, name)])),
  });
}

function valueJson(all: Resources, name: string): string {
  const first = all.find((one) => one.name === name);
  if (first === undefined || first.value.kind === 'scalar') {
    return jsonDouble(scalarMilli(all, name) / 1000);
  }
  return jsonString(formatValue(first.value));
}

function fullJson(all: Resources): string {
  return list(resourcesToWire(all, 'endpoint').map((one) => toJson('mesos.v1.Resource', one)));
}

function byRole(all: Resources, show: (some: Resources) => string): string {
  const reserved = all.filter(isReserved);
  const roles = [...new Set(reserved.map(reservationRole))].toSorted();
  const of = (role: string): Resource[] => reserved.filter((one) => reservationRole(one) === role);
  return object(Object.fromEntries(roles.map((role) => [role, show(of(role))])));
}

function attributesJson({ attributes = [] }: AgentInfo): string {
  return object(
    Object.fromEntries(
      attributes.map(({ name, text, scalar, ranges }) => [
        name,
        scalar === undefined
          ? jsonString(text?.value ?? rangesText(ranges?.range ?? []))
          : jsonDouble(scalar.value),
      ]),
    ),
  );
}

const rangesText = (ranges: readonly { readonly begin: bigint; readonly end: bigint }[]): string =>
  `[${ranges.map(({ begin, end }) => `${begin}-${end}`).join(', ')}]`;

function object(fields: Readonly<Record<string, string>>): string {
  const members = Object.entries(fields).map(([name, json]) => `${jsonString(name)}:${json}`);
  return `{${members.join(',')}}`;
}

const list = (items: readonly string[]): string => `[${items.join(',')}]`;

const mapValues = (
  record: Readonly<Record<string, string>>,
  change: (value: string) => string,
): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
