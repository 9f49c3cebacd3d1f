/**
 * Operations on resources (contract 4.2, 8). One that is decided counts from then on, before its agent
 * has heard of it: whoever is offered what it made may rely on it. It is kept until its agent has said
 * how it went and that was acknowledged; where nobody is to be told, the masters acknowledge it
 * themselves.
 */
import { Map } from 'immutable';
import type { Agent } from '#internal/model/cluster.ts';
import type { AgentId, FrameworkId } from '#internal/model/ids.ts';
import {
  isOver,
  type Operation,
  type OperationState,
  type OperationUpdate,
} from '#internal/model/operation.ts';
import { convert } from '#internal/resources/conversion.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { nothing } from '#internal/resources/resources.ts';
import { adopted, adoptionRefusal, volumesChanged } from './apply-volume.ts';
import type { Draft } from './draft.ts';
import { freeOf } from './free.ts';
import type { OperationCommand, OperationRefusal } from './operation-command.ts';
import { operationsOnAgent, type State } from './state.ts';

/** All of it is done to what is free, or nothing. */
export function applyOperation(draft: Draft, operation: Operation): void {
  const changed = changedTotal(draft.state, operation);
  if (typeof changed === 'string') {
    draft.effects.push({ kind: 'operation-refused', operation, reason: changed });
    return;
  }
  const { agentId } = operation;
  const last = operationsOnAgent(draft.state, agentId).at(-1)?.ordinal ?? 0;
  const applied = adopted(draft.state, { ...operation, ordinal: last + 1 });
  const before = draft.state.agents.get(agentId)?.total ?? nothing;
  changeTotal(draft, agentId, changed);
  volumesChanged(draft, applied, before);
  put(draft, applied);
  draft.effects.push({ kind: 'operation-applied', operation: applied });
}

function changedTotal(state: State, operation: Operation): Resources | OperationRefusal {
  const { frameworkId, agentId, conversions } = operation;
  if (frameworkId !== undefined && !state.frameworks.has(frameworkId)) return 'framework-unknown';
  const agent = state.agents.get(agentId);
  if (agent === undefined) return 'agent-unknown';
  if (agent.reach.kind === 'unreachable') return 'agent-unreachable';
  const refusal = adoptionRefusal(state, agent, operation);
  if (refusal !== undefined) return refusal;
  const free = freeOf(state, agent);
  if (free === undefined || !convert(free, conversions).ok) return 'resources-unavailable';
  const total = convert(agent.total, conversions);
  return total.ok ? total.value : 'resources-unavailable';
}

/**
 * An agent says how an operation went. Of one that is in no book, or of which nobody wants to hear, it
 * is told that this is acknowledged. Said again, it is told again.
 */
export function updateOperation(
  draft: Draft,
  { agentId, operationUuid, update }: Extract<OperationCommand, { kind: 'update-operation' }>,
): void {
  const known = draft.state.operations.get(agentId)?.get(operationUuid);
  const { uuid } = update;
  if (known === undefined || isUnheard(draft.state, known)) {
    if (known !== undefined && isOver(update.state)) remove(draft, known);
    if (uuid === undefined || !draft.state.agents.has(agentId)) return;
    draft.effects.push({ kind: 'operation-acknowledged', agentId, operationUuid, uuid });
    return;
  }
  if (isOver(known.state) && known.updates.at(-1)?.uuid !== uuid) return;
  tell(draft, known, update);
}

/** By its framework. What was acknowledged before, or is another's, changes nothing. */
export function acknowledgeOperation(
  draft: Draft,
  {
    frameworkId,
    agentId,
    operationId,
    uuid,
  }: Extract<OperationCommand, { kind: 'acknowledge-operation' }>,
): void {
  const operation = operationsOnAgent(draft.state, agentId).find(
    (one) =>
      one.frameworkId === frameworkId &&
      one.id === operationId &&
      one.updates.at(-1)?.uuid === uuid,
  );
  if (operation === undefined) return;
  if (isOver(operation.state)) remove(draft, operation);
  const { uuid: operationUuid } = operation;
  draft.effects.push({ kind: 'operation-acknowledged', agentId, operationUuid, uuid });
}

/**
 * The agent is back, and `total` is what it has. What it never heard of counts again, and is sent to it
 * again; what cannot be any more is dropped.
 */
