import test from 'ava';
import { format } from './format.ts';
import { applyOperation, type ResourceOperation } from './operation.ts';
import type { DiskSource, Reservation, Resource } from './resource.ts';

const dynamic = (role: string): Reservation => ({
  kind: 'dynamic',
  role,
  principal: 'ops',
  labels: undefined,
});

const plain: Resource = {
  name: 'disk',
  value: { kind: 'scalar', milli: 64_000 },
  reservations: [],
  allocationRole: undefined,
  disk: undefined,
  providerId: undefined,
  revocable: false,
  shared: false,
};

const reserved: Resource = { ...plain, reservations: [dynamic('a')] };
const refined: Resource = { ...plain, reservations: [dynamic('a'), dynamic('a/b')] };
const fixed: Resource = {
  ...plain,
  reservations: [{ kind: 'static', role: 'a', principal: undefined, labels: undefined }],
};

const volume: Resource = {
  ...reserved,
  disk: {
    source: undefined,
    persistence: { id: 'v', principal: 'ops' },
    volume: { mode: 'rw', containerPath: 'data', hostPath: undefined },
  },
};
const shared: Resource = { ...volume, shared: true };
const provided: Resource = { ...volume, providerId: 'p' };

function sized(resource: Resource, megabytes: number): Resource {
  return { ...resource, value: { kind: 'scalar', milli: megabytes * 1000 } };
}

function on(kind: DiskSource['kind'], resource: Resource): Resource {
  const nameless = { id: undefined, vendor: undefined, profile: undefined, metadata: undefined };
  const { persistence, volume: mount } = resource.disk ?? {};
  return {
    ...resource,
    disk: { persistence, volume: mount, source: { kind, root: '/d', ...nameless } },
  };
}

/** What is left, or why nothing was done. */
function after(list: readonly Resource[], operation: ResourceOperation): string {
  const result = applyOperation(list, operation);
  return result.ok ? format(result.value) : result.refusal;
}

const reservedText = 'disk(reservations: [(DYNAMIC,a,ops)]):64';
const volumeText = 'disk(reservations: [(DYNAMIC,a,ops)])[v:data]:64';

test('a part of what is free is reserved, refined, and given back', (t) => {
  const list = [sized(plain, 100)];
  t.is(after(list, { kind: 'reserve', resources: [reserved] }), `disk:36; ${reservedText}`);
  const both = [reserved, sized(plain, 36)];
  t.is(
    after(both, { kind: 'reserve', resources: [refined] }),
    'disk:36; disk(reservations: [(DYNAMIC,a,ops),(DYNAMIC,a/b,ops)]):64',
  );
  t.is(after(both, { kind: 'unreserve', resources: [reserved] }), 'disk:100');
  t.is(after([refined], { kind: 'unreserve', resources: [refined] }), reservedText);
});

test('a volume is made of reserved disk, and becomes disk again', (t) => {
  t.is(after([reserved], { kind: 'create', volumes: [volume] }), volumeText);
  t.is(after([volume], { kind: 'destroy', volumes: [volume] }), reservedText);
  const whole = on('mount', volume);
  t.is(
    after([on('mount', reserved)], { kind: 'create', volumes: [whole] }),
    'disk(reservations: [(DYNAMIC,a,ops)])[MOUNT:/d,v:data]:64',
  );
});

test('a whole disk is not partly reserved or made into a smaller volume', (t) => {
  const disk = on('mount', plain);
  t.is(
    after([disk], { kind: 'reserve', resources: [sized(on('mount', reserved), 32)] }),
    'disk[MOUNT:/d]:64 does not contain disk[MOUNT:/d]:32',
  );
  t.is(
    after([on('mount', reserved)], { kind: 'create', volumes: [sized(on('mount', volume), 32)] }),
    'disk(reservations: [(DYNAMIC,a,ops)])[MOUNT:/d]:64 does not contain ' +
      'disk(reservations: [(DYNAMIC,a,ops)])[MOUNT:/d]:32',
  );
});

test('a volume grows by disk of its kind and shrinks by a part of itself', (t) => {
  const addition = sized(reserved, 36);
  t.is(
    after([volume, addition], { kind: 'grow-volume', volume, addition }),
    'disk(reservations: [(DYNAMIC,a,ops)])[v:data]:100',
  );
  t.is(
    after([volume], { kind: 'shrink-volume', volume, subtractMilli: 24_000 }),
    'disk(reservations: [(DYNAMIC,a,ops)])[v:data]:40; disk(reservations: [(DYNAMIC,a,ops)]):24',
  );
});

test('an operator reserves anew what others have, in one step', (t) => {
  const other = { ...plain, reservations: [dynamic('b')] };
  const operation = { kind: 'reserve-anew', source: [reserved], resources: [other] } as const;
  t.is(after([reserved], operation), 'disk(reservations: [(DYNAMIC,b,ops)]):64');
  t.is(
    after([fixed], {
      kind: 'reserve-anew',
      source: [fixed],
      resources: [{ ...plain, reservations: [...fixed.reservations, dynamic('a/b')] }],
    }),
    'disk(reservations: [(STATIC,a),(DYNAMIC,a/b,ops)]):64',
  );
});

