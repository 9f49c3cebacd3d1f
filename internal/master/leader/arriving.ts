/**
 * Executors whose launches are on their way into the log. For all that this leader decides they live
 * already, so that the next group may be launched in one that is only just wanted.
 */
import type { Executor } from '#internal/model/cluster.ts';
import type { ExecutorId } from '#internal/model/ids.ts';
import type { LaunchWithExecutor } from '#internal/state/command.ts';
import { executorOf } from '#internal/state/state.ts';
import type { Lead } from './lead.ts';

type Name = Pick<Executor, 'frameworkId' | 'agentId' | 'id'>;

/** One that lives, or that is on its way into the log. */
export function livingExecutor(lead: Lead, name: Name): Executor | undefined {
  return executorOf(lead.state, name) ?? lead.arriving.get(pathOf(name))?.executor;
}

/** What a framework has on an agent for all that this leader decides, in order. */
export function executorIdsOn(
  lead: Pick<Lead, 'state' | 'arriving'>,
  { frameworkId, agentId }: Omit<Name, 'id'>,
): readonly ExecutorId[] {
  const ids = new Set(lead.state.loads.get(agentId)?.executors.get(frameworkId)?.keys());
  for (const { executor } of lead.arriving.values()) {
    const isThere = executor.frameworkId === frameworkId && executor.agentId === agentId;
    if (isThere) ids.add(executor.id);
  }
  return [...ids].toSorted();
}

/** Its launch is proposed. `isHeld`: what the executor needs was taken out of the offers. */
export function bookExecutor(lead: Lead, executor: Executor, isHeld: boolean): void {
  const key = pathOf(executor);
  const known = lead.arriving.get(key);
  lead.arriving.set(key, {
    executor: known?.executor ?? executor,
    launches: (known?.launches ?? 0) + 1,
    isHeld: isHeld || known?.isHeld === true,
  });
}

/** That launch is not under way any more. */
export function executorLanded(lead: Lead, executor: Executor, isHeld: boolean): void {
  const key = pathOf(executor);
  const known = lead.arriving.get(key);
  if (known === undefined) return;
  const launches = known.launches - 1;
  if (launches === 0) lead.arriving.delete(key);
  else lead.arriving.set(key, { ...known, launches, isHeld: known.isHeld && !isHeld });
}

/** How long a launch is in the log, about. */
export const sizeOf = ({
  executor,
  tasks,
}: Pick<LaunchWithExecutor, 'executor' | 'tasks'>): number =>
  [executor, ...tasks].reduce((bytes, { info }) => bytes + info.length, 0);

export const pathOf = ({ frameworkId, agentId, id }: Name): string =>
  `${frameworkId}/${agentId}/${id}`;
