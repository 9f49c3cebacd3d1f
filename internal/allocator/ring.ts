/**
 * A list whose two ends are one place: what goes from the front to the back, as who was served does,
 * costs nothing, and any other move shifts the shorter side of it only.
 */
export type Ring<Item> = {
  /** A power of two of them, or none yet. */
  slots: (Item | undefined)[];
  /** The slot of the first item. */
  head: number;
  length: number;
};

export const newRing = <Item>(): Ring<Item> => ({ slots: [], head: 0, length: 0 });

export function ringOf<Item>(items: readonly Item[]): Ring<Item> {
  const ring = newRing<Item>();
  for (const item of items) insertAt(ring, ring.length, item);
  return ring;
}

/** Undefined beyond the end. */
export function itemAt<Item>({ slots, head, length }: Ring<Item>, at: number): Item | undefined {
  return at < length ? slots[(head + at) & (slots.length - 1)] : undefined;
}

export function itemsOf<Item>(ring: Ring<Item>): Item[] {
  const items: Item[] = [];
  for (let at = 0; at < ring.length; at++) {
    const item = itemAt(ring, at);
    if (item !== undefined) items.push(item);
  }
  return items;
}

export function insertAt<Item>(ring: Ring<Item>, at: number, item: Item): void {
  if (ring.length === ring.slots.length) grow(ring);
  const { slots, length } = ring;
  const mask = slots.length - 1;
  ring.length++;
  if (at * 2 < length) {
    ring.head = (ring.head + mask) & mask;
    shiftBack(ring, 0, at);
  } else shiftOn(ring, length, at);
  slots[(ring.head + at) & mask] = item;
}

export function removeAt<Item>(ring: Ring<Item>, at: number): void {
  const { slots, length } = ring;
  const mask = slots.length - 1;
  if (at * 2 < length) {
    shiftOn(ring, at, 0);
    slots[ring.head] = undefined;
    ring.head = (ring.head + 1) & mask;
  } else {
    shiftBack(ring, at, length - 1);
    slots[(ring.head + length - 1) & mask] = undefined;
  }
  ring.length--;
}

export function sortRing<Item>(ring: Ring<Item>, compare: (a: Item, b: Item) => number): void {
  for (const [at, item] of itemsOf(ring).toSorted(compare).entries()) {
    ring.slots[(ring.head + at) & (ring.slots.length - 1)] = item;
  }
}

/** Into each place from `from` up to `to` what is behind it. */
function shiftBack<Item>({ slots, head }: Ring<Item>, from: number, to: number): void {
  const mask = slots.length - 1;
  for (let at = from; at < to; at++) slots[(head + at) & mask] = slots[(head + at + 1) & mask];
}

/** Into each place from `from` down to `to` what is before it. */
function shiftOn<Item>({ slots, head }: Ring<Item>, from: number, to: number): void {
  const mask = slots.length - 1;
  for (let at = from; at > to; at--) slots[(head + at) & mask] = slots[(head + at - 1) & mask];
}

function grow<Item>(ring: Ring<Item>): void {
  const items: (Item | undefined)[] = itemsOf(ring);
  const size = Math.max(4, ring.length * 2);
  while (items.length < size) items.push(undefined);
  ring.slots = items;
  ring.head = 0;
}
