/**
 * A message of the public wire that only passes through: the bytes as received, never changed, shared
 * by log, state, snapshot and every link. What we compute with was parsed out of it once, at the edge.
 */
export type Encoded<Name extends string> = Uint8Array & { readonly [tag]: Name };

declare const tag: unique symbol;

/** Names bytes that were encoded as, or checked to be, a message `Name`. */
export function encoded<Name extends string>(bytes: Uint8Array): Encoded<Name> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place that may.
  return bytes as Encoded<Name>;
}
