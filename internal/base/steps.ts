/**
 * Long work that says where it may be interrupted: a generator that yields at such places, now and then
 * with a part of what it makes. Who runs it decides whether others get a turn in between.
 */
export type Steps<Result> = Generator<undefined, Result, void>;

/** Without a break. */
export function runToEnd<Result>(steps: Generator<unknown, Result, void>): Result {
  for (;;) {
    const next = steps.next();
    if (next.done === true) return next.value;
  }
}

/** Says when others get a turn: undefined while we may go on, otherwise to be awaited. */
export type Pace = { pause(): Promise<void> | undefined };

/** As the pace allows. Rejects with what a step throws. */
export async function runPaced<Result>(
  steps: Generator<unknown, Result, void>,
  pace: Pace,
): Promise<Result> {
  for (;;) {
    const pause = pace.pause();
    if (pause !== undefined) await pause;
    const next = steps.next();
    if (next.done === true) return next.value;
  }
}

/** Work that is too short to be interrupted. */
// oxlint-disable-next-line require-yield -- that is the point of it.
export function* atOnce<Result>(make: () => Result): Steps<Result> {
  return make();
}

/** Sorted as `toSorted` does (equal ones stay in their order), in steps of a few thousand comparisons. */
export function* sortedSteps<Item>(
  items: readonly Item[],
  compare: (one: Item, other: Item) => number,
): Steps<readonly Item[]> {
  let runs: (readonly Item[])[] = [];
  for (let from = 0; from < items.length; from += runLength) {
    runs.push(items.slice(from, from + runLength).toSorted(compare));
    yield;
  }
  while (runs.length > 1) {
    const merged: (readonly Item[])[] = [];
    for (let at = 0; at < runs.length; at += 2) {
      const [one = [], other = []] = [runs[at], runs[at + 1]];
      merged.push(other.length === 0 ? one : yield* mergedSteps(one, other, compare));
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

const runLength = 1024;

function* mergedSteps<Item>(
  one: readonly Item[],
  other: readonly Item[],
  compare: (one: Item, other: Item) => number,
): Steps<readonly Item[]> {
  const result: Item[] = [];
  let [left, right] = [0, 0];
  while (left < one.length && right < other.length) {
    const [first, second] = [one[left], other[right]];
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both places were just checked.
    const isFirst = compare(first as Item, second as Item) <= 0;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both places were just checked.
    result.push((isFirst ? first : second) as Item);
    if (isFirst) left++;
    else right++;
    if (result.length % runLength === 0) yield;
  }
  for (; left < one.length; left += runLength) {
    result.push(...one.slice(left, left + runLength));
    yield;
  }
  for (; right < other.length; right += runLength) {
    result.push(...other.slice(right, right + runLength));
    yield;
  }
  return result;
}
