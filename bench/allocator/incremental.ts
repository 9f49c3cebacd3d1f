/** The usual run of a busy cluster: one task has ended, and what it used is offered again. */
import type { Allocator } from '#internal/allocator/allocator.ts';
import type { Allocation } from '#internal/allocator/event.ts';
import { randomFromSeed } from '#internal/base/random.ts';

const runCount = 2000;
const startMs = 100_000;

/**
 * The median of many, in microseconds, from the end of the task to its offer. `held` is what tasks use;
 * an offer that is made is taken as a whole, so that the next run begins as this one did.
 */
export function timeIncremental(allocator: Allocator, held: readonly Allocation[]): number {
  const random = randomFromSeed(1);
  const tasks = [...held];
  const times: number[] = [];
  for (let run = 0; run < runCount; run++) {
    const at = random.below(tasks.length);
    const task = tasks[at];
    if (task === undefined) throw new Error('no task is left');
    const { frameworkId, agentId, resources } = task;
    const start = performance.now();
    allocator.handle({
      kind: 'resources-returned',
      frameworkId,
      agentId,
      resources,
      filter: undefined,
    });
    const { offers } = allocator.allocate({ nowMs: startMs + run });
    times.push((performance.now() - start) * 1000);
    if (offers.length === 0) throw new Error('what was freed was not offered');
    const [first, ...more] = offers;
    for (const { serial } of offers) allocator.handle({ kind: 'offer-closed', serial });
    if (first !== undefined) tasks[at] = first;
    tasks.push(...more);
  }
  times.sort((left, right) => left - right);
  return times[times.length >> 1] ?? NaN;
}
