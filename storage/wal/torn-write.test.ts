/** What is left of a write that the power cut off in the middle, sector by sector, and what only looks like it. */
import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import { blank, clock } from '#internal/testing/log-images.ts';
import { folder, logger, logIn, options, used } from '#internal/testing/log-images.ts';
import { after, contentsOf, entry, type Step, take } from '#internal/testing/log-model.ts';
import { memoryFiles } from '#internal/testing/memory-files.ts';
import { segmentName } from './segment-header.ts';
import { openWal } from './wal.ts';

const first = segmentName(1);

test('a hole that a later write follows is not taken for a torn write', async (t) => {
  const before = await logIn(1 << 14, [100]);
  const disk = memoryFiles(folder, before.files);
  const log = await openWal({ files: disk, clock, logger }, { ...options, segmentBytes: 1 << 14 });
  for (const index of [2, 3]) await log.append({ entries: [entry(1, index, 900)] });
  const files = new Map(before.files).set(first, disk.contents().get(first)!);
  blank(files, first, 1024, 1536);
  const opening = openWal({ files: memoryFiles(folder, files), clock, logger }, options);
  await t.throwsAsync(opening, { name: 'WalError', code: 'CORRUPT' });
});

test('whichever sectors of the last write came to the disk, it is dropped unless it is whole', async (t) => {
  const seen = { dropped: 0, whole: 0 };
  for (let pad = 0; pad < 512; pad += 8) {
    // The batch begins at every place in a sector that a frame can.
    const before = await logIn(1 << 14, [100 + pad]);
    const disk = memoryFiles(folder, before.files);
    const log = await openWal(
      { files: disk, clock, logger },
      { ...options, segmentBytes: 1 << 14 },
    );
    const step: Step = { kind: 'append', batch: { entries: [entry(1, 2, 900), entry(1, 3, 60)] } };
    await take(log, step);
    const written = disk.contents().get(first)!;
    const from = Math.floor(used(before.files.get(first)!).length / 512);
    const to = Math.ceil(used(written).length / 512);
    for (let pattern = 0; pattern < 2 ** (to - from); pattern++) {
      const torn = before.files.get(first)!.slice();
      for (let sector = from; sector < to; sector++) {
        if (((pattern >> (sector - from)) & 1) === 0) continue;
        torn.set(written.subarray(sector * 512, (sector + 1) * 512), sector * 512);
      }
      const isWhole = isDeepStrictEqual(torn, written);
      const left = memoryFiles(folder, new Map(before.files).set(first, torn));
      const again = await openWal({ files: left, clock, logger }, options);
      const expected = isWhole ? after(before.contents, step) : before.contents;
      t.deepEqual(contentsOf(again, again.initial.hard), expected, `${pad}: sectors ${pattern}`);
      seen[isWhole ? 'whole' : 'dropped']++;
    }
  }
  t.true(seen.whole >= 64 && seen.dropped > 300, JSON.stringify(seen));
});
