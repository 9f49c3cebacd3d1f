/**
 * Drives one Raft core (`#raft/core/ready.ts` has the contract): ticks, messages and proposals in;
 * log writes, messages and applied entries out. All inputs of one turn of the event loop go in
 * together, so that they share one write and one message a peer.
 *
 * It promises that nothing which relies on a write leaves before the write is durable, that entries
 * are applied once and in order, and that every proposal is answered. It is owed a process that ends
 * on `onFault`. It has no time, luck or I/O but what it is given: a crash is its loss, in a simulation
 * as in life.
 */
import { assert } from '#internal/base/assert.ts';
import type { Random } from '#internal/base/random.ts';
import type { Clock, Timer } from '#internal/runtime/clock.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type { LogStore } from '#raft/core/log-store.ts';
import { defaultLimits, type RawNodeOptions } from '#raft/core/options.ts';
import { RawNode } from '#raft/core/raw-node.ts';
import type { Ready, SoftState, Status } from '#raft/core/ready.ts';
import type { Entry, Message, NodeId } from '#raft/core/types.ts';
import type { PeerHandlers, PeerTransport } from './peer-transport.ts';
import { type Answer, PendingProposals } from './pending-proposals.ts';
import type { Proposal, Standing, StateMachine } from './replicated-log.ts';

export type RaftNodeDependencies = {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Opened and closed by the caller. */
  readonly log: LogStore;
  readonly machine: StateMachine;
  /** Called once, at construction. The node disposes of what it returns. */
  readonly connect: (handlers: PeerHandlers) => PeerTransport;
  /** The disk failed, or the program is wrong: the node has stopped, and so must the process. */
  readonly onFault: (fault: unknown) => void;
};

export type RaftNodeOptions = Omit<RawNodeOptions, 'id' | 'initial' | 'appliedIndex'> & {
  readonly id: NodeId;
  /** Between two ticks. Heartbeats and election time-outs are counted in ticks. */
  readonly tickMs: number;
  /** Messages that wait for the next turn. Beyond it they are dropped: Raft repeats itself. */
  readonly inboxMessagesMax: number;
  /** Proposals without an outcome. Beyond it they are refused: `busy`. */
  readonly proposalsMax: number;
  /** How long after the loss of leadership an outcome is waited for, in ticks. */
  readonly outcomeTicks: number;
};

/** Heartbeats every 100 ms, elections after 1 to 2 s without one. */
export const defaultRaftNodeOptions: Omit<RaftNodeOptions, 'id'> = {
  ...defaultLimits,
  tickMs: 100,
  inboxMessagesMax: 4096,
  proposalsMax: 16_384,
  outcomeTicks: 40,
};

/** Readies in one turn; then others get theirs (a restart may have a whole log to apply). */
const readiesMax = 8;

type Waiting = { readonly data: Uint8Array; readonly answer: Answer };

export class RaftNode {
  readonly #dependencies: RaftNodeDependencies;
  readonly #options: RaftNodeOptions;
  readonly #raw: RawNode;
  readonly #transport: PeerTransport;
  readonly #pending = new PendingProposals();
  readonly #listeners = new Set<(standing: Standing) => void>();
  #messages: Message[] = [];
  #proposals: Waiting[] = [];
  readonly #unreachable = new Set<NodeId>();
  #ticks = 0;
  #timer: Timer;
  /** A turn is on its way. */
  #isAwake = false;
  #isStopped = false;
  /** The write on its way, if any. Never rejects. */
  #writing: Promise<void> | undefined;
  #standing: Standing;
  #ticksDeposed = 0;

