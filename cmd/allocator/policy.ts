/** The policy that a replay is asked to try, from the flags of its command line. */
import type { PolicyEvent } from '#internal/allocator/event.ts';
import type { Policy } from '#internal/allocator/what-if.ts';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { role } from '#internal/model/ids.ts';
import { limits } from '#internal/resources/limits.ts';
import { parseResources } from '#internal/resources/parse.ts';
import { isReserved } from '#internal/resources/reservation.ts';
import { containsQuantities, type Quantities, quantities } from '#internal/resources/quantities.ts';
import { parseRole } from '#internal/resources/role.ts';

export type PolicyFlags = {
  readonly weights: readonly string[];
  readonly quota: readonly string[];
  readonly ignoreFilters: boolean;
};

/** Refuses with a line for each thing that is wrong. */
export function parsePolicy(flags: PolicyFlags): Result<Policy, readonly string[]> {
  const parsed = [...flags.weights.map(parseWeight), ...flags.quota.map(parseQuota)];
  const refusals = parsed.flatMap((one) => (one.ok ? [] : [one.refusal]));
  if (refusals.length > 0) return refuse(refusals);
  const events = parsed.flatMap((one) => (one.ok ? [one.value] : []));
  return accept({ events, ignoresFilters: flags.ignoreFilters });
}

/** `analytics=2.5`. */
function parseWeight(text: string): Result<PolicyEvent, string> {
  const [, name = '', number = ''] = /^([^=]+)=(\d+(?:\.\d+)?)$/.exec(text) ?? [];
  const parsed = parseRole(name);
  const weight = Number(number);
  if (!parsed.ok || !(weight > 0)) return refuse(`--weights: '${text}' is not ROLE=WEIGHT`);
  return accept({ kind: 'weight-updated', role: role(parsed.value), weight });
}

/** `analytics=cpus:4;mem:1024/cpus:8`: guarantees, then limits; either may be empty. */
function parseQuota(text: string): Result<PolicyEvent, string> {
  const [, name = '', guaranteed, limited = ''] = /^([^=]+)=([^/]*)(?:\/(.*))?$/s.exec(text) ?? [];
  const parsed = parseRole(name);
  if (!parsed.ok || guaranteed === undefined) {
    return refuse(`--quota: '${text}' is not ROLE=GUARANTEES/LIMITS`);
  }
  if (name.includes('/')) return refuse(`--quota: ${name} is no top-level role`);
  const guarantees = parseAmounts(guaranteed);
  const bounds = parseAmounts(limited);
  if (guarantees === undefined || bounds === undefined) {
    return refuse(`--quota: '${text}' has to speak of scalars that are not reserved`);
  }
  const bounded = limits(bounds.milliOf);
  const ofBounded = [...guarantees.milliOf].filter(([one]) => bounds.milliOf.has(one));
  if (!containsQuantities(bounds, quantities(ofBounded))) {
    return refuse(`--quota: '${text}' guarantees more than its limits`);
  }
  return accept({ kind: 'quota-updated', role: role(parsed.value), guarantees, limits: bounded });
}

/** `cpus:0` is an amount too: as a limit it lets nothing through. */
function parseAmounts(text: string): Quantities | undefined {
  const parsed = parseResources(text);
  if (!parsed.ok) return undefined;
  const zeros = [...text.matchAll(/([^;:]+):0(?:\.0*)?(?=;|$)/g)].map(([, name = '']) =>
    name.trim(),
  );
  const milliOf = new Map(zeros.map((name) => [name, 0]));
  for (const one of parsed.value) {
    if (one.value.kind !== 'scalar' || isReserved(one)) return undefined;
    milliOf.set(one.name, one.value.milli);
  }
  return { milliOf };
}
