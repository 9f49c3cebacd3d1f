/**
 * Snapshots against a disk that loses and tears what is not synced, and a sender that says anything:
 * what was committed is there, whole; what was not is not; nothing in between.
 *
 * Replay one history: `SEED=17 npx ava storage/snapshot/snapshot-store.test.ts`.
 */
import test from 'ava';
import { type Random, randomFromSeed } from '#internal/base/random.ts';
import type { Files } from '#internal/runtime/files.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { SimulatedMachine } from '#internal/testing/simulated-machine.ts';
import type {
  SnapshotChunk,
  SnapshotManifest,
  SnapshotReader,
  SnapshotReceiver,
  SnapshotStore,
} from '#raft/core/snapshot-store.ts';
import { type ConfState, nodeId, type SnapshotMark } from '#raft/core/types.ts';
import { crc32c } from '#storage/wal/crc32c.ts';
import { SnapshotError } from './snapshot-error.ts';
import { openSnapshotStore } from './snapshot-store.ts';

const options = { folder: '/raft/snapshots', clusterId: 'test', chunkBytes: 64 };
const conf: ConfState = {
  voters: [1, 2, 3].map(nodeId),
  outgoing: [nodeId(2 ** 53 - 1)],
  learners: [nodeId(7)],
  learnersNext: [],
  autoLeave: true,
};
const mark = (index: number, term = 3): SnapshotMark => ({ index, term, conf });
const bytesOf = (size: number, salt = 0): Uint8Array =>
  Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8) + salt * 7) % 256);

const errors: string[] = [];
const logger = {
  debug() {},
  info() {},
  warn() {},
  error: (message: string) => void errors.push(message),
  child: () => logger,
};

test('what was committed reads back, after a power cut too', async (t) => {
  for (const size of [0, 1, 63, 64, 65, 640, 1000]) {
    const machine = new SimulatedMachine(size);
    const store = await openOn(machine);
    const manifest = await make(machine, store, mark(5), bytesOf(size));
    t.deepEqual(store.newest(), manifest);
    machine.crash('power');
    const again = await openOn(machine);
    t.deepEqual(again.newest(), manifest, `${size} bytes`);
    t.deepEqual(again.newest()?.mark, mark(5));
    t.deepEqual(await contentOf(machine, again, 5), bytesOf(size), `${size} bytes`);
  }
});

test('a crash at any moment leaves the snapshot of before, or the new one as a whole', async (t) => {
  const found = { before: 0, new: 0 };
  for (const seed of seedsOf(300)) {
    const random = randomFromSeed(seed);
    const machine = new SimulatedMachine(seed);
    const store = await openOn(machine);
    await make(machine, store, mark(5), bytesOf(300, 5));
    const making = makeOf(store, mark(9), bytesOf(500, 9));
    const isDone = await machine.crashWithin(making, random.below(60));
    const again = await openOn(machine);
    const index = again.newest()?.mark.index;
    t.true(index === 9 || (index === 5 && !isDone), `SEED=${seed}: ${index} is the newest`);
    const content = await contentOf(machine, again, index!);
    t.deepEqual(content, bytesOf(index === 9 ? 500 : 300, index), `SEED=${seed}`);
    const names = await machine.run(filesOf(again).list(options.folder));
    t.true(
      names.every((name) => !name.includes('.')),
      `SEED=${seed}: ${names.join(' ')} are left`,
    );
    found[index === 9 ? 'new' : 'before']++;
  }
  t.true(process.env['SEED'] !== undefined || Math.min(found.before, found.new) > 30, 'both occur');
});

test('what a store shows after the death of a process is there for good, synced before or not', async (t) => {
  for (const seed of seedsOf(6)) {
    for (let events = 0; events < 40; events++) {
      const machine = new SimulatedMachine(100 * seed + events);
      void makeOf(await openOn(machine), mark(9), bytesOf(100));
      for (let event = 0; event < events; event++) await machine.world.step();
      machine.crash('process');
      const shown = (await openOn(machine)).newest()?.mark.index;
      machine.crash('power');
      const left = (await openOn(machine)).newest()?.mark.index;
      t.is(left, shown, `SEED=${seed}: after ${events} events`);
    }
  }
});

