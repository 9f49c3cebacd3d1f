/**
 * `npm run sim`: many seeded runs of a simulated world: of Raft alone, or of the whole cluster.
 *
 *     npm run sim -- --seeds 500 [--from N]            looks for violations
 *     npm run sim -- --mutants                         tries whether planted bugs are caught
 *     npm run sim -- --mutant NAME                     tries one of them
 *     npm run sim -- --mutant NAME --seeds 1 --from N  replays what found one of them
 *
 * `--world raft` is meant when nothing is said; `--world cluster`, or `--cluster`, runs masters, agents
 * and schedulers. `--mutants --list` says which bugs there are.
 * Runs go side by side in `--jobs` threads, one a core when nothing is said; what comes out does not
 * depend on how many. `--complete` and `--events-min` ask that the sweep has met everything it counts.
 *
 * `--seeds 1 --from N --report FOLDER` writes what happened in one of them, as text, JSON and a page.
 *
 * Ends with `figure` lines, after Ctrl-C as well: those of the seeds that were done. Exit status 1
 * when an invariant broke, a planted bug survived, or a sweep was not complete; 2 when it was called
 * wrongly; 130 when it was interrupted and had found nothing.
 */
import { availableParallelism } from 'node:os';
import { catalogue } from '#chaos/mutants/catalogue.ts';
import type { TestKiller } from '#chaos/mutants/bug.ts';
import { type ClusterMutant, clusterMutants } from '#chaos/mutants/cluster-mutants.ts';
import { hunt } from '#chaos/mutants/hunt.ts';
import type { Mutant } from '#chaos/mutants/mutant.ts';
import { runTests } from '#chaos/mutants/test-run.ts';
import { describeTrial, figuresOf, tryAll } from '#chaos/mutants/trials.ts';
import { figureOfMark, rareMarks } from '#chaos/simulation/marks.ts';
import { storyRecord } from '#chaos/report/story-record.ts';
import { writeReport } from '#chaos/report/write-report.ts';
import type { Hardship } from '#chaos/simulation/shrink.ts';
import { shrinkInThread } from '#chaos/simulation/shrink-in-thread.ts';
import type { Story } from '#chaos/simulation/shrink-story.ts';
import type { Outcome, Sweep } from '#chaos/simulation/sweep-tally.ts';
import { sweepInThreads } from '#chaos/simulation/sweep-threads.ts';
import { loadWorld, type WorldName } from '#chaos/simulation/worlds.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { type Arguments, parseArguments, UsageError } from './arguments.ts';

const heapMbMax = 1024;

/** More of them tell nothing new; they are counted. */
const violationsToldMax = 20;

/** About a minute. */
const shrinkingRunsMax = 100;

/** Told of, but no fault that should strike: a search that gave up, and what is too rare. */
const mayBeZero: ReadonlySet<string> = new Set([
  'historiesUnknown',
  ...[...rareMarks].map(figureOfMark),
]);

/** Runs all seeds; the exit status. */
async function simulate(args: Arguments): Promise<number> {
  const { world, from, seeds: count, jobs, mutant, hardship, patienceMs } = args;
  const { signal } = interruption();
  let done = 0;
  let violations = 0;
  const onRun = (outcome: Outcome): void => {
    done += 1;
    if (outcome.violation !== undefined) {
      violations += 1;
      if (violations <= violationsToldMax) tellViolation(outcome, args);
    }
    if (done % 50 === 0) console.log(`${done} of ${count} seeds`);
  };
  const dependencies = { clock: systemClock(), onRun };
  const options = { world, mutant, hardship, from, count, jobs, patienceMs, heapMbMax };
  const result = await sweepInThreads(dependencies, options, { signal });
  await tellStory(result, args, { signal });
  tellFigures(result);
  if (signal.aborted) console.log(`interrupted after ${result.seeds} of ${count} seeds`);
  if (result.violations.length > 0) return 1;
  if (signal.aborted) return 130;
  return isEnough(result, args) ? 0 : 1;
}

