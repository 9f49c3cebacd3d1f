/**
 * Changes who votes, in safe steps: whoever is new learns first, and votes when it keeps pace; then the
 * old set gives way to the new one in a single joint change (dissertation §4.3). The operation is "these
 * shall be the voters": growing, shrinking and replacing are all the same, and asking again for what is
 * so already is fine.
 *
 * Refused is what would leave no spare: a set that could not lose a node and go on. Ids that were
 * removed once are refused for ever. When the leader falls in the middle, the next one completes a
 * joint change by itself. Newcomers that were not promoted stay learners, so that asking again goes on
 * where it ended; learners that nobody asks for any more are removed by the next change.
 */
import { unreachable } from '#internal/base/assert.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import { majority } from '#raft/core/quorum/majority.ts';
import type { Status } from '#raft/core/ready.ts';
import type { MemberChange, NodeId } from '#raft/core/types.ts';
import { type CatchUp, type CatchUpLimits, catchUpStep, newCatchUp } from './catch-up.ts';
import type { RetiredIds } from './peer-book.ts';
import type { RaftNode } from './raft-node.ts';
import type { Standing } from './replicated-log.ts';

export type MembershipDependencies = {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly node: Pick<RaftNode, 'proposeConf' | 'standing' | 'status' | 'until'>;
  readonly book?: Pick<RetiredIds, 'isRetired'> | undefined;
};

export type MembershipOptions = CatchUpLimits & {
  /** Who may be new in one change. */
  readonly learnersMax: number;
};

export const defaultMembershipOptions: MembershipOptions = {
  roundsMax: 10,
  roundMs: 1000,
  stallMsMax: 60_000,
  learnersMax: 8,
};

export type MembershipRefusal =
  | { readonly kind: 'not-leader'; readonly leader: NodeId | undefined }
  /** An earlier change is under way: ask again when it is over. */
  | { readonly kind: 'in-progress' }
  | { readonly kind: 'no-spare'; readonly why: string }
  /** An id is used once, for one disk. */
  | { readonly kind: 'id-used'; readonly node: NodeId }
  | { readonly kind: 'too-slow'; readonly node: NodeId; readonly why: string }
  | { readonly kind: 'impossible'; readonly why: string }
  /** The leader fell: the change may be made, or not. Whoever leads now can tell. */
  | { readonly kind: 'unknown' };

export type MembershipOutcome =
  | { readonly kind: 'done'; readonly voters: readonly NodeId[] }
  | { readonly kind: 'refused'; readonly refusal: MembershipRefusal };

export type MembershipRequest = {
  readonly voters: readonly NodeId[];
  /** The operator accepts a set that cannot lose a node: three become one, or a majority is down. */
  readonly acceptNoSpare?: boolean;
};

export class Membership {
  readonly #dependencies: MembershipDependencies;
  readonly #options: MembershipOptions;
  #isChanging = false;

  constructor(
    dependencies: MembershipDependencies,
    options: MembershipOptions = defaultMembershipOptions,
  ) {
    this.#dependencies = dependencies;
    this.#options = options;
  }

