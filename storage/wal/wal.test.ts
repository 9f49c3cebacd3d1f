/**
 * The log against a model of it: what was acknowledged comes back, from any history, after any crash,
 * and damage is never served. The disk is the simulated one, which loses and tears what is not synced.
 *
 * Replay one history: `SEED=17 npm test -- storage/wal/wal.test.ts`.
 */
// oxlint-disable-next-line no-restricted-imports -- the golden bytes lie on the real disk.
import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import { type Random, randomFromSeed } from '#internal/base/random.ts';
import { unreachable } from '#internal/base/assert.ts';
import { brand } from '#internal/base/brand.ts';
import type { Files } from '#internal/runtime/files.ts';
import { SimulatedDisk } from '#internal/runtime/simulated/disk.ts';
import { simulatedFiles } from '#internal/runtime/simulated/files.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { LogBatch, LogStore } from '#raft/core/log-store.ts';
import type { Entry, HardState, NodeId, SnapshotMark } from '#raft/core/types.ts';
import { segmentName } from './segment-header.ts';
import { openWal, type WalOptions } from './wal.ts';
import { WalError } from './wal-error.ts';

const node = (id: number): NodeId => brand<NodeId>(id);
const conf = (...ids: number[]): SnapshotMark['conf'] => ({
  voters: ids.map(node),
  outgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
});
const options: WalOptions = {
  folder: '/raft/wal',
  clusterId: 'test',
  nodeId: node(1),
  bootstrap: conf(1, 2, 3),
  segmentBytes: 1500,
};
const { SEED } = process.env;
const seeds = (count: number): readonly number[] =>
  SEED === undefined ? Array.from({ length: count }, (_, seed) => seed) : [Number(SEED)];
const withinMs = 1e6;
const warnings: string[] = [];
const quiet = {
  debug() {},
  info() {},
  warn: (message: string) => void warnings.push(message),
  error() {},
  child: () => quiet,
};

/** All that a log says of itself. */
type Contents = {
  readonly hard: HardState;
  readonly mark: SnapshotMark;
  readonly entries: readonly Entry[];
};

const contentsOf = (log: LogStore, hard = log.initial.hard): Contents => ({
  hard,
  mark: log.snapshot(),
  entries:
    log.firstIndex() > log.lastIndex()
      ? []
      : log.entries(log.firstIndex(), log.lastIndex() + 1, Infinity),
});

const newborn: Contents = {
  hard: { term: 0, vote: undefined, commit: 0 },
  mark: { index: 0, term: 0, conf: conf(1, 2, 3) },
  entries: [],
};

type Step =
  | { readonly kind: 'append'; readonly batch: LogBatch }
  | { readonly kind: 'compact' | 'install'; readonly mark: SnapshotMark };

test('a log that is opened again holds what it held', async (t) => {
  let rotated = 0;
  for (const seed of seeds(60)) {
    const random = randomFromSeed(seed);
    const machine = new Machine(seed);
    let model = newborn;
    for (let life = 0; life < 4; life++) {
      const files = machine.boot();
      const log = await machine.run(openWal({ files, logger: quiet }, options));
      t.deepEqual(contentsOf(log), model, `SEED=${seed}: life ${life}`);
      for (let turn = random.below(12); turn > 0; turn--) {
        const step = drawStep(random, model);
        await machine.run(take(log, step));
        model = after(model, step);
        t.deepEqual(contentsOf(log, model.hard), model, `SEED=${seed}: ${step.kind}`);
      }
      await machine.run(log.close());
      rotated += (await machine.run(files.list(options.folder))).length > 4 ? 1 : 0;
      machine.crash(random.oneIn(2) ? 'power' : 'process');
    }
  }
  t.true(rotated > 0 || SEED !== undefined, 'no log had two segments, so the run proves little');
});

