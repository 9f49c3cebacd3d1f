/**
 * Membership changes (dissertation §4): proposed like any entry, one at a time, and in force on each
 * node where it is applied, which is after it is decided. So no configuration is ever taken back.
 * What keeps that safe:
 *
 * - a leader proposes none before all that its log held when it was elected is applied, its own first
 *   entry included;
 * - nobody campaigns who has a decided change yet to apply;
 * - a leader that is removed leads on, without a vote, until those who stay know (`farewell`);
 * - consecutive configurations share a voter in every two quorums (`confchange.ts`).
 */
import { assert } from '#internal/base/assert.ts';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { confChangeToBytes } from './confchange-codec.ts';
import { changed, hasVote, leave, membersOf } from './confchange.ts';
import { decide } from './leading.ts';
import { newProgress } from './progress.ts';
import type { ConfRefusal, Position } from './ready.ts';
import { confirmReads } from './reading.ts';
import { appendNoop, type Leader, leaderOf, type Raft } from './state.ts';
import { isLeaving } from './transfer.ts';
import type { ConfChange, ConfState, Index, SnapshotMark } from './types.ts';

export function proposeConf(raft: Raft, change: ConfChange): Result<Position, ConfRefusal> {
  const { role, log, conf } = raft;
  if (role.kind !== 'leader') return refuse({ kind: 'not-leader', leader: leaderOf(raft) });
  if (isLeaving(role)) return refuse({ kind: 'transferring' });
  if (isPending(raft, role)) return refuse({ kind: 'in-progress', index: role.pendingConf });
  const next = changed(conf, change);
  if (!next.ok) return refuse({ kind: 'impossible', why: next.refusal });
  append(raft, role, change);
  return accept({ term: raft.term, index: log.last });
}

/** The decided change that was handed out last is in force from here on. */
export function applyConf(raft: Raft, change: ConfChange): ConfState {
  const { role, log } = raft;
  const entry = log.confApplied();
  if (entry === undefined) return raft.conf;
  const data = confChangeToBytes(change);
  assert(
    data.length === entry.data.length && data.every((byte, i) => byte === entry.data[i]),
    `entry ${entry.index} asks for another change of the membership`,
  );
  const next = changed(raft.conf, change);
  assert(next.ok, `entry ${entry.index} changes the membership in a way that cannot be`);
  raft.conf = next.value;
  const begin = raft.confs.findLastIndex(({ index }) => index < log.first);
  raft.confs = [...raft.confs.slice(Math.max(0, begin)), { index: entry.index, conf: next.value }];
  if (role.kind === 'leader') lead(raft, role);
  return next.value;
}

/** Appends the second half of a change that is to end by itself, as soon as that is safe. */
export function leaveJointWhenDue(raft: Raft, leader: Leader): void {
  const { conf } = raft;
  if (conf.autoLeave && !isPending(raft, leader)) append(raft, leader, leave);
}

/** A point for a snapshot, with the configuration that was in force there. */
export function markAt({ log, confs }: Raft, index: Index): SnapshotMark | undefined {
  const term = log.term(index);
  const conf = confs.findLast((each) => each.index <= index)?.conf;
  if (index > log.applied || term === undefined || conf === undefined) return undefined;
  return { index, term, conf };
}

/** After a snapshot: what came before it is no longer known. */
export function restoreConf(raft: Raft, { index, conf }: SnapshotMark): void {
  raft.conf = conf;
  raft.confs = [{ index, conf }];
}

/** A leader's books follow the configuration. */
function lead(raft: Raft, leader: Leader): void {
  const { conf, options, log } = raft;
  const peers = membersOf(conf).filter((id) => id !== options.id);
  for (const id of leader.progress.keys()) if (!peers.includes(id)) leader.progress.delete(id);
  for (const id of peers) {
    if (leader.progress.has(id)) continue;
    // It counts as heard, or the next check of the quorum would miss who had no time to answer.
    leader.progress.set(id, { ...newProgress(log.last + 1), isActive: true });
  }
  if (!hasVote(conf, options.id)) leader.farewell ??= appendNoop(raft);
  leader.lease.sent = [];
  leader.lease.sinceMs = undefined;
  if (leader.transfer !== undefined && !conf.voters.includes(leader.transfer.to)) {
    leader.transfer = undefined;
  }
  leader.hasNews = true;
  // With fewer voters more may be decided.
  decide(raft, leader);
  confirmReads(raft, leader);
  leaveJointWhenDue(raft, leader);
}

const isPending = ({ log }: Raft, { pendingConf }: Leader): boolean =>
  log.applied < pendingConf || log.owesConf;

function append({ log, term }: Raft, leader: Leader, change: ConfChange): void {
  const data = confChangeToBytes(change);
  const index = log.last + 1;
  log.append([{ term, index, kind: 'conf', data }]);
  leader.uncommittedBytes += data.byteLength;
  leader.pendingConf = index;
  leader.hasNews = true;
}
