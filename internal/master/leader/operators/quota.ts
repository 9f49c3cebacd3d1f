/** What roles are promised and may not exceed (contract 10.4). */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { type Role, role as asRole } from '#internal/model/ids.ts';
import type { Quota } from '#internal/model/policy.ts';
import { isWithin, limits, type Limits, noLimits } from '#internal/resources/limits.ts';
import {
  addQuantities,
  containsQuantities,
  formatQuantities,
  noQuantities,
  type Quantities,
  quantities,
  scalarQuantities,
} from '#internal/resources/quantities.ts';
import { parseRole } from '#internal/resources/role.ts';
import type { RoleQuota } from '#internal/state/command.ts';
import { consumedQuota } from '#internal/state/consumed-quota.ts';
import type { State } from '#internal/state/state.ts';
import type { Value_Scalar } from '#proto/gen/mesos/v1.ts';
import type {
  Call_RemoveQuota,
  Call_SetQuota,
  Call_UpdateQuota,
} from '#proto/gen/mesos/v1/master.ts';
import type { QuotaConfig } from '#proto/gen/mesos/v1/quota.ts';
import { badRequest, conflict } from '../events.ts';
import type { Lead } from '../lead.ts';
import { allocateSoon, rescind } from '../offers.ts';
import { decide, type Reply } from './decide.ts';
import { quotaFromRequest } from './quota-request.ts';

/** All configurations, or none of them. */
export function updateQuota(lead: Lead, call: Call_UpdateQuota, reply: Reply): void {
  const quotas: RoleQuota[] = [];
  for (const config of call.quota_configs ?? []) {
    const read = quotaFromWire(config);
    const problem = read.ok ? undefined : read.refusal;
    if (!read.ok) {
      reply(badRequest(problem ?? ''));
      return;
    }
    quotas.push(read.value);
  }
  const problem = call.force === true ? undefined : problemNow(lead.state, quotas);
  if (problem === undefined) decide(lead, { kind: 'update-quotas', quotas }, reply);
  else reply(badRequest(`Invalid QuotaConfig: ${problem}`));
}

/** The older call: the guarantee is the limit, too. */
export function setQuota(lead: Lead, call: Call_SetQuota, reply: Reply): void {
  const read = quotaFromRequest(call.quota_request);
  if (!read.ok) {
    reply(badRequest(`Failed to validate set quota request: ${read.refusal}`));
    return;
  }
  const { role } = read.value;
  if (hasQuota(lead.state, role)) {
    const text = `Cannot set quota for role '${role}' which already has quota`;
    reply(badRequest(`Failed to validate set quota request: ${text}`));
    return;
  }
  const over = call.quota_request.force === true ? undefined : overcommitment(lead, [read.value]);
  if (over === undefined) decide(lead, { kind: 'update-quotas', quotas: [read.value] }, reply);
  else {
    const cause = `Quota guarantees overcommit the cluster (use 'force' to bypass this check)`;
    reply(conflict(`${cause}: ${over}`));
  }
}

export function removeQuota(lead: Lead, call: Call_RemoveQuota, reply: Reply): void {
  const parsed = parseRole(call.role);
  const role = asRole(call.role);
  if (!parsed.ok) {
    reply(badRequest(`Failed to remove quota: Invalid role '${call.role}': ${parsed.refusal}`));
  } else if (hasQuota(lead.state, role)) {
    const quota = { guarantees: noQuantities, limits: noLimits };
    decide(lead, { kind: 'update-quotas', quotas: [{ role, quota }] }, reply);
  } else reply(badRequest(`Failed to remove quota: Role '${role}' has no quota set`));
}

/** Decided. Where limits or guarantees are new, offers that others hold may stand in their way. */
export function quotasUpdated(lead: Lead, quotas: readonly RoleQuota[]): void {
  for (const { role, quota } of quotas) {
    lead.allocator.handle({ kind: 'quota-updated', role, ...quota });
  }
  for (const offer of lead.offers.values()) rescind(lead, offer);
  allocateSoon(lead);
}

function hasQuota({ quotas }: State, role: Role): boolean {
  const quota = quotas.get(role);
  return quota !== undefined && quota.guarantees.milliOf.size + quota.limits.milliMaxOf.size > 0;
}

