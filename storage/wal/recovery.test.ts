/**
 * What a crash, a disk or a hand may have left in the folder of a log, one case at a time. The names
 * are those of the cases that canonical's raft tries on its own format (`test_uv_load.c`); where it
 * drops what it cannot read, ours refuses, unless it is sure that nobody was promised it.
 */
import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import { assert } from '#internal/base/assert.ts';
import { FilesError } from '#internal/runtime/files.ts';
import {
  batchOffset,
  blank,
  clock,
  compactedLog,
  type Files,
} from '#internal/testing/log-images.ts';
import { folder, forge, grown, lastSegment, type Log } from '#internal/testing/log-images.ts';
import { logger, logOf, options, put } from '#internal/testing/log-images.ts';
import { unacknowledged, used } from '#internal/testing/log-images.ts';
import { after, type Contents, contentsOf, entry } from '#internal/testing/log-model.ts';
import { newborn, type Step, take } from '#internal/testing/log-model.ts';
import { memoryFiles } from '#internal/testing/memory-files.ts';
import { frameHeaderBytes } from './frame.ts';
import { segmentHeaderBytes, segmentName } from './segment-header.ts';
import { openWal } from './wal.ts';
import { WalError } from './wal-error.ts';

const first = segmentName(1);
const second = segmentName(2);
const third = segmentName(3);

type Case = {
  readonly name: string;
  readonly title: string;
  readonly log: () => Promise<Log>;
  readonly damage: (files: Files, log: Log) => void;
  readonly expect: (log: Log) => Contents | WalError['code'];
  /** Files that are not there any more. */
  readonly gone?: readonly string[];
};

const whole = ({ contents }: Log): Contents => contents;
const wholeWithoutLast = ({ before }: Log): Contents => before.contents;
const corrupt = (): 'CORRUPT' => 'CORRUPT';
const nothing = (): void => {};

