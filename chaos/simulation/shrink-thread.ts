/** A thread that makes one failing run smaller; its one word is what is left of it, and its story. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Mutant } from '#chaos/mutants/mutant.ts';
import { plant } from '#chaos/mutants/plant.ts';
import { assert } from '#internal/base/assert.ts';
import { type Hardship, shrink, type Shrunk } from './shrink.ts';
import { ending, parting, type Story } from './shrink-story.ts';
import { examined } from './sweep-examiner.ts';
import { loadWorld, type WorldName } from './worlds.ts';

export type Failure = {
  readonly world: WorldName;
  readonly mutant: Mutant | undefined;
  readonly seed: number;
  /** What it had to bear, so far as that was said. */
  readonly from: Partial<Hardship>;
  /** That broke, and is to break again. */
  readonly rule: string;
  /** None: the story is all that is asked for. */
  readonly runsMax: number;
};

export type Autopsy = Shrunk & {
  /** A line each: what happened before the rule broke, or where a run differs from itself. */
  readonly timeline: readonly string[];
};

async function examine(failure: Failure): Promise<Autopsy> {
  const { mutant, seed, rule, runsMax } = failure;
  if (mutant !== undefined) plant(mutant);
  // Only now: a mutant is planted in what is loaded after it.
  const world = await loadWorld(failure.world);
  const breaks = async (hardship: Hardship): Promise<boolean> => {
    const { violation } = await examined((each) => world.run(each, hardship), seed);
    return violation?.rule === rule;
  };
  const from = { ...world.hardshipOf(seed), ...failure.from };
  const shrunk = await shrink(from, breaks, { runsMax });
  const storyOf = async (): Promise<Story> => {
    let told: Story = [];
    const onStory = (story: Story): void => {
      told = story;
    };
    await world.run(seed, shrunk.hardship, { onStory });
    return told;
  };
  const story = await storyOf();
  const isSame = rule !== 'determinism';
  return { ...shrunk, timeline: isSame ? ending(story) : parting(story, await storyOf()) };
}

assert(parentPort !== null, 'this is a thread, not a program');
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window.
parentPort.postMessage(await examine(workerData));
