/** Bugs that others shipped in their Raft, for the simulation to find. */
import type { Mutant } from './mutant.ts';

export const raftMutants: readonly Mutant[] = [
  {
    name: 'vote-not-persisted',
    about: 'The vote stays in memory: after a crash a node votes again in the same term.',
    file: 'raft/node/raft-node.ts',
    find: 'await log.append({ hard, entries });',
    replace: `await log.append({
        hard: hard && { ...hard, vote: undefined },
        entries,
      });`,
  },
  {
    name: 'old-term-by-counting',
    about: 'A leader decides an entry of an older term because a majority has it (figure 8).',
    file: 'raft/core/leading.ts',
    find: 'if (index <= log.commit || log.term(index) !== term) return;',
    replace: 'if (index <= log.commit || term === 0) return;',
  },
  {
    name: 'quorum-of-two',
    about: 'Two of five are taken for a majority: two disjoint ones can decide.',
    file: 'raft/core/quorum/majority.ts',
    find: 'Math.floor(count / 2) + 1',
    replace: 'Math.max(2, Math.floor(count / 2))',
  },
  {
    name: 'reply-before-sync',
    about: 'Votes and acknowledgements leave while the write that backs them is on its way.',
    file: 'raft/node/raft-node.ts',
    find: 'this.#writing = this.#write(ready);',
    replace: `this.#transport.send(ready.messagesAfterSync);
      this.#writing = this.#write({ ...ready, messagesAfterSync: [] });`,
  },
  {
    name: 'tail-not-truncated',
    about: 'A conflicting entry is replaced in place, and what followed it stays (mofa #1150).',
    file: 'raft/core/raft-log.ts',
    find: `if (first.index <= this.last) this.#truncateFrom(first.index);
    this.append(entries.slice(fresh));`,
    replace: `const after = first.index + entries.length - fresh;
    const tail = after <= this.last ? this.entries(after, this.last + 1, Infinity) : [];
    if (first.index <= this.last) this.#truncateFrom(first.index);
    this.append(entries.slice(fresh));
    this.#unstable.push(...tail);`,
  },
];
