/**
 * The leader's side of replication (§3.5, §3.6): proposals in, MsgApps and heartbeats out, answers
 * counted, and an index decided when a quorum has it and its entry is of the leader's own term.
 */
import { assert } from '#internal/base/assert.ts';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import {
  acknowledged,
  held,
  isPaused,
  type Progress,
  rejected,
  resumed,
  sent,
  toProbe,
  toSnapshot,
  type Window,
} from './progress.ts';
import { jointIndex, jointTally } from './quorum/joint.ts';
import { askRound, beat, takeRound } from './reading.ts';
import type { Position, ProposeRefusal, StepRefusal } from './ready.ts';
import { becomeFollower, type Leader, leaderOf, type Raft, restartTimers, say } from './state.ts';
import { handOver, isLeaving, tickTransfer } from './transfer.ts';
import type { Entry, Index, Message, NodeId } from './types.ts';

type Of<Kind extends Message['kind']> = Extract<Message, { kind: Kind }>;

export function propose(raft: Raft, data: Uint8Array): Result<Position, ProposeRefusal> {
  const { role, options, log, term } = raft;
  if (role.kind !== 'leader') return refuse({ kind: 'not-leader', leader: leaderOf(raft) });
  if (isLeaving(role)) return refuse({ kind: 'transferring' });
  if (data.byteLength > options.entryBytesMax) {
    return refuse({ kind: 'too-large', bytesMax: options.entryBytesMax });
  }
  const bytes = role.uncommittedBytes + data.byteLength;
  // One is always let through, or a limit below its size would shut it out for ever.
  if (role.uncommittedBytes > 0 && bytes > options.uncommittedBytesMax) {
    return refuse({ kind: 'busy' });
  }
  const index = log.last + 1;
  log.append([{ term, index, kind: 'normal', data }]);
  role.uncommittedBytes = bytes;
  role.hasNews = true;
  return accept({ term, index });
}

/** A leader's tick: its heartbeats, and each election time-out the question who still listens. */
export function tickLeader(raft: Raft, leader: Leader): void {
  raft.elapsedTicks += 1;
  raft.quietTicks += 1;
  tickTransfer(leader);
  if (raft.elapsedTicks >= raft.options.electionTicks) {
    if (raft.options.checkQuorum && !isHeardByQuorum(raft, leader)) {
      // mark: a leader heard no quorum
      becomeFollower(raft, raft.term, undefined);
      return;
    }
    restartTimers(raft);
    for (const [id, progress] of leader.progress) {
      leader.progress.set(id, { ...progress, isActive: false });
    }
    beat(raft, leader);
  } else if (raft.quietTicks >= raft.options.heartbeatTicks) beat(raft, leader);
}

/** Sends what there is to whoever may get it. Once a Ready, so that proposals travel together. */
export function replicate(raft: Raft, leader: Leader): void {
  leader.hasNews = false;
  askRound(raft, leader);
  for (const to of leader.progress.keys()) while (sendEntries(raft, leader, to));
}

export function takeAnswer(
  raft: Raft,
  leader: Leader,
  message: Of<'MsgAppResp'>,
): StepRefusal | undefined {
  const { from, index, reject, hintIndex, hintTerm } = message;
  const { log } = raft;
  const progress = leader.progress.get(from);
  // Of one who was removed meanwhile.
  if (progress === undefined) return undefined;
  if (index > log.last) {
    return { kind: 'impossible', why: `an answer for entry ${index}, but our last is ${log.last}` };
  }
  const heard = { ...progress, isActive: true };
  leader.progress.set(from, heard);
  if (reject && index === 0) tellBeginning(raft, leader, from);
  else if (reject) {
    // Skips the terms that the peer cannot have, as the peer skipped those that we cannot.
    const hint = hintTerm > 0 ? log.lastOfTerm(Math.min(hintIndex, log.last), hintTerm).index : 0;
    const next = rejected(heard, index, hint);
    if (next === undefined) return undefined;
    leader.progress.set(from, next);
  } else {
    leader.progress.set(from, acknowledged(heard, index, windowOf(raft)));
    decide(raft, leader);
    handOver(raft, leader, from);
  }
  leader.hasNews = true;
  return undefined;
}

export function takePulse(
  raft: Raft,
  leader: Leader,
  message: Of<'MsgHeartbeatResp'>,
): StepRefusal | undefined {
  const { from } = message;
  const progress = leader.progress.get(from);
  if (progress === undefined) return undefined;
  const refusal = takeRound(raft, leader, message);
  if (refusal !== undefined) return refusal;
  const heard = resumed({ ...progress, isActive: true });
  leader.progress.set(from, heard);
  handOver(raft, leader, from);
  if (heard.mode.kind === 'snapshot' || heard.match === raft.log.last) return undefined;
  leader.hasNews = true;
  if (heard.mode.kind !== 'replicate') return undefined;
  // What was sent may be lost. An empty MsgApp at the far end of it makes the peer say so.
  if (raft.log.term(heard.next - 1) === undefined) leader.progress.set(from, toProbe(heard));
  else sendAppend(raft, leader, { to: from, entries: [] });
  return undefined;
}

