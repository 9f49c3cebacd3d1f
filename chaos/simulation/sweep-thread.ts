/** A thread of `sweep-threads.ts`: runs its share of the seeds, and tells when each begins and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Mutant } from '#chaos/mutants/mutant.ts';
import { plant } from '#chaos/mutants/plant.ts';
import { assert } from '#internal/base/assert.ts';
import type { Hardship } from './shrink.ts';
import { examined } from './sweep-examiner.ts';
import type { Outcome } from './sweep-tally.ts';
import { loadWorld, type WorldName } from './worlds.ts';

/** From `first`, every `step`-th seed below `end`. */
export type Share = {
  readonly world: WorldName;
  readonly mutant: Mutant | undefined;
  /** What each seed has to bear at most. */
  readonly hardship: Partial<Hardship>;
  readonly first: number;
  readonly step: number;
  readonly end: number;
};

export type Word =
  | { readonly kind: 'begun'; readonly seed: number }
  | { readonly kind: 'ended'; readonly outcome: Outcome };

async function runShare({ world, mutant, hardship, first, step, end }: Share): Promise<void> {
  if (mutant !== undefined) plant(mutant);
  // Only now: a mutant is planted in what is loaded after it.
  const { run } = await loadWorld(world, { isCounting: true });
  for (let seed = first; seed < end; seed += step) {
    say({ kind: 'begun', seed });
    say({ kind: 'ended', outcome: await examined((each) => run(each, hardship), seed) });
  }
}

function say(word: Word): void {
  assert(parentPort !== null, 'this is a thread, not a program');
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window.
  parentPort.postMessage(word);
}

await runShare(workerData);
