/** Bugs of changes of the membership: numbers 23 to 32 of the catalogue. */
import { type Bug, edit, test } from './bug.ts';

export const membershipBugs: readonly Bug[] = [
  {
    number: 23,
    name: 'change-before-own-entry',
    kind: 'safety',
    about:
      'A new leader changes the membership before an entry of its own term is decided (Ongaro, ' +
      'raft-dev 2015). Where a change is in force when it is applied, this breaks a rule, and a ' +
      'promise only along with others.',
    edits: [edit('raft/core/state.ts', 'pendingConf: log.last + 1,', 'pendingConf: log.last,')],
    killers: { tests: test('raft/core/shipped-bugs', '*(catalogue 23)') },
  },
  {
    number: 24,
    name: 'two-changes-in-flight',
    kind: 'safety',
    about: 'A second change is taken while the first is on its way (etcd’s pendingConfIndex).',
    edits: [
      edit(
        'raft/core/membership.ts',
        "if (isPending(raft, role)) return refuse({ kind: 'in-progress', index: role.pendingConf });",
        '',
      ),
    ],
    killers: { tests: test('raft/core/membership', '*(catalogue 24)*') },
  },
  {
    number: 24,
    name: 'inherited-changes-not-counted',
    kind: 'safety',
    about:
      'A new leader does not count the changes that are in its log and not applied (etcd’s ' +
      'TestNewLeaderPendingConfig).',
    edits: [edit('raft/core/state.ts', 'pendingConf: log.last + 1,', 'pendingConf: 0,')],
    killers: { tests: test('raft/core/membership', '*(catalogue 23, 24)*') },
  },
  {
    number: 25,
    name: 'membership-forgotten-at-restart',
    kind: 'safety',
    about:
      'A node that restarts goes by the membership of the last snapshot, not by that of its log ' +
      '(camunda #57389, NuRaft #67, jraft #1).',
    edits: [
      edit(
        'raft/core/raw-node.ts',
        "if (entry.kind !== 'conf') continue;",
        "if (entry.kind !== 'conf' || entry.index > 0) continue;",
      ),
    ],
    killers: { tests: test('raft/core/membership', 'a state machine that kept what it applied*') },
  },
  {
    number: 25,
    name: 'campaigns-with-change-unapplied',
    kind: 'safety',
    about: 'A node counts votes by a membership that it knows to be replaced (etcd raft).',
    edits: [
      edit(
        'raft/core/election.ts',
        "if (raft.log.hasConfToApply) return refuse({ kind: 'conf-unapplied' });",
        '',
      ),
    ],
    killers: { tests: test('raft/core/membership', 'nobody campaigns who has a decided change*') },
  },
  {
    number: 26,
    name: 'joint-left-at-once',
    kind: 'safety',
    about:
      'The end of a joint configuration is proposed before its beginning is decided: both are ' +
      'decided by the old majority alone (camunda #60086).',
    edits: [
      edit(
        'raft/core/membership.ts',
        '  append(raft, role, change);\n',
        `  append(raft, role, change);
  if (next.value.autoLeave) append(raft, role, leave);
`,
      ),
    ],
    killers: { seeds: 60, tests: test('raft/core/shipped-bugs', '*(catalogue 26)') },
  },
  {
    number: 27,
    name: 'removed-leader-counts-itself',
    kind: 'safety',
    about: 'A leader that has no vote any more counts itself (camunda #15232, redisraft #13).',
    edits: [
      edit(
        'raft/core/leading.ts',
        'const index = jointIndex(conf, reached);',
        `const voters = [...new Set([options.id, ...conf.voters])];
  const index = jointIndex({ ...conf, voters }, reached);`,
      ),
    ],
    killers: { tests: test('raft/core/membership', '*(catalogue 27)*') },
  },
  {
    number: 27,
    name: 'removed-leader-stays',
    kind: 'liveness',
    about: 'A leader that was removed leads on for ever (raft-rs #584).',
    edits: [
      edit(
        'raft/core/membership.ts',
        'if (!hasVote(conf, options.id)) leader.farewell ??= appendNoop(raft);',
        'if (!hasVote(conf, options.id)) appendNoop(raft);',
      ),
    ],
    killers: { tests: test('raft/core/membership', '*(catalogue 27)*') },
  },
  {
    number: 27,
    name: 'removed-leader-leaves-too-early',
    kind: 'liveness',
    about:
      'A leader resigns when its removal is proposed, and nobody sees to it that it is decided ' +
      '(openraft 0023cff1, camunda #57390).',
    edits: [
      edit(
        'raft/core/membership.ts',
        '  return accept({ term: raft.term, index: log.last });',
        `  const index = log.last;
  if (!hasVote(next.value, raft.options.id)) raft.role = { kind: 'follower', leader: undefined };
  return accept({ term: raft.term, index });`,
      ),
    ],
    killers: { tests: test('raft/core/membership', '*(catalogue 27)*') },
  },
  {
    number: 28,
    name: 'union-decides',
    kind: 'safety',
    about: 'In a joint configuration a majority of all decides (CCF, openraft d882e743).',
    edits: [
      edit(
        'raft/core/quorum/joint.ts',
        'return outgoing.length === 0 ? incoming : Math.min(incoming, quorumIndex(outgoing, reached));',
        `const union = [...new Set([...voters, ...outgoing])];
  return outgoing.length === 0 ? incoming : quorumIndex(union, reached);`,
      ),
    ],
    killers: { seeds: 60, tests: test('raft/core/quorum/joint', '*(catalogue 28)*') },
  },
  {
    number: 28,
    name: 'union-elects',
    kind: 'safety',
    about: 'In a joint configuration a majority of all elects (openraft a10d9906).',
    edits: [
      edit(
        'raft/core/quorum/joint.ts',
        'const other = tally(outgoing, votes);',
        `const union = [...new Set([...voters, ...outgoing])];
  if (union.length > 0) return tally(union, votes);
  const other = tally(outgoing, votes);`,
      ),
    ],
    killers: { tests: test('raft/core/quorum/joint', '*(catalogue 28)*') },
  },
  {
    number: 29,
    name: 'learner-refuses-to-vote',
    kind: 'liveness',
    about:
      'Who believes that it only learns does not vote, though it was promoted and merely has not ' +
      'heard: the quorum is lost (raft-rs #57, etcd #10998).',
    edits: [
      edit(
        'raft/core/election.ts',
        'const isGranted = mayVote && isCurrent;',
        'const isGranted = mayVote && isCurrent && isVoter(raft);',
      ),
    ],
    killers: { tests: test('raft/core/membership', '*(catalogue 29)*') },
  },
  {
    number: 30,
    name: 'promoted-too-early',
    kind: 'liveness',
    about:
      'A newcomer with an empty log votes at once; when one voter dies the cluster stands until it ' +
      'has caught up (canonical’s rounds, jraft’s catchupMargin).',
    edits: [
      edit('raft/node/catch-up.ts', 'if (match < goal) {', 'if (match < Math.min(goal, 0)) {'),
    ],
    killers: { tests: test('raft/node/catch-up', 'a newcomer that gets a round*') },
  },
  {
    number: 31,
    name: 'change-made-twice',
    kind: 'safety',
    about: 'After a restart a change that is in force already is made again.',
    edits: [
      edit(
        'raft/core/raw-node.ts',
        'for (let from = begin + 1; from <= appliedIndex;) {',
        'for (let from = begin + 1; from <= Math.max(appliedIndex, initial.hard.commit);) {',
      ),
      edit(
        'raft/core/raw-node.ts',
        'const entries = log.entries(from, appliedIndex + 1, chunkBytes);',
        `const entries = log.entries(
      from,
      Math.max(appliedIndex, initial.hard.commit) + 1,
      chunkBytes,
    );`,
      ),
    ],
    killers: {
      seeds: 40,
      tests: test('raft/core/membership', 'a state machine that kept what it applied*'),
    },
  },
  {
    number: 32,
    name: 'undecided-change-in-force',
    kind: 'safety',
    about:
      'A change whose entry is overwritten stays in force (canonical raft #250, #323). Ours are in ' +
      'force when applied and never taken back, so this one is in force when it arrives.',
    edits: [
      edit(
        'raft/core/following.ts',
        `import { whyInvalid } from './confchange.ts';
`,
        `import { confChangeOf } from './confchange-codec.ts';
import { changed, whyInvalid } from './confchange.ts';
`,
      ),
      edit(
        'raft/core/following.ts',
        'const last = prevIndex + entries.length;',
        `const last = prevIndex + entries.length;
    for (const entry of entries.filter(({ kind }) => kind === 'conf')) {
      const next = changed(raft.conf, confChangeOf(entry));
      if (next.ok) raft.conf = next.value;
    }`,
      ),
    ],
    killers: { seeds: 40, tests: test('raft/core/shipped-bugs', '*(catalogue 32)') },
  },
];
