/**
 * What the allocator says when it is asked why a framework is not offered something: for each agent
 * that it is offered in the next run, or everything that stands in the way; and what would help.
 */
import type { FrameworkCapability } from '#internal/model/cluster.ts';
import type { AgentId, FrameworkId, Role } from '#internal/model/ids.ts';
import type { AttributeConstraint } from '#internal/model/offer-constraints.ts';
import type { Quantities } from '#internal/resources/quantities.ts';
import type { Resources } from '#internal/resources/resource.ts';
import type { AgentBar } from './event.ts';

export type Question = {
  /** When the next run is: the answer is about that one. */
  readonly nowMs: number;
  readonly frameworkId: FrameworkId;
  /** All of the framework's when it is left out. */
  readonly role?: Role;
  /** An offer that contains less is as good as none. */
  readonly need?: Quantities;
  /** All agents when it is left out. */
  readonly agentId?: AgentId;
};

export type Explanation = {
  readonly nowMs: number;
  readonly frameworkId: FrameworkId;
  /** One for each role that was asked about; none when the framework is unknown. */
  readonly roles: readonly RoleExplanation[];
};

export type RoleExplanation = {
  readonly role: Role;
  readonly agents: readonly AgentExplanation[];
  /** The smallest change first; empty when there is an offer in the next run, or nothing would help. */
  readonly remedies: readonly Remedy[];
};

export type AgentExplanation = { readonly agentId: AgentId } & (
  | { readonly kind: 'offered'; readonly resources: Resources }
  /** In the order in which the allocator asks; at least one. */
  | { readonly kind: 'withheld'; readonly reasons: readonly Reason[] }
);

export type Reason =
  | { readonly kind: 'framework-inactive' }
  | { readonly kind: 'role-not-subscribed' }
  | { readonly kind: 'role-suppressed' }
  | { readonly kind: 'agent-barred'; readonly bar: AgentBar }
  | { readonly kind: 'other-region'; readonly region: string }
  /** The agent has gpus, and the framework cannot use them. */
  | { readonly kind: 'gpus-not-wanted' }
  /** Of each group of constraints the first that does not hold. */
  | { readonly kind: 'constraint'; readonly failed: readonly AttributeConstraint[] }
  | { readonly kind: 'held'; readonly holdings: readonly Holding[] }
  /** Free, and reserved for roles that are not above this one. */
  | {
      readonly kind: 'reserved';
      readonly roles: readonly Role[];
      readonly resources: Resources;
    }
  /** Free, and for frameworks that can use such. */
  | {
      readonly kind: 'capability';
      readonly capability: FrameworkCapability;
      readonly resources: Resources;
    }
  /** The top-level role may have no more: so much is missing to what would be offered. */
  | { readonly kind: 'quota-limit'; readonly role: Role; readonly short: Quantities }
  /** Kept free for the guarantees of others. */
  | {
      readonly kind: 'quota-headroom';
      readonly roles: readonly Role[];
      readonly short: Quantities;
    }
  /** What is left for it contains none of `minimum`. */
  | {
      readonly kind: 'below-minimum';
      readonly resources: Resources;
      readonly minimum: readonly Quantities[];
    }
  | { readonly kind: 'below-need'; readonly short: Quantities }
  /** It refused as much or more; for so long still. */
  | { readonly kind: 'refused'; readonly remainingMs: number }
  /** They go first in the next run, by share or by lot, and take it. */
  | { readonly kind: 'outranked'; readonly by: readonly Rival[] };

/** What somebody has of an agent. */
export type Holding = {
  readonly frameworkId: FrameworkId;
  readonly role: Role;
  readonly resources: Resources;
  /** On offer since then, or in use. */
  readonly offeredMs: number | undefined;
};

export type Rival = { readonly frameworkId: FrameworkId; readonly role: Role };

/** All of `reasons` stand between the framework and an offer of any of `agents`. */
export type Remedy = {
  readonly reasons: readonly Reason[];
  readonly agents: readonly AgentId[];
};

/** How long a framework has been without an offer for one of its roles. */
export type Starvation = {
  readonly frameworkId: FrameworkId;
  readonly role: Role;
  /** Since its last offer, or since it began to wish for one; undefined when it wishes for none. */
  readonly waitingMs: number | undefined;
  /** Until the first of its filters is over; undefined without filters. */
  readonly nextMs: number | undefined;
};

/** What a framework sits on without an answer. */
export type Hoarder = {
  readonly frameworkId: FrameworkId;
  readonly offers: number;
  readonly oldestMs: number;
  readonly held: Quantities;
};
