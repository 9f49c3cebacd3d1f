/**
 * The node's thread: runs a node over a machine in another thread, which may be held up without that
 * peers notice. It speaks for the node to that thread (`threaded-node.ts`), and has an eye on it: a
 * leader whose machine gives no sign of life for long hands its leadership over, since it could serve
 * nobody.
 */
import { assert, unreachable } from '#internal/base/assert.ts';
import type { Clock, Timer } from '#internal/runtime/clock.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type { MessagePort } from '#internal/runtime/message-port.ts';
import type { Index, NodeId } from '#raft/core/types.ts';
import { handOver, leave } from '#raft/node/hand-over.ts';
import type { RaftNode } from '#raft/node/raft-node.ts';
import type { Proposal, StateMachine } from '#raft/node/replicated-log.ts';
import { carried } from './carried-error.ts';
import { ChunkStreams } from './chunk-streams.ts';
import type { Ticket, ToMachine, ToNode } from './messages.ts';
import { Outbox } from './outbox.ts';
import { type PackedEntries, unpackEntries } from './packed-entries.ts';
import { RemoteMachine } from './remote-machine.ts';

export type NodeHostDependencies = {
  readonly port: MessagePort<readonly ToMachine[], readonly ToNode[]>;
  readonly clock: Clock;
  readonly logger: Logger;
  /**
   * Calls back when the callback of the loop that runs now is over, as `queueMicrotask` does: a turn of
   * the node is one of them, so that all its outcomes are one message. Later, and they would wait for
   * what else the loop has found, which the peers that were just sent to is.
   */
  readonly defer: (callback: () => void) => void;
  /** Makes the node over the machine, once. Faults of the node go to `onFault`. */
  readonly open: (machine: StateMachine, onFault: (fault: unknown) => void) => Promise<RaftNode>;
  /** The newest version that the machines of all members know; undefined while it is not known. */
  readonly machineVersionOfAll?: (node: RaftNode) => number | undefined;
  /** Closes what the node stands on, after it has left. */
  readonly close: () => Promise<void>;
};

export type NodeHostOptions = {
  /** Data of entries that the machine has not applied yet. Beyond it nothing is handed to it. */
  readonly underWayBytesMax: number;
  /** Between two questions for a sign of life. */
  readonly beatMs: number;
  /** A leader whose machine was silent for so long hands over, again and again. */
  readonly silenceMsMax: number;
};

export const defaultNodeHostOptions: NodeHostOptions = {
  underWayBytesMax: 4 << 20,
  beatMs: 1000,
  silenceMsMax: 10_000,
};

type Refused = Extract<Proposal, { kind: 'refused' }>;

export class NodeHost {
  readonly #dependencies: NodeHostDependencies;
  readonly #options: NodeHostOptions;
  readonly #outbox: Outbox<ToMachine>;
  readonly #streams: ChunkStreams;
  #machine: RemoteMachine | undefined;
  #node: RaftNode | undefined;
  /** Of the outcomes that wait for the end of the turn: ticket, index, term. */
  #applied: number[] = [];
  #refused: (readonly [Ticket, Refused])[] = [];
  #timer: Timer | undefined;
  /** Since when a sign of life is owed. */
  #askedMs: number | undefined;
  #isOver = false;

  constructor(dependencies: NodeHostDependencies, options: NodeHostOptions) {
    const { port, defer } = dependencies;
    this.#dependencies = dependencies;
    this.#options = options;
    this.#outbox = new Outbox({ port, defer, onFlush: () => this.#tellOutcomes() });
    this.#streams = new ChunkStreams((message, moved) => this.#outbox.send(message, moved));
    port.listen((messages) => {
      for (const message of messages) this.#onMessage(message);
    });
    this.#outbox.send({ kind: 'opened' });
  }

