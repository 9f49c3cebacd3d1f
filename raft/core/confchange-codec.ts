/**
 * A change of the membership as the data of a `conf` entry. For ever: new fields go to the end.
 *
 *     u8 version (1), u8 transition, u32 count, count x (u8 kind, u64 node), little-endian
 */
import { assert } from '#internal/base/assert.ts';
import type { ConfChange, Entry, MemberChange } from './types.ts';
import { nodeId } from './types.ts';

const version = 1;
const transitions: readonly ConfChange['transition'][] = ['auto', 'implicit', 'explicit'];
const kinds: readonly MemberChange['kind'][] = ['add-voter', 'add-learner', 'remove'];
const headBytes = 6;
const changeBytes = 9;

export function confChangeToBytes({ transition, changes }: ConfChange): Uint8Array {
  const bytes = new Uint8Array(headBytes + changes.length * changeBytes);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, version);
  view.setUint8(1, transitions.indexOf(transition));
  view.setUint32(2, changes.length, true);
  for (const [i, { kind, node }] of changes.entries()) {
    const at = headBytes + i * changeBytes;
    view.setUint8(at, kinds.indexOf(kind));
    view.setBigUint64(at + 1, BigInt(node), true);
  }
  return bytes;
}

/**
 * What a decided entry asks for. A node that cannot read it must stop: it does not know any more who
 * decides (an unknown version is a newer program's).
 */
export function confChangeOf({ kind, index, data }: Entry): ConfChange {
  assert(kind === 'conf', `entry ${index} changes no membership`);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  assert(view.byteLength >= headBytes, `entry ${index} is too short for a change of membership`);
  assert(view.getUint8(0) === version, `entry ${index} is of a version that this program lacks`);
  const transition = transitions[view.getUint8(1)];
  assert(transition !== undefined, `entry ${index} has an unknown transition`);
  const count = view.getUint32(2, true);
  assert(view.byteLength === headBytes + count * changeBytes, `entry ${index} has a wrong length`);
  const changes = Array.from({ length: count }, (_, i): MemberChange => {
    const at = headBytes + i * changeBytes;
    const change = kinds[view.getUint8(at)];
    assert(change !== undefined, `entry ${index} has an unknown kind of change`);
    return { kind: change, node: nodeId(Number(view.getBigUint64(at + 1, true))) };
  });
  return { transition, changes };
}