const cases: readonly Case[] = [
  {
    name: 'emptyDir',
    title: 'an empty folder becomes a new log',
    log: () => logOf(0),
    damage: (files) => files.clear(),
    expect: () => newborn,
  },
  ...['garbage', '00000000000000001.seg', '000000000000000g.seg', 'spare-1'].map((name) => ({
    name: `ignoreUnknownFiles ${name}`,
    title: 'a file that is none of a log is left alone',
    log: () => logOf(3),
    damage: (files: Files) => void files.set(name, new Uint8Array(128).fill(7)),
    expect: whole,
  })),
  {
    name: 'removeUnusableFiles',
    title: 'a spare that was half used is made blank again',
    log: () => logOf(3),
    damage: (files, { before }) => void files.set('spare', before.files.get(second)!.slice()),
    expect: whole,
  },
  {
    name: 'emptyOpenSegment',
    title: 'an empty file after the last segment was never used',
    log: () => logOf(3),
    damage: (files) => void files.set(segmentName(4), new Uint8Array(0)),
    expect: whole,
    gone: [segmentName(4)],
  },
  {
    name: 'openSegmentWithTrailingZeros',
    title: 'a blank file after the last segment was never used',
    log: () => logOf(3),
    damage: (files) => void files.set(segmentName(4), new Uint8Array(600)),
    expect: whole,
    gone: [segmentName(4)],
  },
  {
    name: 'openSegmentWithTrailingZeros, cut',
    title: 'the blank end of the last segment may be gone, or longer',
    log: () => logOf(3),
    damage: (files) => void files.set(third, grown(used(files.get(third)!), 5000)),
    expect: whole,
  },
  {
    name: 'bothOpenAndClosedSegments',
    title: 'full segments and one that is not are one log',
    log: () => logOf(3),
    damage: nothing,
    expect: whole,
  },
  {
    name: 'openSegmentWithNonZeroData',
    title: 'garbage over an acknowledged batch is damage',
    log: () => logOf(3),
    damage: (files) => put(files, third, 8, [1, 2, 3, 4, 5, 6, 7, 8], 'last batch'),
    expect: corrupt,
  },
  {
    name: 'openSegmentWithNonZeroData, not acknowledged',
    title: 'garbage is no torn write, even where nothing was acknowledged',
    log: () => logOf(3),
    damage(files, log) {
      unacknowledged(files, log);
      put(files, third, 8, [1, 2, 3, 4, 5, 6, 7, 8], 'last batch');
    },
    expect: corrupt,
  },
  {
    name: 'openSegmentWithIncompleteBatch',
    title: 'a batch that lacks a sector was torn',
    log: () => logOf(3),
    damage(files, log) {
      unacknowledged(files, log);
      blank(files, third, 512, 600);
    },
    expect: wholeWithoutLast,
  },
  {
    name: 'openSegmentWithIncompleteFirstBatch',
    title: 'a segment with a header and no batch was never used',
    log: () => logOf(3),
    damage(files, log) {
      unacknowledged(files, log);
      blank(files, third, segmentHeaderBytes, 600);
    },
    expect: wholeWithoutLast,
    gone: [third],
  },
  {
    name: 'openSegmentWithBadCrc',
    title: 'a header with a wrong checksum is damage',
    log: () => logOf(3),
    damage: (files) => put(files, third, segmentHeaderBytes - 4, [1, 2, 3, 4]),
    expect: corrupt,
  },
  {
    name: 'twoOpenSegments',
    title: 'no segment needs to be cut to its size',
    log: () => logOf(2),
    damage(files) {
      for (const name of [first, second]) files.set(name, grown(files.get(name)!, 4096));
    },
    expect: whole,
  },
  {
    name: 'secondOpenSegmentIsAllZeros',
    title: 'a second segment that is blank was never used',
    log: () => logOf(2),
    damage(files, log) {
      unacknowledged(files, log);
      blank(files, second, 0, 600);
    },
    expect: wholeWithoutLast,
    gone: [second],
  },
  {
    name: 'secondOpenSegmentIsAllZeros, acknowledged',
    title: 'a second segment that is blank and was acknowledged is damage',
    log: () => logOf(2),
    damage: (files) => blank(files, second, 0, 600),
    expect: corrupt,
  },
  {
    name: 'closedSegmentAllZeros',
    title: 'a full segment that is blank is damage',
    log: () => logOf(3),
    damage: (files) => blank(files, first, 0, 600),
    expect: corrupt,
  },
  ...['twoOpenSegmentsFirstCorrupt', 'twoOpenSegmentsFirstCorruptNoRecovery'].map((name) => ({
    name,
    title: 'a header without a version is damage, whatever is behind it',
    log: () => logOf(2),
    damage(files: Files, log: Log) {
      if (name.endsWith('Corrupt')) unacknowledged(files, log);
      blank(files, first, 8, 12);
      blank(files, second, 0, 600);
    },
    expect: corrupt,
  })),
  ...[
    ['secondOpenSegmentUnexpectedFirstIndex', 2],
    ['oneCloseOneOpenSegmentUnexpectedFirstIndex', 3],
  ].map(([name, count]) => ({
    name: String(name),
    title: 'a segment that begins at another index than the one before ends is damage',
    log: () => logOf(Number(count)),
    damage: (files: Files) => forge(files, segmentName(Number(count)), 32, Number(count) + 1),
    expect: corrupt,
  })),
  {
    name: 'openSegment',
    title: 'one segment is a log',
    log: () => logOf(1),
    damage: nothing,
    expect: whole,
  },
  {
    name: 'onlyOneSnapshot',
    title: 'a log without an entry knows its mark',
    log: () => compactedLog({ count: 5, upTo: 5, tailBytes: 0 }),
    damage: nothing,
    expect: whole,
  },
  {
    name: 'onlyOneSnapshot, no segment',
    title: 'a log whose segments are all gone is damage, not a new log',
    log: () => logOf(3),
    damage(files) {
      for (const name of [first, second, third]) files.delete(name);
    },
    expect: corrupt,
  },
  {
    name: 'closedSegmentWithEntriesBehindSnapshot',
    title: 'segments that a compaction had no time to remove do no harm',
    log: () => compactedLog({ count: 5, upTo: 4, tailBytes: 0 }),
    damage(files, { before }) {
      for (const name of [segmentName(3), segmentName(4)]) {
        files.set(name, files.get(name) ?? before.files.get(name)!);
      }
    },
    expect: whole,
  },
  {
    name: 'openSegmentWithEntriesPastSnapshot',
    title: 'a mark may stand before the last entries',
    log: () => compactedLog({ count: 2, upTo: 1, tailBytes: 1000 }),
    damage: nothing,
    expect: whole,
  },
  ...[
    'closedSegmentWithInconsistentFilename',
    'closedSegmentWithInconsistentFilenameNoRecover',
  ].map((name) => ({
    name,
    title: 'a segment under the name of another one is damage',
    log: () => logOf(3),
    damage(files: Files) {
      const [one, other] = name.endsWith('NoRecover') ? [first, second] : [second, third];
      const [bytes, others] = [files.get(one)!, files.get(other)!];
      files.set(one, others).set(other, bytes);
    },
    expect: corrupt,
  })),
  ...['openSegmentWithEntriesBehindSnapshotNoRecover', 'openSegmentWithEntriesBehindSnapshot'].map(
    (name) => ({
      name,
      title: 'a log that ends before what was acknowledged is damage',
      log: () => compactedLog({ count: 3, upTo: 3, tailBytes: 0 }),
      damage(files: Files, log: Log) {
        const last = lastSegment(files);
        if (name.endsWith('NoRecover')) files.delete(last);
        else blank(files, last, batchOffset(files, last, 1), 600);
        if (files.size < 3) files.set(first, log.before.files.get(first)!);
      },
      expect: corrupt,
    }),
  ),
  {
    name: 'openSegmentNoClosedSegmentsSnapshotPresent',
    title: 'the last segment is enough when all before it is compacted',
    log: () => compactedLog({ count: 4, upTo: 3, tailBytes: 0 }),
    damage: nothing,
    expect: whole,
  },
  ...[
    ['corruptOpenSegmentNoClosedSegmentsSnapshotPresent', 4, 3],
    ['corruptOpenSegmentClosedSegmentSnapshotPresent', 4, 2],
    ['corruptOpenSegmentClosedSegmentsSnapshotPresent', 5, 2],
    ['corruptOpenSegmentClosedSegments', 5, 0],
  ].flatMap(([name, count, upTo]) =>
    ['', 'NoRecover'].map((suffix) => ({
      name: `${name}${suffix}`,
      title: `a last segment ${suffix === '' ? 'that lost its version' : 'of version 0'} is damage`,
      log: () => compactedLog({ count: Number(count), upTo: Number(upTo), tailBytes: 0 }),
      damage(files: Files) {
        const last = lastSegment(files);
        if (suffix === '') blank(files, last, 8, 12);
        else put(files, last, 0, [0, 0, 0, 0, 0, 0, 0, 0]);
      },
      expect: corrupt,
    })),
  ),
  ...[
    ['corruptOpenSegmentsClosedSegments', 4],
    ['corruptOpenSegmentsClosedSegmentsNoRecover', 4],
    ['corruptLastOpenSegmentClosedSegments', 5],
    ['corruptLastOpenSegmentClosedSegmentsNoRecover', 5],
  ].map(([name, segment]) => ({
    name: String(name),
    title: `segment ${segment} of five lost its version: damage`,
    log: () => logOf(5),
    damage(files: Files, log: Log) {
      if (String(name).endsWith('NoRecover')) unacknowledged(files, log);
      blank(files, segmentName(Number(segment)), 8, 12);
    },
    expect: corrupt,
  })),
  {
    name: 'closedSegmentsOverlappingWithSnapshot',
    title: 'entries before the mark are kept, and are right',
    log: () => compactedLog({ count: 6, upTo: 4, tailBytes: 250 }),
    damage: nothing,
    expect: whole,
  },
  ...[
    ['closedSegmentsWithSnapshotLastSegmentCorrupt', 6],
    ['closedSegmentsWithSnapshotLastSegmentCorruptOpenSegment', 5],
    ['closedSegmentsWithSnapshotSecondLastSegmentCorrupt', 4],
  ].flatMap(([name, segment]) =>
    ['', 'NoRecover'].map((suffix) => ({
      name: `${name}${suffix}`,
      title: `${suffix === '' ? 'a header' : 'data'} of segment ${segment} of six is wrong: damage`,
      log: () => compactedLog({ count: 6, upTo: 4, tailBytes: 1e6 }),
      damage: (files: Files) =>
        put(files, segmentName(Number(segment)), suffix === '' ? 12 : 48, [9, 9, 9], 'last batch'),
      expect: corrupt,
    })),
  ),
  {
    name: 'nonContiguousClosedSegments',
    title: 'a gap in the numbers is damage, also before the mark',
    log: () => compactedLog({ count: 6, upTo: 5, tailBytes: 1e6 }),
    damage: (files) => void files.delete(third),
    expect: corrupt,
  },
  {
    name: 'closedSegmentWithEntriesPastSnapshot',
    title: 'the first segments are gone and no mark says so: damage',
    log: () => compactedLog({ count: 6, upTo: 3, tailBytes: 0 }),
    damage: (files) => void files.delete([...files.keys()].toSorted()[0]!),
    expect: corrupt,
  },
  ...[4, 39].map((size) => ({
    name: `openSegmentWithIncomplete${size === 4 ? 'Format' : 'FirstIndex'}`,
    title: `a segment that ends ${size} bytes into its header was never used`,
    log: () => logOf(3),
    damage(files: Files, log: Log) {
      unacknowledged(files, log);
      files.set(third, files.get(third)!.subarray(0, size));
    },
    expect: wholeWithoutLast,
    gone: [third],
  })),
  ...[
    ['openSegmentWithIncompletePreamble', 8],
    ['openSegmentWithIncompleteBatchHeader', frameHeaderBytes + 8],
    ['openSegmentWithIncompleteBatchData', 2 * frameHeaderBytes + 50],
  ].flatMap(([name, into]) =>
    [true, false].map((isAcknowledged) => ({
      name: `${name}${isAcknowledged ? ', acknowledged' : ''}`,
      title: `a file that ends ${into} bytes into its last batch`,
      log: () => logOf(3),
      damage(files: Files, log: Log) {
        if (!isAcknowledged) unacknowledged(files, log);
        const offset = batchOffset(files, third, 1);
        files.set(third, files.get(third)!.subarray(0, offset + Number(into)));
      },
      expect: isAcknowledged ? corrupt : wholeWithoutLast,
    })),
  ),
  ...[
    ['closedSegmentWithCorruptedBatchHeader', 0],
    ['closedSegmentWithCorruptedBatchData', 2 * frameHeaderBytes + 4],
  ].map(([name, into]) => ({
    name: String(name),
    title: `a full segment is wrong ${into} bytes into a batch: damage`,
    log: () => logOf(3),
    damage: (files: Files) => put(files, first, Number(into), [0x4e, 0x61, 0xbc], 'last batch'),
    expect: corrupt,
  })),
  {
    name: 'closedSegmentWithBadIndex',
    title: 'a log without its first segment is damage',
    log: () => logOf(2),
    damage: (files) => void files.delete(first),
    expect: corrupt,
  },
  {
    name: 'emptyClosedSegment',
    title: 'an empty segment with others behind it is damage',
    log: () => logOf(3),
    damage: (files) => void files.set(second, new Uint8Array(0)),
    expect: corrupt,
  },
  ...[
    ['closedSegmentWithBadFormat', first],
    ['openSegmentWithBadFormat', third],
  ].map(([name, segment]) => ({
    name: String(name),
    title: 'a segment of a later version is not read',
    log: () => logOf(3),
    damage: (files: Files) => forge(files, String(segment), 8, 255),
    expect: () => 'VERSION' as const,
  })),
  {
    name: 'openSegmentWithZeroFormatAndThenData',
    title: 'version 0 before a batch is damage',
    log: () => logOf(1),
    damage: (files) => blank(files, first, 8, 12),
    expect: corrupt,
  },
];

