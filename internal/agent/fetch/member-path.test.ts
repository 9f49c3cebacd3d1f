import { posix } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { parseMemberPath, shorten, staysInside } from './member-path.ts';

const part = fc.constantFrom('a', 'b', 'c', '..', '.', '', 'a b', '…', '\0', '\\', '...', '..a');
const path = fc.array(part, { maxLength: 8 }).map((parts) => parts.join('/'));

test('a name that is accepted leads where it says below the sandbox, whatever it looks like', (t) => {
  fc.assert(
    fc.property(path, (name) => {
      const parsed = parseMemberPath(name);
      const plain = posix.resolve('/sandbox', name);
      const isHonest =
        !name.startsWith('/') && !name.split('/').includes('..') && !name.includes('\0');
      t.is(parsed.ok, isHonest, name);
      if (parsed.ok) t.is(posix.join('/sandbox', ...parsed.value), plain);
    }),
  );
});

/** Links by where they are. Follows names as a kernel does. */
function resolve(
  links: ReadonlyMap<string, string>,
  from: readonly string[],
  target: string,
): string[] | 'out' | 'loop' {
  let at = [...from];
  const todo = target.split('/');
  for (let steps = 0; todo.length > 0; steps++) {
    if (steps > 200) return 'loop';
    const next = todo.shift() ?? '';
    if (next === '' || next === '.') continue;
    if (next === '..') {
      if (at.length === 0) return 'out';
      at = at.slice(0, -1);
      continue;
    }
    const link = links.get([...at, next].join('/'));
    if (link === undefined) at = [...at, next];
    else if (link.startsWith('/')) return 'out';
    else todo.unshift(...link.split('/'));
  }
  return at;
}

const name = fc.constantFrom('a', 'b', 'c');
const link = fc.record({
  folder: fc.array(name, { maxLength: 3 }),
  name: fc.constantFrom('l', 'm', 'n'),
  target: fc
    .array(fc.constantFrom('a', 'b', 'c', 'l', 'm', 'n', '..', '.', ''), {
      minLength: 1,
      maxLength: 6,
    })
    .map((parts) => parts.join('/')),
});

test('links that are accepted lead out by no way, also one through the other', (t) => {
  let accepted = 0;
  fc.assert(
    fc.property(fc.array(link, { minLength: 1, maxLength: 6 }), (drawn) => {
      const kept = drawn.filter((one) => staysInside([...one.folder, one.name], one.target));
      accepted += kept.length;
      const links = new Map(kept.map((one) => [[...one.folder, one.name].join('/'), one.target]));
      for (const [where, target] of links) {
        t.not(
          resolve(links, where.split('/').slice(0, -1), target),
          'out',
          JSON.stringify([...links]),
        );
      }
    }),
    { numRuns: 2000 },
  );
  t.true(accepted > 500);
});

test('a name in a message cannot pretend to be another line', (t) => {
  t.is(shorten('a\nb\u001b[31m'), 'a?b?[31m');
  t.is(shorten('x'.repeat(500)).length, 201);
});