/** Runs one seed here, and tells of it in three files; the exit status. */
async function report(args: Arguments, folder: string): Promise<number> {
  const { world: name, from, hardship } = args;
  const world = await loadWorld(name);
  let story: Story = [];
  const onStory = (lines: Story): void => {
    story = lines;
  };
  const run = await world.run(from, hardship, { onStory });
  const { hostileMs } = { ...world.hardshipOf(from), ...hardship };
  const record = storyRecord({ world: name, run, story, hostileMs, replay: replay(from, args) });
  console.log(`SEED=${from} ${record.verdict}: ${await writeReport(folder, record)}`);
  return run.violation === undefined ? 0 : 1;
}

/** Fires at Ctrl-C. A second one ends the process as usual. */
function interruption(): AbortController {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort());
  return controller;
}

function tellViolation({ seed, violation }: Outcome, args: Arguments): void {
  console.log(`SEED=${seed} ${violation?.message}`);
  console.log(`  replay: ${replay(seed, args)}`);
}

function replay(seed: number, { world, mutant, hardship }: Arguments): string {
  const { faults, hostileMs, sizes } = hardship;
  const isRaft = world === 'raft';
  const flags = [
    ...(isRaft && faults !== undefined ? [`--faults ${faults.join(',') || 'none'}`] : []),
    ...(hostileMs === undefined ? [] : [`--hostile-ms ${hostileMs}`]),
    ...(isRaft && sizes?.[0] !== undefined ? [`--machines ${sizes[0]}`] : []),
    ...(mutant === undefined ? [] : [`--mutant ${mutant.name}`]),
  ];
  return ['npm run sim -- --world', world, '--seeds 1 --from', seed, ...flags].join(' ');
}

function wordsOf({ faults, hostileMs, sizes }: Hardship, world: WorldName): string {
  if (world === 'cluster') return `within ${hostileMs} ms of faults`;
  return `on ${sizes[0]} machines, within ${hostileMs} ms of ${faults.join(', ') || 'no faults'}`;
}

/** The story of the first violation, made smaller. A thread that died has nothing to tell again. */
async function tellStory(
  { violations }: Sweep,
  args: Arguments,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const found = violations.find(({ violation }) => violation?.rule !== 'thread');
  if (found?.violation === undefined) return;
  const { seed, violation } = found;
  const { rule } = violation;
  const { world, mutant, hardship: from } = args;
  const runsMax = args.shrink ? shrinkingRunsMax : 0;
  const autopsy = await shrinkInThread({ world, mutant, from, seed, rule, runsMax }, { signal });
  if (autopsy === undefined) return;
  const { hardship, runs, timeline } = autopsy;
  console.log(`SEED=${seed} breaks "${rule}" ${wordsOf(hardship, world)}`);
  for (const line of timeline) console.log(`  ${line}`);
  if (runs > 0) console.log(`  ${runs} runs; replay: ${replay(seed, { ...args, hardship })}`);
}

function tellFigures({ seeds, events, violations, figures, fingerprint }: Sweep): void {
  console.log(`fingerprint ${fingerprint.toString(16).padStart(8, '0')}`);
  figure('seeds', seeds);
  figure('events', events);
  figure('violations', violations.length);
  for (const [name, value] of figures) figure(name, value);
}

/** Says what the sweep has not met. */
function isEnough({ events, figures }: Sweep, { complete, eventsMin }: Arguments): boolean {
  const lacks = complete
    ? [...figures].filter(([name, value]) => value === 0 && !mayBeZero.has(name))
    : [];
  for (const [name] of lacks) console.log(`${kebab(name)} never happened: this proves nothing`);
  if (events < eventsMin) console.log(`${events} events are fewer than ${eventsMin}`);
  return lacks.length === 0 && events >= eventsMin;
}

/** A line each: where it is planted, and what it does. */
function listMutants({ world }: Arguments): void {
  const mutants: readonly Mutant[] = world === 'cluster' ? clusterMutants : catalogue;
  for (const { name, about, edits } of mutants) {
    console.log(`${name} (${[...new Set(edits.map(({ file }) => file))].join(', ')}): ${about}`);
  }
  figure('mutants', mutants.length);
}

