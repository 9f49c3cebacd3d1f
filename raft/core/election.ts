/**
 * Elections (§3.4, §3.6.1), with a round of pre-votes before (§9.6), stickiness to a leader that is
 * alive (§4.2.3) and a leader that resigns when no quorum answers it (§6.2). All three belong
 * together: a cluster in which one node lacks one of them can be kept leaderless by a partial
 * partition, so only scenarios of tests switch them off.
 */
import { assert } from '#internal/base/assert.ts';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { jointTally } from './quorum/joint.ts';
import type { CampaignRefusal, StepRefusal } from './ready.ts';
import { tickReads } from './reading.ts';
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
import type { Index, Message, NodeId, Term } from './types.ts';

type VoteRequest = Extract<Message, { kind: 'MsgPreVote' | 'MsgVote' }>;
type VoteReply = Extract<Message, { kind: 'MsgPreVoteResp' | 'MsgVoteResp' }>;

/** A tick of one who does not lead. */
export function tickElection(raft: Raft): void {
  raft.elapsedTicks += 1;
  raft.heardTicks += 1;
  tickReads(raft);
  if (raft.elapsedTicks >= raft.patienceTicks) campaign(raft);
}

/** Starts a campaign at once, unless we may not vote or lead already. */
export function campaign(raft: Raft): Result<undefined, CampaignRefusal> {
  restartTimers(raft);
  if (raft.role.kind === 'leader') return refuse({ kind: 'leader-already' });
  if (!isVoter(raft)) return refuse({ kind: 'not-voter' });
  if (raft.log.hasConfToApply) return refuse({ kind: 'conf-unapplied' });
  if (isBound(raft)) return refuse({ kind: 'leader-leased' });
  if (raft.options.preVote) {
    becomePreCandidate(raft);
    askForVotes(raft);
    countVote(raft, raft.options.id, true);
  } else stand(raft, false);
  return accept(undefined);
}

/** The leader wants us to take over: at once, and with its leave. */
export function takeOver(raft: Raft): StepRefusal | undefined {
  // It may have called before it heard of our demotion, or of what we have yet to apply.
  if (isVoter(raft) && !raft.log.hasConfToApply) stand(raft, true);
  return undefined;
}

function stand(raft: Raft, isTransfer: boolean): void {
  becomeCandidate(raft, isTransfer);
  askForVotes(raft);
}

/**
 * Whether a request for votes of a higher term is to be ignored: we hear a leader, so the asker has
 * merely lost touch with it, and must not push the term up.
 */
export function isLoyal(raft: Raft): boolean {
  const { checkQuorum, electionTicks } = raft.options;
  return checkQuorum && leaderOf(raft) !== undefined && raft.elapsedTicks < electionTicks;
}

/**
 * Whether a leader may rely on our not voting for anybody else. That outlives what loyalty does not: a
 * crash, a term that we hear of from one who does not lead it, our forgetting of the leader.
 */
export function isBound({ options, heardTicks, role }: Raft): boolean {
  return (
    options.lease !== undefined && role.kind !== 'leader' && heardTicks < options.electionTicks
  );
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
    // mark: a vote was asked for in advance
    // A refusal tells our own term, which may be the higher one: so it spreads.
    const said = isGranted ? term : raft.term;
    say(raft, { kind: 'MsgPreVoteResp', to, reject: !isGranted, ...decidedOf(raft) }, said);
    return;
  }
  if (isGranted) {
    raft.vote = to;
    raft.elapsedTicks = 0;
  }
  promise(raft, { kind: 'MsgVoteResp', to, reject: !isGranted, ...decidedOf(raft) });
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

/**
 * Who campaigns, or refuses to vote, tells what is decided; where our log has just that entry, all up
 * to it is decided here too. Without it, nodes that miss the end of a change of the membership may
 * wait for ever for the vote of one who was removed and knows better (raft-rs does the same).
 */
export function learnDecided(raft: Raft, { commit, commitTerm }: VoteRequest | VoteReply): void {
  const { role, log, term } = raft;
  if (role.kind === 'leader' || commit <= log.commit || log.term(commit) !== commitTerm) return;
  log.commitTo(commit);
  // The votes so far were asked of the wrong ones.
  if (role.kind !== 'follower' && log.hasConfToApply) becomeFollower(raft, term, undefined);
}

/** What we know to be decided, as campaigns spread it. */
export function decidedOf({ log }: Raft): { commit: Index; commitTerm: Term } {
  const commitTerm = log.term(log.commit);
  assert(commitTerm !== undefined, `the decided entry ${log.commit} has no term`);
  return { commit: log.commit, commitTerm };
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
  const outcome = jointTally(conf, role.votes);
  if (outcome === 'open') return;
  if (outcome === 'lost') becomeFollower(raft, raft.term, undefined);
  else if (role.kind === 'candidate') becomeLeader(raft);
  else stand(raft, false);
}

function askForVotes(raft: Raft): void {
  const { conf, options, log, term, role } = raft;
  const { term: lastTerm, index: lastIndex } = log.end;
  const transfer = role.kind === 'candidate' && role.isTransfer;
  const plea = { lastTerm, lastIndex, transfer, ...decidedOf(raft) };
  for (const to of new Set([...conf.voters, ...conf.outgoing])) {
    if (to === options.id) continue;
    if (role.kind === 'candidate') promise(raft, { kind: 'MsgVote', to, ...plea });
    else say(raft, { kind: 'MsgPreVote', to, ...plea }, term + 1);
  }
}
