/**
 * Reads without a log entry (§6.4): a leader that a quorum still followed after a read arrived may
 * answer with its commit index of then. Reads that arrive together share one round of heartbeats, and
 * while a round is out the next ones wait for the next: one round at a time, however many ask.
 *
 * Every round has its number, heartbeats repeat none, and only answers to a round that left after the
 * reads arrived count for them (etcd #20418). Followers pass reads on under numbers of their own.
 *
 * With a lease (§6.4.1) the leader answers alone, as long as the promise of a quorum lasts: who heard
 * it votes for nobody else for an election time-out. That is counted from when the round left, by the
 * leader's clock, with room for the drift of both; it ends with a transfer and with every change of
 * the membership.
 */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { leaseMs } from './options.ts';
import { jointIndex } from './quorum/joint.ts';
import type { ReadRefusal, StepRefusal } from './ready.ts';
import { type Leader, leaderOf, type Raft, type Read, say } from './state.ts';
import type { Message } from './types.ts';

type Of<Kind extends Message['kind']> = Extract<Message, { kind: Kind }>;

export function readIndex(raft: Raft, context: number): Result<undefined, ReadRefusal> {
  const { role, options, asking } = raft;
  if (role.kind === 'leader') {
    return takeRead(raft, role, { from: options.id, context })
      ? accept(undefined)
      : refuse({ kind: 'busy' });
  }
  if (leaderOf(raft) === undefined) return refuse({ kind: 'no-leader' });
  const asked = [...asking.sent.values()].reduce((sum, { contexts }) => sum + contexts.length, 0);
  if (asked + asking.waiting.length >= options.readsMax) return refuse({ kind: 'busy' });
  asking.waiting.push(context);
  return accept(undefined);
}

/** Passes this turn's reads on. A question that is lost is one that expires (`tickReads`). */
export function askLeader(raft: Raft): void {
  const { asking, options } = raft;
  const to = leaderOf(raft);
  if (to === undefined || to === options.id || asking.waiting.length === 0) return;
  asking.next ||= 1 + raft.random.below(2 ** 52);
  const context = asking.next++;
  asking.sent.set(context, { contexts: asking.waiting, ticksLeft: options.electionTicks });
  asking.waiting = [];
  say(raft, { kind: 'MsgReadIndex', to, context });
}

export function tickReads({ asking, lostReads }: Raft): void {
  for (const [number, question] of asking.sent) {
    question.ticksLeft -= 1;
    if (question.ticksLeft > 0) continue;
    asking.sent.delete(number);
    lostReads.push(...question.contexts);
  }
}

/** Somebody else's read. One too many is dropped: its asker asks again. */
export function takeQuestion(raft: Raft, { from, context }: Of<'MsgReadIndex'>): void {
  if (raft.role.kind === 'leader') takeRead(raft, raft.role, { from, context });
}

export function takeIndex({ asking, readStates }: Raft, reply: Of<'MsgReadIndexResp'>): void {
  const question = asking.sent.get(reply.context);
  if (question === undefined) return;
  asking.sent.delete(reply.context);
  for (const context of question.contexts) readStates.push({ context, index: reply.index });
}

/** Opens the next round when reads wait for one. */
export function askRound(raft: Raft, leader: Leader): void {
  const { reads } = leader;
  if (reads.waiting.length === 0 || reads.asked !== undefined || !isInformed(raft)) return;
  reads.asked = { round: reads.round + 1, index: raft.log.commit, reads: reads.waiting };
  reads.waiting = [];
  beat(raft, leader);
  confirmReads(raft, leader);
}

/** One heartbeat to everybody: a new round. */
export function beat(raft: Raft, leader: Leader): void {
  const { reads, lease } = leader;
  reads.round += 1;
  raft.quietTicks = 0;
  if (raft.options.lease !== undefined) {
    const kept = lease.sent.slice(-leaseRoundsMax + 1);
    lease.sent = [...kept, { round: reads.round, atMs: raft.monotonic() }];
  }
  for (const [to, { match }] of leader.progress) {
    // Never beyond what the peer is known to have: the rest of its log may not be ours.
    const commit = Math.min(match, raft.log.commit);
    say(raft, { kind: 'MsgHeartbeat', to, commit, context: reads.round });
  }
}

/** Rounds whose departure is remembered: older ones could hardly prolong a lease. */
const leaseRoundsMax = 64;

export function takeRound(
  raft: Raft,
  leader: Leader,
  { from, context }: Of<'MsgHeartbeatResp'>,
): StepRefusal | undefined {
  const { round, answered } = leader.reads;
  if (context > round) {
    return { kind: 'impossible', why: `an answer to round ${context}, but our last is ${round}` };
  }
  answered.set(from, Math.max(context, answered.get(from) ?? 0));
  confirmReads(raft, leader);
  return undefined;
}

/** A quorum may have answered: then it followed us when that round left. */
export function confirmReads(raft: Raft, leader: Leader): void {
  const { conf, options } = raft;
  const { reads, lease } = leader;
  const confirmed = jointIndex(conf, (id) =>
    id === options.id ? reads.round : (reads.answered.get(id) ?? 0),
  );
  const left = lease.sent.findLast(({ round }) => round <= confirmed);
  if (left !== undefined) {
    lease.sinceMs = left.atMs;
    lease.sent = lease.sent.filter(({ round }) => round > confirmed);
  }
  if (reads.asked === undefined || confirmed < reads.asked.round) return;
  const { index, reads: answered } = reads.asked;
  reads.asked = undefined;
  leader.hasNews ||= reads.waiting.length > 0;
  for (const read of answered) answer(raft, read, index);
}

function takeRead(raft: Raft, leader: Leader, read: Read): boolean {
  const { reads } = leader;
  if (isInformed(raft) && isLeased(raft, leader)) {
    answer(raft, read, raft.log.commit);
    return true;
  }
  const waiting = reads.waiting.length + (reads.asked?.reads.length ?? 0);
  if (waiting >= raft.options.readsMax) return false;
  reads.waiting.push(read);
  leader.hasNews = true;
  return true;
}

function answer(raft: Raft, { from, context }: Read, index: number): void {
  if (from === raft.options.id) raft.readStates.push({ context, index });
  else say(raft, { kind: 'MsgReadIndexResp', to: from, context, index });
}

/** Before it has decided an entry of its own, a leader may not know all that was decided (§6.4). */
const isInformed = ({ log, term }: Raft): boolean => log.term(log.commit) === term;

function isLeased({ options, monotonic }: Raft, { lease }: Leader): boolean {
  if (options.lease === undefined || lease.isVoid || lease.sinceMs === undefined) return false;
  return monotonic() - lease.sinceMs < leaseMs(options.electionTicks, options.lease);
}
