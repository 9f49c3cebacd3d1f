/**
 * A node that runs in another thread (`node-host.ts`), as the thread of the state machine sees it:
 * applies what is decided, asks, and is answered. It is a little behind the node, always consistently:
 * standings, entries and outcomes are heard in the order in which they came to be.
 *
 * So it may ask as a leader that is none any more. Proposals are for the term in which they were made,
 * and refused in every other; nothing goes wrong by the delay.
 */
import { assert, unreachable } from '#internal/base/assert.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { MessagePort } from '#internal/runtime/message-port.ts';
import type { Index, NodeId } from '#raft/core/types.ts';
import type { HandOver } from '#raft/node/hand-over.ts';
import type { Figure } from '#raft/node/meter.ts';
import type {
  AppliedEntry,
  Proposal,
  Read,
  Standing,
  StateMachine,
} from '#raft/node/replicated-log.ts';
import { unlessAborted } from '#raft/node/unless-aborted.ts';
import { carried, uncarried } from './carried-error.ts';
import { ChunkStreams } from './chunk-streams.ts';
import type { Ticket, ToMachine, ToNode } from './messages.ts';
import { Outbox } from './outbox.ts';
import { packEntries, unpackEntries } from './packed-entries.ts';

export type ThreadedNodeDependencies = {
  readonly port: MessagePort<readonly ToNode[], readonly ToMachine[]>;
  readonly clock: Clock;
  readonly defer: (callback: () => void) => void;
  /**
   * The log or the machine failed, or the program is wrong: the process must end. Not called for what
   * `begin` or `leave` rejects with.
   */
  readonly onFault: (fault: unknown) => void;
};

export type ThreadedNodeOptions = {
  /** Proposals and reads without an outcome. Beyond it they are refused: `busy`. */
  readonly askedMax: number;
  /** Applying goes on for so long in one turn; then others get theirs. */
  readonly turnMsMax: number;
};

export const defaultThreadedNodeOptions: ThreadedNodeOptions = {
  askedMax: 16_384,
  turnMsMax: 20,
};

/** One that the node makes for itself, one for an operator, and one that was given up. */
const snapshotsMax = 3;

/** For the thread of the node: what it makes lives as long as a put takes, and most of it dies at once. */
export const logYoungMebibytes: number = 16;

const unknown = { kind: 'refused', reason: 'unknown' } as const;

export class ThreadedNode {
  readonly #dependencies: ThreadedNodeDependencies;
  readonly #options: ThreadedNodeOptions;
  readonly #outbox: Outbox<ToNode>;
  readonly #streams: ChunkStreams;
  readonly #listeners = new Set<(standing: Standing) => void>();
  readonly #opened = Promise.withResolvers<void>();
  readonly #begun = Promise.withResolvers<void>();
  readonly #left = Promise.withResolvers<void>();
  #machine: StateMachine | undefined;
  /** Heard and not acted on yet, in order. Bounded by what the other thread may have under way. */
  #inbox: ToMachine[] = [];
  #isBusy = false;
  #stage: 'opening' | 'running' | 'leaving' | 'over' = 'opening';
  #standing: Standing = { kind: 'follower', term: 0, leader: undefined, ready: false };
  #figures: readonly Figure[] = [];
  #machineVersion: number | undefined;
  #tickets: Ticket = 0;
  /** For the end of the turn; tickets stand where entries have their index. */
  #asked: AppliedEntry[] = [];
  readonly #proposals = new Map<Ticket, (proposal: Proposal) => void>();
  readonly #reads = new Map<Ticket, (read: Read) => void>();
  readonly #handOvers = new Map<Ticket, (outcome: HandOver) => void>();
  /** Streams of the state that were asked for, oldest first. */
  #snapshots: readonly number[] = [];