test('after a crash the log holds what was acknowledged, and of the rest a whole batch or none', async (t) => {
  const struck = { torn: 0, lost: 0, kept: 0, dropped: 0, syncsFailed: 0, full: 0 };
  for (const seed of seeds(150)) {
    const random = randomFromSeed(seed);
    const machine = new Machine(seed);
    let possible: readonly Contents[] = [newborn];
    for (let life = 0; life < 6; life++) {
      const opening = openWal({ files: machine.boot(), logger: quiet }, options);
      if (random.oneIn(4)) {
        await machine.crashWithin(opening, random.below(20));
        continue;
      }
      const log = await machine.run(opening).catch(onFailingDisk);
      if (log === undefined) {
        machine.crash('process');
        continue;
      }
      const found = contentsOf(log);
      const fits = possible.findIndex((one) => isSame(one, found));
      t.true(
        fits >= 0,
        `SEED=${seed}: life ${life}: an acknowledged change is gone, or a wrong one`,
      );
      struck.kept += fits === 1 ? 1 : 0;
      struck.dropped += fits === 0 && possible.length > 1 ? 1 : 0;
      possible = [found];
      for (let turn = random.below(10); turn > 0; turn--) {
        const step = drawStep(random, possible[0]!);
        await machine.run(take(log, step));
        possible = [after(possible[0]!, step)];
      }
      const last = drawStep(random, possible[0]!);
      possible = [possible[0]!, after(possible[0]!, last)];
      if (random.oneIn(5)) machine.disk.failNextSync();
      if (random.oneIn(6)) machine.disk.setCapacity(random.below(6000));
      const isDone = await machine.crashWithin(take(log, last), random.below(8));
      if (isDone) possible = [possible[1]!];
      machine.disk.setCapacity(Infinity);
    }
    struck.torn += machine.disk.counts.torn;
    struck.lost += machine.disk.counts.lost;
    struck.syncsFailed += machine.disk.counts.syncsFailed;
    struck.full += machine.disk.counts.full;
  }
  t.log(struck);
  if (SEED === undefined) {
    for (const [fault, count] of Object.entries(struck)) t.true(count > 0, `never ${fault}`);
  }
});

test('a log that was closed and then cut anywhere is refused or whole', async (t) => {
  const closed = await closedLog();
  let refused = 0;
  for (const [name, bytes] of closed.files) {
    for (let size = 0; size < bytes.length; size++) {
      const damaged = new Map(closed.files).set(name, bytes.subarray(0, size));
      const what = `${name} cut to ${size}`;
      refused += (await refusedOrWhole(t, { ...closed, files: damaged }, what)) ? 1 : 0;
    }
    const without = new Map(closed.files);
    without.delete(name);
    await refusedOrWhole(t, { ...closed, files: without }, `${name} removed`);
  }
  t.is(refused, segmentBytesOf(closed), 'wherever a segment was cut');
});

test('a log that was closed and then changed in any byte is refused or whole', async (t) => {
  const closed = await closedLog();
  let refused = 0;
  for (const [name, bytes] of closed.files) {
    for (const [position, byte] of bytes.entries()) {
      const changed = bytes.slice();
      changed[position] = byte ^ (1 << (position % 8));
      const damaged = new Map(closed.files).set(name, changed);
      const what = `${name} changed at ${position}`;
      refused += (await refusedOrWhole(t, { ...closed, files: damaged }, what)) ? 1 : 0;
    }
  }
  const segments = [...closed.files].filter(([name]) => name.endsWith('.seg'));
  t.is(
    refused,
    segments.reduce((sum, [, bytes]) => sum + bytes.length, 0),
    'every segment byte',
  );
});

test('a write that was cut short anywhere is dropped, and the log goes on behind it', async (t) => {
  const { before, grown, name, whole, files } = await logWithOneMore();
  for (let size = before; size < grown.length; size++) {
    const torn = new Map(files).set(name, grown.subarray(0, size));
    const machine = new Machine(1);
    const log = await machine.openWith(torn);
    t.deepEqual(contentsOf(log), whole, `cut to ${size}`);
    const step = { kind: 'append', batch: { entries: [entry(1, log.lastIndex() + 1)] } } as const;
    await machine.run(take(log, step));
    await machine.run(log.close());
    machine.crash('power');
    const again = await machine.run(openWal({ files: machine.boot(), logger: quiet }, options));
    t.deepEqual(contentsOf(again), after(whole, step), `cut to ${size}, then appended`);
  }
});

test('a last write that rotted is not taken for a torn one', async (t) => {
  const { before, grown, name, files } = await logWithOneMore();
  for (let position = before; position < grown.length; position++) {
    const changed = grown.slice();
    changed[position] = grown[position]! ^ 0x41;
    const rotten = new Map(files).set(name, changed);
    const opening = new Machine(1).openWith(rotten);
    await t.throwsAsync(opening, { name: 'WalError', code: 'CORRUPT' }, `changed at ${position}`);
  }
});

