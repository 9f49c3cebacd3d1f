/** The 48 bugs that others shipped in their Raft, by number, for simulation and tests to find. */
import type { Bug } from './bug.ts';
import { livenessBugs } from './liveness-bugs.ts';
import { logBugs } from './log-bugs.ts';
import { membershipBugs } from './membership-bugs.ts';
import { readBugs } from './read-bugs.ts';
import { snapshotBugs } from './snapshot-bugs.ts';
import { storageBugs } from './storage-bugs.ts';
import { voteBugs } from './vote-bugs.ts';

export const catalogue: readonly Bug[] = [
  ...logBugs,
  ...voteBugs,
  ...membershipBugs,
  ...snapshotBugs,
  ...storageBugs,
  ...readBugs,
  ...livenessBugs,
];