  /** Resolves when the voters are those that were asked for and nobody else, or why they are not. */
  async change(request: MembershipRequest): Promise<MembershipOutcome> {
    if (this.#isChanging) return refused({ kind: 'in-progress' });
    this.#isChanging = true;
    try {
      const refusal =
        this.#whyNot(request) ??
        (await this.#whyNoSpare(request, newcomersOf(this.#dependencies.node.status(), request))) ??
        (await this.#carryOut(request));
      if (refusal !== undefined) return refused(refusal);
      return { kind: 'done', voters: this.#dependencies.node.status().conf.voters };
    } finally {
      this.#isChanging = false;
    }
  }

  #whyNot({ voters }: MembershipRequest): MembershipRefusal | undefined {
    const { node, book } = this.#dependencies;
    const { conf } = node.status();
    const { kind, ready, leader } = node.standing();
    if (kind !== 'leader') return { kind: 'not-leader', leader };
    if (!ready || conf.outgoing.length > 0) return { kind: 'in-progress' };
    if (voters.length === 0) return { kind: 'impossible', why: 'no voter would be left' };
    if (new Set(voters).size < voters.length) {
      return { kind: 'impossible', why: 'a node is named twice' };
    }
    const used = voters.find((id) => book?.isRetired(id) === true);
    if (used !== undefined) return { kind: 'id-used', node: used };
    const { learnersMax } = this.#options;
    if (newcomersOf(node.status(), { voters }).length > learnersMax) {
      return { kind: 'impossible', why: `more than ${learnersMax} would be new` };
    }
    return undefined;
  }

  /**
   * Waits up to an election time-out for enough of them to be heard: what a leader knows is as old as
   * its last look around. `doubtful`: those that have yet to show that they live.
   */
  async #whyNoSpare(
    { voters, acceptNoSpare }: MembershipRequest,
    doubtful: readonly NodeId[],
  ): Promise<MembershipRefusal | undefined> {
    if (acceptNoSpare === true) return undefined;
    const { node, clock } = this.#dependencies;
    const lastMs = clock.monotonic() + this.#options.roundMs;
    const heard = new Set<NodeId>(doubtful);
    const look = (): MembershipRefusal | undefined => {
      for (const id of aliveOf(node.status())) heard.add(id);
      return spareRefusal(voters, heard);
    };
    await node.until(() => look() === undefined || clock.monotonic() >= lastMs);
    return look();
  }

  async #carryOut(request: MembershipRequest): Promise<MembershipRefusal | undefined> {
    const { node, logger } = this.#dependencies;
    const { conf } = node.status();
    const { term } = node.standing();
    const { voters } = request;
    const newcomers = newcomersOf(node.status(), request);
    const leavers = conf.voters.filter((id) => !voters.includes(id));
    logger.info('Changing the membership', { from: conf.voters, to: voters });
    for (const id of conf.learners.filter((learner) => !voters.includes(learner))) {
      const refusal = await this.#propose([{ kind: 'remove', node: id }]);
      if (refusal !== undefined) return refusal;
    }
    for (const id of newcomers) {
      const refusal = conf.learners.includes(id)
        ? undefined
        : await this.#propose([{ kind: 'add-learner', node: id }]);
      if (refusal !== undefined) return refusal;
    }
    const slow = await this.#catchUp(newcomers, term);
    if (slow !== undefined) return slow;
    const spare = await this.#whyNoSpare(request, []);
    if (spare !== undefined) return spare;
    const changes = changesTo(newcomers, leavers);
    if (changes.length === 0) return undefined;
    const refusal = await this.#propose(changes);
    if (refusal !== undefined) return refusal;
    const isDone = (): boolean => isSettled(node.status(), voters);
    // A leader that nobody hears any more resigns in its own term.
    await node.until(() => isDone() || !isLeading(node.standing(), term));
    return isDone() ? undefined : { kind: 'unknown' };
  }

  /** Undefined when all of them keep pace. */
  async #catchUp(
    newcomers: readonly NodeId[],
    term: number,
  ): Promise<MembershipRefusal | undefined> {
    const { node, clock } = this.#dependencies;
    const begun = newCatchUp(node.status().last, clock.monotonic());
    const going = new Map<NodeId, CatchUp>(newcomers.map((id) => [id, begun]));
    let failed: MembershipRefusal | undefined;
    const look = (): boolean => {
      if (!isLeading(node.standing(), term)) failed = { kind: 'unknown' };
      const { last, progress } = node.status();
      for (const [id, catchUp] of going) {
        const match = progress.get(id)?.match ?? 0;
        const at = { match, last, nowMs: clock.monotonic() };
        const step = catchUpStep(catchUp, at, this.#options);
        if (step.kind === 'failed') failed ??= { kind: 'too-slow', node: id, why: step.why };
        else if (step.kind === 'caught-up') going.delete(id);
        else going.set(id, step.catchUp);
      }
      return failed !== undefined || going.size === 0;
    };
    await node.until(look);
    return failed ?? (going.size === 0 ? undefined : { kind: 'unknown' });
  }

  async #propose(changes: readonly MemberChange[]): Promise<MembershipRefusal | undefined> {
    const { node } = this.#dependencies;
    const transition = changes.length > 1 ? 'implicit' : 'auto';
    const proposal = await node.proposeConf({ transition, changes });
    if (proposal === 'in-progress') return { kind: 'in-progress' };
    if (proposal === 'impossible') return { kind: 'impossible', why: JSON.stringify(changes) };
    if (proposal.kind === 'applied') return undefined;
    switch (proposal.reason) {
      case 'not-leader':
        return { kind: 'not-leader', leader: proposal.leader };
      case 'dropped':
      case 'busy':
      case 'full':
        return { kind: 'in-progress' };
      case 'lost':
      case 'too-large':
      case 'expired':
      case 'unknown':
        return { kind: 'unknown' };
      default:
        return unreachable(proposal.reason);
    }
  }
}

const refused = (refusal: MembershipRefusal): MembershipOutcome => ({ kind: 'refused', refusal });

function changesTo(
  newcomers: readonly NodeId[],
  leavers: readonly NodeId[],
): readonly MemberChange[] {
  return [
    ...newcomers.map((node): MemberChange => ({ kind: 'add-voter', node })),
    ...leavers.map((node): MemberChange => ({ kind: 'remove', node })),
  ];
}

const isSettled = ({ conf }: Status, voters: readonly NodeId[]): boolean =>
  conf.outgoing.length === 0 &&
  conf.voters.length === voters.length &&
  voters.every((id) => conf.voters.includes(id));

const isLeading = (standing: Standing, term: number): boolean =>
  standing.kind === 'leader' && standing.term === term;

const newcomersOf = (
  { conf }: Status,
  { voters }: Pick<MembershipRequest, 'voters'>,
): readonly NodeId[] => voters.filter((id) => !conf.voters.includes(id));

/** Whom the leader hears, and itself. */
const aliveOf = ({ id, progress }: Status): readonly NodeId[] => [
  id,
  ...[...progress].flatMap(([peer, { isActive }]) => (isActive ? [peer] : [])),
];

/** A set that lives on when it loses any one of its nodes, counted by those that are alive now. */
function spareRefusal(
  voters: readonly NodeId[],
  alive: ReadonlySet<NodeId>,
): MembershipRefusal | undefined {
  const needed = majority(voters.length);
  const living = voters.filter((id) => alive.has(id)).length;
  if (living > needed) return undefined;
  const why =
    `Of ${voters.length} voters ${needed} decide, and ${living} are heard: ` +
    'the loss of one more would stop the cluster';
  return { kind: 'no-spare', why };
}
