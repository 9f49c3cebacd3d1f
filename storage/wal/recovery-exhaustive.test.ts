/**
 * A log of 64 KiB in three segments, damaged in every way that one number describes: each file cut
 * at each byte, and each byte of each file changed. Whatever the damage, the log is refused, or all
 * that it acknowledged is there and nothing else.
 */
import test, { type ExecutionContext } from 'ava';
import { type Random, randomFromSeed } from '#internal/base/random.ts';
import { after, conf, type Contents, contentsOf } from '#internal/testing/log-model.ts';
import { entry, isSame, newborn, type Step, take } from '#internal/testing/log-model.ts';
import { memoryFiles } from '#internal/testing/memory-files.ts';
import { nodeId } from '#raft/core/types.ts';
import { recover } from './recovery.ts';
import { openWal } from './wal.ts';
import { WalError } from './wal-error.ts';

const folder = '/raft/wal';
const options = {
  folder,
  clusterId: 'test',
  nodeId: nodeId(1),
  bootstrap: conf(1, 2, 3),
  segmentBytes: 22_000,
};
const identity = { clusterId: options.clusterId, nodeId: options.nodeId };
const logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => logger };
const clock = {
  now: () => 0,
  monotonic: () => 0,
  after: () => ({ cancel() {} }),
  sleep: async () => {},
};

type Files = ReadonlyMap<string, Uint8Array>;

type Image = {
  readonly files: Files;
  /** What it may hold. All of them have what was acknowledged. */
  readonly possible: readonly Contents[];
};

test('a log that was closed and cut at any byte is refused or whole', async (t) => {
  const { refused } = await sweep(t, { image: await closedLog(), damage: cuts });
  t.true(refused > 60_000, 'most of the log is at stake');
});

test('a log that was closed and changed in any byte is refused or whole', async (t) => {
  const { refused } = await sweep(t, { image: await closedLog(), damage: changes });
  t.true(refused > 60_000, 'most of the log is at stake');
});

test('a last write that nobody acknowledged is dropped when it is short, and not when it is wrong', async (t) => {
  const image = await crashedLog();
  const cut = await sweep(t, { image, damage: (files) => behindTheTail(cuts(files), image) });
  t.true(cut.opened > 1000);
  const changed = await sweep(t, {
    image,
    damage: (files) => behindTheTail(changes(files), image),
  });
  t.true(changed.refused > 1000);
});

type Damaged = {
  readonly what: string;
  readonly name: string;
  readonly at: number;
  readonly files: Files;
};

function* cuts(files: Files): Generator<Damaged> {
  for (const [name, bytes] of files) {
    for (let at = 0; at < bytes.length; at++) {
      const cut = new Map(files).set(name, bytes.subarray(0, at));
      yield { what: `${name} cut to ${at}`, name, at, files: cut };
    }
  }
}

/** The bytes are changed in place, and back. */
function* changes(files: Files): Generator<Damaged> {
  for (const [name, bytes] of files) {
    const changed = bytes.slice();
    const damaged = new Map(files).set(name, changed);
    for (const [at, byte] of bytes.entries()) {
      changed[at] = byte ^ (1 << (at % 8));
      yield { what: `${name} changed at ${at}`, name, at, files: damaged };
      changed[at] = byte;
    }
  }
}

/** In front of it, the log is as the closed one is. */
function* behindTheTail(all: Iterable<Damaged>, { files }: Image): Generator<Damaged> {
  const last = [...files.keys()].findLast((name) => name.endsWith('.seg'))!;
  const end = usedOf(files.get(last)!);
  for (const damaged of all) {
    if (damaged.name === last && damaged.at > end - 1500 && damaged.at < end + 64) yield damaged;
  }
}

type Sweep = {
  readonly image: Image;
  readonly damage: (files: Files) => Iterable<Damaged>;
};

