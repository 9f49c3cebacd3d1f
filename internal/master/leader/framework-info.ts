/**
 * What a FrameworkInfo must look like before its framework may subscribe or change, beyond what its
 * conversion checks (contract 3.2, rows 6, 11, 12 and 15, and 3.5). Each check gives the text of the
 * first rule that is broken, or undefined.
 */
import type { FrameworkWish } from '#internal/allocator/event.ts';
import type { Framework } from '#internal/model/cluster.ts';
import { type Role, role as asRole } from '#internal/model/ids.ts';
import { type Quantities, quantities } from '#internal/resources/quantities.ts';
import type { FrameworkInfo, OfferFilters } from '#proto/gen/mesos/v1.ts';
import type { Call_Subscribe } from '#proto/gen/mesos/v1/scheduler.ts';
import { firstFault } from './validate-command.ts';

export function filtersFault(info: FrameworkInfo): string | undefined {
  return firstFault(Object.values(info.offer_filters ?? {}), quantitiesFault);
}

/** Who runs as root may do anything on an agent. */
export function userFault({ user }: FrameworkInfo, isRootAllowed: boolean): string | undefined {
  return user === 'root' && !isRootAllowed
    ? "User 'root' is not allowed to run frameworks without --root_submissions set"
    : undefined;
}

/** What is said about roles beside the FrameworkInfo must be about roles in it. */
export function wishesFault(
  {
    suppressed_roles: suppressed = [],
    offer_constraints: constraints,
  }: Pick<Call_Subscribe, 'suppressed_roles' | 'offer_constraints'>,
  { roles }: Framework,
): string | undefined {
  const own = new Set<string>(roles);
  const strange = suppressed.filter((role) => !own.has(role));
  if (strange.length > 0) {
    const list = `{ ${strange.join(', ')} }`;
    return `Suppressed roles ${list} are not contained in the set of roles`;
  }
  const constrained = Object.keys(constraints?.role_constraints ?? {});
  const other = constrained.find((role) => !own.has(role));
  // The missing blank is Mesos's.
  return other === undefined
    ? undefined
    : `Offer constraints specify \`role_constraints\` for a role '${other}'not contained in the set of roles`;
}

/** What no agent ever has; thousandths of more could not be counted. */
const most = 1e12;

/** The least that it wants to be offered, by role (contract 6.6). The info was found valid. */
export function minAllocatableOf({
  offer_filters: filters = {},
}: FrameworkInfo): FrameworkWish['minAllocatable'] {
  const minima = new Map<Role, readonly Quantities[]>();
  for (const [name, { min_allocatable_resources: minimum }] of Object.entries(filters)) {
    if (minimum === undefined) continue;
    const sets = (minimum.quantities ?? []).map(({ quantities: amounts = {} }) =>
      quantities(
        Object.entries(amounts).map(
          ([resource, { value }]) => [resource, Math.round(Math.min(value, most) * 1000)] as const,
        ),
      ),
    );
    minima.set(asRole(name), sets);
  }
  return minima;
}

/** Nobody takes a framework over under another name. */
export function principalFault(known: Framework, info: FrameworkInfo): string | undefined {
  return known.principal === info.principal
    ? undefined
    : "Changing framework's principal is not allowed.";
}

/** What UPDATE_FRAMEWORK refuses, and SUBSCRIBE silently leaves as it was. */
export function immutableFault(known: Framework, info: FrameworkInfo): string | undefined {
  const checkpoint = info.checkpoint ?? false;
  if (known.user !== info.user) return unsupported('user', known.user, info.user);
  return known.checkpoint === checkpoint
    ? undefined
    : unsupported('checkpoint', String(known.checkpoint), String(checkpoint));
}

function unsupported(field: string, from: string, to: string): string {
  return (
    `Updating 'FrameworkInfo.${field}' is unsupported; ` +
    `attempted to update from '${from}' to '${to}'`
  );
}

function quantitiesFault(filters: OfferFilters): string | undefined {
  const list = filters.min_allocatable_resources?.quantities ?? [];
  return firstFault(list, ({ quantities: amounts = {} }) => {
    const entries = Object.entries(amounts);
    if (entries.length === 0) return 'Resource quantities must contain at least one quantity';
    return firstFault(entries, ([name, { value }]) => {
      const why = quantityFault(value);
      return why && `Invalid resource quantity for '${name}': ${why}`;
    });
  });
}

function quantityFault(value: number): string | undefined {
  if (Number.isNaN(value)) return 'NaN not supported';
  if (value < 0) return 'Negative values not supported';
  return Number.isFinite(value) ? undefined : 'Infinite values not supported';
}
