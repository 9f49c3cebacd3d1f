/**
 * From RunTask to a running container. The task is durable before its container is launched, so an
 * agent that dies in between finds it again, and whatever it finds, it starts it at most once.
 */
import { newUuid } from '#internal/base/uuid.ts';
import type { ProcessRecord, RunTask } from '#proto/gen/altiplano/agent/v1.ts';
import type { CommandInfo, ExecutorInfo, FrameworkInfo, TaskInfo } from '#proto/gen/mesos/v1.ts';
import type { ContainerSpec } from '../containerizer.ts';
import { signal } from './kill.ts';
import {
  type AgentSettings,
  type AgentState,
  executorKey,
  type Framework,
  isDelegated,
  type Task,
  taskKey,
} from './state.ts';
import { allocationRole, argvOf, commandOf, userOf, variables } from './command.ts';
import { newTask, record } from './new-task.ts';
import { delegate } from './executor-launch.ts';
import { executorTerminating } from './executor-outcome.ts';
import { containerLimits } from './container-limits.ts';
import { knowsResources, mountsOf } from './resources.ts';
import {
  drainingAlready,
  killedDuringLaunch,
  launchFailed,
  type Outcome,
  resourcesUnknown,
} from './status.ts';
import {
  type Turn,
  act,
  change,
  count,
  forget,
  getTask,
  keep,
  note,
  remember,
  tell,
} from './turn.ts';
import { report } from './updates.ts';

export function runTask(turn: Turn, { framework_info, task_info }: RunTask): void {
  const frameworkId = framework_info.id?.value;
  if (frameworkId === undefined || turn.state.ending.kind !== 'none') {
    note(turn, 'warn', 'task not launched', { task: task_info.task_id.value, frameworkId });
    return;
  }
  const key = taskKey(frameworkId, task_info.task_id.value);
  if (getTask(turn, key) !== undefined) {
    // mark: a launch came twice
    // A new leader repeats what its log does not know to have started. Our updates tell it better.
    note(turn, 'debug', 'task is known already', { task: key });
    return;
  }
  adopt(turn, frameworkId, { info: framework_info, removed: false });
  const { executor } = task_info;
  const refusal = refusalOf(turn, framework_info, task_info);
  if (refusal !== undefined) refuseTasks(turn, frameworkId, { tasks: [task_info], refusal });
  else if (executor === undefined) launch(turn, newTask(turn, frameworkId, task_info));
  else delegate(turn, { frameworkId, executor, tasks: [task_info], groupId: undefined });
}

/** Written down and told like any other end; their executor, if they bring one, may never live. */
export function refuseTasks(
  turn: Turn,
  frameworkId: string,
  { tasks, refusal }: { readonly tasks: readonly TaskInfo[]; readonly refusal: Outcome },
): void {
  const executor = tasks[0]?.executor;
  const pod = executor && {
    executorId: executor.executor_id.value,
    containerId: '',
    groupId: undefined,
    place: 0,
  };
  for (const info of tasks) {
    const task = newTask(turn, frameworkId, info, pod);
    record(turn, task);
    report(turn, task, refusal);
  }
  if (executor === undefined) return;
  const key = executorKey(frameworkId, executor.executor_id.value);
  if (!turn.state.executors.has(key)) neverLived(turn, frameworkId, executor);
}

/** The master counts on an executor that its framework brought until it hears that it is gone. */
function neverLived(turn: Turn, frameworkId: string, { executor_id }: ExecutorInfo): void {
  const framework_id = { value: frameworkId };
  tell(turn, { executor_exited: { framework_id, executor_id, status: -1 } });
}

/** Why this agent does not launch a task. */
export function refusalOf(
  { state }: Turn,
  framework: FrameworkInfo,
  info: TaskInfo,
): Outcome | undefined {
  if (state.drain !== undefined) return drainingAlready(framework);
  if (!knowsResources(state, info)) return resourcesUnknown(framework);
  if (!isDelegated({ info }) || info.executor === undefined) {
    const command = commandOf(info, 'task');
    return command.ok ? undefined : launchFailed(command.refusal);
  }
  const key = executorKey(framework.id?.value ?? '', info.executor.executor_id.value);
  const phase = state.executors.get(key)?.own?.phase;
  if (phase?.kind === 'terminating') return executorTerminating(framework);
  const command = commandOf(info.executor, 'executor');
  return command.ok ? undefined : launchFailed(command.refusal);
}

/** Remembers a framework, with the information that came last. */
export function adopt(turn: Turn, frameworkId: string, framework: Framework): void {
  change(turn, { frameworks: turn.state.frameworks.set(frameworkId, framework) });
  turn.writes.push({ kind: 'framework', frameworkId, record: framework });
}

export function launch(turn: Turn, task: Task): void {
  record(turn, task);
  const spec = specOf(turn.state, turn.settings, task);
  act(turn, { kind: 'launch', task: task.key, spec });
}

