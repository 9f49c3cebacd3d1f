/** Bugs of snapshots: numbers 33 to 38 of the catalogue. */
import { type Bug, edit, test } from './bug.ts';

export const snapshotBugs: readonly Bug[] = [
  {
    number: 33,
    name: 'snapshot-of-a-prefix-clears-the-log',
    kind: 'safety',
    about:
      'A snapshot of what the log holds already discards the entries behind it, which were ' +
      'acknowledged (camunda #6092; figure 13, rule 6).',
    edits: [
      edit(
        'raft/core/following.ts',
        'if (log.term(mark.index) === mark.term && !isUntold(raft)) log.commitTo(mark.index);',
        'if (log.commit > log.last) log.commitTo(mark.index);',
      ),
    ],
    killers: { tests: test('raft/core/replication', 'a snapshot of what the log holds*') },
  },
  {
    number: 34,
    name: 'snapshot-keeps-a-conflict',
    kind: 'safety',
    about:
      'The entry at a snapshot’s index stays though its term is another, and all that follows it ' +
      '(hashicorp #704).',
    edits: [
      edit(
        'raft/core/following.ts',
        'if (log.term(mark.index) === mark.term && !isUntold(raft)) log.commitTo(mark.index);',
        'if (log.term(mark.index) !== undefined && !isUntold(raft)) log.commitTo(mark.index);',
      ),
    ],
    killers: { seeds: 40, tests: test('raft/core/replication', 'a snapshot over a diverged log*') },
  },
  {
    number: 35,
    name: 'old-snapshot-gone-first',
    kind: 'safety',
    about: 'The old snapshots are removed before the new one is durable (verdi-raft #51).',
    edits: [
      edit(
        'storage/snapshot/snapshot-store.ts',
        'await publish(this.#ground, draft);',
        `for (const { mark } of this.#whole.splice(0)) await discard(this.#ground, mark);
    await publish(this.#ground, draft);`,
      ),
    ],
    killers: { tests: test('storage/snapshot/snapshot-store', 'a crash at any moment*') },
  },
  {
    number: 35,
    name: 'rename-without-folder-sync',
    kind: 'safety',
    about:
      'A new snapshot’s name is not synced: a power cut takes it back (hashicorp’s file_snapshot).',
    edits: [
      edit(
        'storage/snapshot/snapshot-folder.ts',
        `await files.rename(path, target);
  await files.syncFolder(folder);`,
        'await files.rename(path, target);',
      ),
    ],
    killers: {
      seeds: 40,
      tests: test('storage/snapshot/snapshot-store', 'what was committed reads back*'),
    },
  },
  {
    number: 35,
    name: 'newest-by-name',
    kind: 'safety',
    about:
      'The newest snapshot is told by names as text, and the newest by index reaped (hashicorp #395).',
    edits: [
      edit(
        'storage/snapshot/snapshot-store.ts',
        '  other.mark.index - one.mark.index;',
        '  other.mark.index.toString(16).localeCompare(one.mark.index.toString(16));',
      ),
    ],
    killers: { tests: test('storage/snapshot/snapshot-store', 'the two newest by index*') },
  },
  {
    number: 36,
    name: 'membership-of-now-in-snapshot',
    kind: 'safety',
    about:
      'A snapshot is given the membership of when it was made, not of its index (pikiwidb #385, ' +
      'openraft dba24036).',
    edits: [
      edit(
        'raft/core/membership.ts',
        'const conf = confs.findLast((each) => each.index <= index)?.conf;',
        'const conf = confs.findLast((each) => each.index >= 0)?.conf;',
      ),
    ],
    killers: { tests: test('raft/core/membership', '*(catalogue 36)*') },
  },
  {
    number: 37,
    name: 'chunk-of-another-snapshot',
    kind: 'safety',
    about:
      'A chunk is taken at its sender’s word: one of an older snapshot is mixed in (openraft ' +
      '2eccb9e1, camunda #8381).',
    edits: [
      edit(
        'storage/snapshot/snapshot-receiver.ts',
        'if (this.#isOver || !isOurs) return refuse({',
        'if (this.#isOver || (!isOurs && chunk.index < 0)) return refuse({',
      ),
      edit(
        'storage/snapshot/snapshot-receiver.ts',
        'const checksum = checksums[this.#chunks];',
        'const { checksum } = chunk;',
      ),
    ],
    killers: {
      tests: test('storage/snapshot/snapshot-store', 'a receiver ends with what was sent*'),
    },
  },
  {
    number: 37,
    name: 'chunk-out-of-order',
    kind: 'safety',
    about: 'A chunk beyond a gap begins the session (openraft 2eccb9e1).',
    edits: [
      edit(
        'storage/snapshot/snapshot-receiver.ts',
        "if (chunk.offset > expected) return refuse({ kind: 'gap', expected });",
        '',
      ),
      edit(
        'storage/snapshot/snapshot-receiver.ts',
        'const checksum = checksums[this.#chunks];',
        'const { checksum } = chunk;',
      ),
    ],
    killers: {
      tests: test('storage/snapshot/snapshot-store', 'a receiver ends with what was sent*'),
    },
  },
  {
    number: 37,
    name: 'last-chunk-twice',
    kind: 'liveness',
    about: 'The last chunk, when it comes again, breaks the session (camunda #10180).',
    edits: [
      edit(
        'storage/snapshot/snapshot-receiver.ts',
        'if (chunk.offset < expected || this.#chunks === checksums.length) return accept(expected);',
        'if (this.#chunks < checksums.length && chunk.offset < expected) return accept(expected);',
      ),
    ],
    killers: {
      tests: test('storage/snapshot/snapshot-store', 'two snapshots in quick succession*'),
    },
  },
  {
    number: 37,
    name: 'two-sessions-at-once',
    kind: 'safety',
    about: 'A second snapshot in quick succession does not end the first session (etcd #18055).',
    edits: [
      edit(
        'storage/snapshot/snapshot-store.ts',
        `await this.#receiver?.close();
    this.#receiver = undefined;
    await this.#removeParts`,
        'await this.#removeParts',
      ),
    ],
    killers: {
      tests: test('storage/snapshot/snapshot-store', 'two snapshots in quick succession*'),
    },
  },
  {
    number: 38,
    name: 'applies-beside-install',
    kind: 'safety',
    about:
      'Entries of before go on being applied while a snapshot is installed: they come behind its ' +
      'state (openraft eed681d5).',
    edits: [
      edit(
        'raft/core/raft-log.ts',
        'if (this.#snapshot !== undefined || this.owesConf) return false;',
        'if (this.owesConf) return false;',
      ),
    ],
    killers: { seeds: 40, tests: test('raft/core/shipped-bugs', '*(catalogue 38)') },
  },
  {
    number: 38,
    name: 'applies-old-after-install',
    kind: 'safety',
    about: 'After a snapshot is installed, applying goes on from where it was before.',
    edits: [
      edit('raft/core/raft-log.ts', 'this.#given = Math.max(this.#given, snapshot.index);', ''),
    ],
    killers: { seeds: 40, tests: test('raft/core/shipped-bugs', '*(catalogue 38)') },
  },
];
