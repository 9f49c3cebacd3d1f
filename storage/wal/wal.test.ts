/**
 * The log against a model of it: what was acknowledged comes back, from any history, after any crash,
 * and damage is never served. The disk is the simulated one, which loses and tears what is not synced.
 *
 * Replay one history: `SEED=17 npm test -- storage/wal/wal.test.ts`.
 */
// oxlint-disable-next-line no-restricted-imports -- the golden bytes lie on the real disk.
import { readFile } from 'node:fs/promises';
import test from 'ava';
import { randomFromSeed } from '#internal/base/random.ts';
import type { Booted } from '#internal/testing/simulated-machine.ts';
import { after, conf, type Contents, contentsOf, drawStep } from '#internal/testing/log-model.ts';
import { entry, isSame, newborn, take } from '#internal/testing/log-model.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { SimulatedMachine } from '#internal/testing/simulated-machine.ts';
import type { LogStore } from '#raft/core/log-store.ts';
import { nodeId } from '#raft/core/types.ts';
import { segmentName } from './segment-header.ts';
import { readTails, tailSlotNames, tailSyncMs } from './tail-slots.ts';
import { openWal, type WalDependencies, type WalOptions } from './wal.ts';
import { WalError } from './wal-error.ts';

const options: WalOptions = {
  folder: '/raft/wal',
  clusterId: 'test',
  nodeId: nodeId(1),
  bootstrap: conf(1, 2, 3),
  segmentBytes: 1500,
};
const { SEED } = process.env;
const quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };

test('a log that is opened again holds what it held', async (t) => {
  let rotated = 0;
  for (const seed of seedsOf(60)) {
    const random = randomFromSeed(seed);
    const machine = new SimulatedMachine(seed);
    let model = newborn;
    for (let life = 0; life < 4; life++) {
      const booted = machine.boot();
      const log = await openOn(machine, {}, booted);
      t.deepEqual(initially(log), model, `SEED=${seed}: life ${life}`);
      for (let turn = random.below(12); turn > 0; turn--) {
        const step = drawStep(random, model);
        await machine.run(take(log, step));
        model = after(model, step);
        t.deepEqual(contentsOf(log, model.hard), model, `SEED=${seed}: ${step.kind}`);
      }
      await machine.run(log.close());
      rotated += (await machine.run(booted.files.list(options.folder))).length > 5 ? 1 : 0;
      machine.crash(random.oneIn(2) ? 'power' : 'process');
    }
  }
  t.true(rotated > 0 || SEED !== undefined, 'no log had two segments, so the run proves little');
});

test('after a crash the log holds what was acknowledged, and of the rest a whole batch or none', async (t) => {
  const struck = { torn: 0, lost: 0, kept: 0, dropped: 0, syncsFailed: 0, short: 0 };
  for (const seed of seedsOf(150)) {
    const random = randomFromSeed(seed);
    const machine = new SimulatedMachine(seed);
    let possible: readonly Contents[] = [newborn];
    for (let life = 0; life < 6; life++) {
      const opened = opening(machine);
      if (random.oneIn(4)) {
        await machine.crashWithin(opened, random.below(20));
        continue;
      }
      const log = await machine.run(opened).catch(onFailingDisk);
      if (log === undefined) {
        machine.crash('process');
        continue;
      }
      const found = initially(log);
      const fits = possible.findIndex((one) => isSame(one, found));
      t.true(
        fits >= 0,
        `SEED=${seed}: life ${life}: an acknowledged change is gone, or a wrong one`,
      );
      struck.kept += fits === 1 ? 1 : 0;
      struck.dropped += fits === 0 && possible.length > 1 ? 1 : 0;
      possible = [found];
      if (random.oneIn(6)) machine.disk.setCapacity(random.below(6000));
      for (let turn = random.below(10); turn > 0; turn--) {
        const step = drawStep(random, possible[0]!);
        possible = [possible[0]!, after(possible[0]!, step)];
        const isDone = await machine.run(take(log, step).then(() => true, onFailingDisk));
        if (isDone !== true) break;
        possible = [possible[1]!];
      }
      struck.short += log.hasRoom() ? 0 : 1;
      if (possible.length === 1) {
        const last = drawStep(random, possible[0]!);
        possible = [possible[0]!, after(possible[0]!, last)];
        if (random.oneIn(5)) machine.disk.failNextSync();
        const isDone = await machine.crashWithin(take(log, last), random.below(8));
        if (isDone) possible = [possible[1]!];
      } else machine.crash('power');
      machine.disk.setCapacity(Infinity);
    }
    struck.torn += machine.disk.counts.torn;
    struck.lost += machine.disk.counts.lost;
    struck.syncsFailed += machine.disk.counts.syncsFailed;
  }
  t.log(struck);
  if (SEED === undefined) {
    for (const [fault, count] of Object.entries(struck)) t.true(count > 0, `never ${fault}`);
  }
});

