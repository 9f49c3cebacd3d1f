/**
 * What one chaos run was and found, as everything that reports on it reads it: text, JSON and the page.
 * Runs on simulated time and on real processes are told in the same words.
 *
 * Times are milliseconds since the run began. Lists are in the order of time. A record is plain JSON.
 */

/** `held`: every check said yes. `broken`: an invariant broke. `failed`: the run could not be made. */
export type Verdict = 'held' | 'broken' | 'failed';

export type RunRecord = {
  /** The scenario's or the world's name. */
  readonly name: string;
  /** What it proves, in a sentence or two. */
  readonly about: string;
  readonly verdict: Verdict;
  /** Why it could not be made, where it could not. */
  readonly failure: string | undefined;
  readonly seed: number;
  /** How to make the same run again. */
  readonly replay: string;
  /** When it began, ISO 8601; undefined where time is simulated. */
  readonly beganAt: string | undefined;
  readonly durationMs: number;
  readonly violations: readonly ViolationRecord[];
  readonly events: readonly RunEvent[];
  readonly spans: readonly Span[];
  readonly series: readonly Series[];
  readonly figures: readonly Figure[];
};

/** A promise that broke, and the facts that say so: where two disagree, both, each with who says it. */
export type ViolationRecord = {
  readonly atMs: number;
  readonly law: string;
  readonly text: string;
  readonly facts: readonly string[];
};

/** Whose deed or fate an event is: a lane of the timeline. */
export type RunEventKind = 'fault' | 'heal' | 'cluster' | 'workload' | 'check';

export type RunEvent = {
  readonly atMs: number;
  readonly kind: RunEventKind;
  /** Whom it is about: `master-1`, `agent-2`, `launches`… */
  readonly who: string;
  readonly text: string;
};

/** Something that lasted: a fault in force, a workload without an answer, a master in office. */
export type Span = {
  readonly kind: 'fault' | 'unavailable' | 'leading' | 'phase';
  readonly who: string;
  readonly text: string;
  readonly fromMs: number;
  readonly toMs: number;
};

/** Points of one measured thing over time. */
export type Series = {
  readonly name: string;
  readonly unit: string;
  readonly points: readonly (readonly [atMs: number, value: number])[];
};

export type Figure = { readonly name: string; readonly value: number; readonly unit: string };
