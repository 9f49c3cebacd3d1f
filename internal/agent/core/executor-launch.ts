/**
 * Executors that frameworks bring, and how tasks get into them: the first one has its executor launched
 * in a container of its own; all wait until it has subscribed. One that lives is used again.
 */
import { newUuid } from '#internal/base/uuid.ts';
import { durationText } from '#internal/config/duration.ts';
import type { ProcessRecord } from '#proto/gen/altiplano/agent/v1.ts';
import type { ExecutorInfo, TaskInfo } from '#proto/gen/mesos/v1.ts';
import type { ContainerSpec } from '../containerizer.ts';
import {
  executorLimits,
  keepExecutor,
  keyOf,
  type OwnExecutor,
  ownExecutor,
  tasksIn,
} from './executor-book.ts';
import { executorEnded, kill, setTimer, shutdownGraceMs } from './executor-end.ts';
import { allocationRole, commandOf, userOf, variables } from './command.ts';
import { newTask, record } from './new-task.ts';
import { mountsOf } from './resources.ts';
import { type AgentSettings, type AgentState, executorKey, type Pod } from './state.ts';
import { act, tell, type Turn } from './turn.ts';
import { deliver } from './executor-tasks.ts';

/** Tasks for one executor, all with the same fate if they are a group. They are not refused. */
export type Delegation = {
  readonly frameworkId: string;
  readonly executor: ExecutorInfo;
  readonly tasks: readonly TaskInfo[];
  readonly groupId: string | undefined;
};

export function delegate(
  turn: Turn,
  { frameworkId, executor: info, tasks, groupId }: Delegation,
): void {
  const key = executorKey(frameworkId, info.executor_id.value);
  const known = ownExecutor(turn, key);
  const executor = known ?? keepExecutor(turn, newExecutor(turn, frameworkId, info));
  let place = 1 + Math.max(0, ...tasksIn(turn, executor).map(({ pod }) => pod?.place ?? 0));
  for (const task of tasks) {
    record(turn, newTask(turn, frameworkId, task, podOf(executor, groupId, place++)));
  }
  if (known === undefined) start(turn, executor);
  else deliver(turn, executor);
}

export const podOf = (
  { info, containerId }: OwnExecutor,
  groupId: string | undefined,
  place: number,
): Pod => ({ executorId: info.executor_id.value, containerId, groupId, place });

const newExecutor = (turn: Turn, frameworkId: string, info: ExecutorInfo): OwnExecutor => ({
  frameworkId,
  info,
  containerId: newUuid(turn.moment.random),
  hasTasks: false,
  isUnhealthy: false,
  own: {
    phase: { kind: 'registering' },
    process: undefined,
    connection: undefined,
    hasSubscribed: false,
    heard: [],
  },
});

/** Its master may count on it no more: it heard of the end of one of the same name. */
function start(turn: Turn, executor: OwnExecutor): void {
  const { frameworkId, info: executor_info } = executor;
  tell(turn, { executor_launched: { framework_id: { value: frameworkId }, executor_info } });
  const spec = executorSpecOf(turn.state, turn.settings, executor);
  act(turn, { kind: 'launch-executor', executor: keyOf(executor), spec });
  const delayMs = turn.settings.executors.registrationMs;
  setTimer(turn, executor, { kind: 'executor-registers', delayMs });
}

export function executorLaunched(turn: Turn, executor: OwnExecutor, process: ProcessRecord): void {
  const launched = keepExecutor(turn, { ...executor, own: { ...executor.own, process } });
  const { phase } = launched.own;
  // Its time was over before there was anything to kill.
  if (phase.kind === 'terminating' && phase.cause !== 'SHUTDOWN') kill(turn, launched);
}

/** Nothing is to be found of its container after a start of the agent. */
export function executorAbsent(turn: Turn, executor: OwnExecutor): void {
  const { phase, process } = executor.own;
  if (phase.kind === 'registering' && process === undefined) launchAgain(turn, executor);
  else
    executorEnded(turn, executor, { kind: 'lost', reason: 'All traces of the container are gone' });
}

/**
 * The agent died between writing the executor down and starting it. It is started now, in another
 * container, with the tasks that wait for it.
 */
function launchAgain(turn: Turn, executor: OwnExecutor): void {
  const again = { ...executor, containerId: newUuid(turn.moment.random) };
  for (const task of tasksIn(turn, executor)) {
    if (task.pod === undefined) continue;
    const { containerId } = again;
    record(turn, { ...task, containerId, pod: { ...task.pod, containerId } });
  }
  start(turn, keepExecutor(turn, again));
}

/** What its container is launched with: the resources are also those of the tasks that wait for it. */
export function executorSpecOf(
  state: AgentState,
  settings: AgentSettings,
  executor: OwnExecutor,
): ContainerSpec {
  const { frameworkId, info, containerId } = executor;
  const executorId = info.executor_id.value;
  const framework = state.frameworks.get(frameworkId)?.info;
  const command = commandOf(info, 'executor');
  return {
    containerId,
    agentId: state.agentId ?? '',
    frameworkId,
    executorId,
    taskId: undefined,
    parentId: undefined,
    nesting: 'member',
    io: 'files',
    command: command.ok ? command.value : { kind: 'shell', line: 'exit 127' },
    user: userOf(info.command, framework),
    volumes: mountsOf(info),
    uris: info.command?.uris ?? [],
    limits: executorLimits({ state }, executor),
    container: info.container,
    environment: {
      PATH: settings.path,
      ...agentVariables(state, settings, { frameworkId, info }),
      ...variables(info.command),
    },
  };
}

/** Contract 9.6, but for what the containerizer alone knows. */
function agentVariables(
  { agentId = '', frameworks }: AgentState,
  settings: AgentSettings,
  { frameworkId, info }: Pick<OwnExecutor, 'frameworkId' | 'info'>,
): Readonly<Record<string, string>> {
  const { endpoint, description, executors } = settings;
  const graceMs = shutdownGraceMs({ settings }, { info });
  const isCheckpointed = frameworks.get(frameworkId)?.info.checkpoint === true;
  return {
    MESOS_FRAMEWORK_ID: frameworkId,
    MESOS_EXECUTOR_ID: info.executor_id.value,
    MESOS_AGENT_ENDPOINT: endpoint,
    MESOS_SLAVE_ID: agentId,
    MESOS_SLAVE_PID: `slave(1)@${endpoint}`,
    MESOS_CHECKPOINT: isCheckpointed ? '1' : '0',
    ...(isCheckpointed && {
      MESOS_RECOVERY_TIMEOUT: durationText(executors.recoveryMs),
      MESOS_SUBSCRIPTION_BACKOFF_MAX: durationText(executors.backoffMsMax),
    }),
    MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD: durationText(graceMs),
    MESOS_HTTP_COMMAND_EXECUTOR: '0',
    LIBPROCESS_IP: description.ip,
    LIBPROCESS_PORT: '0',
    MESOS_CONTAINER_IP: description.ip,
    MESOS_ALLOCATION_ROLE: allocationRole(info),
  };
}
