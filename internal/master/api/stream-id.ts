/** The id of a subscription: a random UUID (version 4), which C++ clients insist on parsing as one. */
import type { Random } from '#internal/base/random.ts';
import { type StreamId, streamId } from '#internal/model/ids.ts';

export function newStreamId(random: Random): StreamId {
  const hex = [...random.bytes(16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) % 4];
  const [time, mid, version, node] = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    hex.slice(20),
  ];
  return streamId(`${time}-${mid}-${version}-${variant}${hex.slice(17, 20)}-${node}`);
}