test('on a disk of any size, room is denied while terms and votes can still be written', async (t) => {
  const { term } = newborn.hard;
  for (let capacity = 5000; capacity < 9000; capacity += 100) {
    const machine = new SimulatedMachine(capacity);
    const log = await openOn(machine);
    machine.disk.setCapacity(capacity);
    let index = 1;
    for (; log.hasRoom(); index++) {
      t.true(index < 100, 'the disk never fills up');
      await machine.run(log.append({ entries: [entry(term, index, 300)] }));
      // As much time as a spare takes: entries that come faster are less than a segment.
      await machine.world.runFor(50);
    }
    t.true(machine.disk.freeBytes >= options.segmentBytes, 'and while a snapshot finds some');
    for (let vote = 1; vote <= 5; vote++) {
      const hard = { term: vote, vote: nodeId(vote), commit: 0 };
      await machine.run(log.append({ hard, entries: [] }));
    }
    machine.disk.setCapacity(Infinity);
    await machine.world.runFor(2000);
    t.true(log.hasRoom(), `${capacity} bytes: room is seen when it is there again`);
    await machine.run(log.append({ entries: [entry(5, index, 1200)] }));
    machine.crash('power');
    const again = await openOn(machine);
    t.is(again.lastIndex(), index, `${capacity} bytes`);
    t.is(again.initial.hard.vote, nodeId(5), `${capacity} bytes`);
  }
});

test('a reserve that is used up ends the log with a word for the operator', async (t) => {
  const machine = new SimulatedMachine(1);
  const log = await openOn(machine);
  machine.disk.setCapacity(0);
  let acknowledged = 0;
  const growing = async (): Promise<void> => {
    for (let index = 1; index < 20; index++) {
      await log.append({ entries: [entry(1, index, 300)] });
      acknowledged = index;
    }
  };
  const full = { name: 'WalError', code: 'DISK_FULL', message: /make room and start the node/ };
  await t.throwsAsync(machine.run(growing()), full);
  t.false(log.hasRoom());
  machine.disk.setCapacity(Infinity);
  await t.throwsAsync(
    machine.run(log.append({ entries: [] })),
    full,
    'nothing is written after it',
  );
  machine.crash('power');
  t.true((await openOn(machine)).lastIndex() >= acknowledged, 'what was acknowledged is there');
});

test('segments are made ahead, and writing into them does not change their size', async (t) => {
  const machine = new SimulatedMachine(1);
  const booted = machine.boot();
  const log = await openOn(machine, {}, booted);
  for (let index = 1; index <= 30; index++) {
    await machine.run(log.append({ entries: [entry(1, index, 200)] }));
    const files = await machine.read(booted.files, options.folder);
    const sizes = [...files].filter(([name]) => name.endsWith('.seg')).map(([, b]) => b.length);
    t.true(
      sizes.every((size) => size === options.segmentBytes),
      sizes.join(' '),
    );
  }
  await machine.world.runFor(100);
  const { spare } = Object.fromEntries(await machine.read(booted.files, options.folder));
  t.deepEqual(spare, new Uint8Array(options.segmentBytes), 'the next one is there, and is blank');
});

test('after a power cut the tail is at most a little old, and exact when the log was quiet', async (t) => {
  for (const seed of seedsOf(30)) {
    const machine = new SimulatedMachine(seed);
    const log = await openOn(machine);
    for (let index = 1; index <= 5; index++) {
      await machine.run(log.append({ entries: [entry(1, index, 10)] }));
      await machine.world.runFor(seed * 10);
    }
    const writtenMs = machine.world.nowMs;
    await machine.world.runFor(tailSyncMs + 20);
    machine.crash('power');
    const { files } = machine.boot();
    const paths = tailSlotNames.map((name) => `${options.folder}/${name}`);
    const { tail } = await machine.run(readTails(files, paths));
    const bytes = (await machine.read(files, options.folder)).get(segmentName(1))!;
    const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
    t.is(tail?.offset, Math.ceil(end / 8) * 8, `SEED=${seed}: written at ${writtenMs} ms`);
  }
});

