/**
 * What an entry of a machine with sessions looks like: who asks, for the how-manieth time, and when,
 * before what is asked. The fields are for ever, as the log is.
 *
 *     u8 kind (0 plain, 1 open, 2 asked), then but for `plain`
 *     u64 client, u64 sequence, u64 answeredTo, u64 atMs, data
 *
 * Numbers are little-endian.
 */
import { assert } from '#internal/base/assert.ts';

export type SessionStamp = {
  /** Random, 53 bits: chosen by the client, for this session alone. */
  readonly client: number;
  /** 1 for the first proposal of a session, and one more for each; a retry keeps its number. */
  readonly sequence: number;
  /** The client has the answers of all up to here, and will not ask for them again. */
  readonly answeredTo: number;
  /** The asker's wall clock: what sessions expire by, since it is in the log. */
  readonly atMs: number;
};

export type SessionEntry =
  | { readonly kind: 'plain'; readonly data: Uint8Array }
  | { readonly kind: 'open'; readonly client: number; readonly atMs: number }
  | { readonly kind: 'asked'; readonly stamp: SessionStamp; readonly data: Uint8Array };

const stampBytes = 1 + 4 * 8;

export function encodeSessionEntry(entry: SessionEntry): Uint8Array {
  if (entry.kind === 'plain') return joined(Uint8Array.of(0), entry.data);
  const head = new Uint8Array(stampBytes);
  const view = new DataView(head.buffer);
  const isAsked = entry.kind === 'asked';
  const { client, atMs } = isAsked ? entry.stamp : entry;
  const { sequence, answeredTo } = isAsked ? entry.stamp : { sequence: 0, answeredTo: 0 };
  head[0] = isAsked ? 2 : 1;
  for (const [place, number] of [client, sequence, answeredTo, Math.max(0, atMs)].entries()) {
    view.setBigUint64(1 + 8 * place, BigInt(Math.trunc(number)), true);
  }
  return isAsked ? joined(head, entry.data) : head;
}

/** Whatever else stands in the log was written by a newer program or by none: the node must stop. */
export function decodeSessionEntry(bytes: Uint8Array): SessionEntry {
  const kind = bytes[0];
  if (kind === 0) return { kind: 'plain', data: bytes.subarray(1) };
  assert(kind === 1 || kind === 2, `an entry of the unknown kind ${kind}`);
  assert(bytes.length >= stampBytes, `an entry of ${bytes.length} bytes, which cuts its stamp`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const number = (place: number): number => Number(view.getBigUint64(1 + 8 * place, true));
  const [client, sequence, answeredTo, atMs] = [number(0), number(1), number(2), number(3)];
  if (kind === 1) return { kind: 'open', client, atMs };
  const stamp = { client, sequence, answeredTo, atMs };
  return { kind: 'asked', stamp, data: bytes.subarray(stampBytes) };
}

function joined(head: Uint8Array, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + data.length);
  bytes.set(head);
  bytes.set(data, head.length);
  return bytes;
}
