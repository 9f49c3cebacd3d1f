/**
 * The statuses an agent makes, with the fields and texts a real one gives them (contract 3.12, 4.3,
 * 7.2, 9.7). Agent and command executor are one program here; `source` keeps the two roles apart.
 */
import { assert, unreachable } from '#internal/base/assert.ts';
import { uuidV4 } from '#internal/base/uuid.ts';
import type {
  CheckStatusInfo,
  FrameworkInfo,
  NetworkInfo,
  TaskState,
  TaskStatus,
  TaskStatus_Reason,
  TaskStatus_Source,
} from '#proto/gen/mesos/v1.ts';
import { resourcesToWire } from '#internal/wire/resources.ts';
import type { ContainerEnd } from '../containerizer.ts';
import { emptyCheckStatus } from './check-plan.ts';
import { type AgentSettings, type Drain, isDelegated, type Task } from './state.ts';
import { type Turn } from './turn.ts';

/** What is particular about one status. */
export type Outcome = {
  readonly state: TaskState;
  readonly source: TaskStatus_Source;
  readonly reason?: TaskStatus_Reason;
  readonly message?: string;
  readonly limitation?: NonNullable<TaskStatus['limitation']>;
  readonly healthy?: boolean;
  readonly check_status?: CheckStatusInfo;
};

export function statusOf(turn: Turn, task: Task, outcome: Outcome): TaskStatus {
  const { agentId } = turn.state;
  const { check } = task.info;
  assert(agentId !== undefined, `Task "${task.key}" runs on an agent without an id`);
  return {
    task_id: task.info.task_id,
    // An executor says so in each status that has nothing to tell of a check (contract 9.7).
    ...(check !== undefined &&
      outcome.source === 'SOURCE_EXECUTOR' && { check_status: emptyCheckStatus(check) }),
    ...outcome,
    agent_id: { value: agentId },
    executor_id: { value: task.pod?.executorId ?? task.info.task_id.value },
    timestamp: turn.moment.nowMs / 1000,
    uuid: uuidV4(turn.moment.random),
    // In the name of an executor that is dead, or never was, nothing is said of a container.
    ...(!isDelegated(task) && { container_status: containerStatus(task, turn.settings) }),
  };
}

/** The agent's own address: what runs here has no other. */
export function ownNetwork({ description: { ip } }: AgentSettings): NetworkInfo {
  const protocol = ip.includes(':') ? 'IPv6' : 'IPv4';
  return { ip_addresses: [{ protocol, ip_address: ip }] };
}

function containerStatus(task: Task, settings: AgentSettings): TaskStatus['container_status'] & {} {
  return {
    container_id: {
      value: task.containerId,
      ...(task.pod !== undefined && { parent: { value: task.pod.containerId } }),
    },
    network_infos: [ownNetwork(settings)],
    ...(task.life.kind === 'running' ? { executor_pid: Number(task.life.process.pid) } : {}),
  };
}

/** How a task ended, seen with why it was killed, if it was. */
export function outcomeOf(
  end: ContainerEnd,
  { kill, pod }: Pick<Task, 'kill' | 'pod'>,
  framework: FrameworkInfo | undefined,
): Outcome {
  const message = describe(end);
  if (kill === undefined) return outcomeAlone(end, message);
  switch (kill.cause) {
    case 'DURING_LAUNCH':
      // The kill may have found it begun: then nobody must believe that nothing of it ran.
      return { ...killedDuringLaunch({ pod }), message };
    case 'REQUESTED':
    case 'UNHEALTHY':
    case 'ABANDONED':
      // Also when it ended well in its grace: it did not do what it was launched for.
      return { state: 'TASK_KILLED', source: 'SOURCE_EXECUTOR', message };
    case 'DRAINED':
    case 'DRAINED_GONE': {
      const isGone = kill.cause === 'DRAINED_GONE' && isPartitionAware(framework);
      const state = isGone ? 'TASK_GONE_BY_OPERATOR' : 'TASK_KILLED';
      return { state, source: 'SOURCE_EXECUTOR', reason: 'REASON_AGENT_DRAINING', message };
    }
    case 'COMPLETION_TIME': {
      const reason = 'REASON_MAX_COMPLETION_TIME_REACHED';
      return { state: 'TASK_FAILED', source: 'SOURCE_EXECUTOR', reason, message };
    }
    default:
      return unreachable(kill.cause);
  }
}