  /** The log, or what it stands on, has failed: the other thread is told, and ends the process. */
  fail(fault: unknown): void {
    if (this.#isOver) return;
    this.#end();
    this.#outbox.send({ kind: 'fault', fault: carried(fault) });
    this.#outbox.flush();
  }

  #onMessage(message: ToNode): void {
    switch (message.kind) {
      case 'begin':
        void this.#begin(message.appliedIndex);
        break;
      case 'propose':
        this.#propose(message.asked);
        break;
      case 'read':
        void this.#read(message.ticket);
        break;
      case 'hand-over':
        void this.#handOver(message.ticket, message.to);
        break;
      case 'applied':
        this.#machine?.onApplied(message.index);
        break;
      case 'restored':
        this.#machine?.onRestored(message.stream, message.fault);
        break;
      case 'here':
        this.#askedMs = undefined;
        break;
      case 'leave':
        void this.#leave();
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

  async #begin(appliedIndex: Index): Promise<void> {
    assert(this.#machine === undefined, 'a node begins once');
    const { open } = this.#dependencies;
    const { underWayBytesMax } = this.#options;
    this.#machine = new RemoteMachine(
      { send: (message, moved) => this.#outbox.send(message, moved), streams: this.#streams },
      { appliedIndex, underWayBytesMax },
    );
    try {
      this.#node = await open(this.#machine, (fault) => this.fail(fault));
    } catch (fault) {
      this.fail(fault);
      return;
    }
    this.#node.watch((standing) => this.#outbox.send({ kind: 'standing', standing }));
    this.#outbox.send({ kind: 'standing', standing: this.#node.standing() });
    this.#outbox.send({ kind: 'begun' });
    this.#beat();
  }

  #propose(asked: PackedEntries): void {
    for (const { index: ticket, term, data } of unpackEntries(asked)) {
      this.#begun().submit({ data, term, answer: (proposal) => this.#answer(ticket, proposal) });
    }
  }

  #answer(ticket: Ticket, proposal: Proposal): void {
    if (proposal.kind === 'refused') this.#refused.push([ticket, proposal]);
    else this.#applied.push(ticket, proposal.index, proposal.term);
    this.#outbox.wake();
  }

  #tellOutcomes(): void {
    if (this.#applied.length === 0 && this.#refused.length === 0) return;
    const [applied, refused] = [Float64Array.from(this.#applied), this.#refused];
    this.#applied = [];
    this.#refused = [];
    this.#outbox.send({ kind: 'outcomes', applied, refused }, [applied.buffer]);
  }

  async #read(ticket: Ticket): Promise<void> {
    const read = await this.#begun().read();
    this.#outbox.send({ kind: 'read-done', ticket, read });
  }

  async #handOver(ticket: Ticket, to: NodeId | undefined): Promise<void> {
    const outcome = await handOver(this.#begun(), to === undefined ? {} : { to });
    this.#outbox.send({ kind: 'handed-over', ticket, outcome });
  }

  async #leave(): Promise<void> {
    if (this.#isOver) return;
    try {
      if (this.#node !== undefined) await leave(this.#node);
      this.#end();
      await this.#dependencies.close();
      this.#outbox.send({ kind: 'left' });
    } catch (fault) {
      this.#outbox.send({ kind: 'fault', fault: carried(fault) });
    }
    this.#outbox.flush();
    this.#dependencies.port.close();
  }

  #beat(): void {
    const { clock } = this.#dependencies;
    const { beatMs, silenceMsMax } = this.#options;
    const nowMs = clock.monotonic();
    if (this.#askedMs === undefined) {
      this.#askedMs = nowMs;
      const node = this.#begun();
      const machineVersion = this.#dependencies.machineVersionOfAll?.(node);
      this.#outbox.send({ kind: 'beat', figures: node.figures(), machineVersion });
    } else if (nowMs - this.#askedMs >= silenceMsMax) void this.#giveUpOffice();
    this.#timer = clock.after(beatMs, () => this.#beat());
  }

  async #giveUpOffice(): Promise<void> {
    const node = this.#begun();
    if (node.standing().kind !== 'leader') return;
    const { logger } = this.#dependencies;
    logger.warn('Handing leadership over: the thread of the state machine does not answer', {
      silenceMsMax: this.#options.silenceMsMax,
    });
    const outcome = await handOver(node);
    if (outcome.kind === 'refused') logger.warn('Leadership stays here', { why: outcome.reason });
  }

  #end(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  #begun(): RaftNode {
    assert(this.#node !== undefined, 'asked of a node that has not begun');
    return this.#node;
  }
}
