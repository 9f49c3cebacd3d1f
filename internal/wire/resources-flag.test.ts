import test from 'ava';
import fc from 'fast-check';
import { format } from '#internal/resources/format.ts';
import { equals, resources } from '#internal/resources/resources.ts';
import { anyHeaps } from '#internal/testing/any-resources.ts';
import { toJson } from './json.ts';
import { parseResourcesFlag } from './resources-flag.ts';
import { resourcesToWire } from './resources.ts';

function read(text: string, defaultRole?: string): string {
  const result = parseResourcesFlag(text, defaultRole);
  return result.ok ? format(result.value) : result.refusal;
}

const cpus = '"name":"cpus","type":"SCALAR","scalar":{"value":1}';
const disk = '"name":"disk","type":"SCALAR","scalar":{"value":64}';

/** What an agent may be given: as for `totalOf`. */
const anyTotal = anyHeaps(1).map(([heap = []]) =>
  resources(
    heap
      .filter(({ disk: { persistence } = { persistence: undefined } }) => persistence === undefined)
      .filter(({ name, value }) => value.kind === 'ranges' || name !== 'ports')
      .filter(({ name }) => name !== 'gpus')
      .filter(({ reservations }) => reservations.at(-1)?.kind !== 'dynamic')
      .map((one) => ({
        ...one,
        allocationRole: undefined,
        providerId: undefined,
        revocable: false,
      })),
  ),
);

test('whatever an agent may have can be told in JSON', (t) => {
  fc.assert(
    fc.property(anyTotal, fc.constantFrom('new', 'endpoint', 'old'), (total, form) => {
      const list = resourcesToWire(total, form).map((one) => toJson('mesos.v1.Resource', one));
      const result = parseResourcesFlag(` [${list.join(',\n')}]`);
      t.true(result.ok && equals(result.value, total), result.ok ? '' : result.refusal);
    }),
    { numRuns: 500 },
  );
});

test('text that is no list is the short syntax', (t) => {
  t.is(read('cpus:1;ports:[1-2]', 'ops'), read('cpus(ops):1;ports(ops):[1-2]'));
});

test('every kind of disk can be told, and the default role is given to what names none', (t) => {
  t.is(
    read(
      `[{${disk},"disk":{"source":{"type":"PATH","path":{"root":"/a"}}}},
        {${disk},"role":"db","disk":{"source":{"type":"MOUNT","mount":{"root":"/b"}}}},
        {${disk},"role":"*","disk":{"source":{"type":"RAW","profile":"fast"}}},
        {${disk},"disk":{"source":{"type":"BLOCK","id":"i"}}},
        {${cpus},"reservations":[{"type":"STATIC","role":"x"}]}]`,
      'ops',
    ),
    [
      'disk(reservations: [(STATIC,ops)])[PATH:/a]:64',
      'disk(reservations: [(STATIC,db)])[MOUNT:/b]:64',
      'disk[RAW(,,fast)]:64',
      'disk(reservations: [(STATIC,ops)])[BLOCK(,i,)]:64',
      'cpus(reservations: [(STATIC,x)]):1',
    ].join('; '),
  );
  t.is(read('[]'), '{}');
});

test('what is wrong with the JSON is said, and where', (t) => {
  t.regex(read(`[{${cpus}`), /^The JSON is ill-formed: /u);
  t.regex(read(`[{${cpus}},7]`), /^Cannot read resource 2 of the JSON: .*Expecting a JSON object/u);
  t.is(
    read('[{"type":"SCALAR"}]'),
    'Cannot read resource 1 of the JSON: Failed to convert JSON into Resource protobuf: Missing required fields: name',
  );
  t.is(
    read(`[{${cpus},"role":"/a"}]`),
    "Cannot read resource 1 of the JSON: Resource 'cpus(reservations: [(STATIC,/a)]):1' is invalid: Role '/a' cannot start with a slash",
  );
});

test('an agent is not given what only operations, providers and estimators make', (t) => {
  const refused = {
    '"reservations":[{"type":"DYNAMIC","role":"a"}]': /is reserved dynamically/u,
    '"revocable":{}': /is revocable/u,
    '"allocation_info":{"role":"a"}': /is allocated/u,
    '"provider_id":{"value":"p"}': /belongs to a resource provider/u,
    '"role":"a","disk":{"persistence":{"id":"v"},"volume":{"mode":"RW","container_path":"d"}}':
      /is a persistent volume/u,
  };
  for (const [members, text] of Object.entries(refused)) {
    t.regex(read(`[{${disk},${members}}]`), text);
  }
});
