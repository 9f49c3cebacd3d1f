/** That asking twice is asking once: the table alone, and the machine that keeps it. */
import test from 'ava';
import fc from 'fast-check';
import type { AppliedEntry, StateMachine, StateSnapshot, Verdict } from './replicated-log.ts';
import { decodeSessionEntry, encodeSessionEntry, type SessionEntry } from './session-entry.ts';
import { SessionMachine } from './session-machine.ts';
import { defaultSessionLimits, SessionTable, sessionTableFromBytes } from './session-table.ts';

const number = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);

test('an entry comes back as it was put', (t) => {
  const data = fc.uint8Array();
  const stamp = fc.record({ client: number, sequence: number, answeredTo: number, atMs: number });
  const entries: fc.Arbitrary<SessionEntry> = fc.oneof(
    fc.record({ kind: fc.constant('plain' as const), data }),
    fc.record({ kind: fc.constant('open' as const), client: number, atMs: number }),
    fc.record({ kind: fc.constant('asked' as const), stamp, data }),
  );
  fc.assert(
    fc.property(entries, (entry) => {
      t.deepEqual(decodeSessionEntry(encodeSessionEntry(entry)), entry);
    }),
  );
});

test('an entry of another kind stops the node', (t) => {
  t.throws(() => decodeSessionEntry(Uint8Array.of(9, 1, 2)), { message: /unknown kind 9/ });
  t.throws(() => decodeSessionEntry(new Uint8Array()), { message: /unknown kind/ });
  t.throws(() => decodeSessionEntry(Uint8Array.of(2, 1)), { message: /cuts its stamp/ });
});

test('in whatever order tries arrive, each number is applied once, or its client had done with it', (t) => {
  const asks = fc.array(fc.record({ client: fc.integer({ min: 1, max: 3 }), try: fc.nat(30) }));
  fc.assert(
    fc.property(asks, (tries) => {
      const inner = new Recorder();
      const machine = new SessionMachine({ inner });
      for (const client of [1, 2, 3]) open(machine, client);
      for (const { client, try: sequence } of tries)
        ask(machine, { client, sequence: sequence + 1 });
      const asked = new Set(tries.map((each) => `${each.client}:${each.try + 1}`));
      t.deepEqual(inner.words.toSorted(), [...asked].toSorted());
    }),
  );
});

test('a repeated proposal is told where it was applied at first', (t) => {
  const machine = new SessionMachine({ inner: new Recorder() });
  open(machine, 7);
  ask(machine, { client: 7, sequence: 1 });
  const again = ask(machine, { client: 7, sequence: 1 });
  t.deepEqual(again, { kind: 'repeated', index: 2, term: 1 });
});

test('a number that its client had the answer of is dropped, not applied again', (t) => {
  const inner = new Recorder();
  const machine = new SessionMachine({ inner });
  open(machine, 7);
  for (const sequence of [1, 2, 3]) ask(machine, { client: 7, sequence });
  ask(machine, { client: 7, sequence: 4, answeredTo: 3 });
  t.deepEqual(ask(machine, { client: 7, sequence: 2 }), { kind: 'dropped', why: 'expired' });
  t.deepEqual(ask(machine, { client: 7, sequence: 4 }), { kind: 'repeated', index: 5, term: 1 });
  t.deepEqual(inner.words, ['7:1', '7:2', '7:3', '7:4']);
});

test('a session that was never opened, or was forgotten, applies nothing', (t) => {
  const inner = new Recorder();
  const machine = new SessionMachine({ inner }, { ...defaultSessionLimits, sessionsMax: 2 });
  t.deepEqual(ask(machine, { client: 1, sequence: 1 }), { kind: 'dropped', why: 'expired' });
  for (const client of [1, 2]) open(machine, client);
  // The one that was used last stays, though it was opened first.
  ask(machine, { client: 1, sequence: 1 });
  open(machine, 3);
  t.deepEqual(ask(machine, { client: 2, sequence: 1 }), { kind: 'dropped', why: 'expired' });
  t.is(ask(machine, { client: 1, sequence: 2 }).kind, 'applied');
  t.is(machine.sessions, 2);
});

