import test from 'ava';
import { randomFromSeed } from '#internal/base/random.ts';
import { randomCommand } from '#internal/testing/random-commands.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { encode } from './protobuf.ts';
import { digest, encodeCommand, readCommand, StateCodecError } from './state-codec.ts';
import { apply } from '#internal/state/apply.ts';
import type { Command } from '#internal/state/command.ts';
import { fromRecords } from '#internal/state/from-records.ts';
import { toRecords } from '#internal/state/records.ts';
import { newState, type State } from '#internal/state/state.ts';
import { newestVersion, StateVersionError } from '#internal/state/version.ts';

/** What a leader asks for once all masters know the newest version. */
const isNew = ({ kind }: Command): boolean => kind === 'limit-histories';

/** The program before, which knew the version before. */
function applyBefore(state: State, command: Command): State | 'stops' {
  if (command.kind === 'raise-version' && command.version >= newestVersion) return 'stops';
  return isNew(command) ? 'stops' : apply(state, command).state;
}

test('two adjacent programs agree until the masters agree on the newer version', (t) => {
  let compared = 0;
  let checks = 0;
  let stops = 0;
  for (const seed of seedsOf(40)) {
    const random = randomFromSeed(`versions/${seed}`);
    const raisedAt = random.below(300);
    let newer = newState();
    let older = newState();
    for (let step = 0; step < 300; step++) {
      const drawn = randomCommand(random, newer, step);
      // No leader asks for what some masters do not know.
      if (step < raisedAt && isNew(drawn)) continue;
      const isEarly = drawn.kind === 'raise-version' && step < raisedAt;
      const command: Command =
        step === raisedAt || isEarly
          ? {
              kind: 'raise-version',
              version: isEarly ? newestVersion - 1 : newestVersion,
              atMs: step,
            }
          : drawn;
      newer = apply(newer, command).state;
      const next = applyBefore(older, command);
      if (next === 'stops') {
        t.is(step, raisedAt, `SEED=${seed}`);
        stops++;
        break;
      }
      older = next;
      if (command.kind === 'check-digest') checks++;
      if (step % 20 > 0 && command.kind !== 'check-digest') continue;
      t.is(digest(older), digest(newer), `SEED=${seed}: after ${command.kind} at ${step}`);
      compared++;
    }
  }
  t.true(
    Math.min(compared, checks, stops) > seedsOf(40).length / 2,
    `${compared} ${checks} ${stops}`,
  );
});

test('what a version brings, it brings from the command on that raises it', (t) => {
  const check: Command = { kind: 'check-digest', index: 7, parts: [], atMs: 5 };
  const before = apply(newState(), check).state;
  t.is(before.checked, undefined);
  const raised = apply(before, { kind: 'raise-version', version: 2, atMs: 6 }).state;
  t.is(raised.version, 2);
  t.deepEqual(apply(raised, check).state.checked, { index: 7, atMs: 5 });
  t.is(apply(raised, { kind: 'raise-version', version: 1, atMs: 7 }).state, raised, 'it fell');
});

test('a version to come stops the master, in the log and in a snapshot', (t) => {
  const version = newestVersion + 1;
  const thrown = t.throws(() => apply(newState(), { kind: 'raise-version', version, atMs: 1 }), {
    instanceOf: StateVersionError,
  });
  const words = `version ${version} of their state.*none above ${newestVersion}: start a newer one`;
  t.regex(thrown.message, new RegExp(words, 'u'));
  const records = [...toRecords({ ...newState(), version }).values()];
  t.throws(() => fromRecords(records), { instanceOf: StateVersionError });
});

test('a command of a newer program stops this one, unless it may be ignored', (t) => {
  const unknown = Buffer.from([0xfa, 0x3e, 1, 7]); // Field 1007, one byte.
  const body = encode('altiplano.state.v1.Command', { at_ms: 1 });
  const mark = encode('altiplano.state.v1.Command', { at_ms: 1, ignorable: true });
  const thrown = t.throws(() => readCommand(Buffer.concat([body, unknown])), {
    instanceOf: StateCodecError,
    code: 'UNKNOWN_COMMAND',
  });
  t.regex(thrown.message, /does not know: start a newer one/);
  t.is(readCommand(Buffer.concat([mark, unknown])), undefined);
});

test('what a program before may ignore says so in its bytes, and nothing else does', (t) => {
  const isMarked = (command: Command): boolean =>
    Buffer.from(encodeCommand(command)).includes(Buffer.from([0xa0, 0x06, 1])); // Field 100, true.
  t.true(isMarked({ kind: 'check-digest', index: 1, parts: [], atMs: 1 }));
  t.false(isMarked({ kind: 'raise-version', version: 2, atMs: 1 }));
});
