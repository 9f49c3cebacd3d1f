/** The calls of the agent operator API that take no more than a look at what the agent knows. */
import type { Call, Response } from '#proto/gen/mesos/v1/agent.ts';
import type { ExecutorInfo, Operation, Task as WireTask } from '#proto/gen/mesos/v1.ts';
import { uuidBytes } from '#internal/base/uuid.ts';
import type { AgentSettings, AgentState, Task } from '../core/state.ts';
import type { History } from '../history.ts';
import { drainConfig } from './drain-config.ts';
import { commandExecutorName } from './state-json.ts';

export type Seen = {
  readonly state: AgentState;
  readonly settings: AgentSettings;
  readonly history: History;
  readonly version: string;
  readonly flags: Readonly<Record<string, string>>;
  readonly loggingLevel: number;
};

/** Undefined for a call that is about something else. */
export function look(seen: Seen, type: Call['type']): Response | undefined {
  if (type === undefined || !isLook(type)) return undefined;
  return { type, ...looks[type](seen) };
}

type Look = (seen: Seen) => Omit<Response, 'type'>;

const looks = {
  GET_HEALTH: () => ({ get_health: { healthy: true } }),
  GET_VERSION: ({ version }) => ({ get_version: { version_info: { version } } }),
  GET_FLAGS: ({ flags }) => {
    const all = Object.entries(flags).map(([name, value]) => ({ name, value }));
    return { get_flags: { flags: all } };
  },
  GET_LOGGING_LEVEL: ({ loggingLevel }) => ({ get_logging_level: { level: loggingLevel } }),
  GET_AGENT: ({ settings, state }) => ({ get_agent: getAgent(settings, state) }),
  GET_FRAMEWORKS: (seen) => ({ get_frameworks: getFrameworks(seen) }),
  GET_EXECUTORS: (seen) => ({ get_executors: getExecutors(seen) }),
  GET_TASKS: (seen) => ({ get_tasks: getTasks(seen) }),
  GET_OPERATIONS: ({ state }) => ({ get_operations: getOperations(state) }),
  // There is no kind of provider that this agent could run.
  GET_RESOURCE_PROVIDERS: () => ({ get_resource_providers: {} }),
  GET_STATE: (seen) => ({
    get_state: {
      get_tasks: getTasks(seen),
      get_executors: getExecutors(seen),
      get_frameworks: getFrameworks(seen),
    },
  }),
} as const satisfies Readonly<Record<string, Look>>;

const isLook = (type: string): type is keyof typeof looks => Object.hasOwn(looks, type);

function getAgent(
  { description }: AgentSettings,
  { agentId, drain }: AgentState,
): NonNullable<Response['get_agent']> {
  const id = agentId === undefined ? {} : { id: { value: agentId } };
  const agent_info = { ...description.agent_info, ...id };
  if (drain === undefined) return { agent_info };
  return {
    agent_info,
    drain_config: drainConfig(drain),
    estimated_drain_start_time: { nanoseconds: BigInt(Math.round(drain.sinceMs)) * 1_000_000n },
  };
}

function getOperations({ operations, agentId }: AgentState): { operations?: Operation[] } {
  const all = [...operations.values()].map(({ uuid, frameworkId, info, status }) => ({
    ...(frameworkId !== undefined && { framework_id: { value: frameworkId } }),
    agent_id: { value: agentId ?? '' },
    info,
    latest_status: status,
    statuses: [status],
    uuid: { value: uuidBytes(uuid) },
  }));
  return all.length === 0 ? {} : { operations: all };
}

function getFrameworks({ state, history }: Seen): NonNullable<Response['get_frameworks']> {
  const list = [...state.frameworks.values()].map(({ info }) => ({ framework_info: info }));
  const completed = [...history.frameworks]
    .filter(([id]) => !state.frameworks.has(id))
    .map(([, info]) => ({ framework_info: info }));
  return { frameworks: list, completed_frameworks: completed };
}

type GetExecutors = NonNullable<Response['get_executors']>;

/** The agent is the executor of every command task, one of its own for each (contract 9.7). */
function getExecutors({ state, history }: Seen): GetExecutors {
  const { tasks, executors: ofGroups } = state;
  const alone = [...tasks.values()].filter(
    ({ life, pod }) => life.kind !== 'ended' && pod === undefined,
  );
  const executors = alone.map((task) => ({ executor_info: commandExecutor(task) }));
  const shared = [...ofGroups.values()].map(({ info }) => ({ executor_info: info }));
  const completed = history.executors.flatMap(({ info, tasks: [task] }) => {
    const executor_info = info ?? (task && commandExecutor(task));
    return executor_info === undefined ? [] : [{ executor_info }];
  });
  return { executors: [...executors, ...shared], completed_executors: completed };
}

const commandExecutor = ({ info, frameworkId }: Task): ExecutorInfo => ({
  executor_id: { value: info.task_id.value },
  framework_id: { value: frameworkId },
  ...(info.command === undefined ? {} : { command: info.command }),
  ...(info.resources === undefined ? {} : { resources: info.resources }),
  name: commandExecutorName(info),
  source: info.task_id.value,
});

function getTasks({ state, history }: Seen): NonNullable<Response['get_tasks']> {
  const of = (...kinds: readonly Task['life']['kind'][]): readonly WireTask[] =>
    [...state.tasks.values()]
      .filter(({ life, isStray }) => kinds.includes(life.kind) && !isStray)
      .map((task) => taskToWire(state, task));
  return {
    pending_tasks: [],
    queued_tasks: of('queued', 'launching'),
    launched_tasks: of('delivered', 'running'),
    // Ended, and kept until that is acknowledged.
    terminated_tasks: of('ended'),
    completed_tasks: history.executors
      .flatMap(({ tasks }) => tasks)
      .map((task) => taskToWire(state, task)),
  };
}

function taskToWire({ agentId }: AgentState, task: Task): WireTask {
  const { info, frameworkId, state, status, pod } = task;
  return {
    name: info.name,
    task_id: info.task_id,
    framework_id: { value: frameworkId },
    ...(pod !== undefined && { executor_id: { value: pod.executorId } }),
    agent_id: { value: agentId ?? '' },
    state,
    ...(info.resources === undefined ? {} : { resources: info.resources }),
    statuses: status === undefined ? [] : [status],
    ...(status !== undefined && { status_update_state: status.state }),
    ...(status?.uuid !== undefined && { status_update_uuid: status.uuid }),
    ...(info.labels === undefined ? {} : { labels: info.labels }),
    ...(info.discovery === undefined ? {} : { discovery: info.discovery }),
    ...(info.container === undefined ? {} : { container: info.container }),
    ...(info.health_check === undefined ? {} : { health_check: info.health_check }),
    ...(info.kill_policy === undefined ? {} : { kill_policy: info.kill_policy }),
    ...(info.limits === undefined ? {} : { limits: info.limits }),
    ...(info.command?.user === undefined ? {} : { user: info.command.user }),
  };
}
