/**
 * Where the machine lends it, a real-time policy: other work on it does not keep the program waiting,
 * and times tell of the program, not of the machine. Elsewhere it runs as all others do.
 */
import { spawnSync } from 'node:child_process';
import type { Command } from '../../bench/raft/clusters.ts';

const isLent = spawnSync('chrt', ['--rr', '10', 'true']).status === 0;

export const withPriority = ({ command, args }: Command): Command =>
  isLent ? { command: 'chrt', args: ['--rr', '10', command, ...args] } : { command, args };
