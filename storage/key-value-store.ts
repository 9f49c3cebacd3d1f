/**
 * A small ordered store of bytes under text keys: the masters' applied state, the agents' records.
 * `level/` keeps it on disk, `memory/` in a simulation; both pass `key-value-store.suite.ts`.
 */
export type KeyValueStore = AsyncDisposable & {
  get(key: string): Promise<Uint8Array | undefined>;
  /**
   * Pairs with `from <= key < to` in key order (UTF-8 bytes); `to` undefined means to the end. The
   * loop sees the store as it was when it began.
   */
  range(options: RangeOptions): AsyncIterable<readonly [key: string, value: Uint8Array]>;
  /**
   * All or nothing. With `sync` it resolves only when the batch survives a power cut; without, the
   * batch may be lost by a crash, but never a part of it, and never before an older one. Batches
   * take effect in the order of the calls; their values stay unchanged until the call resolves.
   */
  write(batch: readonly Write[], options: { readonly sync: boolean }): Promise<void>;
};

export type RangeOptions = {
  readonly from: string;
  readonly to?: string | undefined;
  /** At most so many pairs. */
  readonly limit?: number;
};

export type Write =
  | { readonly kind: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly kind: 'delete'; readonly key: string };

/** `code`: `LOCKED` (another process has it), `CORRUPT`, `CLOSED`, `IO`. */
export class StoreError extends Error {
  override readonly name: string = 'StoreError';
  readonly code: 'LOCKED' | 'CORRUPT' | 'CLOSED' | 'IO';

  constructor(code: StoreError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
