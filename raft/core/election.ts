/**
 * Elections (§3.4, §3.6.1), with a round of pre-votes before (§9.6), stickiness to a leader that is
 * alive (§4.2.3) and a leader that resigns when no quorum answers it (§6.2). All three are always
 * on: a cluster in which one node lacks one of them can be kept leaderless by a partial partition.
 */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { tally } from './quorum.ts';
import type { CampaignRefusal } from './ready.ts';
import {
  becomeCandidate,
  becomeFollower,
  becomeLeader,
  becomePreCandidate,
  isVoter,
  leaderOf,
  promise,
  type Raft,
  restartTimers,
  say,
} from './state.ts';
import type { Message, NodeId } from './types.ts';

type VoteRequest = Extract<Message, { kind: 'MsgPreVote' | 'MsgVote' }>;
type VoteReply = Extract<Message, { kind: 'MsgPreVoteResp' | 'MsgVoteResp' }>;

/** A tick of one who does not lead. */
export function tickElection(raft: Raft): void {
  raft.elapsedTicks += 1;
  if (raft.elapsedTicks >= raft.patienceTicks) campaign(raft);
}

/** Starts a campaign at once, unless we may not vote or lead already. */
export function campaign(raft: Raft): Result<undefined, CampaignRefusal> {
  restartTimers(raft);
  if (!isVoter(raft)) return refuse({ kind: 'not-voter' });
  if (raft.role.kind === 'leader') return refuse({ kind: 'leader-already' });
  becomePreCandidate(raft);
  askForVotes(raft);
  countVote(raft, raft.options.id, true);
  return accept(undefined);
}

/**
 * Whether a request for votes of a higher term is to be ignored: we hear a leader, so the asker has
 * merely lost touch with it, and must not push the term up.
 */
export function isLoyal(raft: Raft): boolean {
  return leaderOf(raft) !== undefined && raft.elapsedTicks < raft.options.electionTicks;
}

/** The request is of our term; a pre-vote may be of any later one, which it only tries on. */
export function answerVote(raft: Raft, request: VoteRequest): void {
  const { from: to, kind, term, lastTerm, lastIndex } = request;
  const mayVote =
    raft.vote === to ||
    (raft.vote === undefined && leaderOf(raft) === undefined) ||
    (kind === 'MsgPreVote' && term > raft.term);
  const { end } = raft.log;
  // Terms compare first: a longer log of an older term may lack what a newer term decided.
  const isCurrent = lastTerm > end.term || (lastTerm === end.term && lastIndex >= end.index);
  const isGranted = mayVote && isCurrent;
  if (kind === 'MsgPreVote') {
    // A refusal tells our own term, which may be the higher one: so it spreads.
    const said = isGranted ? term : raft.term;
    say(raft, { kind: 'MsgPreVoteResp', to, reject: !isGranted }, said);
    return;
  }
  if (isGranted) {
    raft.vote = to;
    raft.elapsedTicks = 0;
  }
  promise(raft, { kind: 'MsgVoteResp', to, reject: !isGranted });
}

/** A reply to the campaign that runs now; others are too late. */
export function takeVote(raft: Raft, reply: VoteReply): void {
  const { kind, from, term, reject } = reply;
  const asked = raft.role.kind === 'candidate' ? 'MsgVoteResp' : 'MsgPreVoteResp';
  if (kind !== asked) return;
  // A granted pre-vote repeats the term that was tried on: one of an older round is worth nothing.
  if (kind === 'MsgPreVoteResp' && !reject && term !== raft.term + 1) return;
  countVote(raft, from, !reject);
}

/** Our own vote counts when it is on disk, as anybody's: a crash must not let us spend it again. */
export function takeOwnVote(raft: Raft): void {
  const { role, durable, term, options } = raft;
  if (role.kind !== 'candidate' || role.votes.has(options.id)) return;
  if (durable.term === term && durable.vote === options.id) countVote(raft, options.id, true);
}

function countVote(raft: Raft, voter: NodeId, isGranted: boolean): void {
  const { role, conf } = raft;
  if (role.kind !== 'candidate' && role.kind !== 'pre-candidate') return;
  if (!role.votes.has(voter)) role.votes.set(voter, isGranted);
  const outcome = tally(conf.voters, role.votes);
  if (outcome === 'open') return;
  if (outcome === 'lost') becomeFollower(raft, raft.term, undefined);
  else if (role.kind === 'candidate') becomeLeader(raft);
  else {
    becomeCandidate(raft);
    askForVotes(raft);
  }
}

function askForVotes(raft: Raft): void {
  const { conf, options, log, term, role } = raft;
  const { term: lastTerm, index: lastIndex } = log.end;
  const plea = { lastTerm, lastIndex, transfer: false };
  for (const to of conf.voters) {
    if (to === options.id) continue;
    if (role.kind === 'candidate') promise(raft, { kind: 'MsgVote', to, ...plea });
    else say(raft, { kind: 'MsgPreVote', to, ...plea }, term + 1);
  }
}