export function meetOperations(
  draft: Draft,
  { id, total }: Pick<Agent, 'id' | 'total'>,
  known: ReadonlySet<string>,
): void {
  let current = total;
  for (const operation of operationsOnAgent(draft.state, id)) {
    if (known.has(operation.uuid)) {
      // mark: an operation that its agent knows already
      if (operation.state === 'unreachable') put(draft, { ...operation, state: 'pending' });
      continue;
    }
    const again = isOver(operation.state) ? undefined : convert(current, operation.conversions);
    if (again?.ok === true) {
      // mark: an operation that its agent never heard of
      current = again.value;
      put(draft, { ...operation, state: 'pending' });
      continue;
    }
    if (again !== undefined) {
      conclude(draft, operation, 'dropped', 'Operation is unknown to the agent');
    } else remove(draft, operation);
  }
  changeTotal(draft, id, current);
}

/** Nobody knows how they go, until the agent is back. */
export function operationsLoseReach(draft: Draft, id: AgentId, message: string): void {
  for (const operation of operationsOnAgent(draft.state, id)) {
    if (isOver(operation.state) || operation.state === 'unreachable') continue;
    tell(draft, operation, said(draft, 'unreachable', message));
  }
}

/** Their agent never comes back. */
export function concludeOperations(
  draft: Draft,
  id: AgentId,
  state: 'dropped' | 'gone-by-operator',
  message: string,
): void {
  for (const operation of operationsOnAgent(draft.state, id)) {
    if (isOver(operation.state)) remove(draft, operation);
    else conclude(draft, operation, state, message);
  }
}

/** Nobody is left to acknowledge them. Those that go on are acknowledged when they are over. */
export function orphanOperations(draft: Draft, id: FrameworkId): void {
  for (const agentId of [...draft.state.operations.keys()].toSorted()) {
    for (const operation of operationsOnAgent(draft.state, agentId)) {
      if (operation.frameworkId !== id || !isOver(operation.state)) continue;
      remove(draft, operation);
      const uuid = operation.updates.at(-1)?.uuid;
      if (uuid === undefined) continue;
      const { uuid: operationUuid } = operation;
      draft.effects.push({ kind: 'operation-acknowledged', agentId, operationUuid, uuid });
    }
  }
}

/** Nobody asked to be told, or whoever did is gone. */
export function isUnheard(state: State, { id, frameworkId }: Operation): boolean {
  return id === undefined || frameworkId === undefined || !state.frameworks.has(frameworkId);
}

/** A master's last word: nobody acknowledges it. */
function conclude(
  draft: Draft,
  operation: Operation,
  state: 'dropped' | 'gone-by-operator',
  message: string,
): void {
  tell(draft, operation, said(draft, state, message));
  remove(draft, operation);
}

const said = (draft: Draft, state: OperationState, message: string): OperationUpdate => ({
  state,
  uuid: undefined,
  message,
  atMs: draft.atMs,
});

/** Older ones are dropped: an agent that comes and goes must not fill the state. */
const updatesMax = 8;

function tell(draft: Draft, operation: Operation, update: OperationUpdate): void {
  const isNews = update.uuid === undefined || operation.updates.at(-1)?.uuid !== update.uuid;
  const updates = isNews ? [...operation.updates, update].slice(-updatesMax) : operation.updates;
  const next = isNews ? { ...operation, state: update.state, updates } : operation;
  put(draft, next);
  if (!isUnheard(draft.state, next)) {
    draft.effects.push({ kind: 'operation-updated', operation: next, update });
  }
}

function changeTotal(draft: Draft, id: AgentId, total: Resources): void {
  const agent = draft.state.agents.get(id);
  if (agent === undefined || agent.total === total) return;
  const agents = draft.state.agents.set(id, { ...agent, total });
  draft.state = { ...draft.state, agents };
}

function put(draft: Draft, operation: Operation): void {
  const { operations } = draft.state;
  const { agentId, uuid } = operation;
  const ofAgent = operations.get(agentId, Map<string, Operation>()).set(uuid, operation);
  draft.state = { ...draft.state, operations: operations.set(agentId, ofAgent) };
}

function remove(draft: Draft, { agentId, uuid }: Operation): void {
  const { operations } = draft.state;
  const ofAgent = operations.get(agentId, Map<string, Operation>()).remove(uuid);
  draft.state = {
    ...draft.state,
    operations: ofAgent.isEmpty() ? operations.remove(agentId) : operations.set(agentId, ofAgent),
  };
}
