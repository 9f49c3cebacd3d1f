/**
 * `/volumes`: where every persistent volume is, whose it is, since when and when it was used, also the
 * orphans that agents have found and those that gone agents left behind. `POST
 * /volumes/adopt?agent_id=…&origin=…` has an agent take an orphan on (`docs/volumes.md`).
 */
import { isTerminal } from '#internal/model/cluster.ts';
import { type AgentId, agentId } from '#internal/model/ids.ts';
import type { FoundVolume } from '#internal/model/volume.ts';
import { isVolume } from '#internal/resources/volume.ts';
import { volumeName } from '#internal/resources/volume-place.ts';
import { reservationRole } from '#internal/resources/reservation.ts';
import { type State, tasksOnAgent } from '#internal/state/state.ts';
import { resourcesToWire } from '#internal/wire/resources.ts';
import { toJson } from '#internal/wire/json.ts';
import type { MasterDoor } from '../door.ts';
import { onlyWhileLeading, unsure } from './leadership-gate.ts';
import { answerResponse, bodyResponse, errorResponse, methodNotAllowed } from './response.ts';
import { queryOf, type Route } from './router.ts';

export function volumeRoutes(door: MasterDoor): readonly Route[] {
  return [
    {
      path: '/volumes',
      isExact: true,
      handler: onlyWhileLeading(door, async ({ method, target }) => {
        if (method !== 'GET') return methodNotAllowed(method, 'GET');
        const view = await door.read();
        if (view === undefined) return unsure(door, target);
        return bodyResponse('application/json', `{"volumes":[${volumesOf(view.state).join(',')}]}`);
      }),
    },
    {
      path: '/volumes/adopt',
      isExact: true,
      handler: onlyWhileLeading(door, async ({ method, target }) => {
        if (method !== 'POST') return methodNotAllowed(method, 'POST');
        const query = queryOf(target);
        const [agent, origin] = [query.get('agent_id'), query.get('origin')];
        if (agent === null || origin === null) {
          return errorResponse(400, "Expecting the parameters 'agent_id' and 'origin'");
        }
        return answerResponse(await door.adoptVolume(agentId(agent), origin));
      }),
    },
  ];
}

/** JSON texts. */
function volumesOf(state: State): readonly string[] {
  const texts: string[] = [];
  for (const [id, records] of state.volumes) {
    for (const { found, isStale, leftMs, hostname } of records.values()) {
      const condition = leftMs !== undefined ? 'left' : isStale ? 'stale' : 'held';
      texts.push(textOf(state, found, { id, hostname, condition, leftMs }));
    }
  }
  for (const { id, hostname, orphans } of state.agents.values()) {
    for (const found of orphans) {
      texts.push(textOf(state, found, { id, hostname, condition: 'orphan', leftMs: undefined }));
    }
  }
  return texts;
}

type Place = {
  readonly id: AgentId;
  readonly hostname: string;
  readonly condition: 'held' | 'orphan' | 'left' | 'stale';
  readonly leftMs: number | undefined;
};

function textOf(state: State, found: FoundVolume, place: Place): string {
  const { volume, origin, epoch, clusterId, frameworkId, madeMs, usedMs } = found;
  const { value, disk } = volume;
  const [resource] = resourcesToWire([volume], 'new');
  const shown = {
    state: place.condition,
    agent_id: place.id,
    hostname: place.hostname,
    role: reservationRole(volume),
    id: disk?.persistence?.id,
    disk: disk?.source?.root,
    principal: disk?.persistence?.principal,
    megabytes: value.kind === 'scalar' ? value.milli / 1000 : undefined,
    origin,
    epoch,
    cluster_id: clusterId,
    framework_id: frameworkId,
    made_seconds: madeMs / 1000,
    used_seconds: usedMs === undefined ? undefined : usedMs / 1000,
    left_seconds: place.leftMs === undefined ? undefined : place.leftMs / 1000,
    tasks: place.condition === 'held' ? tasksOn(state, place.id, volumeName(volume)) : [],
  };
  const text = JSON.stringify(shown);
  return resource === undefined
    ? text
    : `${text.slice(0, -1)},"resource":${toJson('mesos.v1.Resource', resource)}}`;
}

/** Those that have it now. */
const tasksOn = (state: State, id: AgentId, name: string): readonly string[] =>
  tasksOnAgent(state, id)
    .filter((task) => !isTerminal(task.state))
    .filter(({ resources }) => resources.some((one) => isVolume(one) && volumeName(one) === name))
    .map((task) => task.id)
    .toSorted();
