/**
 * The memory of one node, and the few moves that everything else is made of: to speak, to change
 * role, to join a term. It is one mutable record, because a node is one thing with one life; only
 * `RawNode` holds it, and the modules beside it are the verbs.
 */
import { assert } from '#internal/base/assert.ts';
import type { Random } from '#internal/base/random.ts';
import type { RawNodeOptions } from './options.ts';
import { hasVote, membersOf } from './confchange.ts';
import { newProgress, type Progress } from './progress.ts';
import type { RaftLog } from './raft-log.ts';
import type { ReadState, RoleKind, SoftState } from './ready.ts';
import type { ConfState, HardState, Index, Message, NodeId, SnapshotMark, Term } from './types.ts';

export type Raft = {
  readonly random: Random;
  /** Milliseconds by a clock that never falls; only leases need it. */
  readonly monotonic: () => number;
  /** The newest snapshot that could be sent; undefined while none is at hand. */
  readonly newestSnapshot: () => SnapshotMark | undefined;
  readonly options: RawNodeOptions;
  readonly log: RaftLog;
  /** In force: that of the last `conf` entry that is applied here. */
  conf: ConfState;
  /** Every configuration since the log's beginning, by rising index; the last one is `conf`. */
  confs: readonly { readonly index: Index; readonly conf: ConfState }[];
  /** Never falls. */
  term: Term;
  /** Set at most once in a term. */
  vote: NodeId | undefined;
  /** What of term and vote is on disk. */
  durable: { readonly term: Term; readonly vote: NodeId | undefined };
  role: Role;
  /** Ticks since a leader was heard of, or a role or a vote was taken; a leader's: since its check. */
  elapsedTicks: number;
  /** Ticks since we woke up or a leader was heard, in whatever term: what a lease rests on. */
  heardTicks: number;
  /** A leader's ticks since its last heartbeat. */
  quietTicks: number;
  /** The luck of this round, from `[electionTicks, 2 * electionTicks)`. */
  patienceTicks: number;
  outbox: Message[];
  outboxAfterSync: Message[];
  /** Reads that are asked of the leader; empty while we lead. */
  readonly asking: Asking;
  readStates: ReadState[];
  lostReads: number[];
};

/** Reads on their way to a leader and back. */
export type Asking = {
  /** Of this turn, to travel under one number. */
  waiting: number[];
  /** By number. The numbers start anywhere, so that no answer fits a question of an earlier life. */
  readonly sent: Map<number, { readonly contexts: readonly number[]; ticksLeft: number }>;
  next: number;
};

export type Role = Follower | Campaigner | Leader;

type Follower = { readonly kind: 'follower'; readonly leader: NodeId | undefined };

type Campaigner = {
  readonly kind: 'pre-candidate' | 'candidate';
  readonly votes: Map<NodeId, boolean>;
  /** At the leader's own wish: those who are loyal to it may answer. */
  readonly isTransfer: boolean;
};

export type Leader = {
  readonly kind: 'leader';
  /** Of everybody but ourselves. */
  readonly progress: Map<NodeId, Progress>;
  /** Data of entries of this term that are not applied yet. */
  uncommittedBytes: number;
  /** There may be news for the peers: entries, a commit index, room in a window. */
  hasNews: boolean;
  /** No change of the membership is proposed before this entry is applied here. */
  pendingConf: Index;
  transfer: { readonly to: NodeId; ticksLeft: number } | undefined;
  /**
   * We have no vote any more. When this entry is decided, enough of the others know so too, and can
   * do without us: whoever has it was told before that our removal is decided.
   */
  farewell: Index | undefined;
  readonly reads: Reads;
  readonly lease: Lease;
};

/** Whose read it is, and the number that its asker gave it. */
export type Read = { readonly from: NodeId; readonly context: number };

export type Reads = {
  /** The newest round of heartbeats; each is a question whether we still lead. */
  round: number;
  /** The newest round that each peer answered. */
  readonly answered: Map<NodeId, number>;
  /** Not in a round yet. */
  waiting: Read[];
  /** To be answered with `index` when a quorum has answered `round`, or a later one. */
  asked:
    | { readonly round: number; readonly index: Index; readonly reads: readonly Read[] }
    | undefined;
};

export type Lease = {
  /** When each round left that no quorum has answered yet; oldest first. */
  sent: readonly { readonly round: number; readonly atMs: number }[];
  /** When the newest round left that a quorum has answered. */
  sinceMs: number | undefined;
  /** For the rest of our term: somebody may have our leave to campaign. */
  isVoid: boolean;
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
  loseReads(raft);
  enterTerm(raft, term);
  raft.role = { kind: 'follower', leader };
  restartTimers(raft);
}

/** Asks around first: a campaign that cannot win must not disturb (§9.6). Changes no hard state. */
export function becomePreCandidate(raft: Raft): void {
  assert(raft.role.kind !== 'leader', 'a leader does not campaign');
  loseReads(raft);
  raft.role = { kind: 'pre-candidate', votes: new Map(), isTransfer: false };
  restartTimers(raft);
}

export function becomeCandidate(raft: Raft, isTransfer: boolean): void {
  assert(raft.role.kind !== 'leader', 'a leader does not campaign');
  loseReads(raft);
  enterTerm(raft, raft.term + 1);
  raft.vote = raft.options.id;
  raft.role = { kind: 'candidate', votes: new Map(), isTransfer };
  restartTimers(raft);
}

export function becomeLeader(raft: Raft): Leader {
  const { role, options, log, conf } = raft;
  assert(role.kind === 'candidate', `a ${role.kind} cannot become leader`);
  const peers = membersOf(conf).filter((id) => id !== options.id);
  const leader: Leader = {
    kind: 'leader',
    progress: new Map(peers.map((id) => [id, newProgress(log.last + 1)])),
    uncommittedBytes: 0,
    hasNews: true,
    // Behind all that older terms may have left, and behind our own first entry (Ongaro 2015).
    pendingConf: log.last + 1,
    transfer: undefined,
    farewell: undefined,
    reads: { round: 0, answered: new Map(), waiting: [], asked: undefined },
    lease: { sent: [], sinceMs: undefined, isVoid: false },
  };
  raft.role = leader;
  restartTimers(raft);
  // Opens the term: entries of older terms are decided only along with one of this (§5.4.2).
  appendNoop(raft);
  return leader;
}

export function appendNoop({ log, term }: Raft): Index {
  const index = log.last + 1;
  log.append([{ term, index, kind: 'noop', data: new Uint8Array() }]);
  return index;
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

export const isVoter = ({ conf, options }: Raft): boolean => hasVote(conf, options.id);

/** Whoever was to answer will not: the askers are told. */
function loseReads({ role, options, asking, lostReads }: Raft): void {
  if (role.kind === 'leader') {
    const reads = [...role.reads.waiting, ...(role.reads.asked?.reads ?? [])];
    const ours = reads.filter(({ from }) => from === options.id);
    lostReads.push(...ours.map(({ context }) => context));
    return;
  }
  lostReads.push(
    ...asking.waiting,
    ...[...asking.sent.values()].flatMap(({ contexts }) => contexts),
  );
  asking.waiting = [];
  asking.sent.clear();
}

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