test('the two newest by index are kept, whatever their terms, and who reads a third one may go on', async (t) => {
  const machine = new SimulatedMachine(1);
  const store = await openOn(machine);
  await make(machine, store, mark(0x0f, 9), bytesOf(200, 1));
  const reader = await machine.run(store.open({ index: 0x0f, term: 9 }));
  await make(machine, store, mark(0x10, 9), bytesOf(200, 2));
  await make(machine, store, mark(0x100, 0x10), bytesOf(200, 3));
  t.is(await machine.run(store.open({ index: 0x0f, term: 9 })), undefined);
  t.deepEqual(await readAll(machine, reader!), bytesOf(200, 1));
  t.deepEqual(await contentOf(machine, store, 0x10, 9), bytesOf(200, 2));
  machine.crash('power');
  const again = await openOn(machine);
  t.is(again.newest()?.mark.index, 0x100);
  t.is((await machine.run(filesOf(again).list(options.folder))).length, 2);
});

test('a receiver ends with what was sent, whatever comes twice, late, broken or from elsewhere', async (t) => {
  const seen = { gap: 0, damaged: 0, superseded: 0, twice: 0, resumed: 0 };
  for (const seed of seedsOf(150)) {
    const random = randomFromSeed(seed);
    const sender = new SimulatedMachine(seed);
    const source = await openOn(sender);
    const size = random.below(800);
    await make(sender, source, mark(20), bytesOf(size, seed));
    const reader = (await sender.run(source.open({ index: 20, term: 3 })))!;
    const machine = new SimulatedMachine(seed + 1000);
    let store = await openOn(machine);
    let receiver = await receiveOn(machine, store, reader.encoded);
    let most = 0;
    for (let turn = 0; receiver.nextOffset() < size; turn++) {
      t.true(turn < 2000, `SEED=${seed}: it never ends`);
      const before = receiver.nextOffset();
      most = Math.max(most, before);
      if (random.oneIn(25)) {
        machine.crash(random.oneIn(2) ? 'power' : 'process');
        store = await openOn(machine);
        receiver = await receiveOn(machine, store, reader.encoded);
        t.true(receiver.nextOffset() <= most, `SEED=${seed}: it knows what it never got`);
        seen.resumed += receiver.nextOffset() > 0 ? 1 : 0;
        continue;
      }
      const right = (await sender.run(reader.chunk(drawOffset(random, size))))!;
      const chunk = random.oneIn(4) ? spoil(random, right) : right;
      const taken = await machine.run(receiver.take(chunk));
      if (!taken.ok) seen[taken.refusal.kind]++;
      else if (chunk.offset < before) seen.twice++;
      const isNext = chunk === right && chunk.offset === before;
      const after = receiver.nextOffset();
      t.is(after, isNext ? Math.min(size, before + 64) : before, `SEED=${seed}`);
      if (taken.ok) t.is(taken.value, after, `SEED=${seed}`);
    }
    t.is(store.newest(), undefined, 'nothing is there before the commit');
    await machine.run(receiver.commit());
    machine.crash('power');
    const again = await openOn(machine);
    t.deepEqual(again.newest(), reader.manifest, `SEED=${seed}`);
    t.deepEqual(await contentOf(machine, again, 20), bytesOf(size, seed), `SEED=${seed}`);
  }
  t.log(seen);
  if (process.env['SEED'] === undefined) {
    for (const [what, count] of Object.entries(seen)) t.true(count > 0, `never ${what}`);
  }
});

test('a receiver that restarts goes on behind what it has (catalogue 48)', async (t) => {
  const sender = await senderOf(1, 640);
  const machine = new SimulatedMachine(3);
  const receiver = await receiveOn(machine, await openOn(machine), sender.encoded);
  for (const offset of [0, 64, 128]) {
    t.true((await machine.run(receiver.take((await sender.chunkAt(offset))!))).ok);
  }
  machine.crash('process');
  const again = await receiveOn(machine, await openOn(machine), sender.encoded);
  t.is(again.nextOffset(), 192);
});