function quotaFromWire(config: QuotaConfig): Result<RoleQuota, string> {
  const { role: name } = config;
  if (name.includes('/') && parseRole(name).ok) {
    return refuse(`Updating quota on nested role '${name}' is not supported yet`);
  }
  if (name === '') return refuse(`Invalid QuotaConfig: 'QuotaConfig.role' must be set`);
  const parsed = parseRole(name);
  if (!parsed.ok) {
    return refuse(`Invalid QuotaConfig: Invalid 'QuotaConfig.role': ${parsed.refusal}`);
  }
  const guaranteed = amountsFromWire(config.guarantees, 'guarantee');
  if (!guaranteed.ok) return refuse(`Invalid QuotaConfig: ${guaranteed.refusal}`);
  const limited = amountsFromWire(config.limits, 'limit');
  if (!limited.ok) return refuse(`Invalid QuotaConfig: ${limited.refusal}`);
  const quota: Quota = {
    guarantees: quantities(guaranteed.value),
    limits: limits(limited.value),
  };
  if (isWithin(quota.limits, quota.guarantees)) return accept({ role: asRole(name), quota });
  const what = `'QuotaConfig.guarantees' ${listed(quota.guarantees.milliOf)}`;
  const whole = `'QuotaConfig.limits' ${listed(quota.limits.milliMaxOf)}`;
  return refuse(`Invalid QuotaConfig: ${what} is not contained within the ${whole}`);
}

type Amounts = readonly (readonly [name: string, milli: number])[];

const exabyteMb = 1024 ** 4;
const trillion = 1e12;

function amountsFromWire(
  amounts: Readonly<Record<string, Value_Scalar>> | undefined,
  what: 'guarantee' | 'limit',
): Result<Amounts, string> {
  const read: (readonly [string, number])[] = [];
  for (const [name, { value }] of Object.entries(amounts ?? {})) {
    const problem = amountProblem(name, value);
    if (problem !== undefined) {
      return refuse(`Invalid ${what} configuration {'${name}': ${value}}: ${problem}`);
    }
    read.push([name, Math.round(value * 1000)]);
  }
  return accept(read);
}

function amountProblem(name: string, value: number): string | undefined {
  if (!Number.isFinite(value)) return `'${value}' values not supported`;
  if (value < 0) return 'Negative values not supported';
  if (name === 'mem' || name === 'disk') {
    if (value <= exabyteMb) return undefined;
    return `values greater than 1 exabyte (${exabyteMb}) are not supported`;
  }
  if (value <= trillion) return undefined;
  return `values greater than 1 trillion (${trillion}) are not supported`;
}

/** What stands against it in the cluster as it is; `force` passes this over. */
function problemNow(state: State, quotas: readonly RoleQuota[]): string | undefined {
  for (const { role, quota } of quotas) {
    const consumed = consumedQuota(state, role);
    if (isWithin(quota.limits, consumed)) continue;
    return (
      `Role '${role}' is already consuming '${formatQuantities(consumed)}'; this is more than the ` +
      `requested limits '${formatLimits(quota.limits)}' (use 'force' flag to bypass this check)`
    );
  }
  return overcommitment({ state }, quotas);
}

/** All guarantees together, when the cluster could not keep them even if it were empty. */
function overcommitment(
  { state }: { readonly state: State },
  quotas: readonly RoleQuota[],
): string | undefined {
  const next = new Map(state.quotas);
  for (const { role, quota } of quotas) next.set(role, quota);
  const promised = [...next.values()].reduce(
    (all, { guarantees }) => addQuantities(all, guarantees),
    noQuantities,
  );
  const capacity = capacityOf(state);
  if (containsQuantities(capacity, promised)) return undefined;
  return (
    `total quota guarantees '${formatQuantities(promised)}' exceed cluster capacity ` +
    `'${formatQuantities(capacity)}' (use 'force' flag to bypass this check)`
  );
}

function capacityOf({ agents }: State): Quantities {
  let capacity = noQuantities;
  for (const { total } of agents.values()) {
    const lasting = total.filter(({ revocable }) => !revocable);
    capacity = addQuantities(capacity, scalarQuantities(lasting));
  }
  return capacity;
}

const listed = (milliOf: ReadonlyMap<string, number>): string =>
  `{ ${[...milliOf]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, milli]) => `${name}: ${milli / 1000}`)
    .join(', ')} }`;

const formatLimits = ({ milliMaxOf }: Limits): string =>
  [...milliMaxOf]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, milli]) => `${name}:${milli / 1000}`)
    .join('; ');
