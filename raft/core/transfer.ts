/**
 * Handing leadership over (§3.10): the leader takes no more proposals, waits until the other has all
 * of its log, and tells it to campaign at once. The other's votes are asked with the leader's leave,
 * so loyalty does not stand in the way. A hand-over that is not done in time is given up, and
 * proposals are taken again (openraft #1747).
 */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { TransferRefusal } from './ready.ts';
import { becomeFollower, type Leader, leaderOf, type Raft, say } from './state.ts';
import type { NodeId } from './types.ts';

/** A second wish replaces the first, with a deadline of its own. */
export function transferLeader(
  raft: Raft,
  to: NodeId,
  deadlineTicks: number,
): Result<undefined, TransferRefusal> {
  const { role, conf, options } = raft;
  if (role.kind !== 'leader') return refuse({ kind: 'not-leader', leader: leaderOf(raft) });
  if (to === options.id) return refuse({ kind: 'leader-already' });
  if (!conf.voters.includes(to)) return refuse({ kind: 'not-voter' });
  role.transfer = { to, ticksLeft: deadlineTicks };
  role.hasNews = true;
  handOver(raft, role, to);
  return accept(undefined);
}

/** `peer` has answered: if it is the one and has all, it may go. Repeated, since words get lost. */
export function handOver(raft: Raft, leader: Leader, peer: NodeId): void {
  if (leader.transfer?.to !== peer || leader.progress.get(peer)?.match !== raft.log.last) return;
  // Its campaign may come at any time now, even when we have given up.
  leader.lease.isVoid = true;
  say(raft, { kind: 'MsgTimeoutNow', to: peer });
}

export function tickTransfer(leader: Leader): void {
  if (leader.transfer === undefined) return;
  leader.transfer.ticksLeft -= 1;
  if (leader.transfer.ticksLeft <= 0) leader.transfer = undefined;
}

/** Nothing new is taken by one who is about to lead no more. */
export const isLeaving = ({ transfer, farewell }: Leader): boolean =>
  transfer !== undefined || farewell !== undefined;

/** A leader without a vote goes when it can, and leaves an heir: who has most of its log. */
export function resignWhenDone(raft: Raft, leader: Leader): void {
  const { conf, log, term } = raft;
  if (leader.farewell === undefined || log.commit < leader.farewell) return;
  const reached = (id: NodeId): number => leader.progress.get(id)?.match ?? 0;
  const [heir] = conf.voters.toSorted((one, other) => reached(other) - reached(one));
  if (heir !== undefined) say(raft, { kind: 'MsgTimeoutNow', to: heir });
  becomeFollower(raft, term, undefined);
}
