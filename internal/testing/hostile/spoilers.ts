/** What can be done to a call to make it worse: to its values, to its JSON, to its bytes. */
import type { Random } from '#internal/base/random.ts';
import { isList, isPlain, type Plain } from '#internal/wire/schema.ts';

const pick = <Value>(random: Random, list: readonly [Value, ...(readonly Value[])]): Value =>
  list[random.below(list.length)] ?? list[0];

const texts = [
  '',
  '.',
  '..',
  '/',
  '*',
  'a//b',
  '-a',
  'a b',
  '\0',
  '\u2028\uFFFF',
  '__proto__',
  'constructor',
  'toString',
  'x'.repeat(256),
  'é'.repeat(5000),
  'test',
  'test/child',
] as const;

const doubles = [NaN, Infinity, -Infinity, 1e308, -1e308, -1, 0, 5e-324, 0.0004, 2 ** 53] as const;
const integers = [0n, 1n, 2n ** 63n - 1n, 2n ** 53n + 1n] as const;

/** A copy of a message of the same shape, some of whose values are of the worst kind. */
export function spoilValues(value: unknown, random: Random): unknown {
  if (value instanceof Uint8Array)
    return random.chance(0.15) ? random.bytes(random.below(40)) : value;
  if (isList(value)) return value.map((item) => spoilValues(item, random));
  if (isPlain(value)) return mapped(value, (member) => spoilValues(member, random));
  if (!random.chance(0.15)) return value;
  // The names of an enum are the codecs' own.
  if (typeof value === 'string') return isEnum(value) ? value : pick(random, texts);
  if (typeof value === 'number') return pick(random, doubles);
  if (typeof value === 'bigint') return pick(random, integers);
  return value;
}

const isEnum = (text: string): boolean => /^[A-Z][A-Z_]+$/u.test(text);

/** A copy of a JSON value in which something is not what or where it should be. */
export function spoilTree(value: unknown, random: Random): unknown {
  if (random.chance(0.08)) return foreign(random, value);
  if (isList(value)) {
    if (value.length > 0 && random.chance(0.05)) return repeated(value, 1 + random.below(3000));
    return value.map((item) => spoilTree(item, random));
  }
  if (!isPlain(value)) return value;
  const copy = mapped(value, (member) => spoilTree(member, random));
  const [key] = Object.keys(copy);
  if (key !== undefined && random.chance(0.05)) delete copy[key];
  if (random.chance(0.05)) copy[pick(random, texts)] = foreign(random, value);
  return copy;
}

/** Bytes that are cut off, garbled, lengthened or nested. */
export function spoilBytes(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length + 1);
  switch (random.below(7)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return replaced(bytes, at, random.bytes(1));
    case 2:
      return joined(bytes.subarray(0, at), random.bytes(random.below(20)), bytes.subarray(at));
    case 3:
      return joined(bytes, bytes.subarray(at));
    // A length that nothing follows, and a number that never ends.
    case 4:
      return joined(bytes.subarray(0, at), new Uint8Array(12).fill(0xff), bytes.subarray(at));
    case 5:
      return nestedBytes(1 + random.below(3000));
    default:
      return Buffer.from(nestedText(1 + random.below(30_000), random));
  }
}

function foreign(random: Random, value: unknown): unknown {
  return pick<unknown>(random, [
    null,
    [],
    {},
    [value, value],
    { value },
    '',
    '1e999',
    '9'.repeat(400),
    -1,
    1e300,
    true,
    '////',
    deepTree(random.below(200)),
    'x'.repeat(100_000),
  ]);
}

function deepTree(depth: number): unknown {
  let tree: unknown = {};
  for (let level = 0; level < depth; level++) tree = { value: tree, list: 1 };
  return tree;
}

function repeated(list: readonly unknown[], times: number): unknown {
  return Array.from({ length: times }, (_, at) => list[at % list.length]);
}

/** Fields in fields, each of the same number, with true lengths. */
function nestedBytes(depth: number): Uint8Array {
  let inner: Uint8Array = new Uint8Array(0);
  for (let level = 0; level < depth; level++) {
    inner = joined(Uint8Array.of(0x0a, ...varint(inner.length)), inner);
  }
  return inner;
}

function varint(value: number): readonly number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

function nestedText(depth: number, random: Random): string {
  const [open, close] = random.oneIn(2) ? ['[', ']'] : ['{"subscribe":', '}'];
  const end = random.oneIn(2) ? close.repeat(depth) : '';
  return `{"type":"SUBSCRIBE","subscribe":${open.repeat(depth)}${end}}`;
}

function mapped(value: Plain, of: (member: unknown) => unknown): Plain {
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, of(member)]));
}

function replaced(bytes: Uint8Array, at: number, other: Uint8Array): Uint8Array {
  return joined(bytes.subarray(0, at), other, bytes.subarray(at + 1));
}

const joined = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts);
