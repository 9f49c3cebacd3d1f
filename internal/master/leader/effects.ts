/** Carries out what the log decided (the effects of `apply`), on behalf of a leading master. */
import { unreachable } from '#internal/base/assert.ts';
import type { Effect } from '#internal/state/command.ts';
import { isStoreEffect } from '#internal/state/store-command.ts';
import type { State } from '#internal/state/state.ts';
import type { Applied } from '../ledger.ts';
import {
  agentAdmitted,
  agentGone,
  agentRefused,
  agentRemoved,
  agentReregistered,
  agentUnreachable,
} from './agents.ts';
import { executorEnded, executorFound, executorLaunched, executorRefused } from './executors.ts';
import { frameworkOf, type Lead, sendRuns } from './lead.ts';
import { witness } from './observers.ts';
import { deactivationChanged, finishDrains } from './operators/deactivation.ts';
import { maintenanceChanged } from './operators/maintenance.ts';
import { quotasUpdated } from './operators/quota.ts';
import { weightsUpdated } from './operators/weights.ts';
import {
  operationAcknowledged,
  operationApplied,
  operationRefused,
  operationUpdated,
} from './operations.ts';
import { updateAcknowledged } from './reports.ts';
import { storeDecided } from './stores.ts';
import {
  awaitFailover,
  frameworkRefused,
  frameworkRemoved,
  frameworkSubscribed,
} from './schedulers.ts';
import { killTask, launchRefused, taskEnded, taskLaunched, taskUpdated } from './tasks.ts';

/**
 * One entry at a time. What became of agents comes last: until then the allocator knows an agent as it
 * was, so that what its tasks free is neither lost nor counted twice, and schedulers hear of their
 * tasks before they hear that the agent failed (contract 7.4).
 */
export function carryOut(lead: Lead, { state, effects }: Applied): void {
  const before = lead.state;
  lead.state = state;
  for (const effect of effects) if (!isOfAgent(effect)) carryOutSeen(lead, effect, before);
  for (const agentId of lead.runs.keys()) sendRuns(lead, agentId);
  for (const effect of effects) if (isOfAgent(effect)) carryOutSeen(lead, effect, before);
  finishDrains(lead);
}

/** Operators who watch hear of it when it is done. */
function carryOutSeen(lead: Lead, effect: Effect, before: State): void {
  const announce = lead.observers.size > 0 ? witness(lead, effect, before) : undefined;
  carryOutOne(lead, effect);
  announce?.();
}

function carryOutOne(lead: Lead, effect: Effect): void {
  if (isStoreEffect(effect)) return storeDecided(lead, effect);
  switch (effect.kind) {
    case 'leader-announced':
    case 'task-recorded':
    case 'task-regained':
      return;
    case 'agent-admitted':
      return agentAdmitted(lead, effect.agentId, effect.registration);
    case 'agent-reregistered':
      return agentReregistered(lead, effect.agentId);
    case 'agent-unreachable':
      return agentUnreachable(lead, effect.agentId);
    case 'agent-removed':
      return agentRemoved(lead, effect.agentId, effect.isDown);
    case 'agent-refused':
      return agentRefused(lead, effect.registration);
    case 'agent-gone':
      return agentGone(lead, effect.agentId);
    case 'agent-deactivation-changed':
      return deactivationChanged(lead, effect.agentId);
    case 'weights-updated':
      return weightsUpdated(lead, effect.weights);
    case 'quotas-updated':
      return quotasUpdated(lead, effect.quotas);
    case 'maintenance-changed':
      return maintenanceChanged(lead);
    case 'framework-subscribed':
      return frameworkSubscribed(lead, effect.frameworkId);
    case 'framework-refused':
      return frameworkRefused(lead, effect.frameworkId);
    case 'framework-disconnected': {
      const framework = frameworkOf(lead, effect.frameworkId);
      if (framework !== undefined) awaitFailover(lead, framework);
      return;
    }
    case 'framework-removed':
      return frameworkRemoved(lead, effect.frameworkId, effect.agentIds);
    case 'task-launched':
      return taskLaunched(lead, effect.task);
    case 'launch-refused':
      return launchRefused(lead, effect.task, effect.reason);
    case 'executor-launched':
      return executorLaunched(lead, effect);
    case 'executor-refused':
      return executorRefused(lead, effect);
    case 'executor-found':
      return executorFound(lead, effect.executor);
    case 'executor-ended':
      return executorEnded(lead, effect.executor);
    case 'task-ended':
      return taskEnded(lead, effect.task);
    case 'task-updated':
      return taskUpdated(lead, effect.task, effect.update);
    case 'update-acknowledged':
      return updateAcknowledged(lead, effect.acknowledgement);
    case 'kill-requested':
      return killTask(lead, effect.task);
    case 'operation-applied':
      return operationApplied(lead, effect.operation);
    case 'operation-refused':
      return operationRefused(lead, effect.operation, effect.reason);
    case 'operation-updated':
      return operationUpdated(lead, effect.operation, effect.update);
    case 'operation-acknowledged':
      return operationAcknowledged(lead, effect);
    default:
      return unreachable(effect);
  }
}

const isOfAgent = ({ kind }: Effect): boolean => kind.startsWith('agent-');
