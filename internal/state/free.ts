/** What of an agent no task holds. A shared volume is held by any number of tasks, and still there. */
import type { Agent } from '#internal/model/cluster.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { contains, nothing, subtract } from '#internal/resources/resources.ts';
import type { State } from './state.ts';

/**
 * What an operation may use, so without shared volumes that tasks use. Undefined when tasks hold more
 * than there is: the agent came back smaller.
 */
export function freeOf(state: State, agent: Agent): Resources | undefined {
  const used = state.loads.get(agent.id)?.used ?? nothing;
  const lent = used.filter(({ shared }) => shared);
  const total = agent.total.filter((one) => !one.shared || !contains(lent, [one]));
  const own = used.filter(({ shared }) => !shared);
  return contains(total, own) ? subtract(total, own) : undefined;
}

/** Whether a task could have this, which is unallocated. */
export function isAvailable(state: State, agent: Agent, wanted: Resources): boolean {
  const free = freeOf(state, agent);
  if (free === undefined) return false;
  const own = wanted.filter(({ shared }) => !shared);
  return contains(free, own) && wanted.every((one) => !one.shared || contains(agent.total, [one]));
}