for (const { name, title, log: make, damage, expect, gone = [] } of cases) {
  test(`${name}: ${title}`, async (t) => {
    const log = await make();
    const files = new Map(log.files);
    damage(files, log);
    const expected = expect(log);
    // A second time, since the first may have repaired what it then cannot read.
    for (const turn of ['first', 'second']) {
      const disk = memoryFiles(folder, files);
      const opened = await openWal({ files: disk, clock, logger }, options).catch(asWalError);
      if (opened instanceof WalError) {
        t.is<unknown, unknown>(opened.code, expected, `${turn}: ${opened.message}`);
        t.true(isDeepStrictEqual(new Map(disk.contents()), files), 'it is not touched');
        continue;
      }
      assert(typeof expected !== 'string', `${turn}: it was not refused`);
      t.deepEqual(contentsOf(opened, opened.initial.hard), expected, turn);
      const next = entry(1, opened.lastIndex() + 1);
      const step: Step = { kind: 'append', batch: { entries: [next] } };
      await take(opened, step);
      await opened.close();
      for (const lost of gone) t.not(disk.contents().get(lost), files.get(lost), `${lost} is gone`);
      const again = await openWal(
        { files: memoryFiles(folder, disk.contents()), clock, logger },
        options,
      );
      t.deepEqual(contentsOf(again, again.initial.hard), after(expected, step));
    }
  });
}

test('openSegmentWithNoAccessPermission: a segment that may not be read is a fault of the disk', async (t) => {
  const { files } = await logOf(1);
  const disk = memoryFiles(folder, files);
  const open: typeof disk.open = async (path, flags) => {
    if (path.endsWith('.seg')) throw new FilesError('EACCES', `permission denied: ${path}`);
    return await disk.open(path, flags);
  };
  const opening = openWal({ files: { ...disk, open }, clock, logger }, options);
  await t.throwsAsync(opening, { name: 'WalError', code: 'IO', message: /permission denied/ });
});

function asWalError(fault: unknown): WalError {
  if (!(fault instanceof WalError)) throw fault;
  return fault;
}