function outcomeAlone(end: ContainerEnd, message: string): Outcome {
  if (end.kind === 'lost') {
    const reason = 'REASON_EXECUTOR_TERMINATED';
    return { state: 'TASK_FAILED', source: 'SOURCE_AGENT', reason, message };
  }
  if (end.kind === 'limited') {
    const { reason, resources } = end.limitation;
    const limitation = { resources: resourcesToWire(resources, 'new') };
    return { state: 'TASK_FAILED', source: 'SOURCE_AGENT', reason, message, limitation };
  }
  const isFine = end.kind === 'exited' && end.status === 0;
  const state = isFine ? 'TASK_FINISHED' : 'TASK_FAILED';
  return { state, source: 'SOURCE_EXECUTOR', message };
}

/** A group is killed with the first of its tasks (contract 4.3). */
export const killedDuringLaunch = ({ pod }: Pick<Task, 'pod'>): Outcome => ({
  state: 'TASK_KILLED',
  source: 'SOURCE_AGENT',
  reason: 'REASON_TASK_KILLED_DURING_LAUNCH',
  message:
    pod?.groupId === undefined
      ? 'Killed before delivery to the executor'
      : 'A task within the task group was killed before delivery to the executor',
});

export const launchFailed = (message: string): Outcome => ({
  state: 'TASK_FAILED',
  source: 'SOURCE_AGENT',
  reason: 'REASON_CONTAINER_LAUNCH_FAILED',
  message,
});

function describe(end: ContainerEnd): string {
  switch (end.kind) {
    case 'exited':
      return `Command exited with status ${end.status}`;
    case 'signaled':
      return `Command terminated with signal ${signalText(end.signal)}`;
    case 'limited':
      return end.limitation.message;
    case 'lost':
      return end.reason;
    default:
      return unreachable(end);
  }
}

/** The C library's words for a signal (`strsignal`), which Mesos shows. */
function signalText(signal: number): string {
  return signalTexts[signal] ?? `Unknown signal ${signal}`;
}

const signalTexts: Readonly<Record<number, string>> = {
  1: 'Hangup',
  2: 'Interrupt',
  3: 'Quit',
  4: 'Illegal instruction',
  5: 'Trace/breakpoint trap',
  6: 'Aborted',
  7: 'Bus error',
  8: 'Floating point exception',
  9: 'Killed',
  10: 'User defined signal 1',
  11: 'Segmentation fault',
  12: 'User defined signal 2',
  13: 'Broken pipe',
  14: 'Alarm clock',
  15: 'Terminated',
  16: 'Stack fault',
  24: 'CPU time limit exceeded',
  25: 'File size limit exceeded',
  26: 'Virtual timer expired',
  27: 'Profiling timer expired',
  29: 'I/O possible',
  30: 'Power failure',
  31: 'Bad system call',
};

/** Contract 4.3: never launched. */
export const drainingAlready = (framework: FrameworkInfo): Outcome => ({
  state: isPartitionAware(framework) ? 'TASK_DROPPED' : 'TASK_LOST',
  source: 'SOURCE_AGENT',
  reason: 'REASON_AGENT_DRAINING',
  message: 'Task was received while agent was already draining',
});

/** Contract 4.3: launched on what an operation made, which has failed here. */
export const resourcesUnknown = (framework: FrameworkInfo): Outcome => ({
  state: isPartitionAware(framework) ? 'TASK_DROPPED' : 'TASK_LOST',
  source: 'SOURCE_AGENT',
  reason: 'REASON_RESOURCES_UNKNOWN',
  message:
    'The checkpointed resources being used by the task or task group are unknown to the agent',
});

/**
 * Whatever is killed while the agent drains is told to be killed by the drain (contract 7.2, 7.3), also
 * if somebody else had asked for it, or it was only being launched.
 */
export function seenInDrain<Told extends Pick<Outcome, 'state' | 'reason'>>(
  outcome: Told,
  drain: Drain | undefined,
  framework: FrameworkInfo | undefined,
): Told {
  const isKill = outcome.state === 'TASK_KILLED' || outcome.state === 'TASK_KILLING';
  if (drain === undefined || !isKill) return outcome;
  const isGone = drain.isGoneThen && outcome.state === 'TASK_KILLED' && isPartitionAware(framework);
  return {
    ...outcome,
    ...(isGone && { state: 'TASK_GONE_BY_OPERATOR' }),
    reason: 'REASON_AGENT_DRAINING',
  };
}

export const isPartitionAware = (info: FrameworkInfo | undefined): boolean =>
  info?.capabilities?.some(({ type }) => type === 'PARTITION_AWARE') === true;

/** Contract 7.1: only frameworks that say so are told TASK_KILLING. */
export function wantsKilling(info: FrameworkInfo): boolean {
  return info.capabilities?.some(({ type }) => type === 'TASK_KILLING_STATE') === true;
}
