/**
 * One node of the cluster, without any I/O: ticks, messages and proposals in; what to write, send
 * and apply out. `ready.ts` says how it is to be driven. Same inputs and same luck, same outputs.
 *
 * It never throws for what a peer sent; a failed assertion means that safety is already lost.
 */
import { assert } from '#internal/base/assert.ts';
import type { Random } from '#internal/base/random.ts';
import type { Result } from '#internal/base/result.ts';
import { describe, statusOf } from './describe.ts';
import { campaign, takeOwnVote, tickElection } from './election.ts';
import {
  decide,
  peerUnreachable,
  propose,
  replicate,
  settle,
  snapshotReported,
  tickLeader,
} from './leading.ts';
import type { LogReader } from './log-store.ts';
import { assertOptions, type RawNodeOptions } from './options.ts';
import { RaftLog } from './raft-log.ts';
import type {
  CampaignRefusal,
  Position,
  ProposeRefusal,
  Ready,
  SoftState,
  Status,
  StepRefusal,
} from './ready.ts';
import { hardState, type Raft, restartTimers, softState } from './state.ts';
import { step } from './step.ts';
import type { HardState, Message, NodeId } from './types.ts';

export type RawNodeDependencies = { readonly log: LogReader; readonly random: Random };

export class RawNode {
  readonly #raft: Raft;
  /** On its way to the disk, until `advance`. */
  #writing: HardState | undefined;
  #toldSoft: SoftState;

  constructor(dependencies: RawNodeDependencies, options: RawNodeOptions) {
    assertOptions(options);
    const { hard, conf } = options.initial;
    const log = new RaftLog(
      { stored: dependencies.log },
      { commit: hard.commit, applied: options.appliedIndex },
    );
    this.#raft = {
      random: dependencies.random,
      options,
      log,
      conf,
      // A snapshot is installed before the hard state that came with it: a crash in between leaves a
      // log that is ahead. In such a term we have not voted, for votes are written first.
      term: Math.max(hard.term, log.end.term),
      vote: log.end.term > hard.term ? undefined : hard.vote,
      durable: hard,
      role: { kind: 'follower', leader: undefined },
      elapsedTicks: 0,
      quietTicks: 0,
      patienceTicks: 0,
      outbox: [],
      outboxAfterSync: [],
    };
    restartTimers(this.#raft);
    this.#toldSoft = softState(this.#raft);
  }

  /** Time passes: the driver calls it at even intervals. */
  tick(): void {
    const { role } = this.#raft;
    if (role.kind === 'leader') tickLeader(this.#raft, role);
    else tickElection(this.#raft);
  }

  step(message: Message): Result<undefined, StepRefusal> {
    return step(this.#raft, message);
  }

  /** Accepted means: it has its place in our log. It is decided when that entry is applied. */
  propose(data: Uint8Array): Result<Position, ProposeRefusal> {
    return propose(this.#raft, data);
  }

  /** Does not wait for the election time-out. */
  campaign(): Result<undefined, CampaignRefusal> {
    return campaign(this.#raft);
  }

  hasReady(): boolean {
    const { role, log, outbox } = this.#raft;
    if (outbox.length > 0 || log.hasCommitted) return true;
    if (role.kind === 'leader' && role.hasNews) return true;
    if (this.#newSoft() !== undefined) return true;
    return this.#writing === undefined && (this.#mustWrite() || this.#hasPromises());
  }

  /** What is to be done now. It is handed out once: the driver does all of it, in order. */
  ready(): Ready {
    const raft = this.#raft;
    if (raft.role.kind === 'leader') replicate(raft, raft.role);
    const committed = raft.log.takeCommitted(raft.options.committedBytesMax);
    if (raft.role.kind === 'leader') settle(raft, raft.role, committed);
    const soft = this.#newSoft();
    this.#toldSoft = softState(raft);
    const messages = raft.outbox;
    raft.outbox = [];
    return { soft, committed, messages, ...this.#takeWrite() };
  }

  /** The write of the last Ready with `mustSync` is durable and its messages are sent. */
  advance(): void {
    assert(this.#writing !== undefined, 'advance without a write on its way');
    const raft = this.#raft;
    raft.durable = this.#writing;
    this.#writing = undefined;
    raft.log.written();
    takeOwnVote(raft);
    if (raft.role.kind === 'leader') decide(raft, raft.role);
  }

  /** Messages to `peer` were lost: what was sent ahead is in doubt. */
  reportUnreachable(peer: NodeId): void {
    if (this.#raft.role.kind === 'leader') peerUnreachable(this.#raft.role, peer);
  }

  /** How the sending of a MsgSnap to `peer` ended; owed for each, or the peer gets nothing more. */
  reportSnapshot(peer: NodeId, arrived: boolean): void {
    if (this.#raft.role.kind === 'leader') snapshotReported(this.#raft.role, peer, arrived);
  }

  status(): Status {
    return statusOf(this.#raft);
  }

  /** The whole state as canonical text, for golden histories and failures of a simulation. */
  describe(): string {
    return describe(this.#raft);
  }

  #takeWrite(): Pick<Ready, 'hard' | 'entries' | 'snapshot' | 'messagesAfterSync' | 'mustSync'> {
    const raft = this.#raft;
    const nothing = { hard: undefined, entries: [], snapshot: undefined, mustSync: false };
    if (this.#writing !== undefined) return { ...nothing, messagesAfterSync: [] };
    const messagesAfterSync = raft.outboxAfterSync;
    raft.outboxAfterSync = [];
    if (!this.#mustWrite()) return { ...nothing, messagesAfterSync };
    const hard = hardState(raft);
    this.#writing = hard;
    return { hard, ...raft.log.takeWrite(), messagesAfterSync, mustSync: true };
  }

  #mustWrite(): boolean {
    const { term, vote, durable, log } = this.#raft;
    return log.hasUnstable || term !== durable.term || vote !== durable.vote;
  }

  #hasPromises(): boolean {
    return this.#raft.outboxAfterSync.length > 0;
  }

  #newSoft(): SoftState | undefined {
    const now = softState(this.#raft);
    const { role, term, leader } = this.#toldSoft;
    return now.role === role && now.term === term && now.leader === leader ? undefined : now;
  }
}