/** Our own log on disk counts like anybody's; what is only in memory does not. */
export function decide(raft: Raft, leader: Leader): void {
  const { log, conf, options, term } = raft;
  const reached = (id: NodeId): Index =>
    id === options.id ? log.stable : (leader.progress.get(id)?.match ?? 0);
  const index = jointIndex(conf, reached);
  // An older term's entry on a majority can still be overwritten (figure 8): only one of our own
  // term decides, and with it all before it.
  if (index <= log.commit || log.term(index) !== term) return;
  log.commitTo(index);
  leader.hasNews = true;
}

/** Gives back the room that entries of this term took. */
export function settle(raft: Raft, leader: Leader, committed: readonly Entry[]): void {
  for (const { term, data } of committed) {
    if (term === raft.term) leader.uncommittedBytes -= data.byteLength;
  }
  assert(leader.uncommittedBytes >= 0, 'more bytes were decided than proposed');
}

export function peerUnreachable(leader: Leader, peer: NodeId): void {
  const progress = leader.progress.get(peer);
  if (progress?.mode.kind === 'replicate') leader.progress.set(peer, toProbe(progress));
}

export function snapshotReported(leader: Leader, peer: NodeId, arrived: boolean): void {
  const progress = leader.progress.get(peer);
  if (progress?.mode.kind !== 'snapshot') return;
  leader.progress.set(peer, arrived ? toProbe(progress) : held(progress));
  leader.hasNews = true;
}

/** One MsgApp (or MsgSnap) if the peer may have one and there is news in it. */
function sendEntries(raft: Raft, leader: Leader, to: NodeId): boolean {
  const { log, options } = raft;
  const progress = leader.progress.get(to);
  if (progress === undefined || isPaused(progress)) return false;
  const { next, mode, sentCommit } = progress;
  if (log.term(next - 1) === undefined) {
    // mark: a follower needed a snapshot
    sendSnapshot(raft, leader, to);
    return false;
  }
  const entries = log.entries(next, log.last + 1, options.messageBytesMax);
  const hasCommit = sentCommit < Math.min(log.commit, next - 1);
  if (entries.length === 0 && mode.kind === 'replicate' && !hasCommit) return false;
  sendAppend(raft, leader, { to, entries });
  return entries.length > 0;
}

function sendAppend(
  raft: Raft,
  leader: Leader,
  { to, entries }: { readonly to: NodeId; readonly entries: readonly Entry[] },
): void {
  const { log } = raft;
  const progress = progressOf(leader, to);
  const prevIndex = progress.next - 1;
  const prevTerm = log.term(prevIndex);
  assert(prevTerm !== undefined, `entry ${prevIndex} before those to send is compacted`);
  const last = prevIndex + entries.length;
  const bytes = entries.reduce((sum, { data }) => sum + data.byteLength, 0);
  leader.progress.set(to, sent(progress, { last, bytes, commit: log.commit }));
  say(raft, { kind: 'MsgApp', to, prevTerm, prevIndex, entries, commit: log.commit });
}

function sendSnapshot(raft: Raft, leader: Leader, to: NodeId): void {
  const progress = progressOf(leader, to);
  // Whoever is silent would not hear it either, and it is large.
  if (!progress.isActive) return;
  const snapshot = raft.newestSnapshot();
  // Nothing to send at the moment: the peer's next answer asks again.
  if (snapshot === undefined) return;
  const { first } = raft.log;
  assert(snapshot.index >= first - 1, `a snapshot at ${snapshot.index}, a log from ${first}`);
  leader.progress.set(to, toSnapshot(progress, snapshot.index));
  say(raft, { kind: 'MsgSnap', to, snapshot });
}

/**
 * The peer refused what precedes every log: it has no configuration yet, so entries that change one
 * would mean something else to it. A snapshot of the beginning tells it, and is all there is to it; or
 * a later one, where a snapshot stands for the beginning.
 */
function tellBeginning(raft: Raft, leader: Leader, to: NodeId): void {
  const progress = progressOf(leader, to);
  // A late word of one that is being told.
  if (progress.mode.kind === 'snapshot') return;
  leader.progress.set(to, held(progress));
  const { mark } = raft.log;
  if (mark.index === 0) say(raft, { kind: 'MsgSnap', to, snapshot: mark });
  // The beginning is forgotten, though the entries behind it may all be kept for those who lag.
  else sendSnapshot(raft, leader, to);
}

function isHeardByQuorum({ conf, options }: Raft, { progress }: Leader): boolean {
  const active = [options.id, ...progress.keys()].filter(
    (id) => id === options.id || progress.get(id)?.isActive,
  );
  return jointTally(conf, new Map(active.map((id) => [id, true]))) === 'won';
}

function progressOf(leader: Leader, id: NodeId): Progress {
  const progress = leader.progress.get(id);
  assert(progress !== undefined, `no progress of node ${id}`);
  return progress;
}

const windowOf = ({ options }: Raft): Window => ({
  countMax: options.inflightMessagesMax,
  bytesMax: options.inflightBytesMax,
});
