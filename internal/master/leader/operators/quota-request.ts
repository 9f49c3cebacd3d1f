/** The older form of a quota: a list of resources, none of whose marks make sense (contract 10.4). */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { role as asRole } from '#internal/model/ids.ts';
import { limits } from '#internal/resources/limits.ts';
import { quantities } from '#internal/resources/quantities.ts';
import { parseRole } from '#internal/resources/role.ts';
import type { RoleQuota } from '#internal/state/command.ts';
import type { Resource } from '#proto/gen/mesos/v1.ts';
import type { QuotaRequest } from '#proto/gen/mesos/v1/quota.ts';

export function quotaFromRequest(request: QuotaRequest): Result<RoleQuota, string> {
  const { role: name, guarantee = [] } = request;
  if (name === undefined || name === '') return refuse(`'QuotaRequest.role' must be set`);
  const parsed = parseRole(name);
  if (!parsed.ok) return refuse(`Invalid 'QuotaRequest.role': ${parsed.refusal}`);
  if (name.includes('/'))
    return refuse(`Setting quota on nested role '${name}' is not supported yet`);
  if (guarantee.length === 0) return refuse(`'QuotaRequest.guarantee' must be set`);
  const milliOf = new Map<string, number>();
  for (const one of guarantee) {
    const problem = problemOf(one);
    if (problem !== undefined) return refuse(problem);
    if (milliOf.has(one.name)) {
      return refuse(`QuotaRequest contains duplicate resource name '${one.name}'`);
    }
    milliOf.set(one.name, Math.round((one.scalar?.value ?? 0) * 1000));
  }
  const quota = { guarantees: quantities(milliOf), limits: limits(milliOf) };
  return accept({ role: asRole(name), quota });
}

function problemOf(one: Resource): string | undefined {
  if (one.type !== 'SCALAR') return 'QuotaRequest must not include non-scalar resources';
  if (one.reservations !== undefined && one.reservations.length > 0) {
    return 'QuotaRequest must not contain reservations';
  }
  if (one.reservation !== undefined) return 'QuotaRequest must not contain ReservationInfo';
  if (one.disk !== undefined) return 'QuotaRequest must not contain DiskInfo';
  if (one.revocable !== undefined) return 'QuotaRequest must not contain RevocableInfo';
  const { value } = one.scalar ?? { value: 0 };
  if (Number.isFinite(value) && value >= 0) return undefined;
  return `QuotaRequest contains an invalid amount of '${one.name}': ${value}`;
}
