/**
 * What a framework demands of an agent before it is offered any of it (contract 3.10), and what an
 * agent shows of itself to be judged by.
 */
import type { Role } from './ids.ts';

/** A role that is not in it is offered every agent. */
export type OfferConstraints = ReadonlyMap<Role, RoleConstraints>;

/** An agent qualifies when any group holds. */
export type RoleConstraints = readonly ConstraintGroup[];

/** It holds when all of it does. */
export type ConstraintGroup = readonly AttributeConstraint[];

export type AttributeConstraint = {
  readonly selector: AttributeSelector;
  readonly predicate: AttributePredicate;
};

export type AttributeSelector =
  | { readonly kind: 'attribute'; readonly name: string }
  | { readonly kind: 'hostname' | 'region' | 'zone' };

export type AttributePredicate =
  | { readonly kind: 'exists' | 'not-exists' }
  | { readonly kind: 'text-equals' | 'text-not-equals'; readonly value: string }
  | { readonly kind: 'text-matches' | 'text-not-matches'; readonly pattern: TextPattern };

/** A regular expression that is compiled already; it matches a text as a whole or not at all. */
export type TextPattern = {
  readonly source: string;
  matches(text: string): boolean;
};

/** What constraints look at. */
export type AgentTraits = {
  readonly hostname: string;
  /** Of several with one name the first counts. */
  readonly attributes: readonly AgentAttribute[];
  readonly domain: FaultDomain | undefined;
};

/** `text` is undefined for numbers, ranges and sets: constraints on texts do not apply to them. */
export type AgentAttribute = { readonly name: string; readonly text: string | undefined };

export type FaultDomain = { readonly region: string; readonly zone: string };
