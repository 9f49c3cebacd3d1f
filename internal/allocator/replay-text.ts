/** What a replay found, in lines for an operator. */
import type { AgentId } from '#internal/model/ids.ts';
import { format } from '#internal/resources/format.ts';
import { equals, unallocated } from '#internal/resources/resources.ts';
import type { ReplayedRun } from './replay.ts';
import type { Placement } from './what-if.ts';

/** One agent in one run: what was offered to whom, and what would have been. */
export type Difference = {
  readonly agentId: AgentId;
  readonly recorded: readonly Placement[];
  readonly changed: readonly Placement[];
};

/** In the order of the agents' ids. */
export function differencesIn({ rounds, underPolicy }: ReplayedRun): readonly Difference[] {
  const recorded = Map.groupBy(
    rounds.flatMap(({ offers }): readonly Placement[] => offers),
    ({ agentId }) => agentId,
  );
  const changed = Map.groupBy(underPolicy, ({ agentId }) => agentId);
  return [...new Set([...recorded.keys(), ...changed.keys()])]
    .toSorted()
    .map((agentId) => ({
      agentId,
      recorded: recorded.get(agentId) ?? [],
      changed: changed.get(agentId) ?? [],
    }))
    .filter((one) => !isSame(one.recorded, one.changed));
}

/** `agent S1: cpus:4 to F1 (a) -> cpus:4 to F2 (b)`. */
export const differenceText = ({ agentId, recorded, changed }: Difference): string =>
  `agent ${agentId}: ${placementsText(recorded)} -> ${placementsText(changed)}`;

/** Names the run by its number and by its time from the first one. */
export const runText = ({ number, nowMs }: ReplayedRun, firstMs: number): string =>
  `run ${number} at ${((nowMs - firstMs) / 1000).toFixed(3)} s`;

function isSame(left: readonly Placement[], right: readonly Placement[]): boolean {
  return (
    left.length === right.length &&
    left.every((one) =>
      right.some(
        (other) =>
          one.frameworkId === other.frameworkId &&
          one.role === other.role &&
          equals(one.resources, other.resources),
      ),
    )
  );
}

function placementsText(list: readonly Placement[]): string {
  if (list.length === 0) return 'nobody';
  return list
    .map(
      ({ frameworkId, role, resources }) =>
        `${format(unallocated(resources))} to ${frameworkId} (${role})`,
    )
    .join(', ');
}
