/**
 * Arithmetic of memberships: which configuration follows from which by what change. It is etcd's:
 * small changes in one step, all others through a joint configuration, voters demoted by way of
 * `learnersNext`, because nobody may learn in one half of a joint configuration and vote in the other.
 *
 * Pure. What a leader proposed fits the configuration that it will meet, so a refusal at the time of
 * applying is a bug of ours, and one at the time of proposing is the answer to whoever asked.
 */
import { unreachable } from '#internal/base/assert.ts';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { ConfChange, ConfState, MemberChange, NodeId } from './types.ts';

type Draft = {
  readonly voters: Set<NodeId>;
  readonly outgoing: Set<NodeId>;
  readonly learners: Set<NodeId>;
  readonly learnersNext: Set<NodeId>;
};

/** The configuration after `change`, or why there is none. */
export function changed(conf: ConfState, change: ConfChange): Result<ConfState, string> {
  const bad = change.changes.find(({ node }) => !Number.isSafeInteger(node) || node <= 0);
  if (bad !== undefined) return refuse(`node id ${bad.node} is not a positive safe integer`);
  if (isLeave(change)) return leaveJoint(conf);
  if (conf.outgoing.length > 0) return refuse('the joint configuration must be left first');
  const draft = draftOf(conf);
  if (isJoint(change)) for (const voter of conf.voters) draft.outgoing.add(voter);
  for (const each of change.changes) apply(draft, each);
  if (draft.voters.size === 0) return refuse('no voter would be left');
  const autoLeave = isJoint(change) && change.transition !== 'explicit';
  const next = confFrom(draft, autoLeave);
  if (!isJoint(change) && difference(conf.voters, next.voters) > 1) {
    return refuse('more than one voter changes in one step');
  }
  return accept(next);
}

/** Whether `change` ends a joint configuration. */
export const isLeave = ({ transition, changes }: ConfChange): boolean =>
  transition === 'auto' && changes.length === 0;

export const leave: ConfChange = { transition: 'auto', changes: [] };

/** Everybody that a leader replicates to. */
export function membersOf({ voters, outgoing, learners }: ConfState): readonly NodeId[] {
  return ascending(new Set([...voters, ...outgoing, ...learners]));
}

export const hasVote = ({ voters, outgoing }: ConfState, id: NodeId): boolean =>
  voters.includes(id) || outgoing.includes(id);

/** Undefined when `conf` can be; otherwise why it cannot. */
export function whyInvalid(conf: ConfState): string | undefined {
  const { voters, outgoing, learners, learnersNext, autoLeave } = conf;
  for (const ids of [voters, outgoing, learners, learnersNext]) {
    if (new Set(ids).size < ids.length) return 'a node is listed twice in the configuration';
    const bad = ids.find((id) => !Number.isSafeInteger(id) || id <= 0);
    if (bad !== undefined) return `node id ${bad} is not a positive safe integer`;
  }
  if (learners.some((id) => hasVote(conf, id))) return 'a learner is a voter too';
  if (learnersNext.some((id) => !outgoing.includes(id))) return 'one to demote was no voter';
  if (learnersNext.some((id) => voters.includes(id))) return 'one to demote stays a voter';
  const isJointState = outgoing.length > 0;
  if (!isJointState && autoLeave) return 'there is no joint configuration to leave';
  return isJointState && voters.length === 0 ? 'a joint configuration without voters' : undefined;
}

const isJoint = ({ transition, changes }: ConfChange): boolean =>
  transition !== 'auto' || changes.length > 1;

function leaveJoint(conf: ConfState): Result<ConfState, string> {
  if (conf.outgoing.length === 0) return refuse('there is no joint configuration to leave');
  const learners = ascending(new Set([...conf.learners, ...conf.learnersNext]));
  return accept({ ...conf, outgoing: [], learners, learnersNext: [], autoLeave: false });
}

function apply(draft: Draft, { kind, node }: MemberChange): void {
  switch (kind) {
    case 'add-voter':
      forget(draft, node);
      draft.voters.add(node);
      return;
    case 'add-learner':
      forget(draft, node);
      (draft.outgoing.has(node) ? draft.learnersNext : draft.learners).add(node);
      return;
    case 'remove':
      forget(draft, node);
      return;
    default:
      unreachable(kind);
  }
}

/** Except among the outgoing, who vote until the joint configuration is left. */
function forget({ voters, learners, learnersNext }: Draft, node: NodeId): void {
  for (const ids of [voters, learners, learnersNext]) ids.delete(node);
}

function difference(one: readonly NodeId[], other: readonly NodeId[]): number {
  return new Set(one).symmetricDifference(new Set(other)).size;
}

const draftOf = ({ voters, outgoing, learners, learnersNext }: ConfState): Draft => ({
  voters: new Set(voters),
  outgoing: new Set(outgoing),
  learners: new Set(learners),
  learnersNext: new Set(learnersNext),
});

const confFrom = (draft: Draft, autoLeave: boolean): ConfState => ({
  voters: ascending(draft.voters),
  outgoing: ascending(draft.outgoing),
  learners: ascending(draft.learners),
  learnersNext: ascending(draft.learnersNext),
  autoLeave,
});

const ascending = (ids: ReadonlySet<NodeId>): readonly NodeId[] =>
  [...ids].toSorted((a, b) => a - b);
