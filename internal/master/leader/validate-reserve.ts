/** Who may reserve what for whom (contract 5.6, RESERVE). */
import type { Agent, Framework } from '#internal/model/cluster.ts';
import { formatResource } from '#internal/resources/format.ts';
import {
  isDynamicallyReserved,
  isRefined,
  reservationRole,
} from '#internal/resources/reservation.ts';
import type { Resource, Resources } from '#internal/resources/resource.ts';

type Asker = { readonly agent: Agent; readonly framework: Framework | undefined };

export function reserveFault(list: Resources, { agent, framework }: Asker): string | undefined {
  for (const one of list) {
    const fault =
      abilityFault(one, agent) ??
      (framework === undefined
        ? operatorFault(one)
        : (principalFault(one, framework) ?? allocationFault(one, framework)));
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function abilityFault(one: Resource, { capabilities }: Agent): string | undefined {
  const text = formatResource(one);
  if (!isDynamicallyReserved(one)) return `Resource ${text} is not dynamically reserved`;
  const role = reservationRole(one);
  if (role.includes('/') && !capabilities.includes('HIERARCHICAL_ROLE')) {
    return (
      `Resource ${text} with reservation for hierarchical role '${role}' cannot be reserved on ` +
      'an agent without HIERARCHICAL_ROLE capability'
    );
  }
  if (!isRefined(one) || capabilities.includes('RESERVATION_REFINEMENT')) return undefined;
  return (
    `Resource ${text} with reservation refinement cannot be reserved on an agent without ` +
    'RESERVATION_REFINEMENT capability'
  );
}

function principalFault(one: Resource, { principal: asked }: Framework): string | undefined {
  const principal = one.reservations.at(-1)?.principal;
  if (asked === undefined || asked === principal) return undefined;
  return principal === undefined
    ? `A reserve operation was attempted by principal '${asked}', but there is a reserved ` +
        'resource in the request with no principal set'
    : `A reserve operation was attempted by authenticated principal '${asked}', which does not ` +
        `match a reserved resource in the request with principal '${principal}'`;
}

function allocationFault(one: Resource, { roles }: Framework): string | undefined {
  const { allocationRole: role } = one;
  const attempt = 'A reserve operation was attempted';
  if (role === undefined) {
    return (
      `${attempt} on unallocated resource ${formatResource(one)}, but frameworks can only ` +
      'perform reservations on allocated resources'
    );
  }
  const wanted = reservationRole(one);
  if (wanted !== role) {
    return (
      `${attempt} for a resource with role '${wanted}', but the resource was allocated to ` +
      `role '${role}'`
    );
  }
  if (roles.some((own) => own === role)) return undefined;
  return (
    `${attempt} for a resource allocated to role '${role}', but the framework only has roles ` +
    `'{ ${roles.toSorted().join(', ')} }'`
  );
}

function operatorFault({ allocationRole }: Resource): string | undefined {
  return allocationRole === undefined
    ? undefined
    : 'A reserve operation was attempted with an allocated resource, but the operator API only ' +
        'allows reservations to be made to unallocated resources';
}
