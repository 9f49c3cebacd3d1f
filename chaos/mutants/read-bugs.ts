/** Bugs of reads: numbers 44 to 46 of the catalogue. */
import { type Bug, edit, test } from './bug.ts';

export const readBugs: readonly Bug[] = [
  {
    number: 44,
    name: 'read-before-own-entry',
    kind: 'safety',
    about:
      'A new leader answers reads by a commit index that may lag behind what was decided (etcd ' +
      '#7331, tikv #6340, redisraft #22).',
    edits: [
      edit(
        'raft/core/reading.ts',
        'const isInformed = ({ log, term }: Raft): boolean => log.term(log.commit) === term;',
        'const isInformed = ({ log, term }: Raft): boolean => log.commit >= 0 && term > 0;',
      ),
    ],
    killers: { tests: test('raft/core/reading', '*(catalogue 44)*') },
  },
  {
    number: 45,
    name: 'read-before-quorum',
    kind: 'safety',
    about: 'A read is answered before a quorum confirms that we still lead (d-engine #381).',
    edits: [
      edit(
        'raft/core/reading.ts',
        'if (reads.asked === undefined || confirmed < reads.asked.round) return;',
        'if (reads.asked === undefined) return;',
      ),
    ],
    killers: {
      seeds: 60,
      tests: test('raft/core/reading', 'a leader that a quorum does not follow*'),
    },
  },
  {
    number: 45,
    name: 'read-by-earlier-round',
    kind: 'safety',
    about: 'An answer to an earlier round of heartbeats confirms a later read (etcd #20418).',
    edits: [
      edit(
        'raft/core/reading.ts',
        'reads.asked = { round: reads.round + 1, index',
        'reads.asked = { round: reads.round, index',
      ),
    ],
    killers: { tests: test('raft/core/reading', '*(catalogue 45)*') },
  },
  {
    number: 46,
    name: 'lease-from-the-answer',
    kind: 'safety',
    about:
      'A lease is counted from when the answers came, not from when the question left: a pause in ' +
      'between prolongs it.',
    edits: [
      edit(
        'raft/core/reading.ts',
        'lease.sinceMs = left.atMs;',
        'lease.sinceMs = raft.monotonic();',
      ),
    ],
    killers: { tests: test('raft/core/reading', '*lease*') },
  },
  {
    number: 46,
    name: 'lease-by-ticks',
    kind: 'safety',
    about: 'A lease is measured in ticks, which stop while the machine is paused.',
    edits: [
      edit(
        'raft/core/reading.ts',
        'return monotonic() - lease.sinceMs < leaseMs(options.electionTicks, options.lease);',
        'return lease.sinceMs <= monotonic();',
      ),
    ],
    killers: { seeds: 60, tests: test('raft/core/reading', '*lease*') },
  },
  {
    number: 46,
    name: 'read-quorum-one-short',
    kind: 'safety',
    about: 'One voter fewer than a majority confirms a read (openraft d60f1e85).',
    edits: [
      edit(
        'raft/core/reading.ts',
        'const confirmed = jointIndex(conf, (id) =>\n    id === options.id ? reads.round : (reads.answered.get(id) ?? 0),\n  );',
        `const rounds = conf.voters
    .map((id) => (id === options.id ? reads.round : (reads.answered.get(id) ?? 0)))
    .toSorted((one, other) => other - one);
  const lenient = rounds[Math.max(0, Math.floor(rounds.length / 2) - 1)] ?? 0;
  const confirmed = Math.max(
    lenient,
    jointIndex(conf, () => 0),
  );`,
      ),
    ],
    killers: { tests: test('raft/core/shipped-bugs', '*(catalogue 46)') },
  },
];
