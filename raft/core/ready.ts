/**
 * What the core asks of its driver, and what it answers to whoever asks something of it.
 *
 * The driver's turn, in this order:
 *
 *     node.tick() / node.step(message) / node.propose(data)       any number of them
 *     while (node.hasReady()) {
 *       const ready = node.ready();
 *       send(ready.messages);                                      at once: they promise nothing
 *       apply(ready.committed);                                    in order, each exactly once;
 *                                                                  a `conf` entry: see below
 *       if (ready.mustSync) {
 *         if (ready.snapshot !== undefined) await log.installSnapshot(ready.snapshot);
 *         await log.append({ hard: ready.hard, entries: ready.entries });
 *       }
 *       send(ready.messagesAfterSync);                             votes and acknowledgements
 *       if (ready.mustSync) node.advance();
 *     }
 *
 * At most one write is on its way. Until `advance` the driver may go on ticking, stepping and
 * proposing, and may take further Readies: those carry no write and nothing that waits for one, so
 * a slow disk stops neither heartbeats nor replication. A write that fails is never tried again:
 * the process stops. A crash is simply the loss of the object; a new one starts from the log.
 *
 * A `conf` entry is the last in its `committed`. To apply it is to call
 * `node.applyConf(confChangeOf(entry))`, exactly once; until then nothing more is handed out. Nobody
 * has to remember configurations: the log's mark and its `conf` entries tell them (`node.markAt`).
 *
 * A MsgSnap among the messages asks for a state to travel, with one exception: at index 0 it says
 * which members the cluster began with, has no state, and is sent like any other message.
 */
import type {
  ConfState,
  Entry,
  HardState,
  Index,
  Message,
  NodeId,
  SnapshotMark,
  Term,
} from './types.ts';

export type Ready = {
  /** Changed since the last one that was handed out; undefined when no write is asked for it. */
  readonly soft: SoftState | undefined;
  /**
   * Term, vote and commit as they have to be on disk. Present whenever there is a write: one record
   * holds it together with `entries`. A commit index that moved alone is not worth a write and rides
   * along with the next.
   */
  readonly hard: HardState | undefined;
  /** To append; they replace whatever the log holds from the first one's index on. */
  readonly entries: readonly Entry[];
  /** Replaces the whole log, before `entries` and `hard`, and the state machine with it. */
  readonly snapshot: SnapshotMark | undefined;
  /** Durable here and decided by a quorum: to be applied, once, in order. */
  readonly committed: readonly Entry[];
  /** Answers to `readIndex`: each may be served once the state machine has applied its index. */
  readonly readStates: readonly ReadState[];
  /** Contexts of reads that will get no answer: ask again, with new ones. */
  readonly lostReads: readonly number[];
  /** May leave at once, before the write and beside it. */
  readonly messages: readonly Message[];
  /** Promise something that the write backs (or an earlier one did): leave after it. */
  readonly messagesAfterSync: readonly Message[];
  /** There is a write (`hard`, `entries`, `snapshot`): make it durable, then call `advance`. */
  readonly mustSync: boolean;
};

export type RoleKind = 'follower' | 'pre-candidate' | 'candidate' | 'leader';

/** Worth telling to others, but never persisted. */
export type SoftState = {
  readonly role: RoleKind;
  readonly term: Term;
  readonly leader: NodeId | undefined;
};

/** Where a proposal stands in the log. It is decided when an entry of just this term is applied. */
export type Position = { readonly term: Term; readonly index: Index };

/** The state at `index` or later is no older than what was decided when the read was asked for. */
export type ReadState = { readonly context: number; readonly index: Index };

export type ProposeRefusal =
  /** Somebody else leads, or nobody is known to. */
  | { readonly kind: 'not-leader'; readonly leader: NodeId | undefined }
  /** Too much is waiting for a quorum: `uncommittedBytesMax`. */
  | { readonly kind: 'busy' }
  /** Leadership is being handed over: nothing new is taken until that ends. */
  | { readonly kind: 'transferring' }
  | { readonly kind: 'too-large'; readonly bytesMax: number };

export type ConfRefusal =
  | { readonly kind: 'not-leader'; readonly leader: NodeId | undefined }
  /** An earlier change, or the first entry of our term, is not applied here yet. */
  | { readonly kind: 'in-progress'; readonly index: Index }
  | { readonly kind: 'transferring' }
  /** No configuration follows from this change. */
  | { readonly kind: 'impossible'; readonly why: string };

export type ReadRefusal =
  /** Nobody is known who could be asked. */
  | { readonly kind: 'no-leader' }
  /** Too many wait for an answer: `readsMax`. */
  | { readonly kind: 'busy' };

export type TransferRefusal =
  | { readonly kind: 'not-leader'; readonly leader: NodeId | undefined }
  | { readonly kind: 'leader-already' }
  /** Only a voter that stays one can lead. */
  | { readonly kind: 'not-voter' };

/** A message that this node has no use for. Nothing changed, apart from a refusal to log. */
export type StepRefusal =
  /** It is for somebody else, or comes from ourselves. */
  | { readonly kind: 'misdirected' }
  /** It claims what cannot be (an acknowledgement of entries that we never had, a gap, a fraction). */
  | { readonly kind: 'impossible'; readonly why: string };

export type CampaignRefusal =
  | { readonly kind: 'not-voter' }
  | { readonly kind: 'leader-already' }
  /** A change of the membership is decided but not applied here: we would count the wrong votes. */
  | { readonly kind: 'conf-unapplied' }
  /** We promised a leader not to, for as long as its lease may run (`lease` only). */
  | { readonly kind: 'leader-leased' };

export type ProgressStatus = {
  readonly kind: 'probe' | 'replicate' | 'snapshot';
  readonly match: Index;
  readonly next: Index;
  readonly inflight: number;
  readonly isActive: boolean;
};

export type Status = SoftState & {
  readonly id: NodeId;
  readonly vote: NodeId | undefined;
  readonly commit: Index;
  readonly applied: Index;
  /** The last entry in memory, and the last that is durable here. */
  readonly last: Index;
  readonly stable: Index;
  /** The configuration in force here: that of `applied`. */
  readonly conf: ConfState;
  /** To whom leadership is being handed over. */
  readonly transferee: NodeId | undefined;
  /** What a leader knows of the others; empty for everybody else. */
  readonly progress: ReadonlyMap<NodeId, ProgressStatus>;
};