test('a snapshot of the same place from another node starts anew: its bytes may be others', async (t) => {
  const [one, other] = [await senderOf(1, 640), await senderOf(2, 640)];
  const machine = new SimulatedMachine(3);
  const store = await openOn(machine);
  const first = await receiveOn(machine, store, one.encoded);
  t.true((await machine.run(first.take((await one.chunkAt(0))!))).ok);
  const second = await receiveOn(machine, store, other.encoded);
  t.is(second.nextOffset(), 0);
  const late = await machine.run(first.take((await one.chunkAt(64))!));
  t.deepEqual(late, { ok: false, refusal: { kind: 'superseded' } });
  await t.throwsAsync(machine.run(first.commit()), { name: 'SnapshotError', code: 'CLOSED' });
  const stray = await machine.run(second.take((await one.chunkAt(0))!));
  t.deepEqual(stray, { ok: false, refusal: { kind: 'damaged', expected: 0 } });
  for (let offset = 0; offset < 640; offset += 64) {
    t.true((await machine.run(second.take((await other.chunkAt(offset))!))).ok);
  }
  await machine.run(second.commit());
  t.deepEqual(await contentOf(machine, store, 20), bytesOf(640, 2));
});

test('two snapshots in quick succession: the later session wins, and an older one is refused', async (t) => {
  const sender = new SimulatedMachine(1);
  const source = await openOn(sender);
  const machine = new SimulatedMachine(2);
  const store = await openOn(machine);
  await make(sender, source, mark(20), bytesOf(300, 20));
  const early = (await sender.run(source.open({ index: 20, term: 3 })))!;
  await make(sender, source, mark(30), bytesOf(300, 30));
  const late = (await sender.run(source.open({ index: 30, term: 3 })))!;
  const ended = await receiveOn(machine, store, early.encoded);
  const receiver = await receiveOn(machine, store, late.encoded);
  const stray = await machine.run(ended.take((await sender.run(early.chunk(0)))!));
  t.deepEqual(stray, { ok: false, refusal: { kind: 'superseded' } });
  for (let chunk = await sender.run(late.chunk(0)); chunk !== undefined;) {
    t.true((await machine.run(receiver.take(chunk))).ok);
    chunk = await sender.run(late.chunk(chunk.offset + 64));
  }
  const last = (await sender.run(late.chunk(256)))!;
  t.deepEqual(await machine.run(receiver.take(last)), { ok: true, value: 300 }, 'once more');
  await machine.run(receiver.commit());
  const refused = await machine.run(store.receive(early.encoded));
  t.deepEqual(refused, { ok: false, refusal: { kind: 'old', newest: 30 } });
  t.deepEqual(await machine.run(filesOf(store).list(options.folder)), [
    '0000000000000003-000000000000001e',
  ]);
});

test('a manifest that was changed in any byte, cut anywhere, or of another cluster is refused', async (t) => {
  const { encoded } = await senderOf(1, 500);
  const machine = new SimulatedMachine(2);
  const store = await openOn(machine);
  for (let position = 0; position < encoded.length; position++) {
    const changed = encoded.slice();
    changed[position] = changed[position]! ^ (1 << (position % 8));
    t.false((await machine.run(store.receive(changed))).ok, `changed at ${position}`);
    const cut = encoded.subarray(0, position);
    t.false((await machine.run(store.receive(cut))).ok, `cut to ${position}`);
  }
  const foreign = await machine.run(
    openSnapshotStore({ files: filesOf(store), logger }, { ...options, clusterId: 'other' }),
  );
  t.deepEqual(await machine.run(foreign.receive(encoded)), {
    ok: false,
    refusal: { kind: 'foreign', clusterId: 'test' },
  });
});

test('numbers that nobody can have written are refused, though the checksum is right', async (t) => {
  const { encoded } = await senderOf(1, 500);
  const machine = new SimulatedMachine(2);
  const store = await openOn(machine);
  for (const [offset, value] of [
    [12, 0],
    [12, 2 ** 31],
    [12, 100],
    [22, 0xff],
    [32, 1000],
    [36, 2 ** 20],
    [40, 0xffff_ffff],
    [40, 8],
    [112 + 8, 0xffff_ffff],
  ] as const) {
    const forged = encoded.slice();
    const view = new DataView(forged.buffer);
    view.setUint32(offset, value, true);
    const end = forged.length - 4;
    view.setUint32(end, crc32c(forged, 0, end), true);
    const refused = await machine.run(store.receive(forged));
    t.deepEqual(refused, { ok: false, refusal: { kind: 'damaged' } }, `${value} at ${offset}`);
  }
});