test('a compaction keeps the newest entries that fit, and the segments that hold them', async (t) => {
  const machine = new SimulatedMachine(1);
  const booted = machine.boot();
  const log = await openOn(machine, {}, booted);
  for (let index = 1; index <= 30; index++) {
    await machine.run(log.append({ entries: [entry(1, index, 200)] }));
  }
  const mark = { index: 25, term: 1, conf: conf(1, 2, 3) };
  await machine.run(log.compact(mark, { tailBytes: 5 * 200 + 199 }));
  t.is(log.firstIndex(), 21, 'five entries of 200 bytes');
  t.is(log.term(20), 1, 'who has 20 can be sent 21');
  t.is(log.term(19), undefined);
  t.deepEqual(log.snapshot(), mark);
  const names = (await machine.run(booted.files.list(options.folder))).filter((name) =>
    name.endsWith('.seg'),
  );
  t.true(names.length > 1 && names.length < 6, names.join(' '));
  machine.crash('power');
  const again = await openOn(machine);
  t.is(again.firstIndex(), 21);
  t.is(again.term(20), 1);
  t.deepEqual(again.snapshot(), mark);
  t.deepEqual(again.entries(21, 22, 1), [entry(1, 21, 200)]);
});

test('the format of version 1 does not change', async (t) => {
  const machine = new SimulatedMachine(1);
  const booted = machine.boot();
  const log = await openOn(machine, {}, booted);
  const hard = { term: 3, vote: nodeId(2 ** 53 - 1), commit: 1 };
  const entries = [entry(2, 1), entry(2, 2), entry(3, 3)];
  await machine.run(log.append({ hard, entries }));
  await machine.run(log.append({ hard, entries: [entry(3, 2, 8)] }));
  await machine.run(log.compact({ index: 1, term: 2, conf: conf(1, 2, 3, 4) }));
  await machine.run(
    log.installSnapshot({ index: 9, term: 3, conf: { ...conf(5), autoLeave: true } }),
  );
  await machine.run(log.close());
  const { [segmentName(1)]: segment } = Object.fromEntries(await readFolder(machine, booted));
  const tails = [...(await emptyLog())].filter(([name]) => name.startsWith('tail'));
  const golden = [...tails, ['segment', segment!] as const]
    .map(([name, bytes]) => `${name}\n${hexOf(withoutRest(bytes))}`)
    .join('');
  t.is(golden, await readFile(new URL('testdata/version-1.txt', import.meta.url), 'utf8'));
});

test('a log of another cluster or node is refused, and one that is open', async (t) => {
  const machine = new SimulatedMachine(1);
  const booted = machine.boot();
  const open = (other: Partial<WalOptions>): Promise<LogStore> => openOn(machine, other, booted);
  const log = await open({});
  await t.throwsAsync(open({}), { name: 'WalError', code: 'LOCKED' });
  await machine.run(log.close());
  await t.throwsAsync(open({ clusterId: 'tests' }), { name: 'WalError', code: 'FOREIGN' });
  await t.throwsAsync(open({ nodeId: nodeId(2) }), { name: 'WalError', code: 'FOREIGN' });
  await machine.run((await open({})).close());
});

test('after a sync that failed nothing is written any more', async (t) => {
  const machine = new SimulatedMachine(1);
  const log = await openOn(machine);
  await machine.world.runFor(100);
  machine.disk.failNextSync();
  const batch = { entries: [entry(1, 1)] };
  await t.throwsAsync(machine.run(log.append(batch)), { name: 'WalError', code: 'IO' });
  await t.throwsAsync(machine.run(log.append(batch)), { name: 'WalError', code: 'IO' });
  t.is(log.lastIndex(), 0);
  await machine.run(log.close());
});

test('a sync that failed in the background ends the log, and is told though nobody writes', async (t) => {
  const told: WalError[] = [];
  const onFault = (fault: WalError): void => void told.push(fault);
  const tail = new SimulatedMachine(1);
  const log = await openOn(tail, {}, { ...tail.boot(), onFault });
  await tail.world.runFor(100);
  await tail.run(log.append({ entries: [entry(1, 1)] }));
  tail.disk.failNextSync();
  await tail.world.runFor(2 * tailSyncMs);
  t.deepEqual(told.map(wordsOf), [`IO: Cannot write the Raft log in ${options.folder}`]);
  await t.throwsAsync(tail.run(log.append({ entries: [entry(1, 2)] })), { code: 'IO' });
  const spare = new SimulatedMachine(2);
  const other = await openOn(spare, {}, { ...spare.boot(), onFault });
  spare.disk.failNextSync();
  await spare.world.runFor(100);
  t.is(told.length, 2);
  t.true(other.hasRoom(), 'it is not taken for a full disk: nobody would append, and hear of it');
  await t.throwsAsync(spare.run(other.append({ entries: [entry(1, 1)] })), { code: 'IO' });
  t.is(told.length, 2, 'one that writes is told by the write');
});