test('a segment that was cut short anywhere while it was made is made anew', async (t) => {
  const machine = new Machine(5);
  const files = machine.boot();
  const log = await machine.run(openWal({ files, logger: quiet }, options));
  const whole: Contents = { ...newborn, entries: [entry(1, 1, 1000)] };
  await machine.run(log.append({ entries: whole.entries }));
  const before = await readFolder(machine, files);
  await machine.run(log.append({ entries: [entry(1, 2, 1000)] }));
  const [name, made] = [segmentName(2), (await readFolder(machine, files)).get(segmentName(2))!];
  const firstBatchEnd = made.length - (1000 + 4 * 32 + 8);
  for (let size = 0; size < firstBatchEnd; size += 4) {
    const cut = new Map(before).set(name, made.subarray(0, size));
    const next = new Machine(1);
    const reopened = await next.openWith(cut);
    t.deepEqual(contentsOf(reopened), whole, `cut to ${size}`);
    await next.run(reopened.append({ entries: [entry(1, 2, 1000)] }));
    next.crash('power');
    const again = await next.run(openWal({ files: next.boot(), logger: quiet }, options));
    t.is(again.lastIndex(), 2, `cut to ${size}, then appended`);
  }
});

test('a hole that a later write follows is not taken for a torn write', async (t) => {
  const { before, grown, name, files } = await logWithOneMore({ later: 1 });
  const holed = new Map(files).set(name, grown.slice().fill(0, before, before + 512));
  await t.throwsAsync(new Machine(1).openWith(holed), { name: 'WalError', code: 'CORRUPT' });
});

test('the format of version 1 does not change', async (t) => {
  const machine = new Machine(1);
  const files = machine.boot();
  const log = await machine.run(openWal({ files, logger: quiet }, options));
  const hard = { term: 3, vote: node(2 ** 53 - 1), commit: 1 };
  const entries = [entry(2, 1), entry(2, 2), entry(3, 3)];
  await machine.run(log.append({ hard, entries }));
  await machine.run(log.append({ hard, entries: [entry(3, 2, 8)] }));
  await machine.run(log.compact({ index: 1, term: 2, conf: conf(1, 2, 3, 4) }));
  await machine.run(
    log.installSnapshot({ index: 9, term: 3, conf: { ...conf(5), autoLeave: true } }),
  );
  await machine.run(log.close());
  const { [segmentName(1)]: segment } = Object.fromEntries(await readFolder(machine, files));
  const tails = [...(await emptyLog())].filter(([name]) => name.startsWith('tail'));
  const golden = [...tails, ['segment', segment!] as const]
    .map(([name, bytes]) => `${name}\n${hexOf(bytes)}`)
    .join('');
  t.is(golden, await readFile(new URL('testdata/version-1.txt', import.meta.url), 'utf8'));
});

test('a log of another cluster or node is refused, and one that is open', async (t) => {
  const machine = new Machine(1);
  const files = machine.boot();
  const open = (other: Partial<WalOptions>): Promise<LogStore> =>
    machine.run(openWal({ files, logger: quiet }, { ...options, ...other }));
  const log = await open({});
  await t.throwsAsync(open({}), { name: 'WalError', code: 'LOCKED' });
  await machine.run(log.close());
  await t.throwsAsync(open({ clusterId: 'tests' }), { name: 'WalError', code: 'FOREIGN' });
  await t.throwsAsync(open({ nodeId: node(2) }), { name: 'WalError', code: 'FOREIGN' });
  await machine.run((await open({})).close());
});

test('after a write that failed nothing is written any more', async (t) => {
  for (const fail of ['sync', 'full'] as const) {
    const machine = new Machine(1);
    const log = await machine.run(openWal({ files: machine.boot(), logger: quiet }, options));
    if (fail === 'sync') machine.disk.failNextSync();
    else machine.disk.setCapacity(0);
    const batch = { entries: [entry(1, 1)] };
    await t.throwsAsync(machine.run(log.append(batch)), { name: 'WalError', code: 'IO' });
    machine.disk.setCapacity(Infinity);
    await t.throwsAsync(machine.run(log.append(batch)), { name: 'WalError', code: 'IO' });
    t.is(log.lastIndex(), 0);
    await machine.run(log.close());
  }
});