test.serial(
  'a snapshot that rotted on disk is told, not served, and the one before it is',
  async (t) => {
    for (const name of ['manifest', 'data']) {
      for (let position = 0; position < 200; position += 13) {
        const machine = new SimulatedMachine(position);
        const store = await openOn(machine);
        await make(machine, store, mark(5), bytesOf(200, 5));
        await make(machine, store, mark(9), bytesOf(200, 9));
        const reader = await machine.run(store.open({ index: 9, term: 3 }));
        const path = `${options.folder}/0000000000000003-0000000000000009/${name}`;
        const file = await machine.run(filesOf(store).open(path));
        const [byte] = await machine.run(file.read(position, 1));
        await machine.run(file.write(position, [Uint8Array.of(byte! ^ 0x10)]));
        await machine.run(file.sync());
        const reading = readAll(machine, reader!);
        if (name === 'data') await t.throwsAsync(reading, { code: 'CORRUPT' });
        else t.deepEqual(await reading, bytesOf(200, 9));
        machine.crash('power');
        errors.length = 0;
        const again = await openOn(machine);
        t.is(again.newest()?.mark.index, 5, `${name} changed at ${position}`);
        t.deepEqual(errors, ['A snapshot is damaged and will not be used']);
        await make(machine, again, mark(9), bytesOf(70, 9));
        t.deepEqual(await contentOf(machine, again, 9), bytesOf(70, 9), 'its place is taken anew');
      }
    }
  },
);

test.serial('a snapshot that lacks its manifest or its data is told, not served', async (t) => {
  for (const name of ['manifest', 'data']) {
    for (const how of ['missing', 'empty'] as const) {
      const machine = new SimulatedMachine(1);
      const store = await openOn(machine);
      await make(machine, store, mark(5), bytesOf(200, 5));
      await make(machine, store, mark(9, 2), bytesOf(200, 9));
      const path = `${options.folder}/0000000000000002-0000000000000009/${name}`;
      const file = await machine.run(filesOf(store).open(path));
      if (how === 'empty') await machine.run(file.truncate(0));
      else await machine.run(filesOf(store).remove(path));
      machine.crash('process');
      errors.length = 0;
      const again = await openOn(machine);
      t.is(again.newest()?.mark.index, 5, `${name} is ${how}`);
      t.deepEqual(errors, ['A snapshot is damaged and will not be used']);
    }
  }
});

test('a full disk at any point refuses one snapshot, keeps the other, and is over with room', async (t) => {
  let full = 0;
  for (let room = 0; room < 1200; room += 25) {
    const machine = new SimulatedMachine(room);
    const store = await openOn(machine);
    await make(machine, store, mark(5), bytesOf(300, 5));
    const used = 1e9 - freeOf(machine, 1e9);
    machine.disk.setCapacity(used + room);
    const writer = await machine.run(store.create(mark(9)));
    try {
      await machine.run(writeAll(writer.write.bind(writer), bytesOf(700, 9)));
      await machine.run(writer.commit());
      t.is(store.newest()?.mark.index, 9);
      continue;
    } catch (fault) {
      t.true(fault instanceof SnapshotError && fault.code === 'FULL', String(fault));
      full++;
    }
    await machine.run(writer.abandon());
    t.is(store.newest()?.mark.index, 5);
    t.deepEqual(await contentOf(machine, store, 5), bytesOf(300, 5));
    machine.disk.setCapacity(Infinity);
    await make(machine, store, mark(9), bytesOf(700, 9));
    t.deepEqual(await contentOf(machine, store, 9), bytesOf(700, 9));
  }
  t.true(full > 20 && full < 48, `${full} of 48 were too small`);
});

test('a sync that failed is told as such, and nothing new is there', async (t) => {
  const machine = new SimulatedMachine(1);
  const store = await openOn(machine);
  const writer = await machine.run(store.create(mark(5)));
  await machine.run(writer.write(bytesOf(100)));
  machine.disk.failNextSync();
  await t.throwsAsync(machine.run(writer.commit()), { name: 'SnapshotError', code: 'IO' });
  t.is(store.newest(), undefined);
  machine.crash('power');
  t.is((await openOn(machine)).newest(), undefined);
});

