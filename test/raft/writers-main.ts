/**
 * `Writers` as a process, for clients in another network namespace. Its argument is the addresses,
 * joined by commas. It says `acknowledged N` whenever that changed, and after SIGTERM its verdict.
 */
import { setInterval } from 'node:timers';
import { systemRandom } from '#internal/runtime/real/random.ts';
import { Writers } from './writers.ts';

const addresses = (process.argv[2] ?? '').split(',');
const timing = { writers: 4, pauseMs: 5, tryMs: 100 };
const load = new Writers({ addresses, random: systemRandom(), ...timing });
let told = 0;
const timer = setInterval(() => {
  if (load.acknowledged === told) return;
  told = load.acknowledged;
  process.stdout.write(`acknowledged ${told}\n`);
}, 5);
process.stdin.resume().on('end', () => process.exit(1));
process.once('SIGTERM', () => void finish());

async function finish(): Promise<void> {
  clearInterval(timer);
  process.stdout.write(`${JSON.stringify(await load.stop())}\n`, () => process.exit(0));
}
