/**
 * Who holds what by reservation, and where: one entry an agent and a stack of reservations. A reservation
 * belongs to a role; its owners are the frameworks that are offered what it sets aside.
 */
import { type Agent, type Framework, isTerminal, type Task } from '#internal/model/cluster.ts';
import type { FrameworkId } from '#internal/model/ids.ts';
import type { VolumeRecord } from '#internal/model/volume.ts';
import { isForRole, isReserved } from '#internal/resources/reservation.ts';
import type { Reservation, Resource, Resources } from '#internal/resources/resource.ts';
import { isVolume } from '#internal/resources/volume.ts';
import { volumeName } from '#internal/resources/volume-place.ts';
import { completedFramework, type State, tasksOnAgent } from './state.ts';

export type HeldReservation = {
  readonly agent: Agent;
  /** Outermost first; never empty. */
  readonly stack: readonly Reservation[];
  /** All that it sets aside on the agent, volumes among it. */
  readonly resources: Resources;
  /** Frameworks that may have it, be they connected or not. */
  readonly owners: readonly Framework[];
  /** Those that use some of it now. */
  readonly tasks: readonly Task[];
  /** What is known of the volumes in it. */
  readonly volumes: readonly VolumeRecord[];
};

/** On all agents that are in the books. */
export function heldReservations(state: State): readonly HeldReservation[] {
  return [...state.agents.values()].flatMap((agent) => reservationsOn(state, agent));
}

function reservationsOn(state: State, agent: Agent): readonly HeldReservation[] {
  const reserved = agent.total.filter(isReserved);
  if (reserved.length === 0) return [];
  const running = tasksOnAgent(state, agent.id).filter((task) => !isTerminal(task.state));
  const records = state.volumes.get(agent.id);
  return [...Map.groupBy(reserved, stackName)].map(([name, resources]) => ({
    agent,
    stack: resources[0]?.reservations ?? [],
    resources,
    owners: ownersOf(state, resources[0]),
    tasks: running.filter((task) => task.resources.some((one) => stackName(one) === name)),
    volumes: resources
      .filter(isVolume)
      .map((volume) => records?.get(volumeName(volume)))
      .filter((record) => record !== undefined),
  }));
}

const stackName = ({ reservations }: Resource): string => JSON.stringify(reservations);

const ownersOf = ({ frameworks }: State, resource: Resource | undefined): readonly Framework[] =>
  [...frameworks.values()]
    .map(({ framework }) => framework)
    .filter(
      ({ roles }) => resource !== undefined && roles.some((role) => isForRole(resource, role)),
    );

export type LeftBehind = {
  /** That the framework had made, wherever they are. */
  readonly volumes: readonly VolumeRecord[];
  /** In its roles, and in those of no other framework. */
  readonly reservations: readonly HeldReservation[];
};

/** What is there of a framework that was removed. */
export function leftBehindBy(state: State, id: FrameworkId): LeftBehind {
  const volumes = [...state.volumes.values()]
    .flatMap((records) => [...records.values()])
    .filter(({ found }) => found.frameworkId === id);
  const roles = completedFramework(state, id)?.framework.roles ?? [];
  const isOfRoles = (one: Resource): boolean =>
    isReserved(one) && roles.some((role) => isForRole(one, role));
  const reservations = [...state.agents.values()]
    .filter(({ total }) => total.some(isOfRoles))
    .flatMap((agent) => reservationsOn(state, agent))
    .filter(({ owners, resources }) => owners.length === 0 && resources.some(isOfRoles));
  return { volumes, reservations };
}
