/**
 * The memory of one node, and the few moves that everything else is made of: to speak, to change
 * role, to join a term. It is one mutable record, because a node is one thing with one life; only
 * `RawNode` holds it, and the modules beside it are the verbs.
 */
import { assert } from '#internal/base/assert.ts';
import type { Random } from '#internal/base/random.ts';
import type { RawNodeOptions } from './options.ts';
import { newProgress, type Progress } from './progress.ts';
import type { RaftLog } from './raft-log.ts';
import type { RoleKind, SoftState } from './ready.ts';
import type { ConfState, HardState, Message, NodeId, Term } from './types.ts';

export type Raft = {
  readonly random: Random;
  readonly options: RawNodeOptions;
  readonly log: RaftLog;
  conf: ConfState;
  /** Never falls. */
  term: Term;
  /** Set at most once in a term. */
  vote: NodeId | undefined;
  /** What of term and vote is on disk. */
  durable: { readonly term: Term; readonly vote: NodeId | undefined };
  role: Role;
  /** Ticks since a leader was heard of, or a role or a vote was taken; a leader's: since its check. */
  elapsedTicks: number;
  /** A leader's ticks since its last heartbeat. */
  quietTicks: number;
  /** The luck of this round, from `[electionTicks, 2 * electionTicks)`. */
  patienceTicks: number;
  outbox: Message[];
  outboxAfterSync: Message[];
};

export type Role = Follower | Campaigner | Leader;

type Follower = { readonly kind: 'follower'; readonly leader: NodeId | undefined };

type Campaigner = {
  readonly kind: 'pre-candidate' | 'candidate';
  readonly votes: Map<NodeId, boolean>;
};

export type Leader = {
  readonly kind: 'leader';
  /** Of everybody but ourselves. */
  readonly progress: Map<NodeId, Progress>;
  /** Data of entries of this term that are not applied yet. */
  uncommittedBytes: number;
  /** There may be news for the peers: entries, a commit index, room in a window. */
  hasNews: boolean;
};

type Body<M> = M extends Message ? Omit<M, 'from' | 'term'> : never;

/**
 * Queues a message that promises nothing: it may leave before the write of the moment. One rule
 * holds for all: no term is spoken of before it is durable, so a restarted node cannot have spoken
 * in a term that it has forgotten.
 */
export function say(raft: Raft, body: Body<Message>, term: Term = raft.term): void {
  const box = raft.term === raft.durable.term ? raft.outbox : raft.outboxAfterSync;
  box.push({ ...body, from: raft.options.id, term });
}

/** Queues a message that promises what is in memory now: it leaves when that is durable. */
export function promise(raft: Raft, body: Body<Message>): void {
  raft.outboxAfterSync.push({ ...body, from: raft.options.id, term: raft.term });
}

/** Joins `term`, or stays in it, as a follower; with a new term the vote is unspent again. */
export function becomeFollower(raft: Raft, term: Term, leader: NodeId | undefined): void {
  enterTerm(raft, term);
  raft.role = { kind: 'follower', leader };
  restartTimers(raft);
}

/** Asks around first: a campaign that cannot win must not disturb (§9.6). Changes no hard state. */
export function becomePreCandidate(raft: Raft): void {
  assert(raft.role.kind !== 'leader', 'a leader does not campaign');
  raft.role = { kind: 'pre-candidate', votes: new Map() };
  restartTimers(raft);
}

export function becomeCandidate(raft: Raft): void {
  assert(raft.role.kind !== 'leader', 'a leader does not campaign');
  enterTerm(raft, raft.term + 1);
  raft.vote = raft.options.id;
  raft.role = { kind: 'candidate', votes: new Map() };
  restartTimers(raft);
}

export function becomeLeader(raft: Raft): Leader {
  const { role, options, log, conf, term } = raft;
  assert(role.kind === 'candidate', `a ${role.kind} cannot become leader`);
  const peers = [...conf.voters, ...conf.learners].filter((id) => id !== options.id);
  const progress = new Map(peers.map((id) => [id, newProgress(log.last + 1)]));
  const leader: Leader = { kind: 'leader', progress, uncommittedBytes: 0, hasNews: true };
  raft.role = leader;
  restartTimers(raft);
  // Opens the term: entries of older terms are decided only along with one of this (§5.4.2).
  log.append([{ term, index: log.last + 1, kind: 'noop', data: new Uint8Array() }]);
  return leader;
}

export function leaderOf({ role, options }: Raft): NodeId | undefined {
  if (role.kind === 'leader') return options.id;
  return role.kind === 'follower' ? role.leader : undefined;
}

export const softState = (raft: Raft): SoftState => ({
  role: raft.role.kind satisfies RoleKind,
  term: raft.term,
  leader: leaderOf(raft),
});

export const hardState = ({ term, vote, log }: Raft): HardState => ({
  term,
  vote,
  commit: log.commit,
});

export const isVoter = ({ conf, options }: Raft): boolean => conf.voters.includes(options.id);

export function restartTimers(raft: Raft): void {
  const { electionTicks } = raft.options;
  raft.elapsedTicks = 0;
  raft.quietTicks = 0;
  raft.patienceTicks = electionTicks + raft.random.below(electionTicks);
}

function enterTerm(raft: Raft, term: Term): void {
  assert(term >= raft.term, `term ${term} is older than our ${raft.term}`);
  if (term === raft.term) return;
  raft.term = term;
  raft.vote = undefined;
}