  constructor(dependencies: RaftNodeDependencies, options: RaftNodeOptions) {
    const { clock, log, random, machine, connect } = dependencies;
    const { initial } = log;
    const appliedIndex = machine.appliedIndex();
    this.#dependencies = dependencies;
    this.#options = options;
    this.#raw = new RawNode({ log, random }, { ...options, initial, appliedIndex });
    const { term } = this.#raw.status();
    this.#standing = { kind: 'follower', term, leader: undefined, ready: false };
    this.#transport = connect({
      onMessages: (messages) => this.#onMessages(messages),
      onUnreachable: (peer) => {
        this.#unreachable.add(peer);
        this.#wake();
      },
    });
    this.#timer = clock.after(options.tickMs, () => this.#onTick());
    this.#wake();
  }

  /**
   * Asks for an entry. Resolves when it was applied here, when it is known that it never will be, or
   * when nobody can tell any more; never rejects. `signal` ends the waiting, not the proposal.
   */
  async propose(
    data: Uint8Array,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<Proposal> {
    if (this.#isStopped || signal?.aborted === true) return { kind: 'refused', reason: 'unknown' };
    const { proposalsMax } = this.#options;
    if (this.#proposals.length + this.#pending.size >= proposalsMax) {
      return { kind: 'refused', reason: 'busy' };
    }
    const { promise, resolve: answer } = Promise.withResolvers<Proposal>();
    const giveUp = (): void => answer({ kind: 'refused', reason: 'unknown' });
    signal?.addEventListener('abort', giveUp, { once: true });
    this.#proposals.push({ data, answer });
    this.#wake();
    const proposal = await promise;
    signal?.removeEventListener('abort', giveUp);
    return proposal;
  }

  standing(): Standing {
    return this.#standing;
  }

  /** Calls back on every change of the standing until disposed. */
  watch(listener: (standing: Standing) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** For operators and checkers. */
  status(): Status {
    return this.#raw.status();
  }

  /** Leaves the cluster's company in silence; proposals end as `unknown`. The log stays open. */
  async stop(): Promise<void> {
    this.#halt();
    await this.#transport[Symbol.asyncDispose]();
    await this.#writing;
  }

  #onMessages(messages: readonly Message[]): void {
    const room = this.#options.inboxMessagesMax - this.#messages.length;
    if (messages.length > room) this.#dependencies.logger.warn('Dropping messages: inbox is full');
    this.#messages.push(...messages.slice(0, room));
    this.#wake();
  }

  #onTick(): void {
    if (this.#isStopped) return;
    // One tick however late it comes: a process that was paused has not waited for its leader.
    this.#ticks = 1;
    this.#timer = this.#dependencies.clock.after(this.#options.tickMs, () => this.#onTick());
    this.#wake();
  }

  #wake(): void {
    if (this.#isAwake || this.#isStopped) return;
    this.#isAwake = true;
    queueMicrotask(() => this.#turn());
  }

  #turn(): void {
    this.#isAwake = false;
    if (this.#isStopped) return;
    try {
      this.#takeInputs();
      this.#giveOutputs();
    } catch (fault) {
      this.#onFault(fault);
    }
  }

  #takeInputs(): void {
    const raw = this.#raw;
    for (const peer of this.#unreachable) raw.reportUnreachable(peer);
    this.#unreachable.clear();
    const messages = this.#messages;
    this.#messages = [];
    for (const message of messages) this.#step(message);
    for (; this.#ticks > 0; this.#ticks--) this.#tick();
    const proposals = this.#proposals;
    this.#proposals = [];
    for (const proposal of proposals) this.#propose(proposal);
  }

  #step(message: Message): void {
    // No log is compacted yet, so no peer can mean it.
    const stepped =
      message.kind === 'MsgSnap'
        ? { ok: false, refusal: { kind: 'impossible', why: 'a snapshot' } }
        : this.#raw.step(message);
    if (stepped.ok) return;
    const { kind, from, to } = message;
    this.#dependencies.logger.warn('Ignoring a message', { kind, from, to, why: stepped });
  }

  #tick(): void {
    this.#raw.tick();
    if (this.#pending.size === 0 || this.#standing.kind === 'leader') this.#ticksDeposed = 0;
    else if (++this.#ticksDeposed >= this.#options.outcomeTicks) this.#pending.abandon();
  }

  #propose({ data, answer }: Waiting): void {
    const proposed = this.#raw.propose(data);
    if (proposed.ok) {
      this.#pending.add(proposed.value, answer);
      return;
    }
    const { refusal } = proposed;
    if (refusal.kind === 'not-leader') {
      answer({ kind: 'refused', reason: 'not-leader', leader: refusal.leader });
    } else if (refusal.kind === 'transferring') answer({ kind: 'refused', reason: 'busy' });
    else answer({ kind: 'refused', reason: refusal.kind });
  }

  #giveOutputs(): void {
    for (let readies = 0; this.#raw.hasReady(); readies++) {
      if (readies === readiesMax) {
        this.#dependencies.clock.after(0, () => this.#wake());
        return;
      }
      this.#carryOut(this.#raw.ready());
    }
  }

  #carryOut(ready: Ready): void {
    this.#transport.send(ready.messages);
    // Before the entries, so that a leader that begins is known when its first entry is applied.
    if (ready.soft !== undefined) this.#onSoft(ready.soft);
    if (ready.committed.length > 0) this.#apply(ready.committed);
    if (ready.mustSync) {
      assert(this.#writing === undefined, 'two writes at a time');
      this.#writing = this.#write(ready);
    } else this.#transport.send(ready.messagesAfterSync);
  }

  async #write({ hard, entries, snapshot, messagesAfterSync }: Ready): Promise<void> {
    assert(snapshot === undefined, 'a snapshot arrived, but nobody sends any');
    try {
      await this.#dependencies.log.append({ hard, entries });
      this.#writing = undefined;
      if (this.#isStopped) return;
      this.#transport.send(messagesAfterSync);
      this.#raw.advance();
      this.#wake();
    } catch (fault) {
      this.#onFault(fault);
    }
  }

  #apply(committed: readonly Entry[]): void {
    for (const { kind, index } of committed) {
      assert(kind !== 'conf', `entry ${index} changes the membership, which this program cannot`);
    }
    const entries = committed.filter(({ kind }) => kind === 'normal');
    if (entries.length > 0) this.#dependencies.machine.apply(entries);
    const { kind, term, ready } = this.#standing;
    if (kind === 'leader' && !ready && committed.at(-1)?.term === term) {
      this.#stand({ ...this.#standing, ready: true });
    }
    for (const entry of committed) this.#pending.decide(entry);
  }

  #onSoft({ role, term, leader }: SoftState): void {
    const kind = role === 'pre-candidate' ? 'candidate' : role;
    this.#stand({ kind, term, leader, ready: false });
  }

  #stand(standing: Standing): void {
    this.#standing = standing;
    this.#dependencies.logger.info('Standing changed', standing);
    for (const listener of this.#listeners) listener(standing);
  }

  #onFault(fault: unknown): void {
    this.#halt();
    this.#dependencies.logger.error('The Raft node cannot go on', { error: fault });
    this.#dependencies.onFault(fault);
  }

  #halt(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#timer.cancel();
    this.#pending.abandon();
    const proposals = this.#proposals;
    this.#proposals = [];
    for (const { answer } of proposals) answer({ kind: 'refused', reason: 'unknown' });
  }
}
