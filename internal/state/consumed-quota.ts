/** How much of its quota a role uses (contract 10.4). */
import { type Executor, isTerminal } from '#internal/model/cluster.ts';
import type { Role } from '#internal/model/ids.ts';
import {
  addQuantities,
  noQuantities,
  type Quantities,
  scalarQuantities,
} from '#internal/resources/quantities.ts';
import { isAncestor, isReserved, isReservedToSubtree } from '#internal/resources/reservation.ts';
import type { State } from './state.ts';

/**
 * What tasks and executors of the role and of the roles below it hold, and what is reserved to them whether it is
 * held or not. Offers do not count: they may come back.
 */
export function consumedQuota(state: State, role: Role): Quantities {
  let consumed = noQuantities;
  for (const { total } of state.agents.values()) {
    const reserved = total.filter((one) => isReservedToSubtree(one, role));
    if (reserved.length > 0) consumed = addQuantities(consumed, scalarQuantities(reserved));
  }
  for (const { tasks, executors } of state.frameworks.values()) {
    const running = [...tasks.values()].filter((task) => !isTerminal(task.state));
    const reached = [...executors.values()].filter((one) => isReached(state, one));
    for (const { resources } of [...running, ...reached]) {
      const held = resources.filter(
        (one) => !isReserved(one) && !one.revocable && isBelow(one.allocationRole, role),
      );
      if (held.length > 0) consumed = addQuantities(consumed, scalarQuantities(held));
    }
  }
  return consumed;
}

/** What is on an agent that is not reached is not counted, like its tasks. */
const isReached = ({ agents }: State, { agentId }: Executor): boolean =>
  agents.get(agentId)?.reach.kind === 'admitted';

const isBelow = (name: string | undefined, role: Role): boolean =>
  name !== undefined && (name === role || isAncestor(role, name));