export function launched(turn: Turn, task: Task, process: ProcessRecord): void {
  if (task.life.kind === 'ended') return;
  const startedMs = task.life.kind === 'running' ? task.life.startedMs : turn.moment.nowMs;
  const running: Task = { ...task, life: { kind: 'running', process, startedMs } };
  if (task.life.kind === 'running') {
    // mark: a running task was found after a restart
    // Found again after a restart: nobody has to be told.
    remember(turn, running);
  } else if (task.kill?.cause === 'DURING_LAUNCH' || task.kill?.cause === 'ABANDONED') {
    // mark: a task was killed while it was launched
    keep(turn, running);
  } else {
    const starting = report(turn, running, { state: 'TASK_STARTING', source: 'SOURCE_EXECUTOR' });
    report(turn, starting, { state: 'TASK_RUNNING', source: 'SOURCE_EXECUTOR' });
  }
  // A kill that came before the container, or that the last agent did not see through.
  if (task.kill !== undefined) signal(turn, running, task.kill);
  watchTime(turn, running, startedMs);
}

export function launchRefused(turn: Turn, task: Task, reason: string): void {
  if (task.life.kind !== 'launching') return;
  // The agent was to be the executor of one that stands alone.
  if (task.pod === undefined) count(turn, 'executors_terminated');
  if (task.kill?.cause === 'ABANDONED') forget(turn, { ...task, life: { kind: 'ended' } });
  else
    report(turn, task, task.kill === undefined ? launchFailed(reason) : killedDuringLaunch(task));
}

/**
 * The agent died between writing the task down and starting it. It is started now, in a container of
 * its own: the old one can never start any more.
 */
export function launchAgain(turn: Turn, task: Task): void {
  if (task.life.kind !== 'launching') return;
  // mark: a launch that a dead agent had begun
  if (task.kill !== undefined) launchRefused(turn, task, '');
  else launch(turn, { ...task, containerId: newUuid(turn.moment.random) });
}

function watchTime(turn: Turn, task: Task, startedMs: number): void {
  const limit = task.info.max_completion_time?.nanoseconds;
  if (limit === undefined) return;
  const limitMs = Number(limit) / 1e6;
  // Wall time is all that two lives of an agent share. A clock that was set back grants no more.
  const elapsedMs = Math.max(0, turn.moment.nowMs - startedMs);
  const delayMs = Math.max(0, limitMs - elapsedMs);
  act(turn, { kind: 'set-timer', timer: { kind: 'overtime', task: task.key }, delayMs });
}

/** What the containerizer is asked for. Only of a task that `commandOf` accepts. */
export function specOf(state: AgentState, settings: AgentSettings, task: Task): ContainerSpec {
  const { info, frameworkId, containerId, pod } = task;
  const framework = state.frameworks.get(frameworkId)?.info;
  const command = commandOf(info, 'task');
  const taskId = info.task_id.value;
  const executorId = pod?.executorId ?? taskId;
  const agentId = state.agentId ?? '';
  return {
    containerId,
    agentId,
    frameworkId,
    executorId,
    taskId,
    parentId: pod?.containerId,
    nesting: 'member',
    io: 'files',
    command: command.ok ? command.value : { kind: 'shell', line: 'exit 127' },
    user: userOf(info.command, framework),
    volumes: mountsOf(info),
    uris: info.command?.uris ?? [],
    limits: containerLimits(info),
    container: info.container,
    environment: {
      PATH: settings.path,
      MESOS_TASK_ID: taskId,
      MESOS_FRAMEWORK_ID: frameworkId,
      MESOS_EXECUTOR_ID: executorId,
      MESOS_SLAVE_ID: agentId,
      MESOS_SLAVE_PID: `slave(1)@${settings.endpoint}`,
      MESOS_AGENT_ENDPOINT: settings.endpoint,
      MESOS_CONTAINER_IP: settings.description.ip,
      MESOS_ALLOCATION_ROLE: allocationRole(info),
      MESOS_CHECKPOINT: framework?.checkpoint === true ? '1' : '0',
      ...variables(info.command),
    },
  };
}

/** A command that looks at a task: nested in its container, with its user and environment. */
export function probeSpecOf(
  state: AgentState,
  settings: AgentSettings,
  { task, containerId, command }: Beside,
): ContainerSpec {
  const spec = specOf(state, settings, task);
  return {
    ...spec,
    containerId,
    taskId: undefined,
    parentId: task.containerId,
    nesting: 'debug',
    io: 'files',
    command: argvOf(command),
    user: command.user ?? spec.user,
    volumes: [],
    uris: [],
    environment: { ...spec.environment, ...variables(command) },
  };
}

type Beside = {
  readonly task: Task;
  readonly containerId: string;
  readonly command: CommandInfo;
};