async function sweep(
  t: ExecutionContext,
  { image, damage }: Sweep,
): Promise<{ readonly refused: number; readonly opened: number }> {
  t.timeout(300_000);
  let [refused, opened] = [0, 0];
  for (const { files, what } of damage(image.files)) {
    if (await isRefusedOrWhole(t, { ...image, files }, what)) refused++;
    else opened++;
  }
  t.log({ refused, opened });
  return { refused, opened };
}

async function isRefusedOrWhole(
  t: ExecutionContext,
  { files, possible }: Image,
  what: string,
): Promise<boolean> {
  try {
    const doors = { files: memoryFiles(folder, files), logger };
    const recovered = await recover(doors, { folder, identity });
    const found = recovered && contentsOf(recovered.image, recovered.image.hard());
    if (!possible.some((one) => found !== undefined && isSame(one, found))) {
      t.fail(`${what}: opened with other contents`);
    }
    return false;
  } catch (fault) {
    // A changed version or name of the owner is none that a checksum has passed.
    if (!(fault instanceof WalError) || fault.code !== 'CORRUPT')
      t.fail(`${what}: ${String(fault)}`);
    return true;
  }
}

async function closedLog(): Promise<Image> {
  const { files, contents } = await grownLog();
  return { files, possible: [contents] };
}

/** The tail is as it was before the last write, and that write's bytes are all there. */
async function crashedLog(): Promise<Image> {
  const before = await grownLog();
  const disk = memoryFiles(folder, before.files);
  const log = await openWal({ files: disk, clock, logger }, options);
  const last = before.contents.begin.index + before.contents.entries.length;
  const { term } = before.contents.hard;
  const step: Step = {
    kind: 'append',
    batch: { entries: [entry(term, last + 1, 1200), entry(term, last + 2, 40)] },
  };
  await take(log, step);
  const files = withoutSpare(disk.contents());
  for (const name of ['tail-a', 'tail-b']) files.set(name, before.files.get(name)!);
  return { files, possible: [before.contents, after(before.contents, step)] };
}

/** Batches of every kind, until three segments are full but for the last one's end. */
async function grownLog(): Promise<{ files: Map<string, Uint8Array>; contents: Contents }> {
  const disk = memoryFiles(folder, new Map());
  const log = await openWal({ files: disk, clock, logger }, options);
  const random = randomFromSeed('64 KiB');
  let contents = newborn;
  const grow = async (step: Step): Promise<void> => {
    await take(log, step);
    contents = after(contents, step);
  };
  while (usedBytes(disk.contents()) < 61 * 1024) await grow(drawGrowth(random, contents));
  const { index, term } = contents.entries[2]!;
  await grow({ kind: 'compact', mark: { index, term, conf: conf(1, 2) }, tailBytes: 500 });
  await log.close();
  return { files: withoutSpare(disk.contents()), contents };
}

/** Nothing that lets whole segments go: the log would be short. */
function drawGrowth(random: Random, { hard, entries }: Contents): Step {
  const last = entries.at(-1)?.index ?? 0;
  const replaces = last > hard.commit && random.oneIn(4);
  const term = hard.term + (replaces || last === 0 ? 1 : 0);
  const from = replaces ? last : last + 1;
  const added = Array.from({ length: random.below(3) + (replaces ? 1 : 0) }, (_, i) =>
    entry(term, from + i, 100 + random.below(900)),
  );
  const commit = Math.max(hard.commit, from - 1 - random.below(2));
  return { kind: 'append', batch: { hard: { term, vote: nodeId(2), commit }, entries: added } };
}

const usedBytes = (contents: Files): number =>
  [...contents].reduce(
    (sum, [name, bytes]) => sum + (name.endsWith('.seg') ? usedOf(bytes) : 0),
    0,
  );

const usedOf = (bytes: Uint8Array): number => bytes.findLastIndex((byte) => byte !== 0) + 1;

function withoutSpare(contents: Files): Map<string, Uint8Array> {
  const files = new Map(contents);
  files.delete('spare');
  return files;
}
