/**
 * Drives one Raft core (`#raft/core/ready.ts` has the contract): ticks, messages and proposals in;
 * log writes, messages and applied entries out. All inputs of one turn of the event loop go in
 * together, so that they share one write and one message a peer.
 *
 * It promises that nothing which relies on a write leaves before the write is durable, that entries
 * are applied once and in order, and that every proposal and read is answered. It is owed a process
 * that ends on `onFault`. It has no time, luck or I/O but what it is given: a crash is its loss, in a
 * simulation as in life.
 */
import { assert } from '#internal/base/assert.ts';
import { refuse, type Result } from '#internal/base/result.ts';
import type { Timer } from '#internal/runtime/clock.ts';
import { confChangeOf } from '#raft/core/confchange-codec.ts';
import { membersOf } from '#raft/core/confchange.ts';
import { RawNode } from '#raft/core/raw-node.ts';
import type { Ready, SoftState, Status, TransferRefusal } from '#raft/core/ready.ts';
import type { ConfChange, Entry, Message, NodeId, SnapshotMark, Term } from '#raft/core/types.ts';
import { figuresOf } from './figures.ts';
import { LeavingPeers } from './leaving-peers.ts';
import { type Figure, Meter } from './meter.ts';
import type { PeerTransport } from './peer-transport.ts';
import { type Asked, PendingProposals, type Question } from './pending-proposals.ts';
import { PendingReads } from './pending-reads.ts';
import {
  defaultRaftNodeOptions,
  type RaftNodeDependencies,
  type RaftNodeOptions,
} from './raft-node-options.ts';
import type { Proposal, Read, Standing } from './replicated-log.ts';
import { retireRemoved } from './retire-removed.ts';
import { RoomWatch } from './room-watch.ts';
import { recoverMachine, SnapshotDesk, type SnapshotMeans } from './snapshot-desk.ts';
import { unlessAborted } from './unless-aborted.ts';

export { defaultRaftNodeOptions, type RaftNodeDependencies, type RaftNodeOptions };

/** What an entry weighs beside its data, so that empty ones count. */
const entryCost = 32;

/** Readies in one turn; then others get theirs (a restart may have a whole log to apply). */
const readiesMax = 8;

const unknown: Proposal = { kind: 'refused', reason: 'unknown' };

/** Makes a node over a machine that may be behind its log. Throws `NoSnapshotError`. */
export async function openRaftNode(
  dependencies: RaftNodeDependencies,
  options: RaftNodeOptions,
): Promise<RaftNode> {
  const { machine, log, snapshots, book } = dependencies;
  await recoverMachine({ machine, book }, log, snapshots?.store);
  return new RaftNode(dependencies, options);
}

export class RaftNode {
  readonly #dependencies: RaftNodeDependencies;
  readonly #options: RaftNodeOptions;
  readonly #raw: RawNode;
  readonly #transport: PeerTransport;
  readonly #desk: SnapshotDesk | undefined;
  readonly #meter = new Meter();
  readonly #pending: PendingProposals;
  readonly #reads: PendingReads;
  readonly #listeners = new Set<(standing: Standing) => void>();
  /** Called when a turn is over. */
  readonly #observers = new Set<() => void>();
  #messages: Message[] = [];
  readonly #unreachable = new Set<NodeId>();
  #snapshotsSent: (readonly [peer: NodeId, arrived: boolean])[] = [];
  #ticks = 0;
  #timer: Timer;
  #tickDueMs: number;
  /** A turn is on its way. */
  #isAwake = false;
  #isStopped = false;
  /** The write on its way, if any. Never rejects. */
  #writing: Promise<void> | undefined;
  /** Of this very write: a disk that is never idle is not one that does not answer. */
  #writingTicks = 0;
  #standing: Standing;
  #ticksDeposed = 0;
  readonly #leaving = new LeavingPeers();
  readonly #room: RoomWatch;

