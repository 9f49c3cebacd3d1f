/** What `npm run sim` was asked for. */
import { parseArgs } from 'node:util';
import { catalogue } from '#chaos/mutants/catalogue.ts';
import { clusterMutants } from '#chaos/mutants/cluster-mutants.ts';
import type { Mutant } from '#chaos/mutants/mutant.ts';
import { faultClasses } from '#chaos/simulation/raft-faults.ts';
import type { Hardship, Size } from '#chaos/simulation/shrink.ts';
import type { WorldName } from '#chaos/simulation/worlds.ts';

export type Arguments = {
  readonly world: WorldName;
  readonly from: number;
  readonly seeds: number;
  readonly jobs: number;
  /** The longest that one seed may take on this machine. */
  readonly patienceMs: number;
  readonly mutant: Mutant | undefined;
  /** Planted bugs are to be caught: all of them, or only `mutant`. */
  readonly mutants: boolean;
  /** They are to be told of, and not tried. */
  readonly list: boolean;
  /** What each seed has to bear at most. */
  readonly hardship: Partial<Hardship>;
  /** The first violation is made smaller. */
  readonly shrink: boolean;
  /** A figure that is zero is a failure. */
  readonly complete: boolean;
  /** The one seed is told there, as text, JSON and a page. */
  readonly report: string | undefined;
  /** So are fewer events. */
  readonly eventsMin: number;
};

const mutantsOf: Readonly<Record<WorldName, readonly Mutant[]>> = {
  raft: catalogue,
  cluster: clusterMutants,
};

/** The program was called wrongly; the message says how, in words for whoever called it. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}

const usage = `usage: npm run sim -- [--world raft|cluster | --cluster] [--seeds N] [--from N] [--jobs N]
         [--faults NAME,…|none] [--hostile-ms N] [--machines 1|3|5] [--shrink]
         [--complete] [--events-min N] [--patience-ms N] [--mutant NAME]
       npm run sim -- [--world raft|cluster] --seeds 1 --from N --report FOLDER
       npm run sim -- --mutants [--world raft|cluster] [--seeds N] [--from N]
       npm run sim -- --mutants --list [--world raft|cluster]`;

/** Throws a `UsageError`. `cores` is how many jobs there are when nothing is said. */
export function parseArguments(args: readonly string[], cores: number): Arguments {
  const { values, positionals } = parsed(args);
  const [command, ...others] = positionals;
  if (command !== 'sim' || others.length > 0)
    throw wrong(`"${positionals.join(' ')}" means nothing`);
  const world = worldOf(values);
  const jobs = wholeNumber('jobs', values.jobs ?? `${cores}`);
  if (jobs === 0) throw wrong('--jobs 0 would never end');
  if (values.mutants && values.mutant !== undefined) {
    throw wrong('--mutants tries all of them, --mutant NAME one: not both');
  }
  if (values.list && !values.mutants) throw wrong('--list is of --mutants');
  return {
    world,
    jobs,
    patienceMs: wholeNumber('patience-ms', values['patience-ms']),
    from: wholeNumber('from', values.from),
    seeds: wholeNumber('seeds', values.seeds ?? (values.mutants ? '200' : '500')),
    mutant: values.mutant === undefined ? undefined : mutantOf(world, values.mutant),
    // With a mutant and seeds a run is replayed; with a mutant alone, it is tried.
    mutants: values.mutants || (values.mutant !== undefined && values.seeds === undefined),
    hardship: hardshipOf(world, values),
    list: values.list,
    // Whoever replays one seed knows already what there is to know.
    shrink: values.shrink || values.seeds !== '1',
    complete: values.complete,
    report: reportOf(values),
    eventsMin: wholeNumber('events-min', values['events-min']),
  };
}

const options = {
  world: { type: 'string' },
  cluster: { type: 'boolean', default: false },
  seeds: { type: 'string' },
  from: { type: 'string', default: '0' },
  jobs: { type: 'string' },
  // A seed takes seconds at most; a machine may be busy with other things.
  'patience-ms': { type: 'string', default: '600000' },
  mutant: { type: 'string' },
  mutants: { type: 'boolean', default: false },
  list: { type: 'boolean', default: false },
  faults: { type: 'string' },
  'hostile-ms': { type: 'string' },
  machines: { type: 'string' },
  shrink: { type: 'boolean', default: false },
  complete: { type: 'boolean', default: false },
  report: { type: 'string' },
  'events-min': { type: 'string', default: '0' },
} as const;

type Parsed = ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;

function parsed(args: readonly string[]): Parsed {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    // Node's own words for a flag that is unknown or lacks its value.
    const { message = '' } = error instanceof Error ? error : {};
    throw wrong(message.split('. ')[0] ?? message, { cause: error });
  }
}

function reportOf({ report, seeds, mutant }: Parsed['values']): string | undefined {
  if (report !== undefined && (seeds !== '1' || mutant !== undefined)) {
    throw wrong('--report is of one seed without a planted bug: --seeds 1 --from N');
  }
  return report;
}

function worldOf({ cluster, world = cluster ? 'cluster' : 'raft' }: Parsed['values']): WorldName {
  if (cluster && world !== 'cluster') throw wrong(`--cluster is not --world ${world}`);
  if (world === 'raft' || world === 'cluster') return world;
  throw wrong(`there is no world "${world}"; there are raft, cluster`);
}

function mutantOf(world: WorldName, wanted: string): Mutant {
  const mutant = mutantsOf[world].find(({ name }) => name === wanted);
  if (mutant !== undefined) return mutant;
  const known = mutantsOf[world].map(({ name }) => name).join(', ');
  throw wrong(`there is no mutant "${wanted}"; there are ${known}`);
}

function hardshipOf(world: WorldName, values: Parsed['values']): Partial<Hardship> {
  const { faults, machines, 'hostile-ms': hostileMs } = values;
  if (world === 'cluster' && (faults ?? machines) !== undefined) {
    throw wrong('the world "cluster" lets nobody choose its faults and machines');
  }
  return {
    ...(faults === undefined ? {} : { faults: faultsOf(faults) }),
    ...(hostileMs === undefined ? {} : { hostileMs: wholeNumber('hostile-ms', hostileMs) }),
    ...(machines === undefined ? {} : { sizes: [sizeOf(machines)] }),
  };
}

function faultsOf(list: string): readonly string[] {
  const names = list === 'none' ? [] : list.split(',');
  const known: readonly string[] = faultClasses;
  const odd = names.find((name) => !known.includes(name));
  if (odd === undefined) return names;
  throw wrong(`there is no fault "${odd}"; there are ${known.join(', ')}`);
}

function sizeOf(text: string): Size {
  const size = ([1, 3, 5] as const).find((each) => `${each}` === text);
  if (size !== undefined) return size;
  throw wrong(`--machines ${text} is not 1, 3 or 5`);
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw wrong(`--${name} "${text}" is not a whole number`);
}

const wrong = (what: string, cause?: ErrorOptions): UsageError =>
  new UsageError(`${what}\n${usage}`, cause);
