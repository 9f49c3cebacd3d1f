import test from 'ava';
import fc from 'fast-check';
import { parseId } from './ids.ts';

test('an id may become part of a path', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      if (!parseId(text).ok) return;
      // oxlint-disable-next-line no-control-regex -- these are what must not come through.
      t.notRegex(text, /[/\\\u0000-\u001f\u007f]/u);
      t.false(text === '' || text === '.' || text === '..');
      t.true(new TextEncoder().encode(text).length <= 255);
    }),
    { numRuns: 2000 },
  );
});

test('an id is refused in the words of the contract', (t) => {
  const refusals = {
    '': 'ID must not be empty',
    '..': "'..' is disallowed",
    'a/b': "'a/b' contains invalid characters",
    'a\\b': "'a\\b' contains invalid characters",
    'a\nb': "'a\nb' contains invalid characters",
    ['ü'.repeat(128)]: 'ID must not be greater than 255 characters',
  };
  for (const [id, refusal] of Object.entries(refusals)) {
    t.deepEqual(parseId(id), { ok: false, refusal });
  }
  for (const id of ['a', 'a.b', '...', 'ü'.repeat(127), 'a b']) t.true(parseId(id).ok, id);
});
