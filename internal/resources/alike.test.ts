import test from 'ava';
import { alike } from './alike.ts';
import { parseResources } from './parse.ts';
import type { Resources } from './resource.ts';
import { allocatedTo } from './resources.ts';

function amount(words: string): Resources {
  const parsed = parseResources(words);
  if (!parsed.ok) throw new Error(parsed.refusal);
  return parsed.value;
}

test('what says the very same is one, and nothing else is', (t) => {
  const known = allocatedTo('r', amount('cpus:1;mem:32'));
  t.is(alike(known, allocatedTo('r', amount('cpus:1;mem:32'))), known);
  t.deepEqual(alike(known, allocatedTo('r', amount('cpus:1;mem:32'))), known);
  for (const other of [
    allocatedTo('s', amount('cpus:1;mem:32')),
    allocatedTo('r', amount('mem:32;cpus:1')),
    allocatedTo('r', amount('cpus:1;mem:33')),
    allocatedTo('r', amount('cpus:1')),
    allocatedTo('r', amount('cpus:1;mem(db):32')),
    allocatedTo('r', amount('cpus:1;ports:[1-2]')),
    known.map((one) => ({ ...one, revocable: true })),
    known.map((one) => ({ ...one, shared: true })),
  ]) {
    t.is(alike(known, other), other);
    t.is(alike(other, known), known);
  }
  t.is(alike(undefined, known), known);
});