  constructor(dependencies: ThreadedNodeDependencies, options: ThreadedNodeOptions) {
    const { port, defer } = dependencies;
    this.#dependencies = dependencies;
    this.#options = options;
    this.#outbox = new Outbox({ port, defer, onFlush: () => this.#askAll() });
    this.#streams = new ChunkStreams((message, moved) => this.#outbox.send(message, moved));
    // Who waits for neither is told by `onFault`.
    for (const { promise } of [this.#opened, this.#begun, this.#left]) promise.catch(() => {});
    port.listen((messages) => {
      this.#inbox.push(...messages);
      if (!this.#isBusy) this.#work();
    });
  }

  /** Resolves when the log is open; rejects with what kept it from that. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** Brings the machine, once. Resolves when the node runs; rejects with what kept it from that. */
  async begin(machine: StateMachine): Promise<void> {
    assert(this.#machine === undefined, 'a node begins once');
    this.#machine = machine;
    this.#outbox.send({ kind: 'begin', appliedIndex: machine.appliedIndex() });
    await this.#begun.promise;
  }

  /** As `RaftNode.propose`; the term is that of the standing here. */
  propose(data: Uint8Array, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Proposal> {
    const { kind, term, leader } = this.#standing;
    if (this.#isOver || signal?.aborted === true) return Promise.resolve(unknown);
    if (kind !== 'leader') {
      return Promise.resolve({ kind: 'refused', reason: 'not-leader', leader });
    }
    if (this.#isFull) return Promise.resolve({ kind: 'refused', reason: 'busy' });
    const { promise, resolve } = Promise.withResolvers<Proposal>();
    const ticket = ++this.#tickets;
    this.#proposals.set(ticket, resolve);
    this.#asked.push({ index: ticket, term, data });
    this.#outbox.wake();
    return unlessAborted(promise, signal, unknown);
  }

  /** As `RaftNode.read`. */
  read({ signal }: { readonly signal?: AbortSignal } = {}): Promise<Read> {
    if (this.#isOver || signal?.aborted === true) return Promise.resolve(unknown);
    if (this.#isFull) return Promise.resolve({ kind: 'refused', reason: 'busy' });
    const { promise, resolve } = Promise.withResolvers<Read>();
    const ticket = ++this.#tickets;
    this.#reads.set(ticket, resolve);
    this.#outbox.send({ kind: 'read', ticket });
    return unlessAborted(promise, signal, unknown);
  }

  standing(): Standing {
    return this.#standing;
  }

  /** Calls back on every change of the standing until disposed. */
  watch(listener: (standing: Standing) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** As they were a moment ago. */
  figures(): readonly Figure[] {
    return this.#figures;
  }

  /** The newest version that the machines of all members know, as it was a moment ago. */
  machineVersionOfAll(): number | undefined {
    return this.#machineVersion;
  }

  async handOver({ to }: { readonly to?: NodeId | undefined } = {}): Promise<HandOver> {
    if (this.#isOver) return { kind: 'refused', reason: 'not-leader' };
    const { promise, resolve } = Promise.withResolvers<HandOver>();
    const ticket = ++this.#tickets;
    this.#handOvers.set(ticket, resolve);
    this.#outbox.send({ kind: 'hand-over', ticket, to });
    return await promise;
  }

  /** Leaves as `leave` of `hand-over.ts` does; the log is closed then. Rejects when that failed. */
  async leave(): Promise<void> {
    if (this.#stage !== 'over') {
      this.#stage = 'leaving';
      this.#outbox.send({ kind: 'leave' });
    }
    await this.#left.promise;
  }

  /** The other thread is gone, or can be trusted no more. */
  fail(fault: unknown): void {
    if (this.#isOver) return;
    const isRunning = this.#stage === 'running';
    this.#end();
    for (const { reject } of [this.#opened, this.#begun, this.#left]) reject(fault);
    if (isRunning) this.#dependencies.onFault(fault);
  }

  get #isOver(): boolean {
    return this.#stage === 'over';
  }

  get #isFull(): boolean {
    return this.#proposals.size + this.#reads.size >= this.#options.askedMax;
  }

  #askAll(): void {
    if (this.#asked.length === 0) return;
    const asked = packEntries(this.#asked);
    this.#asked = [];
    this.#outbox.send({ kind: 'propose', asked }, [asked.bytes.buffer]);
  }

  #work(): void {
    const { clock } = this.#dependencies;
    const untilMs = clock.monotonic() + this.#options.turnMsMax;
    this.#isBusy = true;
    const messages = this.#inbox;
    let done = 0;
    try {
      for (; done < messages.length && !this.#isOver; done++) {
        if (done > 0 && clock.monotonic() > untilMs) break;
        const message = messages[done];
        if (message !== undefined) this.#onMessage(message);
      }
    } catch (fault) {
      this.fail(fault);
    }
    this.#inbox = messages.slice(done);
    this.#isBusy = this.#inbox.length > 0 && !this.#isOver;
    if (this.#isBusy) clock.after(0, () => this.#work());
  }

  #onMessage(message: ToMachine): void {
    switch (message.kind) {
      case 'opened':
        this.#opened.resolve();
        break;
      case 'begun':
        this.#stage = 'running';
        this.#begun.resolve();
        break;
      case 'standing':
        this.#standing = message.standing;
        for (const listener of this.#listeners) listener(message.standing);
        break;
      case 'apply':
        this.#apply(message);
        break;
      case 'outcomes':
        this.#tellOutcomes(message);
        break;
      case 'read-done':
        taken(this.#reads, message.ticket)?.(message.read);
        break;
      case 'handed-over':
        taken(this.#handOvers, message.ticket)?.(message.outcome);
        break;
      case 'snapshot':
        this.#serveSnapshot(message.stream);
        break;
      case 'restore':
        void this.#restore(message.stream, message.index);
        break;
      case 'beat':
        this.#figures = message.figures;
        this.#machineVersion = message.machineVersion;
        this.#outbox.send({ kind: 'here' });
        break;
      case 'left':
        this.#end();
        this.#left.resolve();
        break;
      case 'fault':
        this.fail(uncarried(message.fault));
        break;
      case 'chunk-wanted':
      case 'chunks-unwanted':
      case 'chunk':
      case 'chunks-over':
        this.#streams.onMessage(message);
        break;
      default:
        unreachable(message);
    }
  }

  #apply({ entries: packed, isTold }: Extract<ToMachine, { kind: 'apply' }>): void {
    const entries = unpackEntries(packed);
    const verdicts = this.#brought().apply(entries);
    assert(verdicts === undefined, 'a machine with verdicts belongs into the thread of the node');
    const index = entries.at(-1)?.index ?? 0;
    if (isTold) this.#outbox.send({ kind: 'applied', index });
  }

  #tellOutcomes({ applied, refused }: Extract<ToMachine, { kind: 'outcomes' }>): void {
    for (let at = 0; at < applied.length; at += 3) {
      const [ticket = 0, index = 0, term = 0] = [applied[at], applied[at + 1], applied[at + 2]];
      taken(this.#proposals, ticket)?.({ kind: 'applied', index, term });
    }
    for (const [ticket, proposal] of refused) taken(this.#proposals, ticket)?.(proposal);
  }

  #serveSnapshot(stream: number): void {
    const machine = this.#brought();
    assert(machine.snapshot !== undefined, 'a state machine that makes no snapshots');
    const served = this.#snapshots.filter((one) => this.#streams.isServed(one));
    // Whoever gave one up before it read the first piece did not say so.
    for (const old of served.slice(0, 1 - snapshotsMax)) this.#streams.end(old);
    this.#snapshots = [...served, stream].slice(-snapshotsMax);
    this.#streams.serve(stream, machine.snapshot().chunks);
  }

  async #restore(stream: number, index: Index): Promise<void> {
    const machine = this.#brought();
    try {
      assert(machine.restore !== undefined, 'a state machine that takes no snapshots');
      await machine.restore({ index, chunks: this.#streams.take(stream) });
      this.#outbox.send({ kind: 'restored', stream });
    } catch (fault) {
      this.#outbox.send({ kind: 'restored', stream, fault: carried(fault) });
    }
  }

  #brought(): StateMachine {
    assert(this.#machine !== undefined, 'entries before there is a machine');
    return this.#machine;
  }

  #end(): void {
    this.#stage = 'over';
    for (const answer of this.#proposals.values()) answer(unknown);
    for (const answer of this.#reads.values()) answer(unknown);
    for (const answer of this.#handOvers.values())
      answer({ kind: 'refused', reason: 'not-leader' });
    this.#proposals.clear();
    this.#reads.clear();
    this.#handOvers.clear();
  }
}

/** What is waited for, and not any more. */
function taken<T>(waiting: Map<Ticket, T>, ticket: Ticket): T | undefined {
  const found = waiting.get(ticket);
  waiting.delete(ticket);
  return found;
}
