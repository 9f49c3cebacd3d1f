/**
 * Many runs side by side, in threads. Seeds are dealt out one after the other, and what is told of
 * them does not depend on how many threads there are, nor on which ends first.
 *
 * A seed that kills its thread, or that does not come to an end, is a violation of that seed; the
 * rest of the thread's share goes on in a new one. A thread that cannot even begin is a fault of the
 * whole sweep. When `signal` fires, all threads end at once, and what was heard until then counts.
 */
import { Worker } from 'node:worker_threads';
import type { Mutant } from '#chaos/mutants/mutant.ts';
import { assert } from '#internal/base/assert.ts';
import type { Clock, Timer } from '#internal/runtime/clock.ts';
import type { Hardship } from './shrink.ts';
import type { Share, Word } from './sweep-thread.ts';
import { type Outcome, type Sweep, Tally } from './sweep-tally.ts';
import type { WorldName } from './worlds.ts';

export type ThreadedSweep = {
  readonly world: WorldName;
  readonly mutant?: Mutant | undefined;
  /** What each seed has to bear at most; what it draws when nothing is said. */
  readonly hardship?: Partial<Hardship>;
  readonly from: number;
  readonly count: number;
  /** Threads at the same time; at least one. */
  readonly jobs: number;
  /** The longest that one seed may take on this machine: it may be far away, not exact. */
  readonly patienceMs: number;
  /** What a thread may have at most: a run that needs so much leaks. */
  readonly heapMbMax: number;
};

type Dependencies = {
  readonly clock: Clock;
  /** The program of a thread; `sweep-thread.ts` unless a test has another. */
  readonly program?: URL;
  readonly onRun: (outcome: Outcome) => void;
};

/** Rejects when a thread dies before it began its first seed. */
export async function sweepInThreads(
  dependencies: Dependencies,
  options: ThreadedSweep,
  { signal }: { readonly signal: AbortSignal },
): Promise<Sweep> {
  const { world, mutant, hardship = {}, from, count, jobs, patienceMs, heapMbMax } = options;
  const tally = new Tally();
  const onRun = (outcome: Outcome): void => {
    tally.add(outcome);
    dependencies.onRun(outcome);
  };
  const end = from + count;
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  const runShare = async (offset: number): Promise<void> => {
    let first = from + offset;
    while (first < end && !stop.aborted) {
      const share: Share = { world, mutant, hardship, first, step: jobs, end };
      const thread = new Thread({ ...dependencies, onRun }, { share, patienceMs, heapMbMax });
      first = await thread.run({ signal: stop });
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(jobs, count) }, (_, i) => runShare(i)));
  } finally {
    failed.abort();
  }
  assert(signal.aborted || tally.seeds === count, `${tally.seeds} of ${count} seeds were run`);
  return tally.sweep;
}

const usualProgram = new URL('sweep-thread.ts', import.meta.url);
type ThreadOptions = Pick<ThreadedSweep, 'patienceMs' | 'heapMbMax'> & { readonly share: Share };

/** One thread, and the seed that it is at. */
class Thread {
  readonly #dependencies: Dependencies;
  readonly #options: ThreadOptions;
  readonly #next = Promise.withResolvers<number>();
  #seed: number | undefined;
  #isOver = false;
  #watchdog: Timer | undefined;

  constructor(dependencies: Dependencies, options: ThreadOptions) {
    this.#dependencies = dependencies;
    this.#options = options;
  }

  /** Resolves with the seed to go on from: beyond the end when all were run. */
  async run({ signal }: { readonly signal: AbortSignal }): Promise<number> {
    const { share, heapMbMax } = this.#options;
    const { program = usualProgram } = this.#dependencies;
    const resourceLimits = { maxOldGenerationSizeMb: heapMbMax };
    const worker = new Worker(program, { workerData: share, resourceLimits });
    worker.on('message', (word: Word) => this.#hear(word));
    let fault: unknown;
    worker.once('error', (error: unknown) => (fault = error));
    // It comes last: an error may overtake the thread's last words, and with them the seed.
    worker.once('exit', (code) => {
      const cause = fault instanceof Error ? fault.message : String(fault);
      if (fault !== undefined) this.#die(`its thread died: ${cause}`);
      else if (code === 0 && this.#seed === undefined) this.#end(share.end);
      else this.#die(`its thread ended with status ${code}`);
    });
    const onAbort = (): void => this.#end(share.end);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#watch();
    try {
      return await this.#next.promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
      await worker.terminate();
    }
  }

  #hear(word: Word): void {
    if (this.#isOver) return;
    this.#watch();
    this.#seed = word.kind === 'begun' ? word.seed : undefined;
    if (word.kind === 'ended') this.#dependencies.onRun(word.outcome);
  }

  #watch(): void {
    const { patienceMs } = this.#options;
    this.#watchdog?.cancel();
    this.#watchdog = this.#dependencies.clock.after(patienceMs, () => {
      this.#die(`it did not end within ${patienceMs} ms`);
    });
  }

  #end(next: number): void {
    this.#isOver = true;
    this.#watchdog?.cancel();
    this.#next.resolve(next);
  }

  #die(why: string): void {
    if (this.#isOver) return;
    const seed = this.#seed;
    if (seed === undefined) this.#next.reject(new Error(`outside of a run: ${why}`));
    else this.#dependencies.onRun(lost(seed, why));
    this.#end((seed ?? 0) + this.#options.share.step);
  }
}

const lost = (seed: number, why: string): Outcome => ({
  seed,
  events: 0,
  hash: 0,
  figures: {},
  violation: { rule: 'thread', message: `thread: ${why}` },
});
