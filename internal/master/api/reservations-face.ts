/**
 * `/reservations`: which role holds what of each agent, the frameworks that have the role, and what of it
 * is in use (`docs/volumes.md`). Nothing is changed here: `UNRESERVE_RESOURCES` frees it.
 */
import { format } from '#internal/resources/format.ts';
import type { Resource } from '#internal/resources/resource.ts';
import { isVolume } from '#internal/resources/volume.ts';
import { type HeldReservation, heldReservations } from '#internal/state/held-reservations.ts';
import { toJson } from '#internal/wire/json.ts';
import { resourcesToWire } from '#internal/wire/resources.ts';
import type { MasterDoor } from '../door.ts';
import { onlyWhileLeading, unsure } from './leadership-gate.ts';
import { bodyResponse, methodNotAllowed } from './response.ts';
import type { Route } from './router.ts';

export function heldReservationRoutes(door: MasterDoor): readonly Route[] {
  return [
    {
      path: '/reservations',
      isExact: true,
      handler: onlyWhileLeading(door, async ({ method, target }) => {
        if (method !== 'GET') return methodNotAllowed(method, 'GET');
        const view = await door.read();
        if (view === undefined) return unsure(door, target);
        const texts = heldReservations(view.state).map(textOf);
        return bodyResponse('application/json', `{"reservations":[${texts.join(',')}]}`);
      }),
    },
  ];
}

function textOf({ agent, stack, resources, owners, tasks, volumes }: HeldReservation): string {
  const inner = stack.at(-1);
  const used = volumes.map(({ found }) => found.usedMs).filter((ms) => ms !== undefined);
  const shown = {
    role: inner?.role,
    is_dynamic: inner?.kind === 'dynamic',
    principal: inner?.principal,
    labels: inner?.labels,
    agent_id: agent.id,
    hostname: agent.hostname,
    frameworks: owners.map(({ id, name }) => ({ id, name })),
    tasks: tasks.map(({ id }) => id).toSorted(),
    text: format(resources.map((one) => ({ ...one, reservations: [] }))),
    volume_origins: volumes.map(({ found }) => found.origin),
    has_volumes: resources.some(isVolume),
    volumes_since_seconds: secondsOf(
      volumes.map(({ found }) => found.madeMs),
      Math.min,
    ),
    volumes_used_seconds: secondsOf(used, Math.max),
  };
  const parts = resources.map(jsonOf);
  return `${JSON.stringify(shown).slice(0, -1)},"resources":[${parts.join(',')}]}`;
}

const secondsOf = (
  times: readonly number[],
  choose: (...times: readonly number[]) => number,
): number | undefined => (times.length === 0 ? undefined : choose(...times) / 1000);

function jsonOf(resource: Resource): string {
  const [wire] = resourcesToWire([resource], 'new');
  return wire === undefined ? 'null' : toJson('mesos.v1.Resource', wire);
}