test('sessions end by the time that the log tells, which never goes back', (t) => {
  const machine = new SessionMachine(
    { inner: new Recorder() },
    { ...defaultSessionLimits, idleMsMax: 100 },
  );
  open(machine, 1, 1000);
  open(machine, 2, 1090);
  // A clock that is behind neither expires anybody nor turns the log's time back.
  t.is(ask(machine, { client: 2, sequence: 1, atMs: 5 }).kind, 'applied');
  t.is(ask(machine, { client: 2, sequence: 2, atMs: 1101 }).kind, 'applied');
  t.is(ask(machine, { client: 1, sequence: 1, atMs: 1101 }).kind, 'dropped');
  t.is(ask(machine, { client: 2, sequence: 3, atMs: 1201 }).kind, 'applied');
});

test('a client that confirms nothing is stopped at its bound', (t) => {
  const limits = { ...defaultSessionLimits, openProposalsMax: 2 };
  const machine = new SessionMachine({ inner: new Recorder() }, limits);
  open(machine, 1);
  const kinds = [1, 2, 3].map((sequence) => ask(machine, { client: 1, sequence }).kind);
  t.deepEqual(kinds, ['applied', 'applied', 'dropped']);
  t.is(ask(machine, { client: 1, sequence: 3, answeredTo: 2 }).kind, 'applied');
});

test('a restored machine treats retries as the one that made the snapshot does', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(9)), fc.array(fc.nat(9)), async (before, after) => {
      const made = new SessionMachine({ inner: new Recorder() });
      open(made, 1);
      for (const sequence of before) ask(made, { client: 1, sequence: sequence + 1 });
      const inner = new Recorder();
      const restored = new SessionMachine({ inner });
      await restored.restore(made.snapshot());
      t.is(restored.appliedIndex(), made.appliedIndex());
      for (const sequence of after) {
        const stamp = { client: 1, sequence: sequence + 1 };
        t.deepEqual(ask(restored, stamp), ask(made, stamp));
      }
      t.is(new Set(inner.words).size, inner.words.length);
    }),
  );
});

test('a table comes back from its bytes, and equal tables have equal ones', (t) => {
  const table = new SessionTable();
  table.open(5, 10);
  table.open(6, 20);
  table.admit({ client: 5, sequence: 1, answeredTo: 0, atMs: 30 }, { index: 4, term: 2 });
  t.deepEqual(sessionTableFromBytes(table.encode()).encode(), table.encode());
  t.is(sessionTableFromBytes(table.encode()).size, 2);
});

/** Keeps the words of what it applied. */
class Recorder implements StateMachine {
  words: string[] = [];
  #index = 0;

  apply(entries: readonly AppliedEntry[]): void {
    this.words.push(...entries.map(({ data }) => text(data)));
    this.#index = entries.at(-1)?.index ?? this.#index;
  }

  appliedIndex(): number {
    return this.#index;
  }

  snapshot(): StateSnapshot {
    const written = bytes(this.words.join(' '));
    const chunks = (async function* () {
      // In pieces that end anywhere.
      for (let at = 0; at < written.length; at += 3) yield written.subarray(at, at + 3);
    })();
    return { index: this.#index, chunks };
  }

  async restore({ index, chunks }: StateSnapshot): Promise<void> {
    const parts: string[] = [];
    for await (const chunk of chunks) parts.push(text(chunk));
    this.words = parts.join('').split(' ').filter(Boolean);
    this.#index = index;
  }
}

function open(machine: SessionMachine, client: number, atMs = 0): void {
  const data = encodeSessionEntry({ kind: 'open', client, atMs });
  machine.apply([{ index: machine.appliedIndex() + 1, term: 1, data }]);
}

type Ask = {
  readonly client: number;
  readonly sequence: number;
  readonly answeredTo?: number;
  readonly atMs?: number;
};

function ask(
  machine: SessionMachine,
  { client, sequence, answeredTo = 0, atMs = 0 }: Ask,
): Verdict {
  const stamp = { client, sequence, answeredTo, atMs };
  const entry: SessionEntry = { kind: 'asked', stamp, data: bytes(`${client}:${sequence}`) };
  const index = machine.appliedIndex() + 1;
  return machine.apply([{ index, term: 1, data: encodeSessionEntry(entry) }])[0]!;
}
