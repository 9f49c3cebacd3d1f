/**
 * Whether a history could have come from one machine that does one thing at a time, each between its
 * call and its return (Herlihy and Wing). The search is Wing and Gong's with Lowe's cache, as
 * Porcupine has it: place the first operation that may come next; remember which ones were placed and
 * what state that led to, so that no such pair is tried twice; take the last one back when an
 * operation returned that could not be placed.
 *
 * Operations on different parts of the state do not see each other, so each part is judged alone:
 * the search takes exponential time only in the concurrency of a part. An operation of unknown
 * outcome returns at infinity and need not be placed at all.
 *
 * Pure. A search that visits more than `statesMax` states of a part gives up and answers `unknown`.
 */

/** Moments come from one sequence: none is twice in a history. */
export type Interval = {
  readonly invokedAt: number;
  /** Undefined: nobody knows how it went. */
  readonly returnedAt: number | undefined;
};

export type Model<State, Op extends Interval> = {
  readonly initial: State;
  /** The state after it; undefined if it could not have gone the way it did in `state`. */
  step(state: State, operation: Op): { readonly state: State } | undefined;
  /** Equal for equal states. */
  keyOf(state: State): string;
  /** What part of the state it touches. */
  partOf(operation: Op): string | number;
};

/** `states`: how many were visited, in all parts. */
export type Verdict<Op> =
  | { readonly kind: 'linearizable'; readonly states: number }
  | {
      readonly kind: 'not-linearizable';
      readonly states: number;
      /** At the longest order that was found: so many were placed, and there was no place for this. */
      readonly placed: number;
      readonly stuck: Op;
    }
  | { readonly kind: 'unknown'; readonly states: number };

export type SearchOptions = {
  /** Of each part: a bound on memory, about 100 bytes each and a bit for each operation. */
  readonly statesMax: number;
};

export function judge<State, Op extends Interval>(
  operations: readonly Op[],
  model: Model<State, Op>,
  { statesMax }: SearchOptions,
): Verdict<Op> {
  let states = 0;
  let isUnknown = false;
  for (const part of Map.groupBy(operations, (each) => model.partOf(each)).values()) {
    const verdict = search(part, model, statesMax);
    states += verdict.states;
    if (verdict.kind === 'not-linearizable') return { ...verdict, states };
    if (verdict.kind === 'unknown') isUnknown = true;
  }
  return { kind: isUnknown ? 'unknown' : 'linearizable', states };
}

/** A call or a return in the list of what is not placed yet, in the order of moments. */
type Entry<Op> = {
  readonly at: number;
  readonly operation: Op | undefined;
  /** Its bit. */
  readonly id: number;
  /** Of a call whose outcome is known: its return. */
  readonly end: Entry<Op> | undefined;
  readonly isCall: boolean;
  before: Entry<Op> | undefined;
  next: Entry<Op> | undefined;
};

type Placed<State, Op> = { readonly call: Entry<Op>; readonly stateBefore: State };

function search<State, Op extends Interval>(
  operations: readonly Op[],
  model: Model<State, Op>,
  statesMax: number,
): Verdict<Op> {
  const head = listOf(operations);
  const placed: Placed<State, Op>[] = [];
  const bits = new Uint16Array(Math.ceil(operations.length / 16));
  const seen = new Set<string>();
  let toReturn = operations.filter(({ returnedAt }) => returnedAt !== undefined).length;
  let { initial: state } = model;
  let longest: { readonly placed: number; readonly stuck: Op } | undefined;
  let entry = head.next;
  // While a return is left the walk meets it, so it never runs off the end of the list.
  while (toReturn > 0 && entry?.operation !== undefined) {
    if (entry.isCall) {
      const after = model.step(state, entry.operation);
      if (after !== undefined && isNew(seen, bits, entry.id, model.keyOf(after.state))) {
        if (seen.size > statesMax) return { kind: 'unknown', states: seen.size };
        placed.push({ call: entry, stateBefore: state });
        state = after.state;
        flip(bits, entry.id);
        lift(entry);
        if (entry.end !== undefined) toReturn -= 1;
        entry = head.next;
      } else entry = entry.next;
      continue;
    }
    if (longest === undefined || placed.length > longest.placed) {
      longest = { placed: placed.length, stuck: entry.operation };
    }
    const last = placed.pop();
    if (last === undefined) return { kind: 'not-linearizable', states: seen.size, ...longest };
    state = last.stateBefore;
    flip(bits, last.call.id);
    unlift(last.call);
    if (last.call.end !== undefined) toReturn += 1;
    entry = last.call.next;
  }
  return { kind: 'linearizable', states: seen.size };
}

/** Has this set of operations never led to this state? Now it has. */
function isNew(seen: Set<string>, bits: Uint16Array, id: number, stateKey: string): boolean {
  flip(bits, id);
  const key = `${String.fromCharCode(...bits)}${stateKey}`;
  flip(bits, id);
  const { size } = seen;
  return seen.add(key).size > size;
}

function flip(bits: Uint16Array, id: number): void {
  const at = id >>> 4;
  bits[at] = (bits[at] ?? 0) ^ (1 << (id & 15));
}

/** The head of a list of calls and returns. */
function listOf<Op extends Interval>(operations: readonly Op[]): Entry<Op> {
  const free = { before: undefined, next: undefined };
  const entries = operations.flatMap((operation, id): readonly Entry<Op>[] => {
    const { invokedAt: at, returnedAt } = operation;
    if (returnedAt === undefined) {
      return [{ at, operation, id, end: undefined, isCall: true, ...free }];
    }
    const end = { at: returnedAt, operation, id, end: undefined, isCall: false, ...free };
    return [{ at, operation, id, end, isCall: true, ...free }, end];
  });
  entries.sort((a, b) => a.at - b.at);
  const head = { at: -Infinity, operation: undefined, id: -1, end: undefined, isCall: true };
  const first: Entry<Op> = { ...head, ...free };
  let last = first;
  for (const entry of entries) {
    entry.before = last;
    last.next = entry;
    last = entry;
  }
  return first;
}

/** Takes a call and its return out of the list. They remember where they were. */
function lift<Op>(call: Entry<Op>): void {
  for (const entry of call.end === undefined ? [call] : [call, call.end]) {
    if (entry.before !== undefined) entry.before.next = entry.next;
    if (entry.next !== undefined) entry.next.before = entry.before;
  }
}

/** Puts back what was lifted last. */
function unlift<Op>(call: Entry<Op>): void {
  for (const entry of call.end === undefined ? [call] : [call.end, call]) {
    if (entry.before !== undefined) entry.before.next = entry;
    if (entry.next !== undefined) entry.next.before = entry;
  }
}