test('segments below the mark are dropped, all but the one that is written', async (t) => {
  const machine = new Machine(1);
  const files = machine.boot();
  const log = await machine.run(openWal({ files, logger: quiet }, options));
  for (let index = 1; index <= 30; index++) {
    await machine.run(log.append({ entries: [entry(1, index, 200)] }));
  }
  const before = (await machine.run(files.list(options.folder))).length;
  await machine.run(log.compact({ index: 30, term: 1, conf: conf(1, 2, 3) }));
  const left = await machine.run(files.list(options.folder));
  t.true(before > 6 && left.length === 4, `${before} files, then ${left.join(' ')}`);
  t.is(log.firstIndex(), 31);
  t.is(log.term(30), 1);
  t.is(log.term(29), undefined);
});

test('a gap in the log is a bug of the caller, and nothing is written', async (t) => {
  const machine = new Machine(1);
  const log = await machine.run(openWal({ files: machine.boot(), logger: quiet }, options));
  const leap = machine.run(log.append({ entries: [entry(1, 2)] }));
  await t.throwsAsync(leap, { name: 'AssertionError' });
  await machine.run(log.append({ entries: [entry(1, 1)] }));
  t.is(log.lastIndex(), 1);
});

test('a committed entry is not replaced', async (t) => {
  const machine = new Machine(1);
  const log = await machine.run(openWal({ files: machine.boot(), logger: quiet }, options));
  const hard = { term: 1, vote: node(1), commit: 2 };
  await machine.run(log.append({ hard, entries: [entry(1, 1), entry(1, 2)] }));
  const replace = machine.run(log.append({ entries: [entry(2, 2)] }));
  await t.throwsAsync(replace, { name: 'AssertionError' });
});

/** One machine with a disk, booted anew as often as wanted. */
class Machine {
  readonly world: SimulatedWorld;
  readonly disk: SimulatedDisk;

  constructor(seed: number) {
    this.world = new SimulatedWorld({ seed });
    this.disk = new SimulatedDisk({ world: this.world }, { name: 'm' });
  }

  boot(): Files {
    return simulatedFiles({ disk: this.disk, life: this.world.boot('m') });
  }

  crash(kind: 'power' | 'process'): void {
    this.world.crash('m', kind);
  }

  run<T>(promise: Promise<T>): Promise<T> {
    return this.world.settle(promise, { withinMs });
  }

  /** Crashes after some more events; says whether `promise` resolved before that. */
  async crashWithin(promise: Promise<unknown>, events: number): Promise<boolean> {
    let isDone = false;
    promise.then(
      () => (isDone = true),
      () => {},
    );
    for (let event = 0; event < events; event++) {
      if (isDone) break;
      await this.world.step();
    }
    this.crash(this.world.random(`crash ${this.world.events}`).oneIn(2) ? 'power' : 'process');
    return isDone;
  }

  async openWith(contents: ReadonlyMap<string, Uint8Array>): Promise<LogStore> {
    const files = this.boot();
    await this.run(files.makeFolder(options.folder));
    for (const [name, bytes] of contents) {
      const file = await this.run(files.open(`${options.folder}/${name}`, { create: true }));
      await this.run(file.write(0, [bytes]));
      await this.run(file.sync());
      await this.run(file.close());
    }
    for (const folder of ['/', '/raft', options.folder]) await this.run(files.syncFolder(folder));
    return await this.run(openWal({ files, logger: quiet }, options));
  }
}

/** A sync that was to fail may have its turn only when the log is opened again. */
function onFailingDisk(fault: unknown): undefined {
  if (!(fault instanceof WalError) || fault.code !== 'IO') throw fault;
}

function segmentBytesOf({ files }: Closed): number {
  const segments = [...files].filter(([name]) => name.endsWith('.seg'));
  return segments.reduce((sum, [, bytes]) => sum + bytes.length, 0);
}

type Closed = { readonly files: ReadonlyMap<string, Uint8Array>; readonly contents: Contents };

/** A log of two segments and a handful of batches. */
async function closedLog(): Promise<Closed> {
  const machine = new Machine(7);
  const files = machine.boot();
  const log = await machine.run(openWal({ files, logger: quiet }, options));
  const random = randomFromSeed('closed');
  let contents = newborn;
  for (let turn = 0; turn < 12; turn++) {
    const step = drawStep(random, contents);
    await machine.run(take(log, step));
    contents = after(contents, step);
  }
  await machine.run(log.close());
  return { files: await readFolder(machine, files), contents };
}

async function emptyLog(): Promise<ReadonlyMap<string, Uint8Array>> {
  const machine = new Machine(1);
  const files = machine.boot();
  const log = await machine.run(openWal({ files, logger: quiet }, options));
  await machine.run(log.close());
  return await readFolder(machine, files);
}

