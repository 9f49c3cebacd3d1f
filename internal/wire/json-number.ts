/**
 * Numbers of a JSON text as field values (contract 1.6). A number arrives as it was written, so that
 * a 64-bit integer keeps all its digits. A fraction given for an integer is cut off, as Mesos does;
 * what does not fit is refused.
 */
import type { ScalarType } from '#proto/descriptor.ts';

type Range = { readonly least: bigint; readonly most: bigint; readonly wide: boolean };

const int32: Range = { least: -(2n ** 31n), most: 2n ** 31n - 1n, wide: false };
const uint32: Range = { least: 0n, most: 2n ** 32n - 1n, wide: false };
const int64: Range = { least: -(2n ** 63n), most: 2n ** 63n - 1n, wide: true };
const uint64: Range = { least: 0n, most: 2n ** 64n - 1n, wide: true };

const ranges: ReadonlyMap<ScalarType, Range> = new Map([
  ['int32', int32],
  ['uint32', uint32],
  ['int64', int64],
  ['uint64', uint64],
]);

export const isNumeric = (type: ScalarType): boolean => type === 'double' || ranges.has(type);

/** A number or a bigint, as the type asks; undefined when the number is out of its range. */
export function numberFor(type: ScalarType, token: string): number | bigint | undefined {
  const range = ranges.get(type);
  if (range === undefined) return Number(token);
  const whole = wholeOf(token);
  if (whole === undefined || whole < range.least || whole > range.most) return undefined;
  return range.wide ? BigInt(whole) : Number(whole);
}

function wholeOf(token: string): number | bigint | undefined {
  const value = Math.trunc(Number(token));
  // `+ 0`: an integer has no negative zero.
  if (Number.isSafeInteger(value)) return value + 0;
  // Nothing that fits: a million digits are not worth adding up.
  if (!(Math.abs(value) < 2 ** 65)) return undefined;
  if (/^-?\d+$/.test(token)) return BigInt(token);
  return BigInt(value);
}
