/**
 * What the core asks of its driver, and what it answers to whoever asks something of it.
 *
 * The driver's turn, in this order:
 *
 *     node.tick() / node.step(message) / node.propose(data)       any number of them
 *     while (node.hasReady()) {
 *       const ready = node.ready();
 *       send(ready.messages);                                      at once: they promise nothing
 *       apply(ready.committed);                                    in order, each exactly once
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
 */
import type { Entry, HardState, Index, Message, NodeId, SnapshotMark, Term } from './types.ts';

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

export type ProposeRefusal =
  /** Somebody else leads, or nobody is known to. */
  | { readonly kind: 'not-leader'; readonly leader: NodeId | undefined }
  /** Too much is waiting for a quorum: `uncommittedBytesMax`. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'too-large'; readonly bytesMax: number };

/** A message that this node has no use for. Nothing changed, apart from a refusal to log. */
export type StepRefusal =
  /** It is for somebody else, or comes from ourselves. */
  | { readonly kind: 'misdirected' }
  /** It claims what cannot be (an acknowledgement of entries that we never had, a gap, a fraction). */
  | { readonly kind: 'impossible'; readonly why: string };

export type CampaignRefusal = { readonly kind: 'not-voter' } | { readonly kind: 'leader-already' };

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
  /** What a leader knows of the others; empty for everybody else. */
  readonly progress: ReadonlyMap<NodeId, ProgressStatus>;
};
