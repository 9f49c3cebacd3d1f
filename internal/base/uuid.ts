/** Random ids (RFC 9562, version 4), as the 16 bytes of protobuf and as text. */
import { assert } from './assert.ts';
import type { Random } from './random.ts';

/** A new id as text: `01234567-89ab-4cde-8f01-23456789abcd`. */
export const newUuid = (random: Random): string => uuidText(uuidV4(random));

/** A new id as bytes. */
export function uuidV4(random: Random): Uint8Array {
  return random.bytes(16).map((byte, at) => {
    if (at === 6) return (byte & 0x0f) | 0x40;
    return at === 8 ? (byte & 0x3f) | 0x80 : byte;
  });
}

/** Of any version: bytes from elsewhere are not ours to judge. */
export function uuidText(bytes: Uint8Array): string {
  assert(bytes.length === 16, `a UUID has 16 bytes, not ${bytes.length}`);
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Of a text that is known to be a UUID: one of ours, or one that was parsed at the edge. */
export function uuidBytes(text: string): Uint8Array {
  const bytes = parseUuid(text);
  assert(bytes !== undefined, `no UUID: ${text}`);
  return bytes;
}

/** Undefined when the text is no UUID. Capitals are read, of any version. */
export function parseUuid(text: string): Uint8Array | undefined {
  if (!UUID.test(text)) return undefined;
  const digits = text.replaceAll('-', '');
  return Uint8Array.from({ length: 16 }, (_, at) =>
    Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16),
  );
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
