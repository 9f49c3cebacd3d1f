import { readFileSync } from 'node:fs';
import test from 'ava';
import { version } from '#internal/config/version.ts';

test('programs report the version that the package carries', (t) => {
  const text = readFileSync('package.json', 'utf8');
  t.true(text.includes(`"version": "${version}"`));
});
