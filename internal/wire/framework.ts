/** A scheduler's FrameworkInfo as the framework that the cluster computes with (contract 3.2). */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { Framework, FrameworkCapability } from '#internal/model/cluster.ts';
import { encoded } from '#internal/model/encoded.ts';
import { type FrameworkId, parseId, role as asRole } from '#internal/model/ids.ts';
import { parseRole } from '#internal/resources/role.ts';
import type * as wire from '#proto/gen/mesos/v1.ts';
import { encode } from './protobuf.ts';

/**
 * A connected framework that registers now. Refuses with the text of the ERROR event, in the order
 * of contract 3.2, rows 1 to 5 and 7.
 */
export function frameworkFromWire(
  info: wire.FrameworkInfo,
  { id, atMs }: { readonly id: FrameworkId; readonly atMs: number },
): Result<Framework, string> {
  const error = checkFramework(info);
  if (error !== undefined) return refuse(error);
  const capabilities = capabilitiesFromWire(info);
  const roles = capabilities.has('MULTI_ROLE') ? (info.roles ?? []) : [info.role ?? '*'];
  return accept({
    id,
    info: encoded<'mesos.v1.FrameworkInfo'>(
      encode('mesos.v1.FrameworkInfo', { ...info, id: { value: id } }),
    ),
    name: info.name,
    user: info.user,
    principal: info.principal,
    roles: roles.map(asRole),
    capabilities,
    checkpoint: info.checkpoint ?? false,
    failoverTimeoutMs: Math.max(0, (info.failover_timeout ?? 0) * 1000),
    registeredMs: atMs,
    reregisteredMs: atMs,
    connection: { kind: 'connected' },
  });
}

const known: ReadonlySet<string> = new Set<FrameworkCapability>([
  'REVOCABLE_RESOURCES',
  'TASK_KILLING_STATE',
  'GPU_RESOURCES',
  'SHARED_RESOURCES',
  'PARTITION_AWARE',
  'MULTI_ROLE',
  'RESERVATION_REFINEMENT',
  'REGION_AWARE',
]);

/** A capability that changes what a master does; others are only kept in the info. */
export const isKnownCapability = (type: string | undefined): type is FrameworkCapability =>
  type !== undefined && known.has(type);

export function capabilitiesFromWire(info: wire.FrameworkInfo): ReadonlySet<FrameworkCapability> {
  return new Set((info.capabilities ?? []).map(({ type }) => type).filter(isKnownCapability));
}

/** What fits into the 64-bit nanoseconds of a duration. */
const durationSecondsMax = 2 ** 63 / 1e9;

function checkFramework(info: wire.FrameworkInfo): string | undefined {
  const error = checkRoles(info);
  if (error !== undefined) return error;
  const given = info.id?.value ?? '';
  const valid = given === '' ? accept(given) : parseId(given);
  if (!valid.ok) return valid.refusal;
  const seconds = info.failover_timeout ?? 0;
  return Math.abs(seconds) < durationSecondsMax
    ? undefined
    : `The framework failover_timeout (${durationText(seconds)}) is invalid`;
}

function checkRoles(info: wire.FrameworkInfo): string | undefined {
  const isMultiRole = capabilitiesFromWire(info).has('MULTI_ROLE');
  const roles = info.roles ?? [];
  if (isMultiRole && info.role !== undefined) {
    return "'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable";
  }
  if (!isMultiRole && roles.length > 0) {
    return "'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable";
  }
  const repeated = new Set(roles.filter((role, i) => roles.indexOf(role) < i));
  if (repeated.size > 0) {
    return `'FrameworkInfo.roles' contains duplicate items: { ${[...repeated].join(', ')} }`;
  }
  for (const role of roles) {
    const valid = parseRole(role);
    if (!valid.ok) return `'FrameworkInfo.roles' contains invalid role: ${valid.refusal}`;
  }
  const valid = parseRole(info.role ?? '*');
  return valid.ok ? undefined : `'FrameworkInfo.role' is not a valid role: ${valid.refusal}`;
}

/** As C++ streams print a double: `1e+300`, `nan`, `inf`. */
function durationText(seconds: number): string {
  if (Number.isNaN(seconds)) return 'nan';
  return String(seconds).replace('Infinity', 'inf');
}
