/** Commands as entries of the log. Every kind that was ever written stays readable. */
import { unreachable } from '#internal/base/assert.ts';
import { encoded } from '#internal/model/encoded.ts';
import { agentId, frameworkId, taskId } from '#internal/model/ids.ts';
import {
  type Acknowledgement,
  type AgentReturn,
  type Command,
  isPolicy,
  type ReportedTask,
  type TaskReport,
} from '#internal/state/command.ts';
import { isOfLog } from '#internal/state/command-log.ts';
import { isOfStore } from '#internal/state/store-command.ts';
import type * as written from '#proto/gen/altiplano/state/v1.ts';
import { operationCommandFromWritten, operationCommandToWritten } from './operation-record.ts';
import { executorsFromWritten, executorsToWritten } from './executor-record.ts';
import { logFromWritten, logToWritten } from './log-record.ts';
import { policyFromWritten, policyToWritten } from './policy-record.ts';
import {
  agentFromWritten,
  agentToWritten,
  executorFromWritten,
  executorToWritten,
  frameworkFromWritten,
  frameworkToWritten,
  masterFromWritten,
  masterToWritten,
  tasksFromWritten,
  taskToWritten,
  updateFromWritten,
  updateToWritten,
} from './state-model.ts';
import { storeFromWritten, storeToWritten } from './store-record.ts';
import { taskStateFromWire, taskStateToWire } from './task-state.ts';
import { foundVolumeFromWritten, foundVolumeToWritten } from './volume.ts';

export function commandToWritten(command: Command): written.Command {
  return { at_ms: command.atMs, ...bodyToWritten(command) };
}

function bodyToWritten(command: Command): Omit<written.Command, 'at_ms'> {
  if (isPolicy(command)) return policyToWritten(command);
  if (isOfLog(command)) return logToWritten(command);
  if (isOfStore(command)) return storeToWritten(command);
  switch (command.kind) {
    case 'announce-leader': {
      const master = masterToWritten(command.master);
      return { announce_leader: { node_id: command.nodeId, master } };
    }
    case 'admit-agent':
      return { admit_agent: { agent: agentToWritten(command.agent) } };
    case 'reregister-agent':
      return { reregister_agent: returnToWritten(command) };
    case 'reregister-agents':
      return { reregister_agents: { agents: command.returns.map(returnToWritten) } };
    case 'forget-agents':
      return { forget_agents: { agent_ids: command.agentIds } };
    case 'mark-agent-unreachable':
      return { mark_agent_unreachable: { agent_id: command.agentId, cause: command.cause } };
    case 'remove-agent':
      return { remove_agent: { agent_id: command.agentId, cause: command.cause } };
    case 'subscribe-framework':
      return { subscribe_framework: { framework: frameworkToWritten(command.framework) } };
    case 'disconnect-framework': {
      const { frameworkId: id, deadlineMs } = command;
      return { disconnect_framework: { framework_id: id, deadline_ms: deadlineMs } };
    }
    case 'remove-framework':
      return { remove_framework: { framework_id: command.frameworkId } };
    case 'launch-tasks':
      return { launch_tasks: { tasks: command.tasks.map(taskToWritten) } };
    case 'launch-with-executor':
    case 'end-executors':
    case 'find-executors':
      return executorsToWritten(command);
    case 'update-tasks':
      return { update_tasks: { updates: command.updates.map(reportToWritten) } };
    case 'acknowledge-updates': {
      const acknowledgements = command.acknowledgements.map(acknowledgementToWritten);
      return { acknowledge_updates: { acknowledgements } };
    }
    case 'kill-task': {
      const { frameworkId: framework, taskId: task, policy } = command;
      const ids = { framework_id: framework, task_id: task };
      return { kill_task: { ...ids, ...(policy !== undefined && { policy }) } };
    }
    case 'apply-operation':
    case 'update-operation':
    case 'acknowledge-operation':
    case 'note-volume-uses':
      return operationCommandToWritten(command);
    default:
      return unreachable(command);
  }
}

/** Undefined for a command that this version does not know. */
export function commandFromWritten(from: written.Command): Command | undefined {
  const atMs = from.at_ms;
  const about =
    aboutAgent(from) ??
    aboutFramework(from) ??
    aboutTasks(from) ??
    operationCommandFromWritten(from) ??
    executorsFromWritten(from) ??
    policyFromWritten(from) ??
    storeFromWritten(from) ??
    logFromWritten(from);
  if (about !== undefined) return { atMs, ...about };
  if (from.announce_leader === undefined) return undefined;
  const { node_id: nodeId, master } = from.announce_leader;
  return { atMs, kind: 'announce-leader', nodeId, master: masterFromWritten(master) };
}

/** Distributes over the union, which plain `Omit` does not. */
type Body<C> = C extends Command ? Omit<C, 'atMs'> : never;

