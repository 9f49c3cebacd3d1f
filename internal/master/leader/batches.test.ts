import test from 'ava';
import fc from 'fast-check';
import { batches } from './batches.ts';

test('batches keep the list and its order, and stay within both limits', (t) => {
  const limits = fc.record({ batchMax: fc.integer({ min: 1, max: 5 }), batchBytesMax: fc.nat(20) });
  fc.assert(
    fc.property(fc.array(fc.nat(15)), limits, (sizes, limit) => {
      const list = [...batches(sizes, (size) => size, limit)];
      t.deepEqual(list.flat(), sizes);
      for (const batch of list) {
        const bytes = batch.reduce((sum, size) => sum + size, 0);
        t.true(batch.length >= 1 && batch.length <= limit.batchMax);
        t.true(bytes <= limit.batchBytesMax || batch.length === 1);
      }
    }),
  );
});