  constructor(dependencies: RaftNodeDependencies, options: RaftNodeOptions) {
    const { clock, log, random, machine, connect, snapshots, book } = dependencies;
    // What a recovery installed is newer than what the log was opened with.
    const initial = { hard: log.initial.hard, conf: log.snapshot().conf };
    const appliedIndex = machine.appliedIndex();
    this.#dependencies = dependencies;
    this.#options = options;
    this.#pending = new PendingProposals({ clock, meter: this.#meter }, options);
    this.#room = new RoomWatch(machine, () => this.#wake());
    this.#reads = new PendingReads({ clock, meter: this.#meter }, options);
    this.#desk = snapshots === undefined ? undefined : this.#openDesk(snapshots);
    const desk = this.#desk;
    const newestSnapshot = desk && (() => desk.newest());
    this.#raw = new RawNode(
      { log, random, clock, newestSnapshot },
      { ...options, initial, appliedIndex },
    );
    const { term, conf } = this.#raw.status();
    if (book !== undefined) retireRemoved(book, { log, appliedIndex, members: membersOf(conf) });
    this.#standing = { kind: 'follower', term, leader: undefined, ready: false };
    this.#transport = connect({
      onMessages: (messages) => this.#onMessages(messages),
      onUnreachable: (peer) => {
        this.#unreachable.add(peer);
        this.#wake();
      },
    });
    this.#tickDueMs = clock.monotonic() + options.tickMs;
    this.#timer = clock.after(options.tickMs, () => this.#onTick());
    this.#wake();
  }

  /**
   * Asks for an entry. Resolves when it was applied here, when it is known that it never will be, or
   * when nobody can tell any more; never rejects. `signal` ends the waiting, not the proposal. With
   * `term` it is refused as `not-leader` unless we lead in that very term.
   */
  propose(
    data: Uint8Array,
    { signal, term }: { readonly signal?: AbortSignal; readonly term?: Term } = {},
  ): Promise<Proposal> {
    if (signal?.aborted === true) return Promise.resolve(unknown);
    const { promise, resolve: answer } = Promise.withResolvers<Proposal>();
    this.submit({ data, term, answer });
    return unlessAborted(promise, signal, unknown);
  }

  /** `propose` for those who ask for much at a time: `answer` is called once, and must not throw. */
  submit(question: Question): void {
    if (this.#isStopped) question.answer(unknown);
    else if (this.#pending.ask(question)) this.#wake();
  }

  /**
   * Resolves when our state holds all that was decided anywhere when it was called, so that it may be
   * read; on any node, without an entry in the log. Never rejects; what is refused can be asked again.
   */
  async read({ signal }: { readonly signal?: AbortSignal } = {}): Promise<Read> {
    if (this.#isStopped || signal?.aborted === true) return { kind: 'refused', reason: 'unknown' };
    return await this.#reads.ask({ signal, onAsked: () => this.#wake() });
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

  /** What was counted and timed since the node began, and where it is now. */
  figures(): readonly Figure[] {
    const desk = this.#desk;
    return [
      ...this.#meter.figures(),
      ...figuresOf(this.#raw.status()),
      { name: 'proposals_pending', value: this.#pending.size },
      { name: 'reads_pending', value: this.#reads.size },
      { name: 'snapshot_bytes_sent', value: desk?.bytesSent ?? 0 },
      { name: 'snapshot_bytes_received', value: desk?.bytesTaken ?? 0 },
    ];
  }

  /**
   * Begins to hand leadership to `to`; how it ends `status` tells: another leads, or there is no
   * `transferee` any more. `hand-over.ts` has the whole of it.
   */
  beginHandOver(to: NodeId): Result<undefined, TransferRefusal> {
    if (this.#isStopped) return refuse({ kind: 'not-leader', leader: undefined });
    // What was asked before goes before.
    for (const asked of this.#pending.take()) this.#propose(asked);
    const begun = this.#raw.transferLeader(to, this.#options.electionTicks);
    this.#wake();
    return begun;
  }

  /** Asks for a change of the membership, as `membership.ts` does in safe steps. */
  async proposeConf(change: ConfChange): Promise<Proposal | 'in-progress' | 'impossible'> {
    if (this.#isStopped) return { kind: 'refused', reason: 'unknown' };
    const proposed = this.#raw.proposeConf(change);
    this.#wake();
    return await this.#pending.outcomeOfConf(proposed);
  }

  /** Resolves at the end of the first turn in which `condition` holds, or when the node has stopped. */
  async until(condition: () => boolean): Promise<void> {
    if (this.#isStopped || condition()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (this.#isStopped || condition()) resolve();
    };
    this.#observers.add(look);
    await promise;
    this.#observers.delete(look);
  }

  /** Resolves when what was proposed here has its outcome, or after an election time-out. */
  async untilQuiet(): Promise<void> {
    const { clock } = this.#dependencies;
    const { electionTicks, tickMs } = this.#options;
    const lastMs = clock.monotonic() + electionTicks * tickMs;
    await this.until(() => this.#pending.size === 0 || clock.monotonic() >= lastMs);
  }

  /** Leaves the cluster's company in silence; proposals end as `unknown`. The log stays open. */
  async stop(): Promise<void> {
    this.#halt();
    await this.#transport[Symbol.asyncDispose]();
    await this.#desk?.stop();
    await this.#writing;
  }

  #openDesk(means: SnapshotMeans): SnapshotDesk {
    const { clock, logger, log, machine, book } = this.#dependencies;
    return new SnapshotDesk(
      {
        book,
        clock,
        logger,
        log,
        machine,
        means,
        meter: this.#meter,
        term: () => this.#raw.status().term,
        markAt: (index) => this.#raw.markAt(index),
        onSent: (peer, arrived) => {
          this.#snapshotsSent.push([peer, arrived]);
          this.#wake();
        },
        onSnapshot: (message) => this.#onMessages([message]),
        onFault: (fault) => this.#onFault(fault),
      },
      { ...this.#options.snapshots, id: this.#options.id },
    );
  }

  #onMessages(messages: readonly Message[]): void {
    if (this.#isStopped) return;
    const room = this.#options.inboxMessagesMax - this.#messages.length;
    if (messages.length > room) {
      this.#meter.count('messages_dropped_inbox_full', messages.length - room);
      this.#dependencies.logger.warn('Dropping messages: inbox is full');
    }
    this.#messages.push(...messages.slice(0, room));
    this.#wake();
  }

  #onTick(): void {
    if (this.#isStopped) return;
    const { clock } = this.#dependencies;
    const { tickMs } = this.#options;
    // One tick however late it comes: a process that was paused has not waited for its leader.
    this.#ticks = 1;
    this.#meter.time('tick_delay_ms', Math.max(0, clock.monotonic() - this.#tickDueMs));
    this.#tickDueMs = clock.monotonic() + tickMs;
    this.#timer = clock.after(tickMs, () => this.#onTick());
    this.#wake();
  }

  #wake(): void {
    if (this.#isAwake || this.#isStopped) return;
    this.#isAwake = true;
    const { defer = queueMicrotask } = this.#dependencies;
    defer(() => this.#turn());
  }

  #turn(): void {
    this.#isAwake = false;
    if (this.#isStopped) return;
    try {
      this.#takeInputs();
      this.#giveOutputs();
      for (const look of this.#observers) look();
    } catch (fault) {
      this.#onFault(fault);
    }
  }

  #takeInputs(): void {
    const raw = this.#raw;
    for (const peer of this.#unreachable) raw.reportUnreachable(peer);
    this.#unreachable.clear();
    for (const [peer, arrived] of this.#snapshotsSent) raw.reportSnapshot(peer, arrived);
    this.#snapshotsSent = [];
    const messages = this.#messages;
    this.#messages = [];
    this.#meter.count('messages_received', messages.length);
    for (const message of messages) this.#step(message);
    for (; this.#ticks > 0; this.#ticks--) this.#tick();
    for (const context of this.#reads.take()) {
      const asked = raw.readIndex(context);
      if (!asked.ok) this.#reads.refuse(context, asked.refusal.kind);
    }
    for (const asked of this.#pending.take()) this.#propose(asked);
  }

  #step(message: Message): void {
    const { log, logger } = this.#dependencies;
    // Entries that the disk has no room for are as good as lost: the leader sends them again.
    if (message.kind === 'MsgApp' && message.entries.length > 0 && !log.hasRoom()) {
      this.#meter.count('messages_dropped_disk_full');
      return;
    }
    const stepped = this.#raw.step(message);
    if (stepped.ok) return;
    const { kind, from, to } = message;
    this.#meter.count('messages_refused');
    logger.warn('Ignoring a message', { kind, from, to, why: stepped.refusal });
  }

  #tick(): void {
    this.#raw.tick();
    const isLeader = this.#standing.kind === 'leader';
    if (this.#pending.placed === 0 || isLeader) this.#ticksDeposed = 0;
    else if (++this.#ticksDeposed >= this.#options.outcomeTicks) this.#pending.abandonPlaced();
    this.#writingTicks = this.#writing === undefined ? 0 : this.#writingTicks + 1;
    if (isLeader && this.#writingTicks >= this.#options.stallTicks) this.#resign();
    for (const peer of this.#leaving.tick()) this.#transport.retire(peer);
  }

  #resign(): void {
    this.#dependencies.logger.warn('Resigning: the disk does not answer');
    this.#meter.count('resignations_disk_stall');
    this.#raw.resign();
  }

  #propose(asked: Asked): void {
    const raw = this.#raw;
    const { leader } = this.#standing;
    if (asked.term !== undefined && asked.term !== raw.leads) {
      // mark: a proposal of a leader that had fallen
      this.#pending.refuseFor(asked, { kind: 'not-leader', leader });
    } else if (!this.#dependencies.log.hasRoom() && this.#standing.kind === 'leader') {
      this.#pending.refuse(asked, 'full');
    } else {
      const proposed = raw.propose(asked.data);
      if (proposed.ok) this.#pending.add(proposed.value, asked);
      else this.#pending.refuseFor(asked, proposed.refusal);
    }
  }

  #giveOutputs(): void {
    const raw = this.#raw;
    const { clock } = this.#dependencies;
    const until = clock.monotonic() + this.#options.turnMsMax;
    raw.holdCommitted(this.#room.isFull());
    for (let readies = 0; raw.hasReady(); readies++) {
      if (readies === readiesMax || (readies > 0 && clock.monotonic() > until)) {
        this.#meter.count('turns_cut_short');
        clock.after(0, () => this.#wake());
        return;
      }
      this.#carryOut(raw.ready());
      raw.holdCommitted(this.#room.isFull());
    }
  }

  #carryOut(ready: Ready): void {
    this.#send(ready.messages);
    // Before the entries, so that a leader that begins is known when its first entry is applied.
    if (ready.soft !== undefined) this.#onSoft(ready.soft);
    if (ready.committed.length > 0) this.#apply(ready.committed);
    for (const context of ready.lostReads) this.#reads.refuse(context, 'unknown');
    for (const granted of ready.readStates) this.#reads.grant(granted);
    if (this.#reads.size > 0) this.#reads.serve(this.#raw.status().applied);
    if (ready.mustSync) {
      assert(this.#writing === undefined, 'two writes at a time');
      this.#writingTicks = 0;
      this.#writing = this.#write(ready);
    } else this.#send(ready.messagesAfterSync);
  }

  #send(messages: readonly Message[]): void {
    if (messages.length === 0) return;
    this.#meter.count('messages_sent', messages.length);
    const desk = this.#desk;
    const byMail = messages.filter((message) => {
      // At index 0 there is no state: it only tells who the members are.
      if (message.kind !== 'MsgSnap' || message.snapshot.index === 0) return true;
      assert(desk !== undefined, 'a snapshot to send, but none is kept');
      desk.send(message);
      return false;
    });
    this.#transport.send(byMail);
  }

  async #write({ hard, entries, snapshot, messagesAfterSync }: Ready): Promise<void> {
    const { clock, log, book } = this.#dependencies;
    const since = clock.monotonic();
    try {
      if (snapshot !== undefined) await this.#install(snapshot);
      await log.append({ hard, entries });
      this.#writing = undefined;
      if (this.#isStopped) return;
      book?.markUsed();
      this.#meter.count('writes');
      this.#meter.count('entries_written', entries.length);
      this.#meter.time('write_entries', entries.length);
      this.#meter.time('write_ms', clock.monotonic() - since);
      this.#send(messagesAfterSync);
      this.#raw.advance();
      this.#wake();
    } catch (fault) {
      this.#onFault(fault);
    }
  }

  async #install(mark: SnapshotMark): Promise<void> {
    const { machine, log } = this.#dependencies;
    if (this.#desk === undefined) {
      // A node that waits to be told who the members are gets a mark without a state.
      assert(mark.index === 0, 'a snapshot arrived, but none is kept');
      await log.installSnapshot(mark);
      return;
    }
    if (mark.index === 0) await log.installSnapshot(mark);
    else await this.#desk.install(mark);
    assert(machine.appliedIndex() === mark.index, 'the machine is not where its snapshot is');
    this.#pending.forgetTo(mark.index);
  }

  #apply(committed: readonly Entry[]): void {
    const { machine } = this.#dependencies;
    const entries = committed.filter(({ kind }) => kind === 'normal');
    const verdicts = entries.length > 0 ? machine.apply(entries) : undefined;
    const conf = committed.find(({ kind }) => kind === 'conf');
    if (conf !== undefined) this.#applyConf(conf);
    const last = committed.at(-1);
    const { kind, term, ready } = this.#standing;
    if (kind === 'leader' && !ready && last?.term === term) {
      this.#stand({ ...this.#standing, ready: true });
    }
    this.#pending.decide(committed, verdicts ?? undefined);
    this.#meter.count('entries_applied', committed.length);
    const bytes = committed.reduce((sum, { data }) => sum + data.length + entryCost, 0);
    if (last !== undefined) this.#desk?.onApplied(bytes, last.index);
  }

  #applyConf(entry: Entry): void {
    const { logger, book } = this.#dependencies;
    const before = membersOf(this.#raw.status().conf);
    const conf = this.#raw.applyConf(confChangeOf(entry));
    const members = membersOf(conf);
    logger.info('The membership has changed', { index: entry.index, ...conf });
    this.#meter.count('membership_changes');
    for (const peer of before) {
      if (members.includes(peer) || peer === this.#options.id) continue;
      book?.retire(peer);
      this.#leaving.add(peer, this.#options.electionTicks);
    }
  }

  #onSoft({ role, term, leader }: SoftState): void {
    const kind = role === 'pre-candidate' ? 'candidate' : role;
    if (leader !== undefined && leader !== this.#standing.leader) {
      this.#meter.count('leader_changes');
    }
    if (role === 'candidate') this.#meter.count('campaigns');
    if (term > this.#standing.term || kind !== 'leader') this.#desk?.abandonBefore(term);
    this.#stand({ kind, term, leader, ready: false });
  }

  #stand(standing: Standing): void {
    this.#standing = standing;
    this.#dependencies.logger.info('Standing changed', standing);
    for (const listener of this.#listeners) listener(standing);
  }

  #onFault(fault: unknown): void {
    if (this.#isStopped) return;
    this.#halt();
    this.#dependencies.logger.error('The Raft node cannot go on', { error: fault });
    this.#dependencies.onFault(fault);
  }

  #halt(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#timer.cancel();
    this.#pending.abandon();
    this.#reads.abandon();
    for (const look of this.#observers) look();
  }
}
