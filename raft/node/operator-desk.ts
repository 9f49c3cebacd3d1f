/**
 * What operators ask of a running node: who the members are, to change them, and to hand leadership
 * over. Any node says who it believes the members to be; the rest is for the leader, and whoever else
 * is asked names it. Refusals are in words, since they are read by people.
 */
import { unreachable } from '#internal/base/assert.ts';
import type { Index, NodeId, Term } from '#raft/core/types.ts';
import { handOver } from './hand-over.ts';
import type { Membership, MembershipRefusal } from './membership.ts';
import type { PeerAddress } from './peer-transport.ts';
import type { RaftNode } from './raft-node.ts';

export type OperatorRequest =
  | { readonly kind: 'list' }
  /** In one change: those to be added catch up first, then both take effect together. */
  | {
      readonly kind: 'change';
      readonly add: readonly NodeId[];
      readonly remove: readonly NodeId[];
      /** Also a set that could not lose a node and go on. */
      readonly acceptNoSpare: boolean;
    }
  /** To the voter that has most of the log, unless one is named. */
  | { readonly kind: 'transfer'; readonly to: NodeId | undefined };

export type Member = {
  readonly id: NodeId;
  /** `leaving`: it votes until the change that is under way is complete. */
  readonly role: 'voter' | 'learner' | 'leaving';
  /** Where it listens, as far as the one who was asked knows. */
  readonly address: PeerAddress | undefined;
  /** How much of the log it has, and whether it was heard of late: the leader alone knows. */
  readonly progress: { readonly match: Index; readonly isActive: boolean } | undefined;
};

export type OperatorReply =
  | {
      readonly kind: 'members';
      /** The one who was asked. */
      readonly self: NodeId;
      readonly leader: NodeId | undefined;
      readonly term: Term;
      readonly last: Index;
      readonly members: readonly Member[];
    }
  | { readonly kind: 'changed'; readonly voters: readonly NodeId[] }
  | { readonly kind: 'transferred'; readonly leader: NodeId | undefined }
  /** Ask the leader, if one is known. */
  | {
      readonly kind: 'not-leader';
      readonly self: NodeId;
      readonly leader: NodeId | undefined;
      readonly address: PeerAddress | undefined;
    }
  | {
      readonly kind: 'refused';
      readonly reason: Exclude<MembershipRefusal['kind'], 'not-leader'>;
      readonly why: string;
    };

export type OperatorDeskDependencies = {
  readonly node: RaftNode;
  readonly membership: Membership;
  /** Of ourselves too; undefined for a node that has never called. */
  readonly addressOf: (peer: NodeId) => PeerAddress | undefined;
};

/** Answers one request; never rejects. A change takes as long as its newcomers do to catch up. */
export type OperatorDesk = (request: OperatorRequest) => Promise<OperatorReply>;

export const operatorDesk =
  (dependencies: OperatorDeskDependencies): OperatorDesk =>
  async (request) => {
    const { kind } = request;
    switch (kind) {
      case 'list':
        return members(dependencies);
      case 'change':
        return await change(dependencies, request);
      case 'transfer':
        return await transfer(dependencies, request);
      default:
        return unreachable(kind);
    }
  };

function members({ node, addressOf }: OperatorDeskDependencies): OperatorReply {
  const { id: self, conf, last, progress } = node.status();
  const { leader, term } = node.standing();
  const member = (id: NodeId, role: Member['role']): Member => {
    const known = progress.get(id);
    const own = leader === self && id === self ? { match: last, isActive: true } : undefined;
    return {
      id,
      role,
      address: addressOf(id),
      progress: known === undefined ? own : { match: known.match, isActive: known.isActive },
    };
  };
  const leaving = conf.outgoing.filter((id) => !conf.voters.includes(id));
  const all = [
    ...conf.voters.map((id) => member(id, 'voter')),
    ...leaving.map((id) => member(id, 'leaving')),
    ...conf.learners.map((id) => member(id, 'learner')),
  ];
  const byId = all.toSorted((one, other) => one.id - other.id);
  return { kind: 'members', self, leader, term, last, members: byId };
}

async function change(
  dependencies: OperatorDeskDependencies,
  { add, remove, acceptNoSpare }: OperatorRequest & { readonly kind: 'change' },
): Promise<OperatorReply> {
  const { node, membership, addressOf } = dependencies;
  if (node.standing().kind !== 'leader') return notLeader(dependencies);
  const { voters, learners } = node.status().conf;
  const isMember = (id: NodeId): boolean => voters.includes(id) || learners.includes(id);
  const absent = remove.find((id) => !isMember(id));
  if (absent !== undefined) return impossible(`Node ${absent} is not a member`);
  const both = add.find((id) => remove.includes(id));
  if (both !== undefined) return impossible(`Node ${both} is to be added and removed`);
  const unmet = add.find((id) => !isMember(id) && addressOf(id) === undefined);
  if (unmet !== undefined) {
    return impossible(
      `Node ${unmet} has not called: start it with --join, itself and all masters in its --peers`,
    );
  }
  const wanted = new Set([...voters.filter((id) => !remove.includes(id)), ...add]);
  const outcome = await membership.change({ voters: [...wanted], acceptNoSpare });
  if (outcome.kind === 'done') return { kind: 'changed', voters: outcome.voters };
  const { refusal } = outcome;
  if (refusal.kind === 'not-leader') return notLeader(dependencies);
  return { kind: 'refused', reason: refusal.kind, why: wordsOf(refusal) };
}

async function transfer(
  dependencies: OperatorDeskDependencies,
  { to }: OperatorRequest & { readonly kind: 'transfer' },
): Promise<OperatorReply> {
  const { node } = dependencies;
  const { id, conf } = node.status();
  if (node.standing().kind !== 'leader') return notLeader(dependencies);
  if (to === id) return { kind: 'transferred', leader: id };
  if (to !== undefined && !conf.voters.includes(to)) {
    return impossible(`Node ${to} is not a voter, so it cannot lead`);
  }
  const handed = await handOver(node, to === undefined ? {} : { to });
  if (handed.kind === 'done') {
    await node.until(() => node.standing().leader !== undefined);
    return { kind: 'transferred', leader: node.standing().leader };
  }
  if (handed.reason === 'not-leader') return notLeader(dependencies);
  if (handed.reason === 'no-heir') return impossible('There is no voter to hand leadership to');
  const why = `The heir did not take over in time; node ${id} leads on`;
  return { kind: 'refused', reason: 'too-slow', why };
}

function notLeader({ node, addressOf }: OperatorDeskDependencies): OperatorReply {
  const { leader } = node.standing();
  const address = leader === undefined ? undefined : addressOf(leader);
  return { kind: 'not-leader', self: node.status().id, leader, address };
}

const impossible = (why: string): OperatorReply => ({ kind: 'refused', reason: 'impossible', why });

function wordsOf(refusal: Exclude<MembershipRefusal, { readonly kind: 'not-leader' }>): string {
  switch (refusal.kind) {
    case 'in-progress':
      return 'Another change of the membership is under way; ask again when it is complete';
    case 'no-spare':
      return refusal.why;
    case 'id-used':
      return (
        `Node ${refusal.node} was a member before. An id is used once, for one disk: start the ` +
        'master with an empty work directory and an id that was never used'
      );
    case 'too-slow':
      return (
        `Node ${refusal.node} did not catch up: ${refusal.why}. It stays a learner; ` +
        'asking again goes on where this ended'
      );
    case 'impossible':
      return refusal.why;
    case 'unknown':
      return 'Leadership was lost meanwhile: the change may be complete, or not. Look at the members';
    default:
      return unreachable(refusal);
  }
}
