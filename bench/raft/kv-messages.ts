/**
 * The calls of etcd's v3 API that the benchmark and the process tests make, with the numbers that
 * etcd's `rpc.proto` and `kv.proto` give to their fields.
 */
import { bytesOf, decodeFields, encodeFields, fieldAt, type Fields, numberOf } from './wire.ts';

export const paths = {
  put: '/etcdserverpb.KV/Put',
  range: '/etcdserverpb.KV/Range',
  status: '/etcdserverpb.Maintenance/Status',
  moveLeader: '/etcdserverpb.Maintenance/MoveLeader',
  /** Ours alone: an entry of a session, whose outcome is told whatever it is, as JSON. */
  propose: '/altiplano.bench.v1.Bench/Propose',
  /** Ours alone: proposals from within the process, and what the node has counted. */
  drive: '/altiplano.bench.v1.Bench/Drive',
  counters: '/altiplano.bench.v1.Bench/Counters',
  figures: '/altiplano.bench.v1.Bench/Figures',
  /** Ours alone: holds the loop that answers calls, for milliseconds in JSON. */
  block: '/altiplano.bench.v1.Bench/Block',
} as const;

export type Put = { readonly key: Uint8Array; readonly value: Uint8Array };
export type Header = {
  readonly memberId: bigint;
  /** Of the store: one more with each Put that was applied. */
  readonly revision: bigint;
  readonly term: bigint;
};
export type KeyValue = Put & { readonly modRevision: bigint; readonly version: bigint };
/** Keys of `[key, end)`; one key alone when `end` is empty. */
export type Range = { readonly key: Uint8Array; readonly end: Uint8Array; readonly limit: bigint };
export type RangeReply = { readonly header: Header; readonly found: readonly KeyValue[] };
export type StatusReply = { readonly header: Header; readonly leader: bigint };

export const encodePut = ({ key, value }: Put): Uint8Array =>
  encodeFields([
    [1, key],
    [2, value],
  ]);

/** Whatever the bytes; as clients write a Put, key before value and nothing else, it takes no map. */
export function decodePut(bytes: Uint8Array): Put {
  const key = fieldAt(bytes, 0, 1);
  const value = key === undefined ? undefined : fieldAt(bytes, key.end, 2);
  if (key !== undefined && value?.end === bytes.length) {
    return { key: bytes.subarray(key.start, key.end), value: bytes.subarray(value.start) };
  }
  const fields = decodeFields(bytes);
  return { key: bytesOf(fields, 1), value: bytesOf(fields, 2) };
}

export const encodePutReply = (header: Header): Uint8Array =>
  encodeFields([[1, encodeHeader(header)]]);

export const decodePutReply = (bytes: Uint8Array): Header => headerOf(decodeFields(bytes));

/** Asks for what the node itself has, without a word to the others. */
export const encodeRange = ({ key, end, limit }: Range): Uint8Array =>
  encodeFields([
    [1, key],
    [2, end],
    [3, limit],
    [7, 1n],
  ]);

export function decodeRange(bytes: Uint8Array): Range {
  const fields = decodeFields(bytes);
  return { key: bytesOf(fields, 1), end: bytesOf(fields, 2), limit: numberOf(fields, 3) };
}

export function encodeRangeReply({ header, found }: RangeReply): Uint8Array {
  const pairs = found.map((pair) =>
    encodeFields([
      [1, pair.key],
      [3, pair.modRevision],
      [4, pair.version],
      [5, pair.value],
    ]),
  );
  return encodeFields([[1, encodeHeader(header)], ...pairs.map((pair) => [2, pair] as const)]);
}

export function decodeRangeReply(bytes: Uint8Array): RangeReply {
  const fields = decodeFields(bytes);
  const pairs = (fields.get(2) ?? []).filter((value) => typeof value === 'object');
  const found = pairs.map((pair): KeyValue => {
    const own = decodeFields(pair);
    const [modRevision, version] = [numberOf(own, 3), numberOf(own, 4)];
    return { key: bytesOf(own, 1), value: bytesOf(own, 5), modRevision, version };
  });
  return { header: headerOf(fields), found };
}

export const encodeStatusReply = ({ header, leader }: StatusReply): Uint8Array =>
  encodeFields([
    [1, encodeHeader(header)],
    [4, leader],
  ]);

export function decodeStatusReply(bytes: Uint8Array): StatusReply {
  const fields = decodeFields(bytes);
  return { header: headerOf(fields), leader: numberOf(fields, 4) };
}

export const encodeMoveLeader = (target: bigint): Uint8Array => encodeFields([[1, target]]);

export const decodeMoveLeader = (bytes: Uint8Array): bigint => numberOf(decodeFields(bytes), 1);

const encodeHeader = ({ memberId, revision, term }: Header): Uint8Array =>
  encodeFields([
    [2, memberId],
    [3, revision],
    [4, term],
  ]);

function headerOf(fields: Fields): Header {
  const own = decodeFields(bytesOf(fields, 1));
  return { memberId: numberOf(own, 2), revision: numberOf(own, 3), term: numberOf(own, 4) };
}
