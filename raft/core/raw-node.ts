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
import { confChangeOf } from './confchange-codec.ts';
import { changed } from './confchange.ts';
import { campaign, takeOwnVote, tickElection } from './election.ts';
import { forgetLeader } from './following.ts';
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
import { applyConf, leaveJointWhenDue, markAt, proposeConf } from './membership.ts';
import { assertOptions, type RawNodeOptions } from './options.ts';
import { RaftLog } from './raft-log.ts';
import { askLeader, readIndex } from './reading.ts';
import type {
  CampaignRefusal,
  ConfRefusal,
  Position,
  ProposeRefusal,
  ReadRefusal,
  Ready,
  SoftState,
  Status,
  StepRefusal,
  TransferRefusal,
} from './ready.ts';
import { becomeFollower, hardState, type Raft, restartTimers, softState } from './state.ts';
import { step } from './step.ts';
import type { StorageResponse } from './storage-messages.ts';
import { resignWhenDone, transferLeader } from './transfer.ts';
import type {
  ConfChange,
  ConfState,
  HardState,
  Index,
  Message,
  NodeId,
  SnapshotMark,
  Term,
} from './types.ts';

export type RawNodeDependencies = {
  readonly log: LogReader;
  readonly random: Random;
  /** Owed with the option `lease`: milliseconds, never falling, at least at the rate of time. */
  readonly clock?: { monotonic(): number } | undefined;
  /**
   * What a MsgSnap may promise, at the log's beginning or later; undefined while nothing is at hand.
   * Without it, the log's beginning.
   */
  readonly newestSnapshot?: (() => SnapshotMark | undefined) | undefined;
};

export class RawNode {
  readonly #raft: Raft;
  /** On their way to the disk, oldest first, until `advance`. */
  readonly #writing: HardState[] = [];
  #toldSoft: SoftState;
  #holdsCommitted = false;

