/**
 * What each command means. Total and deterministic: the same commands lead every master to the same
 * state, and what comes too late (the agent left, the task ended, the framework is gone) changes
 * nothing and says so in an effect where somebody waits for it.
 */
import { unreachable } from '#internal/base/assert.ts';
import { admitAgent, markAgentUnreachable, removeAgent, reregisterAgent } from './apply-agent.ts';
import { endExecutors, findExecutors, launchWithExecutor } from './apply-executor.ts';
import { forgetAgents } from './forget-agents.ts';
import { disconnectFramework, removeFramework, subscribeFramework } from './apply-framework.ts';
import { acknowledgeOperation, applyOperation, updateOperation } from './apply-operation.ts';
import { applyLog } from './apply-log.ts';
import { applyPolicy } from './apply-policy.ts';
import { applyStore } from './apply-store.ts';
import { noteVolumeUses } from './apply-volume.ts';
import { acknowledge, killTask, launchTasks, updateTask } from './apply-task.ts';
import { isOfLog } from './command-log.ts';
import { type Command, type Effect, isPolicy } from './command.ts';
import type { Draft } from './draft.ts';
import type { State } from './state.ts';
import { isOfStore } from './store-command.ts';

export type Applied = { readonly state: State; readonly effects: readonly Effect[] };

export function apply(state: State, command: Command): Applied {
  const draft: Draft = { state, effects: [], atMs: command.atMs };
  carryOut(draft, command);
  return { state: draft.state, effects: draft.effects };
}

function carryOut(draft: Draft, command: Command): void {
  if (isPolicy(command)) return applyPolicy(draft, command);
  if (isOfLog(command)) return applyLog(draft, command);
  if (isOfStore(command)) return applyStore(draft, command);
  switch (command.kind) {
    case 'announce-leader': {
      const { nodeId, master, atMs } = command;
      draft.state = { ...draft.state, leader: { nodeId, master, electedMs: atMs } };
      draft.effects.push({ kind: 'leader-announced', master, nodeId });
      return;
    }
    case 'admit-agent':
      return admitAgent(draft, command.agent);
    case 'reregister-agent':
      return reregisterAgent(draft, command);
    case 'reregister-agents':
      for (const one of command.returns) reregisterAgent(draft, one);
      return;
    case 'forget-agents':
      return forgetAgents(draft, command.agentIds);
    case 'mark-agent-unreachable':
      return markAgentUnreachable(draft, command.agentId, command.cause);
    case 'remove-agent':
      return removeAgent(draft, command.agentId, command.cause);
    case 'subscribe-framework':
      return subscribeFramework(draft, command.framework);
    case 'disconnect-framework':
      return disconnectFramework(draft, command.frameworkId, command.deadlineMs);
    case 'remove-framework':
      return removeFramework(draft, command.frameworkId);
    case 'launch-tasks':
      return launchTasks(draft, command.tasks);
    case 'launch-with-executor':
      return launchWithExecutor(draft, command);
    case 'end-executors':
      return endExecutors(draft, command);
    case 'find-executors':
      return findExecutors(draft, command);
    case 'update-tasks':
      for (const report of command.updates) updateTask(draft, report);
      return;
    case 'acknowledge-updates':
      for (const one of command.acknowledgements) acknowledge(draft, one);
      return;
    case 'kill-task':
      return killTask(draft, command);
    case 'apply-operation':
      return applyOperation(draft, command.operation);
    case 'update-operation':
      return updateOperation(draft, command);
    case 'acknowledge-operation':
      return acknowledgeOperation(draft, command);
    case 'note-volume-uses':
      return noteVolumeUses(draft, command);
    default:
      return unreachable(command);
  }
}
