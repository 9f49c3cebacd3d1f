import test from 'ava';
import fc from 'fast-check';
import { packEntries, unpackEntries } from './packed-entries.ts';

const entry = fc.record({
  index: fc.maxSafeNat(),
  term: fc.maxSafeNat(),
  data: fc.uint8Array({ maxLength: 100 }),
});

test('what is packed comes out as it went in, also on another side', (t) => {
  fc.assert(
    fc.property(fc.array(entry), (entries) => {
      const packed = packEntries(entries);
      const moved = structuredClone(packed, { transfer: [packed.bytes.buffer] });
      t.deepEqual(unpackEntries(moved), entries);
    }),
  );
});

test('bytes that were cut are not taken for entries', (t) => {
  const { count, bytes } = packEntries([{ index: 1, term: 1, data: new Uint8Array(10) }]);
  t.throws(() => unpackEntries({ count, bytes: bytes.slice(0, -1) }), { message: /add up/ });
});
