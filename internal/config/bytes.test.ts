import test from 'ava';
import fc from 'fast-check';
import { bytesText, parseBytes } from './bytes.ts';

test('an amount that was written reads back as the same', (t) => {
  fc.assert(
    fc.property(fc.nat(1000), fc.nat(4), (count, power) => {
      const bytes = count * 1024 ** power;
      t.deepEqual(parseBytes(bytesText(bytes)), { ok: true, value: bytes });
    }),
  );
  t.is(bytesText(2 * 1024 ** 3), '2GB');
  t.is(bytesText(1025), '1025B');
});

test('what is no amount is refused', (t) => {
  for (const text of ['', '5', 'GB', '-1MB', '1XB', '1 2MB', '9999999999TB']) {
    t.false(parseBytes(text).ok, text);
  }
  t.deepEqual(parseBytes('1.5 kb'), { ok: true, value: 1536 });
});
