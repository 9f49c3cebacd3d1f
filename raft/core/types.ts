/**
 * The vocabulary of the Raft core: what nodes say to each other, what a log holds, and what the core
 * asks of the one who drives it. Names follow the field (etcd's), so that its literature reads.
 */
import { type Brand, brand } from '#internal/base/brand.ts';

/** A voter or learner, random, 53 bits at most, used once for ever: a wiped disk takes a new id. */
export type NodeId = Brand<number, 'NodeId'>;
export const nodeId = (value: number): NodeId => brand<NodeId>(value);

export type Term = number;
export type Index = number;

export type Entry = {
  readonly term: Term;
  readonly index: Index;
  /** `noop` opens a term; `conf` changes the membership; `normal` belongs to the state machine. */
  readonly kind: 'normal' | 'conf' | 'noop';
  /** Opaque and shared: network, log and follower use the same buffer. Never changed. */
  readonly data: Uint8Array;
};

/** What must be on disk before any message that relies on it leaves the process. */
export type HardState = {
  readonly term: Term;
  readonly vote: NodeId | undefined;
  readonly commit: Index;
};

/**
 * Who votes. `outgoing` is not empty while a joint configuration holds (dissertation §4.3): then both
 * groups decide, each by its own majority. Ids rise in each list. No voters at all: a node that waits
 * to be told which cluster it is in.
 */
export type ConfState = {
  readonly voters: readonly NodeId[];
  readonly outgoing: readonly NodeId[];
  readonly learners: readonly NodeId[];
  /** Outgoing voters that become learners when the joint configuration is left. */
  readonly learnersNext: readonly NodeId[];
  readonly autoLeave: boolean;
};

/** What to do with one node; `add-learner` also makes a learner of a voter. */
export type MemberChange = {
  readonly kind: 'add-voter' | 'add-learner' | 'remove';
  readonly node: NodeId;
};

/**
 * A change of the membership, decided like any entry and in force where it is applied. `auto` goes in
 * one step when one voter changes at most; the others go through a joint configuration, which
 * `implicit` leaves by itself and `explicit` leaves by a second change. That one is `auto`, empty.
 */
export type ConfChange = {
  readonly transition: 'auto' | 'implicit' | 'explicit';
  readonly changes: readonly MemberChange[];
};

/** A point that a state machine's snapshot stands for, with the configuration *at that index*. */
export type SnapshotMark = { readonly index: Index; readonly term: Term; readonly conf: ConfState };

type Envelope = { readonly from: NodeId; readonly to: NodeId; readonly term: Term };

/**
 * An entry that is decided, which is true whoever says it and in whatever term. Campaigns spread it: a
 * change of the membership may be known to those alone who have no vote any more.
 */
type Decided = { readonly commit: Index; readonly commitTerm: Term };

export type Message =
  | (Envelope &
      Decided & {
        readonly kind: 'MsgPreVote' | 'MsgVote';
        readonly lastTerm: Term;
        readonly lastIndex: Index;
        /** A campaign by transfer: voters that still hear their leader answer all the same. */
        readonly transfer: boolean;
      })
  | (Envelope &
      Decided & { readonly kind: 'MsgPreVoteResp' | 'MsgVoteResp'; readonly reject: boolean })
  | (Envelope & {
      readonly kind: 'MsgApp';
      readonly prevTerm: Term;
      readonly prevIndex: Index;
      readonly entries: readonly Entry[];
      readonly commit: Index;
    })
  | (Envelope & {
      readonly kind: 'MsgAppResp';
      /** Accepted: the last index that now matches. Rejected: the `prevIndex` that was refused. */
      readonly index: Index;
      readonly reject: boolean;
      /** Where the follower suggests to go on, and the term of its entry there (rejections only). */
      readonly hintIndex: Index;
      readonly hintTerm: Term;
    })
  | (Envelope & {
      readonly kind: 'MsgHeartbeat';
      readonly commit: Index;
      /** Echoed by the reply: the newest read round (0: none). */
      readonly context: number;
    })
  | (Envelope & { readonly kind: 'MsgHeartbeatResp'; readonly context: number })
  | (Envelope & { readonly kind: 'MsgSnap'; readonly snapshot: SnapshotMark })
  | (Envelope & { readonly kind: 'MsgTimeoutNow' })
  | (Envelope & { readonly kind: 'MsgReadIndex'; readonly context: number })
  | (Envelope & {
      readonly kind: 'MsgReadIndexResp';
      readonly context: number;
      readonly index: Index;
    });
