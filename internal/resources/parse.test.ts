import test from 'ava';
import fc from 'fast-check';
import { anyHeaps } from '#internal/testing/any-resources.ts';
import { formatValue } from './format.ts';
import { parseResources } from './parse.ts';
import { anyRole } from './reservation.ts';
import type { Resource, Resources } from './resource.ts';
import { equals, resources } from './resources.ts';

function parsed(text: string, defaultRole?: string): Resources {
  const result = parseResources(text, defaultRole);
  if (!result.ok) throw new Error(result.refusal);
  return result.value;
}

/** As somebody would type it. */
function typed({ name, value, reservations }: Resource): string {
  const role = reservations[0] === undefined ? '' : `(${reservations[0].role})`;
  return ` ${name} ${role} : ${formatValue(value)}`;
}

/** Reserved statically or not at all, with nothing that the syntax cannot say. */
const anyTypable = anyHeaps(1).map(([heap = []]) =>
  heap
    .filter(({ disk, name }) => disk === undefined && name !== 'ports')
    .filter(({ value }) => value.kind !== 'scalar' || value.milli % 1000 === 0)
    .filter(({ value }) => !(value.kind === 'ranges' && value.ranges.length === 0))
    .filter(({ value }) => !(value.kind === 'set' && value.items.length === 0))
    .map((one): Resource => ({
      ...one,
      reservations: one.reservations
        .slice(0, 1)
        .map((each) => ({ ...each, kind: 'static', principal: undefined, labels: undefined })),
      allocationRole: undefined,
      providerId: undefined,
      revocable: false,
    })),
);

test('what is typed is read', (t) => {
  fc.assert(
    fc.property(anyTypable, (list) => {
      t.true(equals(parsed(list.map(typed).join(';')), resources(list)));
    }),
    { numRuns: 500 },
  );
});

test('names are separated by semicolons or lines, and roles stand in parentheses', (t) => {
  t.deepEqual(parsed('cpus(*):4; mem : 1024;'), parsed('cpus:4\nmem:1024'));
  t.deepEqual(
    parsed('cpus(db):2').map(({ reservations }) => reservations),
    [[{ kind: 'static', role: 'db', principal: undefined, labels: undefined }]],
  );
  t.deepEqual(parsed('cpus:1.5e3'), parsed('cpus:1500'));
  t.deepEqual(parsed('cpus:1;cpus:2;cpus:0'), parsed('cpus:3'));
  t.deepEqual(parsed(''), []);
});

test('what names no role is reserved to the default one', (t) => {
  t.deepEqual(parsed('cpus:1;mem(*):2', 'ops'), parsed('cpus(ops):1;mem:2'));
  t.deepEqual(parsed('cpus:1', anyRole), parsed('cpus:1'));
});

test('what is wrong is said, and where', (t) => {
  const expected = "expected 'name:value' or 'name(role):value'";
  const refusals = {
    cpus: `Cannot read resource 'cpus': ${expected}`,
    ':1': `Cannot read resource ':1': ${expected}`,
    'cpus(db:1': `Cannot read resource 'cpus(db:1': ${expected}`,
    'cpus)db(:1': `Cannot read resource 'cpus)db(:1': ${expected}`,
    'mem:1;cpus:x': "Cannot read resource 'cpus:x': 'x' is not a number, ranges or a set",
    'cpus:-1': "Cannot read resource 'cpus:-1': '-1' is not a number, ranges or a set",
    'cpus:0.0004':
      "Cannot read resource 'cpus:0.0004': 0.0004 counts as 0: the smallest amount is 0.001",
    'cpus:1e300': "Cannot read resource 'cpus:1e300': 1e300 is too much",
    'mem:9e12;mem:9e12': "Resource 'mem' adds up to too much",
    'cpus(a b):1':
      "Cannot read resource 'cpus(a b):1': Role component 'a b' is invalid because it contains backspace or whitespace",
    'ports:[2-1]': "Cannot read resource 'ports:[2-1]': range 2-1 runs backwards",
    'ports:[1-4,3-5]': "Cannot read resource 'ports:[1-4,3-5]': range 3-5 overlaps another one",
    'ports:[]': "Cannot read resource 'ports:[]': '' is not a range like 31000-32000",
    'ports:[1-2': "Cannot read resource 'ports:[1-2': ranges end with ']'",
    'racks:{a,b': "Cannot read resource 'racks:{a,b': a set ends with '}'",
    'racks:{a,b,a}': "Cannot read resource 'racks:{a,b,a}': 'a' is in the set twice",
    'racks:{a,}': "Cannot read resource 'racks:{a,}': an item of a set is empty",
    'cpus:1;cpus:[1-2]': "Resource 'cpus' is given as scalar and ranges",
    'gpus:1.5': "Resource 'gpus:1.5' is invalid: gpus are whole",
  };
  for (const [text, refusal] of Object.entries(refusals)) {
    t.deepEqual(parseResources(text), { ok: false, refusal });
  }
});
