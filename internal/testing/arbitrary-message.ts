/**
 * Messages of any type, made from its descriptor: required fields always set, the others now and
 * then, of a oneof at most one. What the codecs take for the same as unset (empty lists and maps) is
 * left out, so that a message equals what it is decoded to.
 */
import fc from 'fast-check';
import type { FieldDescriptor, MessageDescriptor, ScalarType } from '#proto/descriptor.ts';
import { descriptor } from '#proto/gen/descriptor.ts';
import type { Messages } from '#proto/gen/messages.ts';

type Arbitrary = fc.Arbitrary<unknown>;
type Choice = {
  /** Sets every field that has a default, as a message does that came out of JSON. */
  readonly defaultsSet: boolean;
};

/** Deeper than this only what is required is set: types contain themselves. */
const depthMax = 3;
const itemsMax = 2;

const messages = new Map(descriptor.messages.map((each) => [each.name, each]));
const enums = new Map(descriptor.enums.map((each) => [each.name, each]));

export const messageNames: readonly (keyof Messages)[] = descriptor.messages.map(
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both are made from one tree.
  ({ name }) => name as keyof Messages,
);

export function arbitraryMessage<Name extends keyof Messages>(
  name: Name,
  choice: Choice = { defaultsSet: false },
): fc.Arbitrary<Messages[Name]> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the descriptor vouches for it.
  return message(name, choice, 0) as fc.Arbitrary<Messages[Name]>;
}

const made = new Map<string, Arbitrary>();

function message(name: string, choice: Choice, depth: number): Arbitrary {
  const key = `${name} ${depth} ${choice.defaultsSet}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  const { fields } = find(messages, name);
  const wanted = fields.filter((field) => isAlwaysSet(field, choice) || isReachable(field, depth));
  const values = Object.fromEntries(
    wanted.map((field) => [field.name, fieldValue(field, choice, depth)]),
  );
  const requiredKeys = wanted
    .filter((field) => isAlwaysSet(field, choice))
    .map((field) => field.name);
  const record = fc
    .record(values, { requiredKeys, noNullPrototype: true })
    .map((value) => withOneOfEach(find(messages, name), value));
  made.set(key, record);
  return record;
}

const isAlwaysSet = (field: FieldDescriptor, { defaultsSet }: Choice): boolean =>
  field.label === 'required' ||
  (defaultsSet && field.default !== undefined && field.deprecated !== true);

const isReachable = (field: FieldDescriptor, depth: number): boolean =>
  depth < depthMax || (field.kind !== 'message' && field.label === 'optional');

/** Keeps the first member that is set of each oneof. */
function withOneOfEach(
  { fields }: MessageDescriptor,
  value: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const kept: Record<string, unknown> = { ...value };
  const taken = new Set<string>();
  for (const { name, oneof } of fields) {
    if (oneof === undefined || kept[name] === undefined) continue;
    if (taken.has(oneof)) delete kept[name];
    taken.add(oneof);
  }
  return kept;
}

function fieldValue(field: FieldDescriptor, choice: Choice, depth: number): Arbitrary {
  const value = singleValue(field, choice, depth);
  if (field.label === 'repeated') return fc.array(value, { minLength: 1, maxLength: itemsMax });
  if (field.label !== 'map') return value;
  const key = fc.oneof({ weight: 20, arbitrary: text }, { weight: 1, arbitrary: protoKey });
  return fc.dictionary(key, value, { minKeys: 1, maxKeys: itemsMax, noNullPrototype: true });
}

function singleValue(field: FieldDescriptor, choice: Choice, depth: number): Arbitrary {
  if (field.kind === 'scalar') return scalars[field.type];
  if (field.kind === 'message') return message(field.type, choice, depth + 1);
  return fc.constantFrom(...Object.keys(find(enums, field.type).values));
}

/** Every code point but halves of pairs, which UTF-8 has no bytes for. */
const text = fc.string({ unit: 'binary', maxLength: 50, size: 'medium' });
const protoKey = fc.constant('__proto__');

const scalars: Readonly<Record<ScalarType, Arbitrary>> = {
  string: text,
  bytes: fc.uint8Array({ maxLength: 50 }),
  bool: fc.boolean(),
  double: fc.oneof(fc.double(), fc.integer(), fc.constantFrom(1e21, -0, 5e-324, 2 ** 53)),
  int32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  uint32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
};

function find<Value>(map: ReadonlyMap<string, Value>, name: string): Value {
  const found = map.get(name);
  if (found === undefined) throw new Error(`nothing is named ${name}`);
  return found;
}
