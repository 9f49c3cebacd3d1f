import test from 'ava';
import fc from 'fast-check';
import { randomFromSeed } from './random.ts';
import { newUuid, parseUuid, uuidBytes, uuidText, uuidV4 } from './uuid.ts';

test('text and bytes say the same, both ways', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      const text = uuidText(bytes);
      t.deepEqual(parseUuid(text), bytes);
      t.deepEqual(uuidBytes(text), bytes);
      t.deepEqual(parseUuid(text.toUpperCase()), bytes);
    }),
  );
  fc.assert(
    fc.property(fc.uuid(), (text) => {
      const bytes = parseUuid(text);
      t.is(bytes && uuidText(bytes), text);
    }),
  );
});

test('a new one is random, of version 4', (t) => {
  const random = randomFromSeed(1);
  const texts = Array.from({ length: 100 }, () => newUuid(random));
  t.is(new Set(texts).size, 100);
  for (const text of texts) {
    t.regex(text, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
  t.is(uuidText(uuidV4(randomFromSeed(2))), newUuid(randomFromSeed(2)));
});

test('what is no UUID is not taken for one', (t) => {
  const good = '01234567-89ab-4cde-8f01-23456789abcd';
  t.truthy(parseUuid(good));
  const wrong = [
    '',
    good.replaceAll('-', ''),
    ` ${good}`,
    `${good}\n`,
    `{${good}}`,
    good.replace('a', 'g'),
    good.slice(1),
  ];
  for (const text of wrong) t.is(parseUuid(text), undefined, text);
});

test('bytes of another length are a bug, and so is a text that was not checked', (t) => {
  t.throws(() => uuidBytes('x'), { name: 'AssertionError' });
  t.throws(() => uuidText(new Uint8Array(15)), { name: 'AssertionError' });
});
