/** Tasks that will never run, as books know before they are told. */
import { isTerminal, type Task } from '#internal/model/cluster.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { contains, unallocated } from '#internal/resources/resources.ts';
import { isVolume } from '#internal/resources/volume.ts';

/**
 * It was launched onto a volume that was to be made on its way, and the agent, which has `total`, could
 * not make it. It never runs: its agent refuses it, and says so after it has said so of the volume.
 */
export function isLost({ state, resources }: Task, total: Resources): boolean {
  if (isTerminal(state) || (state !== 'staging' && state !== 'starting')) return false;
  return !contains(total, unallocated(resources).filter(isVolume));
}
