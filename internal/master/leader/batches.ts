/** Cuts a list into pieces that fit into an entry of the log, in order. */
export function* batches<Item>(
  list: readonly Item[],
  sizeOf: (item: Item) => number,
  limits: { readonly batchMax: number; readonly batchBytesMax: number },
): Generator<readonly Item[]> {
  let batch: Item[] = [];
  let bytes = 0;
  for (const item of list) {
    const size = sizeOf(item);
    const isFull = batch.length >= limits.batchMax || bytes + size > limits.batchBytesMax;
    if (isFull && batch.length > 0) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