test('the manifest of version 1 does not change', async (t) => {
  const { encoded } = await senderOf(1, 100);
  t.deepEqual(
    Buffer.from(encoded)
      .toString('hex')
      .match(/.{1,64}/g),
    golden,
  );
});

const golden = [
  '414c5449534e4150010000004000000014000000000000000300000000000000',
  '6400000000000000500000000000000074657374000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000001000000000000000300000000000000',
  '0100000000000000020000000000000003000000000000000100000000000000',
  'ffffffffffff1f00010000000000000007000000000000000000000000000000',
  'd8651d2b10b83518b76de31a',
];

const doors = new WeakMap<SnapshotStore, Files>();

async function openOn(machine: SimulatedMachine): Promise<SnapshotStore> {
  const { files } = machine.boot();
  const store = await machine.run(openSnapshotStore({ files, logger }, options));
  doors.set(store, files);
  return store;
}

const filesOf = (store: SnapshotStore): Files => doors.get(store)!;

/** In pieces that do not fit the chunks. */
async function writeAll(
  write: (bytes: Uint8Array) => Promise<void>,
  bytes: Uint8Array,
): Promise<void> {
  for (let from = 0; from < bytes.length; from += 150) await write(bytes.slice(from, from + 150));
}

async function makeOf(
  store: SnapshotStore,
  at: SnapshotMark,
  bytes: Uint8Array,
): Promise<SnapshotManifest> {
  const writer = await store.create(at);
  await writeAll(writer.write.bind(writer), bytes);
  return await writer.commit();
}

const make = (
  machine: SimulatedMachine,
  store: SnapshotStore,
  ...[at, bytes]: [SnapshotMark, Uint8Array]
): Promise<SnapshotManifest> => machine.run(makeOf(store, at, bytes));

async function readAll(machine: SimulatedMachine, reader: SnapshotReader): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let chunk = await machine.run(reader.chunk(0)); chunk !== undefined;) {
    parts.push(chunk.bytes);
    chunk = await machine.run(reader.chunk(chunk.offset + reader.manifest.chunkBytes));
  }
  return Uint8Array.from(Buffer.concat(parts));
}

async function contentOf(
  machine: SimulatedMachine,
  store: SnapshotStore,
  ...[index, term = 3]: [number, number?]
): Promise<Uint8Array> {
  const reader = await machine.run(store.open({ index, term }));
  return await readAll(machine, reader!);
}

async function receiveOn(
  machine: SimulatedMachine,
  store: SnapshotStore,
  encoded: Uint8Array,
): Promise<SnapshotReceiver> {
  const session = await machine.run(store.receive(encoded));
  if (!session.ok) throw new Error(`refused: ${session.refusal.kind}`);
  return session.value;
}

/** A snapshot at 20 to send. */
async function senderOf(salt: number, size: number) {
  const machine = new SimulatedMachine(salt);
  const store = await openOn(machine);
  await make(machine, store, mark(20), bytesOf(size, salt));
  const reader = (await machine.run(store.open({ index: 20, term: 3 })))!;
  const chunkAt = (offset: number): Promise<SnapshotChunk | undefined> =>
    machine.run(reader.chunk(offset));
  return { encoded: reader.encoded, chunkAt };
}

const drawOffset = (random: Random, size: number): number =>
  random.below(Math.ceil(size / 64)) * 64;

function spoil(random: Random, chunk: SnapshotChunk): SnapshotChunk {
  const bytes = chunk.bytes.slice();
  const position = random.below(bytes.length);
  bytes[position] = bytes[position]! ^ (1 << random.below(8));
  const spoilt = [
    { ...chunk, bytes },
    { ...chunk, bytes, checksum: crc32c(bytes) },
    { ...chunk, bytes: chunk.bytes.subarray(0, position) },
    { ...chunk, offset: chunk.offset + 64 * (1 + random.below(3)) },
    { ...chunk, index: 19 },
    { ...chunk, term: 4 },
  ];
  return spoilt[random.below(spoilt.length)]!;
}

function freeOf({ disk }: SimulatedMachine, capacity: number): number {
  disk.setCapacity(capacity);
  return disk.freeBytes;
}
