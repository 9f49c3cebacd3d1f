/**
 * As much of the protocol buffers' wire format as etcd's `KV.Put` and a few calls beside it need. By
 * hand, since the bytes of a Put are also the entry in the log, and are looked at once a node.
 */

/** Fields by number, in the order in which they came. Varints are bigint: etcd's ids take 64 bits. */
export type Fields = ReadonlyMap<number, readonly (bigint | Uint8Array)[]>;
export type FieldWrite = readonly [number: number, value: bigint | Uint8Array];

const nothing = new Uint8Array(0);

/** Throws `RangeError` for bytes that are no message. */
export function decodeFields(bytes: Uint8Array): Fields {
  const fields = new Map<number, (bigint | Uint8Array)[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError('a number that does not end');
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    const values = fields.get(number) ?? [];
    fields.set(number, values);
    if (tag % 8 === 0) {
      const start = at;
      varint();
      values.push(bigVarint(bytes.subarray(start, at)));
    } else if (tag % 8 === 2) {
      const length = varint();
      if (at + length > bytes.length) throw new RangeError('a field that does not end');
      values.push(bytes.subarray(at, at + length));
      at += length;
    } else throw new RangeError(`a field of wire type ${tag % 8}`);
  }
  return fields;
}

/** Where the bytes of a field are that begins at `at`; undefined for another field, or a long one. */
export function fieldAt(
  bytes: Uint8Array,
  at: number,
  number: number,
): { readonly start: number; readonly end: number } | undefined {
  if (bytes[at] !== number * 8 + 2) return undefined;
  const [low = 128, high = 0] = [bytes[at + 1], bytes[at + 2]];
  if (low < 128) return { start: at + 2, end: at + 2 + low };
  if (high < 128) return { start: at + 3, end: at + 3 + (low & 127) + high * 128 };
  return undefined;
}

export function encodeFields(fields: readonly FieldWrite[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [number, value] of fields) {
    if (typeof value === 'bigint') {
      if (value !== 0n) parts.push(varintBytes(BigInt(number * 8)), varintBytes(value));
    } else if (value.length > 0) {
      parts.push(varintBytes(BigInt(number * 8 + 2)), varintBytes(BigInt(value.length)), value);
    }
  }
  return Buffer.concat(parts);
}

export function numberOf(fields: Fields, number: number): bigint {
  const value = fields.get(number)?.at(-1);
  return typeof value === 'bigint' ? value : 0n;
}

export function bytesOf(fields: Fields, number: number): Uint8Array {
  const value = fields.get(number)?.at(-1);
  return typeof value === 'object' ? value : nothing;
}

function bigVarint(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 7n) | BigInt(byte & 127), 0n);
}

function varintBytes(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 128n) return Uint8Array.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 127n) | 128);
  }
}
