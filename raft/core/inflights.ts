/**
 * The window of MsgApps to one peer that it has not answered yet, oldest first, bounded by count and
 * by bytes. Values: each function returns a new window.
 */
import { assert } from '#internal/base/assert.ts';
import type { Index } from './types.ts';

export type Inflights = {
  readonly countMax: number;
  readonly bytesMax: number;
  /** By rising `last`, the last index that each message carried. */
  readonly sent: readonly { readonly last: Index; readonly bytes: number }[];
  /** Invariant: the sum of `sent`. */
  readonly bytes: number;
};

export const newInflights = (countMax: number, bytesMax: number): Inflights => ({
  countMax,
  bytesMax,
  sent: [],
  bytes: 0,
});

/** By bytes it may be overrun by one message: else an entry beyond `bytesMax` could never leave. */
export const isFull = ({ sent, bytes, countMax, bytesMax }: Inflights): boolean =>
  sent.length >= countMax || bytes >= bytesMax;

export function addInflight(inflights: Inflights, last: Index, bytes: number): Inflights {
  const newest = inflights.sent.at(-1)?.last ?? 0;
  assert(!isFull(inflights), `a message to ${last} does not fit into a full window`);
  assert(last > newest, `in-flight messages out of order: ${last} after ${newest}`);
  const sent = [...inflights.sent, { last, bytes }];
  return { ...inflights, sent, bytes: inflights.bytes + bytes };
}

/** Forgets the messages that an acknowledgement up to `index` answers. */
export function freeTo(inflights: Inflights, index: Index): Inflights {
  const sent = inflights.sent.filter(({ last }) => last > index);
  if (sent.length === inflights.sent.length) return inflights;
  return { ...inflights, sent, bytes: sent.reduce((sum, { bytes }) => sum + bytes, 0) };
}
