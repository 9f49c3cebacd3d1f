import test from 'ava';
import fc from 'fast-check';
import { noStore, withValue } from '#internal/model/framework-store.ts';
import { pageOf } from './store-page.ts';

test('pages one after the other give every key with the prefix once, in order', (t) => {
  const keys = fc.uniqueArray(fc.stringMatching(/^[ab/é]{1,4}$/), { maxLength: 30 });
  const limits = fc.record({
    entriesMax: fc.integer({ min: 1, max: 8 }),
    bytesMax: fc.integer({ min: 1, max: 60 }),
  });
  fc.assert(
    fc.property(
      keys,
      fc.constantFrom('', 'a', 'a/'),
      limits,
      fc.boolean(),
      (all, prefix, max, bare) => {
        const store = all.reduce(
          (kept, key, n) => withValue(kept, key, { value: new Uint8Array(n), version: n + 1 }),
          noStore,
        );
        const found: string[] = [];
        for (let pages = 0, more = true; more; pages++) {
          t.true(pages <= all.length);
          const after = found.at(-1);
          const asked = { prefix, keys_only: bare, ...(after !== undefined && { after }) };
          const page = pageOf(store, asked, max);
          for (const { key, value } of page.entries ?? []) {
            found.push(key);
            t.is(value === undefined, bare);
          }
          more = page.more;
        }
        t.deepEqual(found, all.filter((key) => key.startsWith(prefix)).toSorted());
      },
    ),
  );
});