/** A log whose last batch was written but never acknowledged, as a crash leaves it. */
async function logWithOneMore({ later } = { later: 0 }) {
  const machine = new Machine(3);
  const files = machine.boot();
  const log = await machine.run(openWal({ files, logger: quiet }, options));
  await machine.run(log.append({ entries: [entry(1, 1), entry(1, 2)] }));
  const tails = await readFolder(machine, files);
  const [name, { length: before }] = [...tails].find(([path]) => path.endsWith('.seg'))!;
  await machine.run(log.append({ entries: [entry(1, 3, 700)] }));
  for (let more = 0; more < later; more++) {
    await machine.run(log.append({ entries: [entry(1, 4 + more)] }));
  }
  const grown = (await readFolder(machine, files)).get(name)!;
  const whole = { ...newborn, entries: [entry(1, 1), entry(1, 2)] };
  return { before, grown, name, files: tails, whole };
}

async function readFolder(machine: Machine, files: Files): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  for (const name of await machine.run(files.list(options.folder))) {
    if (name === 'lock') continue;
    const file = await machine.run(files.open(`${options.folder}/${name}`));
    found.set(name, await machine.run(file.read(0, await machine.run(file.size()))));
  }
  return found;
}

/** 32 bytes a line. */
const hexOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('hex')
    .replaceAll(/.{1,64}/g, '$&\n');

/** Returns whether it was refused. */
async function refusedOrWhole(
  t: { fail(message: string): void },
  { files, contents }: Closed,
  what: string,
): Promise<boolean> {
  try {
    const log = await new Machine(1).openWith(files);
    if (!isSame(contentsOf(log), contents)) t.fail(`${what}: opened with other contents`);
    return false;
  } catch (fault) {
    if (!(fault instanceof WalError) || fault.code !== 'CORRUPT')
      t.fail(`${what}: ${String(fault)}`);
    return true;
  }
}

const isSame = (one: Contents, other: Contents): boolean => isDeepStrictEqual(one, other);

function take(log: LogStore, step: Step): Promise<void> {
  if (step.kind === 'append') return log.append(step.batch);
  return step.kind === 'compact' ? log.compact(step.mark) : log.installSnapshot(step.mark);
}

function after(model: Contents, step: Step): Contents {
  switch (step.kind) {
    case 'append': {
      const { hard = model.hard, entries } = step.batch;
      const from = entries[0]?.index ?? Infinity;
      const kept = model.entries.filter(({ index }) => index < from);
      return { ...model, hard, entries: [...kept, ...entries] };
    }
    case 'compact': {
      const entries = model.entries.filter(({ index }) => index > step.mark.index);
      return { ...model, mark: step.mark, entries };
    }
    case 'install':
      return { ...model, mark: step.mark, entries: [] };
    default:
      return unreachable(step);
  }
}

/** Something that a node may do to a log that holds `model`. */
function drawStep(random: Random, model: Contents): Step {
  const { hard, mark, entries } = model;
  const last = mark.index + entries.length;
  const commit = Math.max(hard.commit, mark.index);
  if (random.oneIn(12)) {
    return {
      kind: 'install',
      mark: { index: last + 1 + random.below(5), term: hard.term, conf: conf(1, 4) },
    };
  }
  const kept = entries[random.below(entries.length + 3)];
  if (random.oneIn(4) && kept !== undefined && kept.index <= commit) {
    return { kind: 'compact', mark: { index: kept.index, term: kept.term, conf: conf(5, 6) } };
  }
  // One term more whenever entries are replaced, as a new leader would have it.
  const from = random.oneIn(3) ? commit + 1 + random.below(last - commit + 1) : last + 1;
  const term = hard.term + (from <= last || random.oneIn(5) ? 1 : 0);
  const added = Array.from({ length: random.below(4) }, (_, i) =>
    entry(term, from + i, random.oneIn(6) ? random.below(1200) : random.below(40)),
  );
  const end = added.length === 0 ? last : from + added.length - 1;
  const vote = random.oneIn(2) ? undefined : node(1 + random.below(2 ** 53 - 1));
  const wanted = { term, vote, commit: commit + random.below(end - commit + 1) };
  return { kind: 'append', batch: { hard: wanted, entries: added } };
}

function entry(term: number, index: number, size = 5): Entry {
  const kinds = ['normal', 'conf', 'noop'] as const;
  const data = Uint8Array.from({ length: size }, (_, i) => (index * 31 + i * 7 + term) % 256);
  return { term, index, kind: kinds[index % 3]!, data };
}
