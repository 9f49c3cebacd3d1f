/** How much of the cluster roles are due (contract 10.2, UPDATE_WEIGHTS). */
import { role as asRole } from '#internal/model/ids.ts';
import { parseRole } from '#internal/resources/role.ts';
import type { RoleWeight } from '#internal/state/command.ts';
import type { Call_UpdateWeights } from '#proto/gen/mesos/v1/master.ts';
import { badRequest } from '../events.ts';
import type { Lead } from '../lead.ts';
import { allocateSoon, rescind } from '../offers.ts';
import { decide, type Reply } from './decide.ts';

export function updateWeights(lead: Lead, call: Call_UpdateWeights, reply: Reply): void {
  const weights: RoleWeight[] = [];
  for (const { role = '', weight } of call.weight_infos ?? []) {
    const problem = problemOf(role, weight);
    if (problem !== undefined) {
      reply(badRequest(`Failed to validate update weights request JSON${problem}`));
      return;
    }
    weights.push({ role: asRole(role), weight });
  }
  decide(lead, { kind: 'update-weights', weights }, reply);
}

function problemOf(role: string, weight: number): string | undefined {
  const parsed = parseRole(role);
  if (!parsed.ok) return `: Invalid role '${role}': ${parsed.refusal}`;
  if (weight > 0 && Number.isFinite(weight)) return undefined;
  return ` for role '${role}': Invalid weight '${weight}': Weights must be positive`;
}

/** Decided. Offers that were made under other shares fall, if anybody of these roles is there. */
export function weightsUpdated(lead: Lead, weights: readonly RoleWeight[]): void {
  for (const { role, weight } of weights) {
    lead.allocator.handle({ kind: 'weight-updated', role, weight });
  }
  const changed = new Set(weights.map(({ role }) => role));
  const isAnyoneThere = [...lead.state.frameworks.values()].some(({ framework }) =>
    framework.roles.some((role) => changed.has(role)),
  );
  if (isAnyoneThere) for (const offer of lead.offers.values()) rescind(lead, offer);
  allocateSoon(lead);
}
