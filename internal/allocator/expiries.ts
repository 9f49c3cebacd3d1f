/** When refusals end: a heap by time, from which those that ended before their time are swept. */
import type { Resources } from '#internal/resources/resource.ts';
import type { AgentBook, Client } from './books.ts';

/** Resources on an agent that a framework does not want for one of its roles, for a while. */
export type Refusal = {
  readonly client: Client;
  readonly agent: AgentBook;
  /** Unallocated. */
  readonly refused: Resources;
  readonly untilMs: number;
  isOver: boolean;
};

export type Expiries = { heap: Refusal[]; over: number };

export const newExpiries = (): Expiries => ({ heap: [], over: 0 });

/** Fewer are not worth sweeping. */
const overMax = 1024;

export function expect({ heap }: Expiries, refusal: Refusal): void {
  heap.push(refusal);
  rise(heap, heap.length - 1);
}

/** It ended before its time. */
export function cancel(expiries: Expiries, refusal: Refusal): void {
  if (refusal.isOver) return;
  refusal.isOver = true;
  expiries.over++;
  if (expiries.over <= overMax || expiries.over * 2 < expiries.heap.length) return;
  expiries.heap = expiries.heap.filter(({ isOver }) => !isOver);
  expiries.over = 0;
  for (let at = expiries.heap.length >>> 1; at >= 0; at--) sink(expiries.heap, at);
}

/** Takes out all that end by then, in no order of theirs but the same each time. */
export function expired(expiries: Expiries, nowMs: number): readonly Refusal[] {
  const ended: Refusal[] = [];
  const { heap } = expiries;
  for (let first = heap[0]; first !== undefined && first.untilMs <= nowMs; first = heap[0]) {
    const last = heap.pop();
    if (heap.length > 0 && last !== undefined) {
      heap[0] = last;
      sink(heap, 0);
    }
    if (first.isOver) expiries.over--;
    else ended.push(first);
    first.isOver = true;
  }
  return ended;
}

function rise(heap: Refusal[], from: number): void {
  const one = heap[from];
  if (one === undefined) return;
  let at = from;
  while (at > 0) {
    const up = (at - 1) >>> 1;
    const above = heap[up];
    if (above === undefined || above.untilMs <= one.untilMs) break;
    heap[at] = above;
    at = up;
  }
  heap[at] = one;
}

function sink(heap: Refusal[], from: number): void {
  const one = heap[from];
  if (one === undefined) return;
  let at = from;
  for (;;) {
    const left = heap[2 * at + 1];
    const right = heap[2 * at + 2];
    if (left === undefined) break;
    const isRight = right !== undefined && right.untilMs < left.untilMs;
    const least = isRight ? right : left;
    if (least.untilMs >= one.untilMs) break;
    heap[at] = least;
    at = 2 * at + (isRight ? 2 : 1);
  }
  heap[at] = one;
}
