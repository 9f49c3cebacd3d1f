/** What a scenario says: which cluster, what it is busy with, what is done to it, and when. */
import type { Settings } from '#chaos/nemesis/faults/fault.ts';

export type Scenario = {
  readonly name: string;
  /** What it proves. */
  readonly about: string;
  readonly cluster: {
    readonly masters: number;
    readonly agents: number;
    readonly resources: string;
    readonly masterFlags: readonly string[];
    readonly agentFlags: readonly string[];
  };
  readonly workloads: readonly WorkloadName[];
  /** Tasks that are launched each second, where tasks are. */
  readonly launchesPerSecond: number;
  /** How long faults are struck. */
  readonly forMs: number;
  /** How long the cluster has to be whole again afterwards. */
  readonly settleMs: number;
  readonly faults: readonly Step[];
};

export type WorkloadName = 'launches' | 'registers' | 'ledger';

export type Step = {
  /** Its name in the catalogue. */
  readonly fault: string;
  readonly settings: Settings;
  readonly target: TargetWords;
  readonly atMs: number;
  /** Undefined: once. */
  readonly everyMs: number | undefined;
  /** How long it is in force. */
  readonly forMs: number;
};

/** Whom it is done to, chosen anew each time. */
export type TargetWords =
  | { readonly kind: 'leader' }
  | { readonly kind: 'client' }
  /** So many of that kind; `among` 'followers' leaves the leader out. */
  | {
      readonly kind: 'some';
      readonly of: 'masters' | 'followers' | 'agents';
      readonly count: number | 'all' | 'most';
    }
  /** By its number. */
  | { readonly kind: 'one'; readonly name: string };
