/** The book of a master: what it holds after any crash is true for the index that it names. */
import test from 'ava';
import { type Random, randomFromSeed } from '#internal/base/random.ts';
import { frameworkId, masterId } from '#internal/model/ids.ts';
import type { Framework } from '#internal/model/cluster.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { Command } from '#internal/state/command.ts';
import { frameworkFromWire } from '#internal/wire/framework.ts';
import { digest, encodeCommand } from '#internal/wire/state-codec.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { MemoryMedium, openMemoryStore } from '#storage/memory/memory-store.ts';
import { type Applied, type Ledger, type LogEntry, openLedger } from './ledger.ts';

const warnings: string[] = [];
const logger: Logger = {
  debug: () => {},
  info: () => {},
  warn: (message) => void warnings.push(message),
  error: () => {},
  child: () => logger,
};

async function open(world: SimulatedWorld, medium: MemoryMedium, name: string): Promise<Ledger> {
  const life = world.boot(name);
  const clock = simulatedClock({ world, life });
  const mirror = await world.settle(openMemoryStore({ medium, life }), { withinMs: 100 });
  const opening = openLedger({ mirror, clock, logger }, { mirrorIntervalMs: 50 });
  return world.settle(opening, { withinMs: 100 });
}

/** Entries that mean something most of the time. */
function history(seed: number, length: number): readonly LogEntry[] {
  const random = randomFromSeed(seed);
  return Array.from({ length }, (_, at): LogEntry => {
    const entry = { index: at + 1, term: 1 };
    if (random.oneIn(10)) return { ...entry, data: new Uint8Array() };
    return { ...entry, data: encodeCommand(commandOf(at, `f${random.below(8)}`, random.below(4))) };
  });
}

function commandOf(atMs: number, id: string, kind: number): Command {
  if (kind === 0) return { kind: 'remove-framework', atMs, frameworkId: frameworkId(id) };
  if (kind === 1) {
    const deadlineMs = atMs + 1000;
    return { kind: 'disconnect-framework', atMs, frameworkId: frameworkId(id), deadlineMs };
  }
  if (kind === 2) {
    const self = { hostname: 'h', ip: '127.0.0.1', httpPort: 1, grpcPort: 2 };
    return { kind: 'announce-leader', atMs, nodeId: 1, master: { id: masterId(id), ...self } };
  }
  return { kind: 'subscribe-framework', atMs, framework: frameworkOf(id, atMs) };
}

function frameworkOf(id: string, atMs: number): Framework {
  const info = { user: 'u', name: id, role: 'r' };
  const read = frameworkFromWire(info, { id: frameworkId(id), atMs });
  if (!read.ok) throw new Error(read.refusal);
  return read.value;
}

test('a ledger that restarts at any moment goes on from an index that its state is true for', async (t) => {
  let replayed = 0;
  let spared = 0;
  for (const seed of seedsOf(30)) {
    const random = randomFromSeed(`crashes ${seed}`);
    const entries = history(seed, 120);
    const world = new SimulatedWorld({ seed });
    const medium = new MemoryMedium({ random: world.random('medium') });
    let ledger = await open(world, medium, 'm');
    for (let boot = 0; ledger.appliedIndex() < entries.length; boot++) {
      const from = ledger.appliedIndex();
      ledger.apply(entries.slice(from, from + 1 + random.below(6)));
      await world.runFor(random.below(80));
      if (!random.oneIn(5)) continue;
      const applied = ledger.appliedIndex();
      world.crash('m', random.oneIn(2) ? 'power' : 'process');
      ledger = await open(world, medium, 'm');
      spared += ledger.appliedIndex();
      replayed += applied - ledger.appliedIndex();
    }
    const straight = await open(world, new MemoryMedium({ random }), 'other');
    straight.apply(entries);
    t.is(digest(ledger.state()), digest(straight.state()), `SEED=${seed}`);
  }
  t.true(replayed > 0 && spared > 0, 'no crash ever mattered');
});

test('a snapshot is the state of its moment, and gives any other ledger that state', async (t) => {
  for (const seed of seedsOf(20)) {
    const random = randomFromSeed(`snapshots ${seed}`);
    const entries = history(seed, 120);
    const world = new SimulatedWorld({ seed });
    const ledger = await open(world, new MemoryMedium({ random }), 'one');
    const half = 1 + random.below(100);
    ledger.apply(entries.slice(0, half));
    const then = digest(ledger.state());
    const { index, chunks } = ledger.snapshot();
    // It is read while others follow, and cut anywhere on its way.
    ledger.apply(entries.slice(half));
    const medium = new MemoryMedium({ random: world.random('medium') });
    const other = await open(world, medium, 'other');
    await other.restore({ index, chunks: cut(chunks, random) });
    t.deepEqual([other.appliedIndex(), digest(other.state())], [half, then], `SEED=${seed}`);
    other.apply(entries.slice(half));
    t.is(digest(other.state()), digest(ledger.state()), `SEED=${seed}`);
    // The mirror takes what was restored like any change.
    await world.settle(other.flush(), { withinMs: 1000 });
    world.crash('other', 'process');
    const again = await open(world, medium, 'other');
    t.is(digest(again.state()), digest(ledger.state()), `SEED=${seed}`);
  }
});

