/**
 * The other end of `snapshot-sender.ts`: takes what a leader sends into the store, one request after
 * the other, and tells the core of a snapshot only when it is durable here. What a sender of an older
 * term says is refused; a crash in between costs no more than the chunk it fell into.
 */
import type { Logger } from '#internal/runtime/logger.ts';
import type { SnapshotReceiver, SnapshotStore } from '#raft/core/snapshot-store.ts';
import type { NodeId, Term } from '#raft/core/types.ts';
import type { SnapshotMessage } from './snapshot-sender.ts';
import type { SnapshotReply, SnapshotRequest } from './snapshot-transport.ts';

export type SnapshotTakerDependencies = {
  readonly logger: Logger;
  readonly store: SnapshotStore;
  /** The term that we are in. */
  readonly term: () => Term;
  /** For our core: the snapshot that it names can be opened in the store. */
  readonly onSnapshot: (message: SnapshotMessage) => void;
  /** The disk failed: this node must stop. */
  readonly onFault: (fault: unknown) => void;
};

export class SnapshotTaker {
  readonly #dependencies: SnapshotTakerDependencies;
  readonly #id: NodeId;
  #receiver: SnapshotReceiver | undefined;
  /** Whoever asks waits for the one before: the disk has its pace. */
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #bytesTaken = 0;
  #isStopped = false;

  constructor(dependencies: SnapshotTakerDependencies, options: { readonly id: NodeId }) {
    this.#dependencies = dependencies;
    this.#id = options.id;
  }

  get bytesTaken(): number {
    return this.#bytesTaken;
  }

  /** Never rejects. */
  async onRequest(from: NodeId, request: SnapshotRequest): Promise<SnapshotReply> {
    // A sender has one question at a time; more are repeats of those that were given up.
    if (this.#isStopped || this.#waiting >= waitingMax) return refused('not now');
    this.#waiting++;
    const turn = this.#turn.then(() => this.#take(from, request));
    this.#turn = turn.catch(() => {});
    try {
      return await turn;
    } catch (fault) {
      const code = codeOf(fault);
      // One of our own came first, and stands for more: the next offer is told so.
      if (code === 'CLOSED') return refused('a newer snapshot was made here meanwhile');
      if (code === 'FULL') return refused('the disk is full');
      if (!this.#isStopped) this.#dependencies.onFault(fault);
      return refused('the disk failed');
    } finally {
      this.#waiting--;
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#turn;
    await this.#receiver?.close();
    this.#receiver = undefined;
  }

  async #take(from: NodeId, request: SnapshotRequest): Promise<SnapshotReply> {
    if (this.#isStopped) return refused('stopping');
    const ours = this.#dependencies.term();
    if (request.term < ours) return refused(`of term ${request.term}, this is term ${ours}`);
    switch (request.kind) {
      case 'offer':
        return await this.#onOffer(from, request);
      case 'chunk':
        return await this.#onChunk(request);
      case 'finish':
        return await this.#onFinish(from, request);
      default:
        return request satisfies never;
    }
  }

  async #onOffer(
    from: NodeId,
    { term, manifest }: SnapshotRequest & { readonly kind: 'offer' },
  ): Promise<SnapshotReply> {
    const received = await this.#dependencies.store.receive(manifest);
    if (received.ok) {
      this.#receiver = received.value;
      return { kind: 'continue', offset: received.value.nextOffset() };
    }
    this.#receiver = undefined;
    if (received.refusal.kind !== 'old') return refused(JSON.stringify(received.refusal));
    // We have it, or one that stands for more: a crash may have come before the core heard of it.
    return this.#tell(from, term);
  }

  async #onChunk({ chunk }: SnapshotRequest & { readonly kind: 'chunk' }): Promise<SnapshotReply> {
    const receiver = this.#receiver;
    if (receiver === undefined) return refused('nothing was offered');
    const taken = await receiver.take(chunk);
    if (taken.ok) {
      this.#bytesTaken += chunk.bytes.length;
      return { kind: 'continue', offset: taken.value };
    }
    const { refusal } = taken;
    if (refusal.kind === 'superseded') return refused('another snapshot is under way');
    this.#dependencies.logger.warn('A chunk of a snapshot is not as it should be', refusal);
    return { kind: 'continue', offset: refusal.expected };
  }

  async #onFinish(
    from: NodeId,
    { term, index, at }: SnapshotRequest & { readonly kind: 'finish' },
  ): Promise<SnapshotReply> {
    const receiver = this.#receiver;
    const newest = this.#dependencies.store.newest()?.mark;
    // Said again, since our answer was lost.
    if (newest?.index === index && newest.term === at) return this.#tell(from, term);
    const offered = receiver?.manifest.mark;
    if (receiver === undefined || offered?.index !== index || offered.term !== at) {
      return refused('nothing like it was offered');
    }
    if (receiver.nextOffset() < receiver.manifest.sizeBytes) {
      return { kind: 'continue', offset: receiver.nextOffset() };
    }
    await receiver.commit();
    this.#receiver = undefined;
    return this.#tell(from, term);
  }

  #tell(from: NodeId, term: Term): SnapshotReply {
    const { store, onSnapshot } = this.#dependencies;
    const newest = store.newest();
    if (newest === undefined) return refused('no snapshot is here');
    if (!this.#isStopped) {
      onSnapshot({ kind: 'MsgSnap', from, to: this.#id, term, snapshot: newest.mark });
    }
    return { kind: 'taken' };
  }
}

const waitingMax = 8;

const codeOf = (fault: unknown): unknown =>
  fault instanceof Error && 'code' in fault ? fault.code : undefined;

const refused = (why: string): SnapshotReply => ({ kind: 'refused', why });
