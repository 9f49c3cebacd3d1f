/** Events to come, earliest first; of equal times, the one that was added first. */
export type Event = {
  readonly atMs: number;
  readonly sequence: number;
  readonly label: string;
  /** Undefined once cancelled: the heap forgets lazily. */
  callback: (() => void) | undefined;
};

export class EventHeap {
  #events: Event[] = [];

  get size(): number {
    return this.#events.length;
  }

  peek(): Event | undefined {
    return this.#events[0];
  }

  push(event: Event): void {
    const events = this.#events;
    let at = events.push(event) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = events[above];
      if (parent === undefined || !isBefore(event, parent)) break;
      events[at] = parent;
      at = above;
    }
    events[at] = event;
  }

  pop(): Event | undefined {
    const events = this.#events;
    const first = events[0];
    const last = events.pop();
    if (first === undefined || last === undefined || events.length === 0) return first;
    let at = 0;
    for (;;) {
      const left = events[2 * at + 1];
      const right = events[2 * at + 2];
      if (left === undefined) break;
      const rightFirst = right !== undefined && isBefore(right, left);
      const child = rightFirst ? right : left;
      if (!isBefore(child, last)) break;
      events[at] = child;
      at = 2 * at + (rightFirst ? 2 : 1);
    }
    events[at] = last;
    return first;
  }

  /** Forgets the cancelled ones at once. */
  sweep(): void {
    const kept = this.#events.filter(({ callback }) => callback !== undefined);
    // What is in order is a heap.
    this.#events = kept.toSorted((a, b) => (isBefore(a, b) ? -1 : 1));
  }
}

const isBefore = (a: Event, b: Event): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence);
