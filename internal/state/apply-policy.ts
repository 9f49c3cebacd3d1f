/**
 * What operators decide: weights, quotas, maintenance, and agents that get no new work (contract 10).
 * Whether it may be decided was asked before it was proposed; what has changed since then is met here
 * with the nearest sense, so that every command does something or nothing, and never half.
 */
import { Map } from 'immutable';
import { unreachable } from '#internal/base/assert.ts';
import type { AgentId } from '#internal/model/ids.ts';
import { machinesIn } from '#internal/model/machine-map.ts';
import {
  type Deactivation,
  type MachineId,
  type Maintenance,
  type MaintenanceWindow,
  noMaintenance,
} from '#internal/model/policy.ts';
import { markAgentGone, putAgent, removeAgent } from './apply-agent.ts';
import type { PolicyCommand, RoleQuota, RoleWeight } from './command.ts';
import type { Draft } from './draft.ts';

export function applyPolicy(draft: Draft, command: PolicyCommand): void {
  switch (command.kind) {
    case 'update-weights':
      return updateWeights(draft, command.weights);
    case 'update-quotas':
      return updateQuotas(draft, command.quotas);
    case 'schedule-maintenance':
      return scheduleMaintenance(draft, command.windows);
    case 'start-maintenance':
      return startMaintenance(draft, command.machines);
    case 'stop-maintenance':
      return stopMaintenance(draft, command.machines);
    case 'deactivate-agent':
      return deactivate(draft, command.agentId, (now) => now ?? { kind: 'deactivated' });
    case 'drain-agent': {
      const { agentId, maxGraceMs, isGoneThen } = command;
      const drain = { sinceMs: draft.atMs, maxGraceMs, isGoneThen };
      return deactivate(draft, agentId, () => ({ kind: 'draining', ...drain }));
    }
    case 'finish-drain':
      return finishDrain(draft, command.agentId);
    case 'reactivate-agent':
      return deactivate(draft, command.agentId, (now) =>
        now?.kind === 'draining' ? now : undefined,
      );
    case 'mark-agent-gone':
      return markAgentGone(draft, command.agentId);
    default:
      unreachable(command);
  }
}

function updateWeights(draft: Draft, weights: readonly RoleWeight[]): void {
  const { state } = draft;
  const changed = Map(weights.map(({ role, weight }) => [role, weight]));
  draft.state = { ...state, weights: state.weights.merge(changed) };
  draft.effects.push({ kind: 'weights-updated', weights });
}

function updateQuotas(draft: Draft, quotas: readonly RoleQuota[]): void {
  const { state } = draft;
  const changed = Map(quotas.map(({ role, quota }) => [role, quota]));
  draft.state = { ...state, quotas: state.quotas.merge(changed) };
  draft.effects.push({ kind: 'quotas-updated', quotas });
}

/** A machine that was taken down meanwhile keeps the window that it had. */
function scheduleMaintenance(draft: Draft, windows: readonly MaintenanceWindow[]): void {
  const { maintenance } = draft.state;
  const listed = machinesIn(windows.flatMap(({ machines }) => machines));
  const isListed = (machine: MachineId): boolean => listed.of(machine) !== undefined;
  const missing = maintenance.down.filter((machine) => !isListed(machine));
  changeMaintenance(draft, {
    ...maintenance,
    windows: [...windows, ...only(maintenance.windows, (machine) => isOneOf(missing, machine))],
  });
}

/** Those that are in the schedule and not down yet. Their agents go. */
function startMaintenance(draft: Draft, machines: readonly MachineId[]): void {
  const { maintenance, agents } = draft.state;
  const scheduled = maintenance.windows.flatMap((window) => window.machines);
  const falling = machines.filter(
    (machine) => isOneOf(scheduled, machine) && !isOneOf(maintenance.down, machine),
  );
  if (falling.length === 0) return;
  changeMaintenance(draft, { ...maintenance, down: [...maintenance.down, ...falling] });
  const onThem = agents
    .valueSeq()
    .filter((agent) => machinesIn(falling).around(agent) !== undefined);
  for (const id of onThem
    .map((agent) => agent.id)
    .toArray()
    .toSorted()) {
    removeAgent(draft, id, "Operator initiated 'Machine DOWN'");
  }
}

function stopMaintenance(draft: Draft, machines: readonly MachineId[]): void {
  const { maintenance } = draft.state;
  const rising = machines.filter((machine) => isOneOf(maintenance.down, machine));
  if (rising.length === 0) return;
  changeMaintenance(draft, {
    windows: only(maintenance.windows, (machine) => !isOneOf(rising, machine)),
    down: maintenance.down.filter((machine) => !isOneOf(rising, machine)),
  });
}

function changeMaintenance(draft: Draft, maintenance: Maintenance): void {
  const isNone = maintenance.windows.length === 0 && maintenance.down.length === 0;
  draft.state = { ...draft.state, maintenance: isNone ? noMaintenance : maintenance };
  draft.effects.push({ kind: 'maintenance-changed' });
}

/** The windows with these machines alone, without those that are left empty. */
function only(
  windows: readonly MaintenanceWindow[],
  isKept: (machine: MachineId) => boolean,
): readonly MaintenanceWindow[] {
  return windows
    .map((window) => ({ ...window, machines: window.machines.filter(isKept) }))
    .filter(({ machines }) => machines.length > 0);
}

const isOneOf = (machines: readonly MachineId[], machine: MachineId): boolean =>
  machinesIn(machines).of(machine) !== undefined;

/** Nothing happens to an agent that is unknown, or that stays as it is. */
function deactivate(
  draft: Draft,
  agentId: AgentId,
  next: (now: Deactivation | undefined) => Deactivation | undefined,
): void {
  const agent = draft.state.agents.get(agentId);
  if (agent === undefined) return;
  const deactivation = next(agent.deactivation);
  if (deactivation === agent.deactivation) return;
  putAgent(draft, { ...agent, deactivation });
  draft.effects.push({ kind: 'agent-deactivation-changed', agentId });
}

function finishDrain(draft: Draft, agentId: AgentId): void {
  const deactivation = draft.state.agents.get(agentId)?.deactivation;
  if (deactivation?.kind !== 'draining') return;
  if (deactivation.isGoneThen) markAgentGone(draft, agentId);
  else deactivate(draft, agentId, () => ({ ...deactivation, kind: 'drained' }));
}
