/**
 * Joint majorities (dissertation §4.3): while the membership changes, two groups decide, and each of
 * them has to agree by its own majority. The majority of their union would not do: it may miss one
 * group's majority altogether. Pure arithmetic, no state.
 */
import type { ConfState, Index, NodeId } from '../types.ts';
import { quorumIndex, type Tally, tally } from './majority.ts';

export type Voters = Pick<ConfState, 'voters' | 'outgoing'>;

/** The highest index that both groups have reached, each by a majority. */
export function jointIndex({ voters, outgoing }: Voters, reached: (voter: NodeId) => Index): Index {
  const incoming = quorumIndex(voters, reached);
  return outgoing.length === 0 ? incoming : Math.min(incoming, quorumIndex(outgoing, reached));
}

/** Won when both groups say so; lost as soon as one cannot win any more. */
export function jointTally(
  { voters, outgoing }: Voters,
  votes: ReadonlyMap<NodeId, boolean>,
): Tally {
  const incoming = tally(voters, votes);
  if (outgoing.length === 0) return incoming;
  const other = tally(outgoing, votes);
  if (incoming === 'lost' || other === 'lost') return 'lost';
  return incoming === 'won' && other === 'won' ? 'won' : 'open';
}
