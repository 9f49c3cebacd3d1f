import test from 'ava';
import fc from 'fast-check';
import { brand } from '#internal/base/brand.ts';
import type { Message, NodeId } from '#raft/core/types.ts';
import { CodecError } from './codec-error.ts';
import { decodeMessages, encodeMessages } from './message-codec.ts';

const number = fc.maxSafeNat();
const id = number.map((value) => brand<NodeId>(value));
const ids = fc.array(id, { maxLength: 4 });
const entry = fc.record({
  kind: fc.constantFrom('normal', 'conf', 'noop'),
  term: number,
  index: number,
  data: fc.uint8Array({ maxLength: 50 }),
});
const conf = fc.record({
  voters: ids,
  outgoing: ids,
  learners: ids,
  learnersNext: ids,
  autoLeave: fc.boolean(),
});
const envelope = { from: id, to: id, term: number };
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('MsgPreVote', 'MsgVote'),
    ...envelope,
    lastTerm: number,
    lastIndex: number,
    transfer: fc.boolean(),
    commit: number,
    commitTerm: number,
  }),
  fc.record({
    kind: fc.constantFrom('MsgPreVoteResp', 'MsgVoteResp'),
    ...envelope,
    reject: fc.boolean(),
    commit: number,
    commitTerm: number,
  }),
  fc.record({
    kind: fc.constant('MsgApp'),
    ...envelope,
    prevTerm: number,
    prevIndex: number,
    entries: fc.array(entry, { maxLength: 5 }),
    commit: number,
  }),
  fc.record({
    kind: fc.constant('MsgAppResp'),
    ...envelope,
    index: number,
    reject: fc.boolean(),
    hintIndex: number,
    hintTerm: number,
  }),
  fc.record({ kind: fc.constant('MsgHeartbeat'), ...envelope, commit: number, context: number }),
  fc.record({ kind: fc.constant('MsgHeartbeatResp'), ...envelope, context: number }),
  fc.record({
    kind: fc.constant('MsgSnap'),
    ...envelope,
    snapshot: fc.record({ index: number, term: number, conf }),
  }),
  fc.record({ kind: fc.constant('MsgTimeoutNow'), ...envelope }),
  fc.record({ kind: fc.constant('MsgReadIndex'), ...envelope, context: number }),
  fc.record({ kind: fc.constant('MsgReadIndexResp'), ...envelope, context: number, index: number }),
);
const messages = fc.array(message, { maxLength: 6 });

test('what was encoded is decoded as it was', (t) => {
  fc.assert(
    fc.property(messages, (sent) => {
      t.deepEqual(decodeMessages(encodeMessages(sent)), sent);
    }),
    { numRuns: 500 },
  );
});

test('bytes that were changed, cut or invented cause its own error at most', (t) => {
  const changed = fc.tuple(messages, fc.array(fc.tuple(fc.nat(), fc.nat(255))), fc.nat());
  let refused = 0;
  fc.assert(
    fc.property(fc.oneof(changed, fc.uint8Array()), (given) => {
      const bytes = given instanceof Uint8Array ? given : damage(...given);
      try {
        decodeMessages(bytes);
      } catch (fault) {
        if (!(fault instanceof CodecError)) throw fault;
        refused++;
      }
    }),
    { numRuns: 2000 },
  );
  t.true(refused > 100, 'hardly anything was refused, so the run proves little');
});

test('kinds and fields of a newer program are skipped', (t) => {
  const pulse: Message = {
    kind: 'MsgHeartbeatResp',
    from: brand<NodeId>(1),
    to: brand<NodeId>(2),
    term: 3,
    context: 4,
  };
  const known = encodeMessages([pulse]);
  const unknown = Uint8Array.of(3, 0, 0, 0, 200, 1, 2);
  const longer = Uint8Array.of(known[0]! + 1, ...known.subarray(1), 77);
  t.deepEqual(decodeMessages(Uint8Array.of(...unknown, ...longer, ...known)), [pulse, pulse]);
});

function damage(
  sent: readonly Message[],
  changes: readonly (readonly [number, number])[],
  cut: number,
): Uint8Array {
  const bytes = encodeMessages(sent).slice();
  for (const [at, byte] of changes) bytes[at % Math.max(1, bytes.length)] = byte;
  return bytes.subarray(0, cut % 3 === 0 ? cut % (bytes.length + 1) : bytes.length);
}
