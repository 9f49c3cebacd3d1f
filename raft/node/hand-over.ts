/**
 * A leader that leaves, or is told to, names its heir: the gap in which nobody takes proposals is then
 * that of a few messages, not of an election time-out.
 */
import type { Status } from '#raft/core/ready.ts';
import type { NodeId } from '#raft/core/types.ts';
import type { RaftNode } from './raft-node.ts';

export type HandOver =
  | { readonly kind: 'done' }
  | {
      readonly kind: 'refused';
      /** `no-heir`: there is no other voter. `too-slow`: the heir did not make it; we lead on. */
      readonly reason: 'not-leader' | 'no-heir' | 'too-slow';
    };

/** Hands leadership to `to`, or to the voter that has most of our log. Takes an election time-out at most. */
export async function handOver(
  node: RaftNode,
  { to }: { readonly to?: NodeId } = {},
): Promise<HandOver> {
  const { kind, term } = node.standing();
  if (kind !== 'leader') return { kind: 'refused', reason: 'not-leader' };
  const heir = to ?? heirOf(node.status());
  if (heir === undefined || !node.beginHandOver(heir).ok) {
    return { kind: 'refused', reason: 'no-heir' };
  }
  const isLeading = (): boolean =>
    node.standing().kind === 'leader' && node.standing().term === term;
  await node.until(() => !isLeading() || node.status().transferee === undefined);
  return isLeading() ? { kind: 'refused', reason: 'too-slow' } : { kind: 'done' };
}

/**
 * Stops a node without a gap: hands leadership over first, and lets what was proposed here learn its
 * outcome from the heir. What cannot be done in an election time-out each is left.
 */
export async function leave(node: RaftNode): Promise<void> {
  const handed = await handOver(node);
  if (handed.kind === 'done') await node.untilQuiet();
  await node.stop();
}

/** The voter that has most of our log; of several one that was heard of late, the lowest id. */
export function heirOf({
  id,
  conf,
  progress,
}: Pick<Status, 'id' | 'conf' | 'progress'>): NodeId | undefined {
  const others = conf.voters.flatMap((voter) => {
    const known = voter === id ? undefined : progress.get(voter);
    return known === undefined ? [] : [{ voter, ...known }];
  });
  const farthest = Math.max(0, ...others.map(({ match }) => match));
  const heirs = others.filter(({ match }) => match === farthest);
  return (heirs.find(({ isActive }) => isActive) ?? heirs[0])?.voter;
}
