/** This machine by `node:os` and `statfs`. */
import { statfs } from 'node:fs/promises';
import { cpus, hostname, totalmem } from 'node:os';
import type { Machine } from '../machine.ts';

export function systemMachine(): Machine {
  return {
    hostname: hostname(),
    cpus: cpus().length || undefined,
    memoryBytes: totalmem() || undefined,
    async diskBytes(path) {
      try {
        const { blocks, bsize } = await statfs(path);
        return blocks * bsize;
      } catch {
        return undefined;
      }
    },
  };
}