/** Tries the mutants that were asked for; the exit status. */
async function tryMutants(args: Arguments): Promise<number> {
  if (args.world === 'cluster') return await huntAll(args);
  const { mutant, from, jobs } = args;
  const bugs = catalogue.filter(({ name }) => mutant === undefined || name === mutant.name);
  const trials = await tryAll(bugs, { from, jobs }, (trial) => console.log(describeTrial(trial)));
  for (const [name, value] of Object.entries(figuresOf(trials))) figure(name, value);
  const survivors = trials.filter(({ by }) => by === undefined);
  for (const survivor of survivors) console.log(describeTrial(survivor));
  // Whoever asks for all of them means those of the cluster, too.
  const others = mutant === undefined ? await huntAll(args) : 0;
  return survivors.length === 0 ? others : 1;
}

/** Tries those of the cluster; some at a time. */
async function huntAll({ mutant: wanted, from, seeds, jobs }: Arguments): Promise<number> {
  const mutants = clusterMutants.filter((each) => wanted === undefined || each === wanted);
  const waiting = [...mutants];
  const survivors: string[] = [];
  const work = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const trial = await tryInCluster(mutant, { from, seeds });
      console.log(trial.told);
      if (!trial.isCaught) survivors.push(trial.told);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  for (const told of survivors) console.log(told);
  figure('cluster-mutants', mutants.length);
  figure('cluster-mutants-caught', mutants.length - survivors.length);
  return survivors.length === 0 ? 0 : 1;
}

type ClusterTrial = { readonly isCaught: boolean; readonly told: string };

/** Caught by a seed that passes without it, or by a test that does. */
async function tryInCluster(
  mutant: ClusterMutant,
  { from, seeds: count }: Pick<Arguments, 'from' | 'seeds'>,
): Promise<ClusterTrial> {
  const { name, tests } = mutant;
  if (tests !== undefined) return await tryTests(mutant, tests);
  const world = 'cluster';
  const begin = from + (mutant.from ?? 0);
  const { caught, seeds } = await hunt({ mutant, world, from: begin, count });
  if (caught === undefined) return { isCaught: false, told: `SURVIVED ${name}: ${seeds} seeds` };
  const { seed, message } = caught;
  return (await isSound(seed))
    ? { isCaught: true, told: `caught ${name} by seed ${seed}: ${message}` }
    : { isCaught: false, told: `SURVIVED ${name}: seed ${seed} fails without it too` };
}

/** By seed: many bugs are caught by the same. */
const soundness = new Map<number, Promise<boolean>>();

/** Whether a run of the cluster without any bug breaks nothing. */
async function isSound(seed: number): Promise<boolean> {
  const asked =
    soundness.get(seed) ??
    hunt({ mutant: undefined, world: 'cluster', from: seed, count: 1 }).then(
      ({ caught }) => caught === undefined,
    );
  soundness.set(seed, asked);
  return await asked;
}

async function tryTests(mutant: Mutant, tests: readonly TestKiller[]): Promise<ClusterTrial> {
  const { failed, obstacle = 'the tests pass with it' } = await runTests(tests, mutant);
  const [first] = failed;
  if (first === undefined) return { isCaught: false, told: `SURVIVED ${mutant.name}: ${obstacle}` };
  const sound = await runTests(tests, undefined);
  return sound.failed.length === 0 && sound.obstacle === undefined
    ? { isCaught: true, told: `caught ${mutant.name} by test "${first.title}"` }
    : { isCaught: false, told: `SURVIVED ${mutant.name}: "${first.title}" fails without it too` };
}

function figure(name: string, value: number): void {
  console.log(`figure ${kebab(name)} ${value} count`);
}

const kebab = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

try {
  const args = parseArguments(process.argv.slice(2), availableParallelism());
  if (args.list) listMutants(args);
  else
    process.exitCode = await (args.mutants
      ? tryMutants(args)
      : args.report === undefined
        ? simulate(args)
        : report(args, args.report));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