const notDynamic = (text: string): string => `Resource ${text} is not dynamically reserved`;
const heldBack =
  `A dynamically reserved persistent volume ${volumeText} cannot be unreserved directly. ` +
  'Please destroy the persistent volume first then unreserve the resource';
const incompatible =
  "Incompatible resources in the 'GrowVolume.volume' and 'GrowVolume.addition' fields";

/** What cannot be meant, whatever there is; with the words of contract 5.6. */
const refusals: readonly (readonly [ResourceOperation, string])[] = [
  [{ kind: 'reserve', resources: [plain] }, notDynamic('disk:64')],
  [{ kind: 'reserve', resources: [fixed] }, notDynamic('disk(reservations: [(STATIC,a)]):64')],
  [{ kind: 'unreserve', resources: [fixed] }, notDynamic('disk(reservations: [(STATIC,a)]):64')],
  [{ kind: 'unreserve', resources: [volume] }, heldBack],
  [
    { kind: 'create', volumes: [reserved] },
    `Not a persistent volume: Resource ${reservedText} does not have DiskInfo`,
  ],
  [
    { kind: 'create', volumes: [on('path', reserved)] },
    "Not a persistent volume: 'persistence' is not set in DiskInfo",
  ],
  [
    { kind: 'reserve-anew', source: [], resources: [reserved] },
    'Invalid source: Resource cannot be empty',
  ],
  [
    { kind: 'reserve-anew', source: [sized(plain, 1), sized(reserved, 63)], resources: [reserved] },
    'Invalid source: Mixed reservations are not supported',
  ],
  [
    { kind: 'reserve-anew', source: [sized(plain, 63)], resources: [reserved] },
    'Invalid source: Source and target resources should refer to identical resource quantities: ' +
      'disk:63 vs. disk:64',
  ],
  [
    { kind: 'reserve-anew', source: [fixed], resources: [reserved] },
    notDynamic('disk(reservations: [(STATIC,a)]):64'),
  ],
  [
    {
      kind: 'reserve-anew',
      source: [volume],
      resources: [{ ...volume, reservations: [dynamic('b')] }],
    },
    heldBack,
  ],
  [
    { kind: 'grow-volume', volume, addition: sized(reserved, 0) },
    "The size of 'GrowVolume.addition' field must be greater than zero",
  ],
  [
    { kind: 'grow-volume', volume: provided, addition: reserved },
    'Growing a volume from a resource provider is not supported',
  ],
  [
    { kind: 'grow-volume', volume: shared, addition: reserved },
    'Growing a shared persistent volume is not supported',
  ],
  [{ kind: 'grow-volume', volume, addition: plain }, incompatible],
  [{ kind: 'grow-volume', volume, addition: on('path', reserved) }, incompatible],
  [
    { kind: 'grow-volume', volume: on('mount', volume), addition: on('mount', reserved) },
    incompatible,
  ],
  [
    { kind: 'shrink-volume', volume, subtractMilli: 0 },
    "Value of 'ShrinkVolume.subtract' must be greater than zero",
  ],
  [
    { kind: 'shrink-volume', volume, subtractMilli: 64_000 },
    "Value of 'ShrinkVolume.subtract' must be smaller than the size of 'ShrinkVolume.volume'",
  ],
  [
    { kind: 'shrink-volume', volume: on('mount', volume), subtractMilli: 1 },
    'Shrinking a volume on a MOUNT disk is not supported',
  ],
  [
    { kind: 'shrink-volume', volume: shared, subtractMilli: 1 },
    'Shrinking a shared persistent volume is not supported',
  ],
  [
    { kind: 'shrink-volume', volume: provided, subtractMilli: 1 },
    'Shrinking a volume from a resource provider is not supported',
  ],
  [
    { kind: 'shrink-volume', volume: reserved, subtractMilli: 1 },
    "Invalid persistent volume in the 'ShrinkVolume.volume' field: 'persistence' is not set",
  ],
];

test('what cannot be meant is refused in the words of the contract', (t) => {
  const everything = [plain, reserved, fixed, volume, shared, provided, on('mount', volume)];
  for (const [operation, text] of refusals) t.is(after(everything, operation), text);
});

test('what others still use is not destroyed', (t) => {
  t.is(
    after([shared, shared], { kind: 'destroy', volumes: [shared] }),
    'Persistent volume disk(reservations: [(DYNAMIC,a,ops)])[v:data]<SHARED>:64 ' +
      'cannot be removed due to additional shared copies',
  );
});

test('what an offer does not have is not reserved, and both are told', (t) => {
  const lent: Resource = { ...plain, allocationRole: 't2' };
  t.is(
    after([lent], {
      kind: 'unreserve',
      resources: [{ ...sized(lent, 10), reservations: [dynamic('t2')] }],
    }),
    'disk(allocated: t2):64 does not contain ' +
      'disk(allocated: t2)(reservations: [(DYNAMIC,t2,ops)]):10',
  );
});
