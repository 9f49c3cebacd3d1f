/** What keeps a cluster busy while it is hurt, and finds out whether it kept its promises. */
import type { Finding } from '#chaos/checkers/launch-book.ts';
import type { Random } from '#internal/base/random.ts';
import type { SchedulerDependencies } from '#internal/client/scheduler-client.ts';
import type { Figure, Series } from '#chaos/report/run-record.ts';

export type WorkloadGround = {
  readonly ports: SchedulerDependencies;
  readonly random: Random;
  /** `host:port` of the masters. */
  readonly masters: readonly string[];
  /** Where tasks leave notes for us, on the machine's own disk. */
  readonly notes: string;
  /** Milliseconds since the run began. */
  now(): number;
  say(who: string, text: string): void;
  /** A promise that broke: the run ends. */
  accuse(finding: Finding): void;
};

export type Workload = {
  readonly name: string;
  /** Resolves when it has begun its work. */
  start(): Promise<void>;
  /** Begins nothing new; resolves when all is done that was begun, and was judged. */
  settle(options: { readonly signal: AbortSignal }): Promise<void>;
  /** What it still waits for, for people; empty when nothing. */
  waitsFor(): string;
  /** When somebody was served last, since the run began; for the windows in which nobody was. */
  readonly servedMs: readonly number[];
  figures(): readonly Figure[];
  series(): readonly Series[];
  /** Leaves the cluster. */
  close(): Promise<void>;
};
