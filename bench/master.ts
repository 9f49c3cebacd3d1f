/**
 * The master under load, as three real masters with synced logs, and agents and schedulers that speak
 * the real protocols and run nothing (`neighbours/`): how fast it launches, what a failover costs, what
 * ten thousand agents cost when nothing happens and when they all come back at once, and how fast it
 * tells all it knows.
 *
 * `npm run bench -- master [--scale 0.1] [--only launches,failover,idle,reads,herd,stalls]`; with a scale, that
 * part of the agents and the tasks. All of it takes about five minutes on two cores that do nothing else.
 * Each figure is told as soon as it is known.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { openReport, type Tell } from './figure.ts';
import { crowdedFigures, crowdedParts } from './master/crowded.ts';
import { failoverFigures } from './master/failover.ts';
import { launchFigures } from './master/launch.ts';
import { isBusy, takePrecedence } from './master/priority.ts';
import { stallFigures } from './master/stalls.ts';

type Measure = (
  place: { readonly folder: string; readonly scale: number },
  tell: Tell,
) => Promise<void>;

const alone = new Map<string, Measure>([
  ['launches', launchFigures],
  ['failover', failoverFigures],
  ['stalls', stallFigures],
]);
const names: readonly string[] = ['launches', 'failover', ...crowdedParts, 'stalls'];

const { values } = parseArgs({
  options: {
    scale: { type: 'string', default: '1' },
    only: { type: 'string', default: names.join(',') },
  },
});
const scale = Number(values.scale);
if (!(scale > 0 && scale <= 1))
  throw new Error(`--scale is above 0 and at most 1: ${values.scale}`);
const wanted = new Set(values.only.split(','));
for (const name of wanted) {
  if (!names.includes(name))
    throw new Error(`--only: one or more of ${names.join(',')}, not ${name}`);
}

takePrecedence();
const tell = openReport('master');
tell(
  { name: 'scale', value: scale, unit: 'times' },
  { name: 'real-time-policy', value: isBusy ? 1 : 0, unit: 'yes' },
);
for (const [name, measure] of measures()) await run(name, measure);

/** In the order in which they are told; those that need a large cluster share one. */
function* measures(): Generator<readonly [name: string, measure: Measure]> {
  for (const [name, measure] of alone) if (wanted.has(name)) yield [name, measure];
  const crowded = crowdedParts.filter((name) => wanted.has(name));
  if (crowded.length === 0) return;
  yield [crowded.join('-'), async (place, say) => await crowdedFigures(place, crowded, say)];
}

async function run(name: string, measure: Measure): Promise<void> {
  tell({ name: `load-before-${name}`, value: loadavg()[0] ?? NaN, unit: 'processes' });
  // Not in the system's folder for temporary files, which is often memory.
  const folder = mkdtempSync('/var/tmp/altiplano-bench-');
  const beganMs = performance.now();
  try {
    await measure({ folder, scale }, tell);
  } catch (fault) {
    // The other parts tell something all the same.
    console.error(`${name}:`, fault);
    process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    tell({ name: `${name}-took`, value: (performance.now() - beganMs) / 1000, unit: 's' });
  }
}
