/** Bugs of the log on disk: numbers 39 to 43 of the catalogue. */
import { type Bug, edit, test } from './bug.ts';

export const storageBugs: readonly Bug[] = [
  {
    number: 39,
    name: 'torn-tail-is-fatal',
    kind: 'liveness',
    about: 'A write that a crash cut short keeps the node from starting (cqlite #1390).',
    edits: [
      edit(
        'storage/wal/recovery.ts',
        "if (!isLast || wasAcknowledged || verdict === 'rotten') {",
        "if (!isLast || wasAcknowledged || verdict !== 'nothing') {",
      ),
    ],
    killers: { seeds: 60, tests: test('storage/wal/wal', 'after a crash the log holds*') },
  },
  {
    number: 39,
    name: 'torn-tail-not-cut',
    kind: 'safety',
    about:
      'A torn write is left where it is, and the next ones are appended behind it: they are not ' +
      'found again (amelie #17).',
    edits: [
      edit(
        'storage/wal/recovery.ts',
        "if (this.#offset > segmentHeaderBytes) return { kind: 'cut', sizeBytes: this.#offset };",
        `if (this.#offset > segmentHeaderBytes) {
      this.#offset = bytes.length;
      return { kind: 'none' };
    }`,
      ),
    ],
    killers: { seeds: 60, tests: test('storage/wal/wal', 'after a crash the log holds*') },
  },
  {
    number: 40,
    name: 'rot-cut-off',
    kind: 'safety',
    about:
      'Rot is taken for a torn write, and what was acknowledged behind it is cut off (Alagappan et ' +
      'al., FAST ’18).',
    edits: [
      edit(
        'storage/wal/recovery.ts',
        "if (!isLast || wasAcknowledged || verdict === 'rotten') {",
        "if (!isLast && wasAcknowledged && verdict === 'rotten') {",
      ),
      edit(
        'storage/wal/recovery.ts',
        'const isShort = this.#tail.segment === number && this.#offset < this.#tail.offset;',
        'const isShort = this.#tail.segment < 0;',
      ),
    ],
    killers: { tests: test('storage/wal/recovery', 'openSegmentWithNonZeroData*', 'a hole*') },
  },
  {
    number: 41,
    name: 'failed-sync-ignored',
    kind: 'safety',
    about: 'A sync that failed is passed over (fsyncgate; Rebello et al., ATC ’20).',
    edits: [
      edit(
        'storage/wal/wal.ts',
        'await this.#file.write(this.#offset, [batch.bytes]);\n',
        `await this.#file.write(this.#offset, [batch.bytes]).catch((fault: FilesError) => {
      if (fault.code !== 'EIO') throw fault;
    });
`,
      ),
    ],
    killers: { seeds: 40, tests: test('storage/wal/wal', 'after a sync that failed*') },
  },
  {
    number: 41,
    name: 'failed-sync-retried',
    kind: 'safety',
    about: 'A sync that failed is tried again, and the kernel takes the lost pages for clean.',
    edits: [
      edit(
        'storage/wal/wal.ts',
        'await this.#file.write(this.#offset, [batch.bytes]);\n',
        `await this.#file
      .write(this.#offset, [batch.bytes])
      .catch(async () => await this.#file.sync());
`,
      ),
    ],
    killers: { tests: test('storage/wal/wal', 'after a sync that failed*') },
  },
  {
    number: 41,
    name: 'acknowledged-before-the-sync',
    kind: 'safety',
    about:
      'A segment is written without its syncs, and what only the kernel has counts as durable.',
    edits: [
      edit(
        'storage/wal/wal.ts',
        '{ create: true, exclusive: true, durable: true }',
        '{ create: true, exclusive: true }',
      ),
      edit('storage/wal/wal.ts', '`, { durable: true });', '`);'),
      edit('storage/wal/spare-segment.ts', '{ create: true, durable: true }', '{ create: true }'),
    ],
    killers: { seeds: 60, tests: test('storage/wal/wal', 'after a crash the log holds*') },
  },
  {
    number: 42,
    name: 'no-reserve-for-a-full-disk',
    kind: 'liveness',
    about:
      'Proposals are taken until the disk is full, and then not even a vote can be written (dqlite ' +
      '#309, #324).',
    edits: [
      edit('storage/wal/wal.ts', 'return !this.#spare.isShort;', 'return this.#waiting >= 0;'),
    ],
    killers: { tests: test('storage/wal/wal', 'on a disk of any size*') },
  },
  {
    number: 42,
    name: 'goes-on-after-a-full-disk',
    kind: 'safety',
    about:
      'A write that the full disk cut short is followed by others as if it had been whole ' +
      '(canonical raft #450, #471, #575).',
    edits: [
      edit(
        'storage/wal/wal.ts',
        'await file.write(0, [encodeSegmentHeader(header), bytes]);',
        'await file.write(0, [encodeSegmentHeader(header), bytes]).catch(() => {});',
      ),
      edit(
        'storage/wal/wal.ts',
        'await this.#file.write(this.#offset, [batch.bytes]);\n',
        `await this.#file.write(this.#offset, [batch.bytes]).catch((fault: FilesError) => {
      if (fault.code !== 'ENOSPC') throw fault;
    });
`,
      ),
    ],
    killers: { tests: test('storage/wal/wal', 'a reserve that is used up*') },
  },
  {
    number: 43,
    name: 'missing-segment-skipped',
    kind: 'safety',
    about: 'A segment that is missing in the middle is passed over (test_uv_load.c).',
    edits: [
      edit(
        'storage/wal/recovery.ts',
        'if (number !== previous + 1 || !follows) {',
        `if (number !== previous + 1 || !follows) this.#place = header;
    if (number < previous + 1) {`,
      ),
    ],
    killers: { tests: test('storage/wal/recovery', 'nonContiguousClosedSegments*') },
  },
  {
    number: 43,
    name: 'empty-segment-is-fatal',
    kind: 'liveness',
    about:
      'A segment that a crash left empty or all zeros keeps the node from starting (test_uv_load.c).',
    edits: [
      edit(
        'storage/wal/recovery.ts',
        "if (isLast && !this.#wasUsed(reading)) return { kind: 'remove' };",
        '',
      ),
    ],
    killers: {
      tests: test('storage/wal/recovery', 'secondOpenSegmentIsAllZeros: *', 'emptyOpenSegment*'),
    },
  },
];
