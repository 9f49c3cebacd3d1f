/** Bugs of votes and of what a restart remembers: numbers 17 to 22 of the catalogue. */
import { type Bug, edit, test } from './bug.ts';

export const voteBugs: readonly Bug[] = [
  {
    number: 17,
    name: 'vote-answered-before-sync',
    kind: 'safety',
    about:
      'A vote is answered before it is on disk: after a crash the node votes again in the term ' +
      '(sofa-jraft #1241).',
    edits: [
      edit(
        'raft/core/election.ts',
        "promise(raft, { kind: 'MsgVoteResp', to, reject: !isGranted, ...decidedOf(raft) });",
        `raft.outbox.push({
    kind: 'MsgVoteResp',
    to,
    reject: !isGranted,
    ...decidedOf(raft),
    from: raft.options.id,
    term: raft.term,
  });`,
      ),
    ],
    killers: { seeds: 40, tests: test('raft/core/election', '*(catalogue 17, 19)*') },
  },
  {
    number: 17,
    name: 'candidate-asks-before-sync',
    kind: 'safety',
    about: 'A candidate asks for votes before its own is on disk (sofa-jraft’s electSelf).',
    edits: [
      edit(
        'raft/core/election.ts',
        "if (role.kind === 'candidate') promise(raft, { kind: 'MsgVote', to, ...plea });",
        `if (role.kind === 'candidate') {
      raft.outbox.push({ kind: 'MsgVote', to, ...plea, from: options.id, term });
    }`,
      ),
    ],
    killers: {
      seeds: 40,
      tests: test('raft/core/election', 'a candidate asks for votes only after*'),
    },
  },
  {
    number: 17,
    name: 'reply-before-sync',
    kind: 'safety',
    about: 'Votes and acknowledgements leave while the write that backs them is on its way.',
    edits: [
      edit(
        'raft/node/raft-node.ts',
        'this.#writing = this.#write(ready);',
        `this.#send(ready.messagesAfterSync);
      this.#writing = this.#write({ ...ready, messagesAfterSync: [] });`,
      ),
    ],
    killers: { seeds: 40, tests: test('raft/node/durable-promises', '*(catalogue 17)') },
  },
  {
    number: 18,
    name: 'failed-write-ignored',
    kind: 'safety',
    about: 'A vote that could not be written is given all the same (sofa-jraft #1241).',
    edits: [
      edit(
        'raft/node/raft-node.ts',
        'await log.append({ hard, entries });',
        'await log.append({ hard, entries }).catch(() => {});',
      ),
    ],
    killers: { seeds: 40, tests: test('raft/node/raft-node', 'a node whose disk fails stops*') },
  },
  {
    number: 19,
    name: 'vote-not-written',
    kind: 'safety',
    about: 'The vote stays in memory: after a crash a node votes again in the same term.',
    edits: [
      edit(
        'raft/node/raft-node.ts',
        'await log.append({ hard, entries });',
        'await log.append({ hard: hard && { ...hard, vote: undefined }, entries });',
      ),
    ],
    killers: { seeds: 40, tests: test('raft/node/durable-promises', '*(catalogue 19)') },
  },
  {
    number: 19,
    name: 'vote-and-term-apart',
    kind: 'safety',
    about:
      'Vote and term are written one after the other: a crash in between leaves the new vote in the ' +
      'old term, whose own vote is forgotten.',
    edits: [
      edit(
        'raft/node/raft-node.ts',
        'await log.append({ hard, entries });',
        `const { term, commit } = this.#hardBefore ?? log.initial.hard;
      if (hard !== undefined) {
        await log.append({ hard: { term, commit, vote: hard.vote }, entries: [] });
        this.#hardBefore = hard;
      }
      await log.append({ hard, entries });`,
      ),
      edit(
        'raft/node/raft-node.ts',
        '  #writingTicks = 0;\n',
        "  #writingTicks = 0;\n  #hardBefore: Ready['hard'];\n",
      ),
    ],
    killers: { seeds: 40, tests: test('raft/node/durable-promises', '*(catalogue 19)') },
  },
  {
    number: 20,
    name: 'learner-restarts-as-voter',
    kind: 'safety',
    about: 'A learner that restarts takes itself for a voter (openraft 39690593).',
    edits: [
      edit(
        'raft/core/raw-node.ts',
        'conf: confs.at(-1)?.conf ?? options.initial.conf,',
        `conf: ((conf) => ({
        ...conf,
        voters: [...conf.voters, ...conf.learners],
        learners: [],
      }))(confs.at(-1)?.conf ?? options.initial.conf),`,
      ),
    ],
    killers: { tests: test('raft/core/shipped-bugs', '*(catalogue 20)') },
  },
  {
    number: 20,
    name: 'membership-made-up',
    kind: 'safety',
    about: 'A node that knows of no membership makes one up of itself (camunda #60087).',
    edits: [
      edit(
        'raft/core/raw-node.ts',
        'conf: confs.at(-1)?.conf ?? options.initial.conf,',
        `conf: ((conf) => (conf.voters.length > 0 ? conf : { ...conf, voters: [options.id] }))(
        confs.at(-1)?.conf ?? options.initial.conf,
      ),`,
      ),
    ],
    killers: { seeds: 40, tests: test('raft/core/membership', 'a node that waits *') },
  },
  {
    number: 21,
    name: 'pre-vote-counts-as-vote',
    kind: 'safety',
    about: 'A granted pre-vote that comes late counts as a vote (raft-rs 0.3.1).',
    edits: [
      edit(
        'raft/core/election.ts',
        `if (kind !== asked) return;
`,
        '',
      ),
      edit(
        'raft/core/election.ts',
        "if (kind === 'MsgPreVoteResp' && !reject && term !== raft.term + 1) return;",
        "if (kind === 'MsgPreVoteResp' && kind === asked && !reject && term !== raft.term + 1) return;",
      ),
    ],
    killers: { seeds: 40, tests: test('raft/core/election', '*(catalogue 21)*') },
  },
  {
    number: 21,
    name: 'pre-vote-changes-state',
    kind: 'liveness',
    about: 'A pre-vote takes its receiver into the term that it only tries on (raft-rs 0.3.1).',
    edits: [
      edit(
        'raft/core/step.ts',
        "if (kind === 'MsgPreVote' || (kind === 'MsgPreVoteResp' && !message.reject)) return true;",
        "if (kind === 'MsgPreVoteResp' && !message.reject) return true;",
      ),
    ],
    killers: { tests: test('raft/core/election', '*(catalogue 21)*') },
  },
  {
    number: 22,
    name: 'wiped-node-welcome',
    kind: 'safety',
    about:
      'A node that lost its disk comes back under its old id, without its votes and entries (etcd: ' +
      'an id is used once, for ever).',
    edits: [edit('raft/node/peer-book.ts', 'if (known !== undefined) return otherDisk(peer);', '')],
    killers: { seeds: 40, tests: test('raft/node/membership', 'a node that lost its disk*') },
  },
  {
    number: 22,
    name: 'lost-log-unnoticed',
    kind: 'safety',
    about: 'A node whose log is gone starts as a new one, under its old id.',
    edits: [
      edit(
        'raft/node/peer-book.ts',
        'if (written?.isUsed === true && isLogNew) {',
        'if (written?.isUsed === true && isLogNew && id < 0) {',
      ),
    ],
    killers: { tests: test('raft/node/membership', 'a node whose log alone is gone*') },
  },
];
