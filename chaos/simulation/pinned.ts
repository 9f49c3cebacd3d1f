/**
 * Seeds that once found something. Each is run by `npm test`, for as long as it took then. A pin holds
 * for the world that it was found in: when a seed comes to draw something else it is an ordinary seed,
 * so what it found has a test of its own as well.
 */
import type { FaultClass } from './raft-faults.ts';
import type { WorldName } from './worlds.ts';

export type Pin = {
  readonly world: WorldName;
  readonly seed: number;
  /** What it needs, when that is less than what the seed draws. */
  readonly faults?: readonly FaultClass[];
  readonly hostileMs?: number;
  readonly size?: 1 | 3 | 5;
  /** What went wrong, in the words of whoever mended it. */
  readonly found: string;
  /** The test that holds it down. */
  readonly test: string;
  readonly on: `${number}-${number}-${number}`;
};

export const pinned: readonly Pin[] = [
  {
    world: 'raft',
    seed: 6025,
    faults: ['pauses', 'membership'],
    hostileMs: 4454,
    size: 5,
    found:
      'a leader that resigns in its own term never answers who asked for a change of the voters',
    test: 'raft/node/membership.test.ts',
    on: '2026-11-23',
  },
  {
    world: 'raft',
    seed: 819,
    found:
      'a log began behind a snapshot whose name was never synced: a process died, then the power went',
    test: 'storage/snapshot/snapshot-store.test.ts',
    on: '2026-11-23',
  },
  {
    world: 'raft',
    seed: 1421,
    found:
      'the book retired members whose removal the log had forgotten in a crash, and kept them out',
    test: 'raft/node/peer-book.test.ts',
    on: '2026-11-23',
  },
  {
    world: 'raft',
    seed: 202,
    found: 'a follower that the quorum lacked waited for its snapshot behind a peer that was dead',
    test: 'raft/node/snapshots.test.ts',
    on: '2026-11-23',
  },
  {
    world: 'cluster',
    seed: 488,
    found: 'a shell waited for ever for a task that the cluster had lost with its agent',
    test: 'internal/frameworks/run/plan.test.ts',
    on: '2026-11-23',
  },
  {
    world: 'cluster',
    seed: 189,
    found: 'a deposed leader sent an agent away from a machine that was up again since',
    test: 'internal/master/leader/operators/operate.test.ts',
    on: '2026-11-23',
  },
  {
    world: 'cluster',
    seed: 305,
    found: 'an executor that was started again held what was on offer since it had ended',
    test: 'internal/master/leader/executors.test.ts',
    on: '2026-11-23',
  },
  {
    world: 'cluster',
    seed: 49,
    found:
      'an operation was refused after its agent was said to be gone, and the law called it a lie',
    test: 'chaos/checkers/cluster-operations.test.ts',
    on: '2026-11-23',
  },
  {
    world: 'cluster',
    seed: 61,
    found: 'the answer to an old question about an operation was taken for another end of it',
    test: 'chaos/checkers/cluster-operations.test.ts',
    on: '2026-11-23',
  },
  {
    world: 'cluster',
    seed: 467,
    found:
      'the law of order took the late words of a stream for those of the one that came after it',
    test: 'chaos/checkers/cluster-streams.test.ts',
    on: '2026-11-23',
  },
  {
    world: 'cluster',
    seed: 150,
    found:
      'a command that had begun, and was killed at once, was told never to have been delivered',
    test: 'internal/agent/core/drain.test.ts',
    on: '2026-11-23',
  },
  {
    world: 'cluster',
    seed: 180,
    found: 'a task ended just before its agent heard of a drain, and the law called its kill a lie',
    test: 'chaos/checkers/cluster-laws.test.ts',
    on: '2026-11-23',
  },
  {
    world: 'cluster',
    seed: 298,
    found: 'an agent was called drained over a task that its removed framework had left behind',
    test: 'internal/master/leader/operators/operate.test.ts',
    on: '2026-11-23',
  },
];
