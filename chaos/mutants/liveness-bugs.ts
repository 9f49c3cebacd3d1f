/** Bugs that stop a cluster for ever: numbers 47 and 48 of the catalogue. */
import { type Bug, edit, test } from './bug.ts';

export const livenessBugs: readonly Bug[] = [
  {
    number: 47,
    name: 'no-check-quorum',
    kind: 'liveness',
    about:
      'A leader that no quorum answers goes on, and keeps those who hear it from electing another ' +
      '(Cloudflare 2020, openraft #2080).',
    edits: [
      edit(
        'raft/core/leading.ts',
        'if (raft.options.checkQuorum && !isHeardByQuorum(raft, leader)) {',
        'if (leader.progress.size < 0 && !isHeardByQuorum(raft, leader)) {',
      ),
    ],
    killers: { tests: test('raft/core/election', '*(catalogue 47)*', 'a leader that no quorum*') },
  },
  {
    number: 47,
    name: 'no-pre-vote',
    kind: 'liveness',
    about: 'A node that was cut off deposes a good leader when it comes back.',
    edits: [edit('raft/core/election.ts', 'if (raft.options.preVote) {', 'if (raft.term < 0) {')],
    killers: { tests: test('raft/core/election', 'a node that lost touch*') },
  },
  {
    number: 47,
    name: 'no-loyalty',
    kind: 'liveness',
    about: 'Who hears a leader votes for whoever does not (Howard and Abraham 2020).',
    edits: [
      edit(
        'raft/core/election.ts',
        'return checkQuorum && leaderOf(raft) !== undefined && raft.elapsedTicks < electionTicks;',
        'return checkQuorum && leaderOf(raft) !== undefined && raft.elapsedTicks > electionTicks * 9;',
      ),
    ],
    killers: { tests: test('raft/core/election', 'who hears a leader*') },
  },
  {
    number: 47,
    name: 'pre-vote-deadlock',
    kind: 'liveness',
    about:
      'The longest log in an old term and a short log in the highest one refuse each other for ever: ' +
      'nobody spreads the term (openraft #1796, etcd #8501).',
    edits: [
      edit(
        'raft/core/step.ts',
        "say(raft, { kind: 'MsgPreVoteResp', to, reject: true, ...decidedOf(raft) });",
        '',
      ),
    ],
    killers: { tests: test('raft/core/election', '*(catalogue 47)*') },
  },
  {
    number: 47,
    name: 'stalled-disk-leads-on',
    kind: 'liveness',
    about:
      'A leader whose disk does not answer goes on with its heartbeats, and nothing is decided ' +
      '(hashicorp #503, #666, #683; tarantool #9399).',
    edits: [
      edit(
        'raft/node/raft-node.ts',
        'if (isLeader && this.#writingTicks >= this.#options.stallTicks) this.#resign();',
        'if (isLeader && this.#writingTicks < 0) this.#resign();',
      ),
    ],
    killers: { tests: test('raft/node/hand-over', 'a leader whose disk does not answer*') },
  },
  {
    number: 48,
    name: 'transfer-for-ever',
    kind: 'liveness',
    about:
      'A hand-over that does not come about never ends, and nothing is taken meanwhile (openraft ' +
      '#1747, #2088; redpanda #24404; hashicorp #487, #581).',
    edits: [edit('raft/core/transfer.ts', '  leader.transfer.ticksLeft -= 1;\n', '')],
    killers: { tests: test('raft/core/transfer', '*(catalogue 48)*') },
  },
  {
    number: 48,
    name: 'one-entry-a-round-trip',
    kind: 'liveness',
    about:
      'A diverged log is walked back entry by entry, and is never done while it grows (openraft ' +
      '6d53aa12).',
    edits: [
      edit(
        'raft/core/leading.ts',
        'const hint = hintTerm > 0 ? log.lastOfTerm(Math.min(hintIndex, log.last), hintTerm).index : 0;',
        'const hint = hintTerm >= 0 && hintIndex >= 0 ? index - 1 : 0;',
      ),
    ],
    killers: { tests: test('raft/core/shipped-bugs', 'logs that both*(catalogue 48)') },
  },
  {
    number: 48,
    name: 'snapshot-from-the-start',
    kind: 'liveness',
    about:
      'A snapshot is sent from its beginning after every break, and never arrives at a slow follower.',
    edits: [
      edit(
        'storage/snapshot/snapshot-receiver.ts',
        'return { data: file, chunks: isSame ? await soundChunks(file, options.manifest) : 0 };',
        'return { data: file, chunks: 0 };',
      ),
    ],
    killers: { tests: test('storage/snapshot/snapshot-store', 'a receiver that restarts*') },
  },
  {
    number: 48,
    name: 'snapshot-started-again',
    kind: 'liveness',
    about: 'Each sign of life of a slow follower starts its snapshot anew.',
    edits: [
      edit(
        'raft/core/leading.ts',
        'const heard = resumed({ ...progress, isActive: true });',
        `const living = { ...progress, isActive: true };
  const heard = resumed(living.mode.kind === 'snapshot' ? held(living) : living);`,
      ),
    ],
    killers: { tests: test('raft/core/replication', 'a snapshot on its way*') },
  },
  {
    number: 48,
    name: 'candidate-refuses-snapshot',
    kind: 'liveness',
    about: 'A candidate that needs a snapshot refuses it, being a candidate (nebula #1769).',
    edits: [
      edit(
        'raft/core/step.ts',
        "case 'MsgSnap':\n      return heed",
        "case 'MsgSnap':\n      if (raft.role.kind !== 'follower') return undefined;\n      return heed",
      ),
    ],
    killers: { tests: test('raft/core/replication', 'a candidate that needs a snapshot*') },
  },
  {
    number: 48,
    name: 'restarted-follower-waits',
    kind: 'liveness',
    about: 'A follower that restarts waits for a leader for ever (openraft 228077a6).',
    edits: [
      edit(
        'raft/core/election.ts',
        'if (raft.elapsedTicks >= raft.patienceTicks) campaign(raft);',
        'if (raft.elapsedTicks >= raft.patienceTicks && raft.durable.term === 0) campaign(raft);',
      ),
    ],
    killers: { tests: test('raft/core/shipped-bugs', 'nodes that all restart*') },
  },
  {
    number: 48,
    name: 'commit-beyond-log-is-fatal',
    kind: 'liveness',
    about:
      'A heartbeat that commits more than the log holds ends the node, again at each restart ' +
      '(cockroach #25173).',
    edits: [
      edit(
        'raft/core/following.ts',
        'if (commit > log.last) return impossible',
        'if (commit > Infinity) return impossible',
      ),
    ],
    killers: { tests: test('raft/core/shipped-bugs', 'a heartbeat*(catalogue 48)') },
  },
];