function aboutAgent(from: written.Command): Body<Command> | undefined {
  if (from.admit_agent !== undefined) {
    return { kind: 'admit-agent', agent: agentFromWritten(from.admit_agent.agent) };
  }
  if (from.reregister_agent !== undefined) {
    return { kind: 'reregister-agent', ...returnFromWritten(from.reregister_agent) };
  }
  if (from.reregister_agents !== undefined) {
    const { agents = [] } = from.reregister_agents;
    return { kind: 'reregister-agents', returns: agents.map(returnFromWritten) };
  }
  if (from.forget_agents !== undefined) {
    const { agent_ids: ids = [] } = from.forget_agents;
    return { kind: 'forget-agents', agentIds: ids.map(agentId) };
  }
  if (from.mark_agent_unreachable !== undefined) {
    const { agent_id: id, cause } = from.mark_agent_unreachable;
    return { kind: 'mark-agent-unreachable', agentId: agentId(id), cause };
  }
  if (from.remove_agent !== undefined) {
    const { agent_id: id, cause } = from.remove_agent;
    return { kind: 'remove-agent', agentId: agentId(id), cause };
  }
  return undefined;
}

function aboutFramework(from: written.Command): Body<Command> | undefined {
  if (from.subscribe_framework !== undefined) {
    const framework = frameworkFromWritten(from.subscribe_framework.framework);
    return { kind: 'subscribe-framework', framework };
  }
  if (from.disconnect_framework !== undefined) {
    const { framework_id: id, deadline_ms: deadlineMs } = from.disconnect_framework;
    return { kind: 'disconnect-framework', frameworkId: frameworkId(id), deadlineMs };
  }
  if (from.remove_framework !== undefined) {
    const id = frameworkId(from.remove_framework.framework_id);
    return { kind: 'remove-framework', frameworkId: id };
  }
  return undefined;
}

function aboutTasks(from: written.Command): Body<Command> | undefined {
  if (from.launch_tasks !== undefined) {
    return { kind: 'launch-tasks', tasks: tasksFromWritten(from.launch_tasks.tasks) };
  }
  if (from.update_tasks !== undefined) {
    const updates = (from.update_tasks.updates ?? []).map(reportFromWritten);
    return { kind: 'update-tasks', updates };
  }
  if (from.acknowledge_updates !== undefined) {
    const list = from.acknowledge_updates.acknowledgements ?? [];
    return { kind: 'acknowledge-updates', acknowledgements: list.map(acknowledgementFromWritten) };
  }
  if (from.kill_task !== undefined) {
    const { framework_id: framework, task_id: task, policy } = from.kill_task;
    return {
      kind: 'kill-task',
      frameworkId: frameworkId(framework),
      taskId: taskId(task),
      policy: policy === undefined ? undefined : encoded<'mesos.v1.KillPolicy'>(policy),
    };
  }
  return undefined;
}

function returnToWritten(one: AgentReturn): written.ReregisterAgent {
  const { agent, tasks, operations, executors, volumes = [] } = one;
  return {
    agent: agentToWritten(agent),
    tasks: tasks.map(reportedToWritten),
    operations,
    executors: executors.map(executorToWritten),
    ...(volumes.length > 0 && { volumes: volumes.map(foundVolumeToWritten) }),
  };
}

function returnFromWritten(from: written.ReregisterAgent): AgentReturn {
  const { agent, tasks = [], operations = [], executors = [], volumes } = from;
  return {
    agent: agentFromWritten(agent),
    tasks: tasks.map(reportedFromWritten),
    operations,
    executors: executors.map(executorFromWritten),
    ...(volumes !== undefined && { volumes: volumes.map(foundVolumeFromWritten) }),
  };
}

function reportedToWritten(one: ReportedTask): written.ReportedTask {
  const { frameworkId: framework, taskId: task, state } = one;
  return { framework_id: framework, task_id: task, state: taskStateToWire(state) };
}

function reportedFromWritten(from: written.ReportedTask): ReportedTask {
  return {
    frameworkId: frameworkId(from.framework_id),
    taskId: taskId(from.task_id),
    state: taskStateFromWire(from.state),
  };
}

function reportToWritten(report: TaskReport): written.TaskReport {
  return {
    ...reportedToWritten(report),
    agent_id: report.agentId,
    update: updateToWritten(report.update),
  };
}

function reportFromWritten(from: written.TaskReport): TaskReport {
  return {
    ...reportedFromWritten(from),
    agentId: agentId(from.agent_id),
    update: updateFromWritten(from.update),
  };
}

function acknowledgementToWritten(one: Acknowledgement): written.Acknowledgement {
  const { frameworkId: framework, taskId: task, agentId: agent, uuid } = one;
  return { framework_id: framework, task_id: task, agent_id: agent, uuid };
}

function acknowledgementFromWritten(from: written.Acknowledgement): Acknowledgement {
  return {
    frameworkId: frameworkId(from.framework_id),
    taskId: taskId(from.task_id),
    agentId: agentId(from.agent_id),
    uuid: from.uuid,
  };
}
