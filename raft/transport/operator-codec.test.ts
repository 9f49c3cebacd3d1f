import test from 'ava';
import fc from 'fast-check';
import { nodeId } from '#raft/core/types.ts';
import type { Member, OperatorReply, OperatorRequest } from '#raft/node/operator-desk.ts';
import { CodecError } from './codec-error.ts';
import {
  decodeOperatorReply,
  decodeOperatorRequest,
  encodeOperatorReply,
  encodeOperatorRequest,
} from './operator-codec.ts';

const id = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }).map(nodeId);
const ids = fc.array(id, { maxLength: 9 });
const number = fc.nat(Number.MAX_SAFE_INTEGER);
const known = fc.option(id, { nil: undefined });
const address = fc.option(fc.record({ host: fc.string({ minLength: 1 }), port: fc.nat(65_535) }), {
  nil: undefined,
});

const request: fc.Arbitrary<OperatorRequest> = fc.oneof(
  fc.constant({ kind: 'list' } as const),
  fc.record({
    kind: fc.constant('change' as const),
    add: ids,
    remove: ids,
    acceptNoSpare: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('transfer' as const), to: known }),
);

const member: fc.Arbitrary<Member> = fc.record({
  id,
  role: fc.constantFrom('voter' as const, 'learner' as const, 'leaving' as const),
  address,
  progress: fc.option(fc.record({ match: number, isActive: fc.boolean() }), { nil: undefined }),
});

const reply: fc.Arbitrary<OperatorReply> = fc.oneof(
  fc.record({
    kind: fc.constant('members' as const),
    self: id,
    leader: known,
    term: number,
    last: number,
    members: fc.array(member, { maxLength: 9 }),
  }),
  fc.record({ kind: fc.constant('changed' as const), voters: ids }),
  fc.record({ kind: fc.constant('transferred' as const), leader: known }),
  fc.record({ kind: fc.constant('not-leader' as const), self: id, leader: known, address }),
  fc.record({
    kind: fc.constant('refused' as const),
    reason: fc.constantFrom(
      'in-progress' as const,
      'no-spare' as const,
      'id-used' as const,
      'too-slow' as const,
      'impossible' as const,
      'unknown' as const,
    ),
    why: fc.string(),
  }),
);

test('what is asked and answered comes out as it went in', (t) => {
  fc.assert(
    fc.property(request, (asked) => {
      t.deepEqual(decodeOperatorRequest(encodeOperatorRequest(asked)), asked);
    }),
  );
  fc.assert(
    fc.property(reply, (answered) => {
      t.deepEqual(decodeOperatorReply(encodeOperatorReply(answered)), answered);
    }),
  );
});

test('other bytes are refused, and never anything but that', (t) => {
  const survives = (decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): void => {
    try {
      decode(bytes);
    } catch (fault) {
      t.true(fault instanceof CodecError, String(fault));
    }
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      survives(decodeOperatorRequest, bytes);
      survives(decodeOperatorReply, bytes);
    }),
  );
  fc.assert(
    fc.property(reply, fc.nat(), (answered, cut) => {
      const bytes = encodeOperatorReply(answered);
      t.throws(() => decodeOperatorReply(bytes.subarray(0, cut % bytes.length)), {
        instanceOf: CodecError,
      });
    }),
  );
});
