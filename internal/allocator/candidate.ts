/** What of an agent one framework may be offered for one of its roles, before fairness is asked. */
import type { Role } from '#internal/model/ids.ts';
import { isForRole, isRefined } from '#internal/resources/reservation.ts';
import type { Resource, Resources } from '#internal/resources/resource.ts';
import { scalarMilli } from '#internal/resources/resources.ts';
import type { AgentBook, FrameworkBook } from './books.ts';
import type { AllocatorOptions } from './skeleton-event.ts';

/** Of `free`, which is what the agent still has; empty when there is nothing for it. */
export function candidateFor(
  { capabilities }: Pick<FrameworkBook, 'capabilities'>,
  role: Role,
  agent: Pick<AgentBook, 'total'>,
  free: Resources,
): Resources {
  // Scarce: who cannot use GPUs is not to sit on the CPUs next to them.
  if (!capabilities.has('GPU_RESOURCES') && scalarMilli(agent.total, 'gpus') > 0) return [];
  const isSuited = (one: Resource): boolean =>
    isForRole(one, role) &&
    (!isRefined(one) || capabilities.has('RESERVATION_REFINEMENT')) &&
    (!one.revocable || capabilities.has('REVOCABLE_RESOURCES')) &&
    (!one.shared || capabilities.has('SHARED_RESOURCES'));
  return free.filter(isSuited);
}

/** Enough of something to be worth an offer (contract 2.2). */
export function isAllocatable(
  resources: Resources,
  { minAllocatable }: Pick<AllocatorOptions, 'minAllocatable'>,
): boolean {
  return minAllocatable.some(({ name, milli }) => scalarMilli(resources, name) >= milli);
}
