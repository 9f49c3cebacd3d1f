/**
 * The master under load, as three real masters with synced logs, and agents and schedulers that speak
 * the real protocols and run nothing (`neighbours/`): how fast it launches, what a failover costs, what
 * ten thousand agents cost when nothing happens and when they all come back at once, and how fast it
 * tells all it knows.
 *
 * `npm run bench -- master [--scale 0.1] [--only launch,failover,crowded,stalls]`; with a scale, that part of
 * the agents and the tasks.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { type Figure, reportFigures } from './figure.ts';
import { crowdedFigures } from './master/crowded.ts';
import { failoverFigures } from './master/failover.ts';
import { launchFigures } from './master/launch.ts';
import { isBusy, takePrecedence } from './master/priority.ts';
import { stallFigures } from './master/stalls.ts';

const parts = new Map<string, (folder: string, scale: number) => Promise<readonly Figure[]>>([
  ['launch', launchFigures],
  ['failover', failoverFigures],
  ['crowded', crowdedFigures],
  ['stalls', stallFigures],
]);

const { values } = parseArgs({
  options: {
    scale: { type: 'string', default: '1' },
    only: { type: 'string', default: [...parts.keys()].join(',') },
  },
});
const scale = Number(values.scale);
if (!(scale > 0 && scale <= 1))
  throw new Error(`--scale is above 0 and at most 1: ${values.scale}`);

takePrecedence();
const figures: Figure[] = [
  { name: 'scale', value: scale, unit: 'times' },
  { name: 'real-time-policy', value: isBusy ? 1 : 0, unit: 'yes' },
];
for (const name of values.only.split(',')) {
  const measure = parts.get(name);
  if (measure === undefined) throw new Error(`--only: one of ${[...parts.keys()].join(', ')}`);
  const load = { name: `load-before-${name}`, value: loadavg()[0] ?? NaN, unit: 'processes' };
  // Not in the system's folder for temporary files, which is often memory.
  const folder = mkdtempSync('/var/tmp/altiplano-bench-');
  try {
    figures.push(load, ...(await measure(folder, scale)));
  } catch (fault) {
    // The other parts tell something all the same.
    console.error(`${name}:`, fault);
    process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
reportFigures('master', figures);
