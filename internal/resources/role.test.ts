import test from 'ava';
import { parseRole } from './role.ts';

test('a role is a path of plain names', (t) => {
  for (const name of ['*', 'a', 'a/b/c', 'a-b', 'a.b', 'a*']) {
    t.deepEqual(parseRole(name), { ok: true, value: name });
  }
});

test('a bad role is refused in the words of the contract', (t) => {
  const refusals = {
    '': 'Role names cannot be the empty string',
    '/a': "Role '/a' cannot start with a slash",
    'a/': "Role 'a/' cannot end with a slash",
    'a//b': "Role 'a//b' cannot contain two adjacent slashes",
    'a/./b': "Role 'a/./b' cannot include '.' as a component",
    '..': "Role '..' cannot include '..' as a component",
    '*/x': "Role '*/x' cannot include '*' as a component",
    'a/-x': "Role component '-x' is invalid because it starts with a dash",
    'a b': "Role component 'a b' is invalid because it contains backspace or whitespace",
  };
  for (const [name, refusal] of Object.entries(refusals)) {
    t.deepEqual(parseRole(name), { ok: false, refusal });
  }
});
