/** Majorities: when an index is decided, and when an election is. Pure arithmetic, no state. */
import type { Index, NodeId } from '../types.ts';

/** How many of `count` voters agree for all of them. Any two such groups share a voter. */
export const majority = (count: number): number => Math.floor(count / 2) + 1;

/** The highest index that a majority of `voters` has reached; a voter unheard of counts as 0. */
export function quorumIndex(voters: readonly NodeId[], reached: (voter: NodeId) => Index): Index {
  const descending = voters.map((voter) => reached(voter)).toSorted((a, b) => b - a);
  return descending[majority(voters.length) - 1] ?? 0;
}

export type Tally = 'won' | 'lost' | 'open';

/** Votes of those who are no voters do not count, whatever they say. */
export function tally(voters: readonly NodeId[], votes: ReadonlyMap<NodeId, boolean>): Tally {
  const needed = majority(voters.length);
  const granted = voters.filter((voter) => votes.get(voter) === true).length;
  const refused = voters.filter((voter) => votes.get(voter) === false).length;
  if (granted >= needed) return 'won';
  return voters.length - refused < needed ? 'lost' : 'open';
}
