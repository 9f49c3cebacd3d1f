/**
 * `npm run sim`: many seeded runs of a simulated world: of Raft alone, or of the whole cluster.
 *
 *     npm run sim -- --seeds 500 [--from N]            looks for violations
 *     npm run sim -- --mutants [--seeds 200]           looks whether planted bugs are found
 *     npm run sim -- --mutant NAME --seeds 1 --from N  replays what found one of them
 *
 * `--world raft` is meant when nothing is said; `--world cluster` runs masters, agents and schedulers.
 * Ends with `figure` lines. Exit status 1 when an invariant broke, or a planted bug survived; 2 when
 * it was called wrongly.
 */
import { parseArgs } from 'node:util';
import { hunt } from '#chaos/mutants/hunt.ts';
import type { Mutant } from '#chaos/mutants/mutant.ts';
import { plant } from '#chaos/mutants/plant.ts';
import { clusterMutants } from '#chaos/mutants/cluster-mutants.ts';
import { raftMutants } from '#chaos/mutants/raft-mutants.ts';
import type { RaftRun } from '#chaos/simulation/raft-run.ts';
import { loadWorld, type WorldName } from '#chaos/simulation/worlds.ts';

type Arguments = {
  readonly world: WorldName;
  readonly from: number;
  readonly seeds: number;
  readonly mutant: Mutant | undefined;
  readonly mutants: boolean;
};

const mutantsOf: Readonly<Record<WorldName, readonly Mutant[]>> = {
  raft: raftMutants,
  cluster: clusterMutants,
};

class UsageError extends Error {
  override readonly name: string = 'UsageError';
}

function parse(args: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      world: { type: 'string', default: 'raft' },
      seeds: { type: 'string' },
      from: { type: 'string', default: '0' },
      mutant: { type: 'string' },
      mutants: { type: 'boolean', default: false },
    },
  });
  if (positionals.length !== 1 || positionals[0] !== 'sim') {
    throw new UsageError(
      'usage: sim [--world raft|cluster] [--seeds N] [--from N] [--mutants | --mutant NAME]',
    );
  }
  const { world } = values;
  if (world !== 'raft' && world !== 'cluster') {
    throw new UsageError(`there is no world "${world}"; there are raft, cluster`);
  }
  const mutant = mutantsOf[world].find(({ name }) => name === values.mutant);
  if (values.mutant !== undefined && mutant === undefined) {
    const known = mutantsOf[world].map(({ name }) => name).join(', ');
    throw new UsageError(`there is no mutant "${values.mutant}"; there are ${known}`);
  }
  const seeds = wholeNumber('seeds', values.seeds ?? (values.mutants ? '200' : '500'));
  const from = wholeNumber('from', values.from);
  return { world, from, seeds, mutant, mutants: values.mutants };
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new UsageError(`--${name} "${text}" is not a whole number`);
}

/** Runs seed after seed; the exit status. */
async function simulate({ world, from, seeds: count, mutant }: Arguments): Promise<number> {
  if (mutant !== undefined) plant(mutant);
  // Only now: a mutant is planted in what is loaded after it.
  const run = await loadWorld(world);
  const { sweep } = await import('#chaos/simulation/sweep.ts');
  let done = 0;
  const onRun = (result: RaftRun): void => {
    done += 1;
    if (result.violation !== undefined) tellViolation(result, world, mutant);
    if (done % 50 === 0) console.log(`${done} of ${count} seeds`);
  };
  const options = { from, count, stopsAtViolation: false };
  const result = await sweep(run, options, onRun);
  figure('seeds', result.seeds);
  figure('events', result.events);
  figure('violations', result.violations.length);
  for (const [name, value] of result.figures) figure(name, value);
  return result.violations.length === 0 ? 0 : 1;
}

function tellViolation(
  { seed, violation }: RaftRun,
  world: WorldName,
  mutant: Mutant | undefined,
): void {
  const planted = mutant === undefined ? '' : ` --mutant ${mutant.name}`;
  console.log(`SEED=${seed} ${violation?.message}`);
  console.log(`  replay: npm run sim -- --world ${world} --seeds 1 --from ${seed}${planted}`);
}

/** Tries each mutant; the exit status. */
async function huntAll({ world, from, seeds: count }: Arguments): Promise<number> {
  let survivors = 0;
  for (const mutant of mutantsOf[world]) {
    const { name, caught, seeds } = await hunt({ mutant, world, from, count });
    if (caught === undefined) {
      survivors += 1;
      console.log(`${name} survived ${seeds} seeds`);
    } else console.log(`${name} caught by seed ${caught.seed}: ${caught.message}`);
  }
  const { length } = mutantsOf[world];
  figure('mutants', length);
  figure('mutants-caught', length - survivors);
  return survivors === 0 ? 0 : 1;
}

function figure(name: string, value: number): void {
  const kebab = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  console.log(`figure ${kebab} ${value} count`);
}

try {
  const args = parse(process.argv.slice(2));
  process.exitCode = await (args.mutants ? huntAll(args) : simulate(args));
} catch (error) {
  const isUsage = error instanceof UsageError || (error instanceof TypeError && 'code' in error);
  if (!isUsage) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