test('what a write tells by itself is not told twice', async (t) => {
  for (const late of [0, 100]) {
    const machine = new SimulatedMachine(1);
    const onFault = (fault: WalError): void => t.fail(String(fault));
    const log = await openOn(machine, {}, { ...machine.boot(), onFault });
    await machine.world.runFor(100);
    machine.disk.failNextSync();
    await t.throwsAsync(machine.run(log.append({ entries: [entry(1, 1)] })), { code: 'IO' });
    await machine.world.runFor(late);
    await machine.run(log.close());
  }
});

test('segments below the mark are dropped, all but the one that is written', async (t) => {
  const machine = new SimulatedMachine(1);
  const booted = machine.boot();
  const log = await openOn(machine, {}, booted);
  for (let index = 1; index <= 30; index++) {
    await machine.run(log.append({ entries: [entry(1, index, 200)] }));
  }
  const before = (await machine.run(booted.files.list(options.folder))).length;
  await machine.run(log.compact({ index: 30, term: 1, conf: conf(1, 2, 3) }));
  const left = await machine.run(booted.files.list(options.folder));
  t.true(before > 7 && left.length === 5, `${before} files, then ${left.join(' ')}`);
  t.is(log.firstIndex(), 31);
  t.is(log.term(30), 1);
  t.is(log.term(29), undefined);
});

test('a gap in the log is a bug of the caller, and nothing is written', async (t) => {
  const machine = new SimulatedMachine(1);
  const log = await openOn(machine);
  const leap = machine.run(log.append({ entries: [entry(1, 2)] }));
  await t.throwsAsync(leap, { name: 'AssertionError' });
  await machine.run(log.append({ entries: [entry(1, 1)] }));
  t.is(log.lastIndex(), 1);
});

test('a committed entry is not replaced', async (t) => {
  const machine = new SimulatedMachine(1);
  const log = await openOn(machine);
  const hard = { term: 1, vote: nodeId(1), commit: 2 };
  await machine.run(log.append({ hard, entries: [entry(1, 1), entry(1, 2)] }));
  const replace = machine.run(log.append({ entries: [entry(2, 2)] }));
  await t.throwsAsync(replace, { name: 'AssertionError' });
});

/** A log on a machine that starts, or that did. */
const openOn = (
  machine: SimulatedMachine,
  other: Partial<WalOptions> = {},
  booted: Booted & Pick<WalDependencies, 'onFault'> = machine.boot(),
): Promise<LogStore> =>
  machine.run(openWal({ ...booted, logger: quiet }, { ...options, ...other }));

const opening = (machine: SimulatedMachine): Promise<LogStore> =>
  openWal({ ...machine.boot(), logger: quiet }, options);

/** A sync that was to fail may have its turn only when the log is opened again. */
function onFailingDisk(fault: unknown): undefined {
  if (!(fault instanceof WalError) || !['IO', 'DISK_FULL'].includes(fault.code)) throw fault;
}

const wordsOf = ({ code, message }: WalError): string => `${code}: ${message.split(':')[0]}`;

const initially = (log: LogStore): Contents => contentsOf(log, log.initial.hard);

async function emptyLog(): Promise<ReadonlyMap<string, Uint8Array>> {
  const machine = new SimulatedMachine(1);
  const booted = machine.boot();
  const log = await openOn(machine, {}, booted);
  await machine.run(log.close());
  return await readFolder(machine, booted);
}

/** Without what is not the log itself. */
async function readFolder(
  machine: SimulatedMachine,
  { files }: Booted,
): Promise<Map<string, Uint8Array>> {
  const found = await machine.read(files, options.folder);
  found.delete('lock');
  found.delete('spare');
  return found;
}

/** Without the space that was never written. */
const withoutRest = (bytes: Uint8Array): Uint8Array =>
  bytes.subarray(0, Math.ceil((bytes.findLastIndex((byte) => byte !== 0) + 1) / 8) * 8);

/** 32 bytes a line. */
const hexOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('hex')
    .replaceAll(/.{1,64}/g, '$&\n');