  constructor(dependencies: RawNodeDependencies, options: RawNodeOptions) {
    assertOptions(options);
    const { hard } = options.initial;
    const { clock, newestSnapshot, log: stored } = dependencies;
    assert(options.lease === undefined || clock !== undefined, 'a lease needs a clock');
    const { appliedIndex: applied, reportsApplied } = options;
    const log = new RaftLog({ stored }, { commit: hard.commit, applied, reportsApplied });
    const confs = confsOf(stored, options);
    this.#raft = {
      random: dependencies.random,
      options,
      monotonic: () => clock?.monotonic() ?? 0,
      newestSnapshot: newestSnapshot ?? (() => log.mark),
      log,
      conf: confs.at(-1)?.conf ?? options.initial.conf,
      confs,
      // A snapshot is installed before the hard state that came with it: a crash in between leaves a
      // log that is ahead. In such a term we have not voted, for votes are written first.
      term: Math.max(hard.term, log.end.term),
      vote: log.end.term > hard.term ? undefined : hard.vote,
      durable: hard,
      role: { kind: 'follower', leader: undefined },
      elapsedTicks: 0,
      heardTicks: 0,
      quietTicks: 0,
      patienceTicks: 0,
      outbox: [],
      outboxAfterSync: [],
      asking: { waiting: [], sent: new Map(), next: 0 },
      readStates: [],
      lostReads: [],
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

  /** Accepted means the same as for any proposal; it is in force where it is applied. */
  proposeConf(change: ConfChange): Result<Position, ConfRefusal> {
    return proposeConf(this.#raft, change);
  }

  /** Owed for each `conf` entry in `committed`. Returns the configuration now in force. */
  applyConf(change: ConfChange): ConfState {
    return applyConf(this.#raft, change);
  }

  /** The mark of a snapshot at `index`; undefined when that is not applied, or compacted away. */
  markAt(index: Index): SnapshotMark | undefined {
    return markAt(this.#raft, index);
  }

  /**
   * Asks how far the state machine must be for a read that is to be up to date. The answer comes in
   * `readStates` or `lostReads`, under `context`, which is the caller's and used once.
   */
  readIndex(context: number): Result<undefined, ReadRefusal> {
    return readIndex(this.#raft, context);
  }

  /** Hands leadership to `to`, which must be done in `deadlineTicks`; until then nothing is taken. */
  transferLeader(
    to: NodeId,
    deadlineTicks: number = this.#raft.options.electionTicks,
  ): Result<undefined, TransferRefusal> {
    return transferLeader(this.#raft, to, deadlineTicks);
  }

  /** A follower that has reason to believe its leader dead need not wait to vote for another. */
  forgetLeader(): void {
    forgetLeader(this.#raft);
  }

  /** Gives leadership up without an heir: for one whose own disk does not answer any more. */
  resign(): void {
    if (this.#raft.role.kind === 'leader') becomeFollower(this.#raft, this.#raft.term, undefined);
  }

  /** Does not wait for the election time-out. */
  campaign(): Result<undefined, CampaignRefusal> {
    return campaign(this.#raft);
  }

  hasReady(): boolean {
    const { role, log, outbox, asking, readStates, lostReads, options } = this.#raft;
    if (outbox.length > 0 || asking.waiting.length > 0) return true;
    const mayApply = !this.#holdsCommitted && !log.isApplyingMuch(options.committedBytesMax);
    if (mayApply && log.hasCommitted) return true;
    if (readStates.length > 0 || lostReads.length > 0) return true;
    if (role.kind === 'leader' && role.hasNews) return true;
    if (this.#newSoft() !== undefined) return true;
    return this.#mustWrite() || this.#hasPromises();
  }

  /** What is to be done now. It is handed out once: the driver does all of it, in order. */
  ready(): Ready {
    const raft = this.#raft;
    if (raft.role.kind === 'leader') {
      replicate(raft, raft.role);
      resignWhenDone(raft, raft.role);
    } else askLeader(raft);
    const { committedBytesMax } = raft.options;
    const committed = this.#holdsCommitted ? [] : raft.log.takeCommitted(committedBytesMax);
    if (raft.role.kind === 'leader') {
      settle(raft, raft.role, committed);
      leaveJointWhenDue(raft, raft.role);
    }
    const soft = this.#newSoft();
    this.#toldSoft = softState(raft);
    const { outbox: messages, readStates, lostReads } = raft;
    raft.outbox = [];
    raft.readStates = [];
    raft.lostReads = [];
    return { soft, committed, messages, readStates, lostReads, ...this.#takeWrite() };
  }

  /** The write of the oldest Ready with `mustSync` is durable and its messages are sent. */
  advance(): void {
    const raft = this.#raft;
    const written = this.#writing.shift();
    assert(written !== undefined, 'advance without a write on its way');
    raft.durable = written;
    raft.log.written();
    takeOwnVote(raft);
    if (raft.role.kind === 'leader') decide(raft, raft.role);
  }

  /** While it is held, nothing is handed out to be applied: whoever applies has enough for now. */
  holdCommitted(isHeld: boolean): void {
    this.#holdsCommitted = isHeld;
  }

  /** With `reportsApplied`: the state machine has applied up to `index`. */
  appliedTo(index: Index): void {
    this.#raft.log.appliedTo(index);
  }

  /** A storage thread has done what `storageMessages` asked of it. */
  stepStorage(response: StorageResponse): void {
    if (response.kind === 'MsgStorageAppendResp') this.advance();
    else this.appliedTo(response.index);
  }

  /** Messages to `peer` were lost: what was sent ahead is in doubt. */
  reportUnreachable(peer: NodeId): void {
    if (this.#raft.role.kind === 'leader') peerUnreachable(this.#raft.role, peer);
  }

  /** How the sending of a MsgSnap to `peer` ended; owed for each, or the peer gets nothing more. */
  reportSnapshot(peer: NodeId, arrived: boolean): void {
    if (this.#raft.role.kind === 'leader') snapshotReported(this.#raft.role, peer, arrived);
  }

  /** The term that we lead; undefined for everybody else. */
  get leads(): Term | undefined {
    return this.#raft.role.kind === 'leader' ? this.#raft.term : undefined;
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
    const mustSync = this.#mustWrite();
    if (!mustSync && !this.#hasPromises()) return { ...nothing, messagesAfterSync: [] };
    const messagesAfterSync = raft.outboxAfterSync;
    raft.outboxAfterSync = [];
    if (!mustSync) return { ...nothing, messagesAfterSync };
    const hard = hardState(raft);
    this.#writing.push(hard);
    return { hard, ...raft.log.takeWrite(), messagesAfterSync, mustSync };
  }

  /** There is something to write, and room for a write. */
  #mustWrite(): boolean {
    const { term, vote, durable, log, options } = this.#raft;
    if (this.#writing.length >= options.writesMax) return false;
    const newest = this.#writing.at(-1) ?? durable;
    return log.hasUnwritten || term !== newest.term || vote !== newest.vote;
  }

  /** Promises that all writes so far back: without a new write they wait for the last one. */
  #hasPromises(): boolean {
    return this.#writing.length === 0 && this.#raft.outboxAfterSync.length > 0;
  }

  #newSoft(): SoftState | undefined {
    const now = softState(this.#raft);
    const { role, term, leader } = this.#toldSoft;
    return now.role === role && now.term === term && now.leader === leader ? undefined : now;
  }
}

/** The configurations that the state machine has been through since the log's beginning. */
function confsOf(log: LogReader, { initial, appliedIndex }: RawNodeOptions): Raft['confs'] {
  const chunkBytes = 1 << 20;
  const { index: begin } = log.snapshot();
  const confs = [{ index: begin, conf: initial.conf }];
  // A log may keep entries before its mark, whose changes the mark's configuration has in it.
  for (let from = begin + 1; from <= appliedIndex;) {
    const entries = log.entries(from, appliedIndex + 1, chunkBytes);
    from += entries.length;
    for (const entry of entries) {
      if (entry.kind !== 'conf') continue;
      const next = changed(confs.at(-1)?.conf ?? initial.conf, confChangeOf(entry));
      assert(next.ok, `entry ${entry.index} changes the membership in a way that cannot be`);
      confs.push({ index: entry.index, conf: next.value });
    }
  }
  return confs;
}
