/**
 * Single values in the v1 JSON dialect, for the codec and for whoever writes JSON by hand.
 *
 * Contract 1.5: 64-bit integers are exact numbers, doubles always have a point or an exponent, and
 * what is not finite is written bare, which strict parsers refuse but Mesos's clients expect.
 */

/** `15` is `15.0`, `1e21` is `1e+21`, `-0` is `-0.0`; also `NaN`, `Infinity`, `-Infinity`. */
export function jsonDouble(value: number): string {
  if (!Number.isInteger(value)) return String(value);
  const digits = Object.is(value, -0) ? '-0' : String(value);
  return digits.includes('e') ? digits : `${digits}.0`;
}

export function jsonInteger(value: number | bigint): string {
  return String(value);
}

/** In quotes, escaped where JSON asks for it and nowhere else; half a surrogate pair as `\udxxx`. */
export function jsonString(value: string): string {
  return isBland(value) ? `"${value}"` : JSON.stringify(value);
}

/** Short and with nothing to escape: most ids and names are, and then a look is cheaper. */
function isBland(value: string): boolean {
  const { length } = value;
  if (length > 64) return false;
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i);
    if (code < 0x20 || code === 0x22 || code === 0x5c || code >= 0xd800) return false;
  }
  return true;
}

/** Base64 with padding, in quotes. */
export function jsonBytes({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return `"${Buffer.from(buffer, byteOffset, byteLength).toString('base64')}"`;
}
