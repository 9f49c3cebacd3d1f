/** What of an agent nobody holds. A shared volume is held by any number of tasks, and still there. */
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

/**
 * Whether tasks and executors could have this together, each its own, which is unallocated: what two
 * of them want of the same ports is not there twice.
 */
export function areAvailable(state: State, agent: Agent, wanted: readonly Resources[]): boolean {
  let free = freeOf(state, agent);
  for (const each of wanted) {
    const own = each.filter(({ shared }) => !shared);
    if (free === undefined || !contains(free, own)) return false;
    free = subtract(free, own);
    if (!each.every((one) => !one.shared || contains(agent.total, [one]))) return false;
  }
  return free !== undefined;
}
