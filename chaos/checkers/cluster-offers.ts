/**
 * What a leading master has on offer, seen from outside between two of its turns:
 *
 * - of agents that are there: admitted, linked, and not taken out of service;
 * - capacity: together with what tasks hold it fits into its agent, counted offer by offer;
 * - tenants: to frameworks that are there, for roles of their own, and nothing that is reserved for
 *   another role.
 */
import type { MasterView, OfferView } from '#internal/master/door.ts';
import { format } from '#internal/resources/format.ts';
import type { Agent } from '#internal/model/cluster.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { contains, nothing, subtract, sum, unallocated } from '#internal/resources/resources.ts';
import { type State, tasksOnAgent } from '#internal/state/state.ts';
import { isLost } from './lost-task.ts';
import { Violation } from './violation.ts';

export class OfferLaws {
  #looked = 0;

  /** Offers that were looked at. */
  get looked(): number {
    return this.#looked;
  }

  look({ state, offers, connectedAgents }: MasterView): void {
    this.#looked += offers.length;
    const offered = new Map<Agent, Resources[]>();
    for (const offer of offers) {
      const { agent, resources } = offer;
      isOfThere(state, offer, connectedAgents.has(agent.id));
      isOfOwn(state, offer);
      const list = offered.get(agent) ?? [];
      list.push(unallocated(resources));
      offered.set(agent, list);
    }
    for (const [agent, list] of offered) fits(state, agent, sum(list));
  }
}

function isOfThere(state: State, { id, agent }: OfferView, isConnected: boolean): void {
  const known = state.agents.get(agent.id);
  const { deactivation } = known ?? {};
  const why =
    (known === undefined && 'is in no book') ||
    (known?.reach.kind === 'unreachable' && 'is out of reach') ||
    (deactivation !== undefined && `is ${deactivation.kind}`) ||
    (!isConnected && 'is not connected');
  if (why === false) return;
  throw new Violation('offer-of-nothing', `offer ${id} is of ${agent.hostname}, which ${why}`);
}

function isOfOwn(state: State, { id, frameworkId, role, resources }: OfferView): void {
  const framework = state.frameworks.get(frameworkId)?.framework;
  if (framework === undefined) {
    throw new Violation('offer-of-nothing', `offer ${id} is for ${frameworkId}, which ended`);
  }
  if (!framework.roles.includes(role)) {
    throw new Violation('tenants', `${framework.name} is offered ${id} as ${role}`);
  }
  for (const { reservations } of resources) {
    const reserved = reservations.at(-1)?.role;
    if (reserved === undefined || role === reserved || role.startsWith(`${reserved}/`)) continue;
    throw new Violation(
      'tenants',
      `${framework.name}, as ${role}, is offered what is ${reserved}'s`,
    );
  }
}

function fits(state: State, { id, hostname, total }: Agent, offered: Resources): void {
  const held = state.loads.get(id)?.used ?? nothing;
  const lost = tasksOnAgent(state, id).filter((task) => isLost(task, total));
  const used = subtract(held, sum(lost.map(({ resources }) => unallocated(resources))));
  if (contains(total, sum([used, offered]))) return;
  const told = `${format(used)} is used and ${format(offered)} on offer`;
  throw new Violation('books', `${hostname} has ${format(total)}; ${told}`);
}
