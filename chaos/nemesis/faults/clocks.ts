/** Faults of clocks: the one on the wall jumps, as a time server lets it. Intervals are not touched. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { type Fault, number, together } from './fault.ts';
import { membersOf } from './processes.ts';

/** Seconds, forward or back. */
export const clock: Fault = {
  words: 'in another time',
  settings: { seconds: 3600 },
  takesProcess: false,
  needs: ['clock'],
  async strike({ cluster, switches }, targets, settings) {
    const paths = membersOf(cluster, targets).map(({ name }) => `${switches}/${name}.clock`);
    for (const path of paths) setShift(path, number(settings, 'seconds') * 1000);
    return together(paths.map((path) => () => setShift(path, 0)));
  },
};

/** In place: programs look at these eight bytes all the time. */
function setShift(path: string, ms: number): void {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(Math.round(ms)));
  const file = openSync(path, 'r+');
  try {
    writeSync(file, bytes, 0, bytes.length, 0);
  } finally {
    closeSync(file);
  }
}
