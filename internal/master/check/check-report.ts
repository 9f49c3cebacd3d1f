/** What a check of all books came to. */
import type { AgentId } from '#internal/model/ids.ts';
import type { Disagreement } from './compare-books.ts';

export type CheckReport = {
  readonly atMs: number;
  /** Agents that told their books. */
  readonly agents: number;
  /** They were asked, and did not answer in time. */
  readonly silent: readonly AgentId[];
  /** Connected, and too old to understand the question. */
  readonly old: readonly AgentId[];
  readonly disagreements: readonly StandingDisagreement[];
  /** More than are told were found. */
  readonly isCut: boolean;
};

/** Seen twice, with time to settle between. */
export type StandingDisagreement = Disagreement & { readonly sinceMs: number };