test('a snapshot that breaks off leaves the state as it was', async (t) => {
  const world = new SimulatedWorld({ seed: 1 });
  const ledger = await open(world, new MemoryMedium({ random: world.random('m') }), 'm');
  ledger.apply(history(1, 50));
  const parts: Uint8Array[] = [];
  for await (const chunk of ledger.snapshot().chunks) parts.push(chunk);
  const whole = Buffer.concat(parts);
  const other = await open(world, new MemoryMedium({ random: world.random('o') }), 'o');
  const before = digest(other.state());
  for (let length = 0; length < whole.length; length += 1 + Math.trunc(whole.length / 50)) {
    const chunks = (async function* () {
      yield whole.subarray(0, length);
    })();
    await t.throwsAsync(other.restore({ index: 50, chunks }), undefined, `${length}`);
    t.is(digest(other.state()), before);
    t.is(other.appliedIndex(), 0);
  }
});

test('effects are handed out one entry at a time, in order, with the state that they lead to', async (t) => {
  const world = new SimulatedWorld({ seed: 1 });
  const ledger = await open(world, new MemoryMedium({ random: world.random('m') }), 'm');
  const heard: Applied[] = [];
  const subscription = ledger.subscribe((applied) => {
    t.is(applied.state, ledger.state());
    t.is(applied.index, ledger.appliedIndex());
    heard.push(applied);
  });
  ledger.apply([
    { index: 1, term: 1, data: new Uint8Array() },
    { index: 2, term: 1, data: encodeCommand(commandOf(1, 'a', 3)) },
    { index: 5, term: 2, data: encodeCommand(commandOf(2, 'a', 0)) },
  ]);
  t.deepEqual(
    heard.map(({ index, term, effects }) => [index, term, effects.map(({ kind }) => kind)]),
    [
      [2, 1, ['framework-subscribed']],
      [5, 2, ['framework-removed']],
    ],
  );
  subscription[Symbol.dispose]();
  ledger.apply([{ index: 6, term: 2, data: encodeCommand(commandOf(3, 'b', 3)) }]);
  t.is(heard.length, 2);
});

test('an entry may not come twice', async (t) => {
  const world = new SimulatedWorld({ seed: 1 });
  const ledger = await open(world, new MemoryMedium({ random: world.random('m') }), 'm');
  const entry = { index: 1, term: 1, data: new Uint8Array() };
  ledger.apply([entry]);
  t.throws(() => ledger.apply([entry]), { name: 'AssertionError' });
});

test('what is closed in order is mirrored to the end', async (t) => {
  const world = new SimulatedWorld({ seed: 1 });
  const medium = new MemoryMedium({ random: world.random('m') });
  const ledger = await open(world, medium, 'm');
  ledger.apply(history(1, 50));
  t.is(ledger.mirroredIndex(), 0);
  await world.settle(ledger[Symbol.asyncDispose](), { withinMs: 100 });
  t.is(ledger.mirroredIndex(), 50);
  world.crash('m', 'process');
  const again = await open(world, medium, 'm');
  t.is(again.appliedIndex(), 50);
  t.is(digest(again.state()), digest(ledger.state()));
});

test('a mirror that fails once is caught up with by the next batch', async (t) => {
  const world = new SimulatedWorld({ seed: 1 });
  const clock = simulatedClock({ world, life: world.boot('m') });
  const written: number[] = [];
  let failures = 1;
  const mirror = {
    async *range() {},
    write: (batch: readonly unknown[]): Promise<void> => {
      if (failures-- > 0) return Promise.reject(new Error('full'));
      written.push(batch.length);
      return Promise.resolve();
    },
  };
  const ledger = await openLedger({ mirror, clock, logger }, { mirrorIntervalMs: 50 });
  ledger.apply(history(1, 20));
  await world.runFor(60);
  t.deepEqual([written.length, ledger.mirroredIndex()], [0, 0]);
  t.true(warnings.includes('mirror not written'));
  await world.runFor(60);
  t.deepEqual([written.length, ledger.mirroredIndex()], [1, 20]);
});

test('a command of a newer version stops the master', async (t) => {
  const world = new SimulatedWorld({ seed: 1 });
  const ledger = await open(world, new MemoryMedium({ random: world.random('m') }), 'm');
  // A command's time, and a member with a number that nobody has given yet.
  const data = Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 0, 0xfa, 0x7f, 0);
  const error = t.throws(() => ledger.apply([{ index: 1, term: 1, data }]));
  t.is(error?.name, 'StateCodecError');
});

async function* cut(chunks: AsyncIterable<Uint8Array>, random: Random): AsyncIterable<Uint8Array> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      const length = 1 + random.below(300);
      yield chunk.subarray(at, at + length);
      at += length;
    }
  }
}
