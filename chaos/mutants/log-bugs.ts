/** Bugs of the log and of what is decided: numbers 1 to 16 of the catalogue. */
import { type Bug, edit, test } from './bug.ts';

export const logBugs: readonly Bug[] = [
  {
    number: 1,
    name: 'old-term-by-counting',
    kind: 'safety',
    about:
      'A leader decides an entry of an older term because a majority has it, and a later leader ' +
      'erases it (figure 8; logcabin #44, async-raft #106).',
    edits: [
      edit(
        'raft/core/leading.ts',
        'if (index <= log.commit || log.term(index) !== term) return;',
        'if (index <= log.commit || term === 0) return;',
      ),
    ],
    killers: { seeds: 60, tests: test('raft/core/shipped-bugs', '*(catalogue 1)') },
  },
  {
    number: 2,
    name: 'stale-append-truncates',
    kind: 'safety',
    about:
      'A late copy of an older MsgApp ends the log where that one ended, though what follows was ' +
      'acknowledged (akka-raft #66, CCF, raft-rs #113).',
    edits: [
      edit(
        'raft/core/raft-log.ts',
        'if (first === undefined) return true;',
        `if (first === undefined) {
      const end = prev.index + entries.length + 1;
      if (end <= this.last && end > this.#commit) this.#truncateFrom(end);
      return true;
    }`,
      ),
    ],
    killers: { seeds: 40, tests: test('raft/core/shipped-bugs', '*(catalogue 2, 7)') },
  },
  {
    number: 3,
    name: 'tail-not-truncated',
    kind: 'safety',
    about: 'A conflicting entry is replaced in place, and what followed it stays (mofa #1150).',
    edits: [
      edit(
        'raft/core/raft-log.ts',
        `if (first.index <= this.last) this.#truncateFrom(first.index);
    this.append(entries.slice(fresh));`,
        `const after = first.index + entries.length - fresh;
    const tail = after <= this.last ? this.entries(after, this.last + 1, Infinity) : [];
    if (first.index <= this.last) this.#truncateFrom(first.index);
    this.append(entries.slice(fresh));
    this.#unstable.push(...tail);`,
      ),
    ],
    killers: { seeds: 40, tests: test('raft/core/replication', '*(catalogue 3)*') },
  },
  {
    number: 4,
    name: 'heartbeat-commits-too-far',
    kind: 'safety',
    about:
      'A heartbeat tells of the whole commit index, whatever the peer’s log is known to hold; its ' +
      'diverged tail becomes decided (copycat #265, scylladb #9965).',
    edits: [
      edit(
        'raft/core/reading.ts',
        'const commit = Math.min(match, raft.log.commit);',
        'const commit = Math.max(0 * match, raft.log.commit);',
      ),
    ],
    killers: { seeds: 40, tests: test('raft/core/replication', 'a heartbeat tells each peer*') },
  },
  {
    number: 4,
    name: 'append-commits-too-far',
    kind: 'safety',
    about: 'A follower takes a MsgApp’s commit index for its whole log, not for what was verified.',
    edits: [
      edit(
        'raft/core/following.ts',
        'log.commitTo(Math.min(commit, last));',
        'log.commitTo(Math.min(commit, log.last));',
      ),
    ],
    killers: { tests: test('raft/core/replication', '*(catalogue 4)*') },
  },
  {
    number: 5,
    name: 'snapshot-vouches-for-the-rest',
    kind: 'safety',
    about:
      'The answer to a snapshot acknowledges the whole log, its unverified tail too (scylladb #9965).',
    edits: [
      edit(
        'raft/core/following.ts',
        `  acknowledge(raft, message, log.commit);
  return undefined;
}

/** Stops following`,
        `  acknowledge(raft, message, log.last);
  return undefined;
}

/** Stops following`,
      ),
    ],
    killers: { tests: test('raft/core/shipped-bugs', '*(catalogue 5)') },
  },
  {
    number: 6,
    name: 'compacted-prev-is-conflict',
    kind: 'safety',
    about:
      'An entry that precedes the compacted log is taken for a conflict, and the log is deleted from ' +
      'there on (openraft #511).',
    edits: [
      edit('raft/core/following.ts', 'if (prevIndex < log.commit) {', 'if (prevIndex < 0) {'),
      edit(
        'raft/core/following.ts',
        '({ index, term }) => index <= log.commit && log.term(index) !== term,',
        '({ index }) => index < 0,',
      ),
      edit(
        'raft/core/raft-log.ts',
        'if (this.term(prev.index) !== prev.term) return false;',
        `if (this.term(prev.index) !== prev.term) {
      if (prev.index <= this.last) this.#truncateFrom(Math.max(prev.index, this.first));
      return false;
    }`,
      ),
    ],
    killers: { seeds: 40, tests: test('raft/core/replication', '*(catalogue 6)*') },
  },
  {
    number: 6,
    name: 'commit-behind-applied',
    kind: 'liveness',
    about: 'A restarted node believes a commit record that is older than what it has applied.',
    edits: [
      edit(
        'raft/core/raft-log.ts',
        'this.#commit = Math.max(commit, applied);',
        'this.#commit = commit;',
      ),
    ],
    killers: { seeds: 40, tests: test('raft/core/shipped-bugs', '*(catalogue 6)') },
  },
  {
    number: 7,
    name: 'matching-entries-rewritten',
    kind: 'safety',
    about:
      'What follows prev is deleted and written again though it matches; what lies behind it is ' +
      'gone (openraft 9540c904, akka-entity-replication #151).',
    edits: [
      edit(
        'raft/core/raft-log.ts',
        'const fresh = entries.findIndex((entry) => this.term(entry.index) !== entry.term);',
        'const fresh = entries.findIndex((entry) => entry.index > this.#commit);',
      ),
    ],
    killers: { seeds: 40, tests: test('raft/core/replication', '*(catalogue 2, 7)*') },
  },
  {
    number: 8,
    name: 'longest-log-wins',
    kind: 'safety',
    about: 'Logs compare by length first and by term second (openraft a48a3282).',
    edits: [
      edit(
        'raft/core/election.ts',
        'const isCurrent = lastTerm > end.term || (lastTerm === end.term && lastIndex >= end.index);',
        'const isCurrent = lastIndex > end.index || (lastIndex === end.index && lastTerm >= end.term);',
      ),
    ],
    killers: { seeds: 60, tests: test('raft/core/election', '*(catalogue 8)*') },
  },
  {
    number: 8,
    name: 'equal-log-refused',
    kind: 'liveness',
    about: 'A vote goes only to a log that is longer than one’s own: equals never elect anybody.',
    edits: [
      edit(
        'raft/core/election.ts',
        '(lastTerm === end.term && lastIndex >= end.index);',
        '(lastTerm === end.term && lastIndex > end.index);',
      ),
    ],
    killers: { seeds: 40, tests: test('raft/core/election', '*(catalogue 8)*') },
  },
  {
    number: 9,
    name: 'no-last-term-after-snapshot',
    kind: 'safety',
    about:
      'A log that a snapshot emptied ends in term 0: its owner never wins, and votes for anybody ' +
      '(redisraft #2).',
    edits: [
      edit(
        'raft/core/raft-log.ts',
        'const term = this.term(this.last);',
        'const term = this.last < this.first ? 0 : this.term(this.last);',
      ),
    ],
    killers: { tests: test('raft/core/raft-log', '*(catalogue 9, 34)*') },
  },
  {
    number: 10,
    name: 'late-rejection-lowers-next',
    kind: 'safety',
    about: 'A late rejection brings a peer’s next down to its match, or below (etcd raft #149).',
    edits: [
      edit(
        'raft/core/progress.ts',
        "if (at <= match || mode.kind === 'snapshot') return undefined;",
        "if (at < 0 || mode.kind === 'snapshot') return undefined;",
      ),
      edit(
        'raft/core/progress.ts',
        'if (at !== next - 1) return undefined;',
        'if (at > next - 1) return undefined;',
      ),
      edit(
        'raft/core/progress.ts',
        'next: Math.max(Math.min(at, hint + 1), match + 1),',
        'next: Math.max(Math.min(at, hint + 1), 1),',
      ),
    ],
    killers: {
      seeds: 40,
      tests: test('raft/core/progress', '*(catalogue 10)', 'whatever answers come*'),
    },
  },
  {
    number: 11,
    name: 'matches-not-sorted',
    kind: 'safety',
    about: 'The peers’ matches are not sorted before the majority’s is picked (openraft #1802).',
    edits: [
      edit(
        'raft/core/quorum/majority.ts',
        'voters.map((voter) => reached(voter)).toSorted((a, b) => b - a);',
        'voters.map((voter) => reached(voter));',
      ),
    ],
    killers: { seeds: 40, tests: test('raft/core/quorum/majority', '*(catalogue 11)*') },
  },
  {
    number: 11,
    name: 'quorum-of-two',
    kind: 'safety',
    about: 'Two of five are taken for a majority: two disjoint ones can decide.',
    edits: [
      edit(
        'raft/core/quorum/majority.ts',
        'Math.floor(count / 2) + 1',
        'Math.max(2, Math.floor(count / 2))',
      ),
    ],
    killers: { seeds: 40, tests: test('raft/core/quorum/majority', 'any two majorities*') },
  },
  {
    number: 12,
    name: 'refusal-counts',
    kind: 'safety',
    about: 'A refused MsgApp counts towards the quorum all the same (canonical raft #362).',
    edits: [
      edit(
        'raft/core/leading.ts',
        `if (next === undefined) return undefined;
    leader.progress.set(from, next);`,
        `if (next === undefined) return undefined;
    leader.progress.set(from, acknowledged(next, index, windowOf(raft)));
    decide(raft, leader);`,
      ),
    ],
    killers: { seeds: 40, tests: test('raft/core/shipped-bugs', 'a refusal*(catalogue 12)') },
  },
  {
    number: 12,
    name: 'old-acknowledgement-counts',
    kind: 'safety',
    about: 'An acknowledgement of an older term counts: what it was of may be overwritten (CCF).',
    edits: [
      edit(
        'raft/core/step.ts',
        'if (message.term < raft.term) {',
        "if (message.term < raft.term && message.kind !== 'MsgAppResp') {",
      ),
    ],
    killers: { tests: test('raft/core/shipped-bugs', 'an acknowledgement*(catalogue 12)') },
  },
  {
    number: 13,
    name: 'late-write-makes-stable',
    kind: 'safety',
    about:
      'The end of a write makes stable what replaced its entries meanwhile (etcd raft #8, the ABA ' +
      'race of asynchronous appends).',
    edits: [
      edit(
        'raft/core/raft-log.ts',
        'for (const write of this.#writing) write.last = Math.min(write.last, index - 1);',
        '',
      ),
    ],
    killers: { seeds: 40, tests: test('raft/core/storage-messages', '*(catalogue 13)*') },
  },
  {
    number: 14,
    name: 'alone-decides-before-sync',
    kind: 'safety',
    about: 'A cluster of one answers before its own write is on disk (etcd #14370, #10508).',
    edits: [
      edit(
        'raft/core/leading.ts',
        "log.append([{ term, index, kind: 'normal', data }]);",
        `log.append([{ term, index, kind: 'normal', data }]);
  if (raft.conf.voters.length === 1) log.commitTo(index);`,
      ),
      edit(
        'raft/core/raft-log.ts',
        'return this.#given < Math.min(this.#commit, this.#stable);',
        'return this.#given < this.#commit;',
      ),
      edit(
        'raft/core/raft-log.ts',
        'const to = Math.min(this.#commit, this.#stable) + 1;',
        'const to = this.#commit + 1;',
      ),
    ],
    killers: { seeds: 40, tests: test('raft/core/shipped-bugs', '*(catalogue 14)') },
  },
  {
    number: 15,
    name: 'own-entry-counts-before-sync',
    kind: 'safety',
    about: 'A leader counts its own entry in the quorum before its write is done (etcd #14143).',
    edits: [
      edit(
        'raft/core/leading.ts',
        'id === options.id ? log.stable : (leader.progress.get(id)?.match ?? 0);',
        'id === options.id ? log.last : (leader.progress.get(id)?.match ?? 0);',
      ),
    ],
    killers: { seeds: 40, tests: test('raft/core/replication', '*(catalogue 15)*') },
  },
  {
    number: 16,
    name: 'written-twice',
    kind: 'safety',
    about: 'What a write is on its way with is given to the next one again.',
    edits: [
      edit(
        'raft/core/raft-log.ts',
        'const entries = this.#unstable.slice(this.#handed - this.#stable);',
        'const entries = this.#unstable.slice();',
      ),
    ],
    killers: { tests: test('raft/core/storage-messages', '*(catalogue 16)*') },
  },
];
