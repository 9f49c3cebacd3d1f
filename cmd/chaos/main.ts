/**
 * `altiplano chaos …`: hurts a cluster of its own on purpose, and says whether it kept its promises. The
 * cluster lives in network namespaces on this machine, so it takes Linux and root.
 *
 * Exit status: 0 every promise was kept, 1 one was broken, 2 the run could not be made. `heal` ends with
 * 1 when something of what earlier runs left is still there.
 */
import { resolve } from 'node:path';
import { usualJournals, healLeftovers } from '#chaos/nemesis/undo-journal.ts';
import type { RunRecord } from '#chaos/report/run-record.ts';
import { allScenarios, findScenario } from '#chaos/scenarios/find-scenarios.ts';
import { guardRun, wordsOf } from '#chaos/scenarios/guard-run.ts';
import { obstacleTo } from '#chaos/scenarios/prepare-faults.ts';
import { runScenario } from '#chaos/scenarios/run-scenario.ts';
import { integer, optionalDurationMs, optionalText, text } from '#internal/config/flag.ts';
import type { Program } from '#internal/config/flags.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { httpClient } from '#internal/runtime/real/http-client.ts';
import { openLogger } from '#internal/runtime/real/logger.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import { readCommandLine } from '../read-command-line.ts';
import { splitWords } from '../task/split-words.ts';

type Values = {
  readonly seed: number;
  readonly for: number | undefined;
  readonly out: string | undefined;
  readonly journals: string;
  readonly mutant: string | undefined;
  readonly run: string | undefined;
  readonly namespace: string | undefined;
};

const verbs = [
  ['list', '', 'Shows the scenarios that there are.'],
  ['run', 'SCENARIO', 'Runs a scenario, by its name or from a file that ends in .yaml.'],
  ['heal', '', 'Undoes what runs have left in this machine that did not come to their end.'],
] as const;

const programOf = (name: string, summary: string): Program<Values> => ({
  name: `chaos ${name}`,
  summary,
  flags: {
    seed: integer({ meaning: 'what lots are drawn from', fallback: 1, min: 0, max: 2 ** 32 }),
    for: optionalDurationMs({ meaning: 'how long it is hurt, when not as the scenario says' }),
    out: optionalText({ meaning: 'a folder for logs, data and the record of the run' }),
    journals: text({ meaning: 'where runs note what they break', fallback: usualJournals }),
    mutant: optionalText({
      meaning: 'a bug that all its programs have, from the catalogue of a clone',
    }),
    run: optionalText({ meaning: 'the name of the run, which no other has' }),
    namespace: optionalText({ meaning: 'the network namespace that it runs in' }),
  },
});

export async function run(argv: readonly string[]): Promise<number> {
  const [word, ...words] = argv;
  const verb = verbs.find(([name]) => name === word);
  if (word !== 'inside' && verb === undefined) return explainVerbs(word);
  const [name, usage, summary] = verb ?? ['inside', 'SCENARIO', 'Runs a scenario where it is.'];
  const program = programOf(`${name} ${usage}`.trim(), summary);
  const { flags, names } = splitWords(program, words, 1);
  const values = readCommandLine(program, flags);
  if (typeof values === 'number') return values;
  const [wanted] = names;
  if ((usage === '') !== (wanted === undefined)) {
    console.error(`altiplano chaos ${name}: expects ${usage === '' ? 'no name' : usage}`);
    return 2;
  }
  if (name === 'list') return list();
  if (name === 'heal') return heal(values);
  return await runOne(wanted ?? '', values, name === 'inside');
}

function list(): number {
  for (const { name, about } of allScenarios()) console.log(`${name.padEnd(26)}  ${about}`);
  return 0;
}

function heal({ journals }: Values): number {
  const healed = healLeftovers(journals);
  for (const one of healed) console.log(wordsOf(one));
  if (healed.length === 0) console.log('there is nothing to heal');
  return healed.some(({ problems }) => problems.length > 0) ? 1 : 0;
}

async function runOne(word: string, values: Values, isInside: boolean): Promise<number> {
  const found = findScenario(word);
  const obstacle = found.ok ? obstacleTo(found.value) : undefined;
  if (!found.ok || obstacle !== undefined) {
    for (const line of found.ok ? [obstacle] : found.refusal)
      console.error(`altiplano chaos: ${line}`);
    return 2;
  }
  const scenario = { ...found.value, forMs: values.for ?? found.value.forMs };
  const launcher = process.argv[1] ?? '';
  const unique = values.run ?? `${Date.now().toString(36)}-${process.pid.toString(36)}`;
  const out = resolve(values.out ?? `altiplano-chaos/${scenario.name}-${unique}`);
  const { journals, seed, mutant, namespace } = values;
  const own = [
    `--seed=${seed}`,
    ...(values.for === undefined ? [] : [`--for=${values.for}ms`]),
    ...(mutant === undefined ? [] : [`--mutant=${mutant}`]),
  ];
  if (!isInside || namespace === undefined) {
    const argv = [word, ...own, `--out=${out}`, `--journals=${journals}`, `--run=${unique}`];
    return await guardRun({ run: unique, journals, launcher, argv }, (line) => console.log(line));
  }
  await using http = httpClient();
  const logger = openLogger({ level: 'silent' });
  const ports = { clock: systemClock(), random: systemRandom(), logger, http };
  const record = await runScenario(
    { ports, tell: (line) => console.log(line) },
    {
      scenario,
      seed,
      run: `${unique}-inside`,
      journals,
      out,
      launcher,
      namespace,
      mutant,
      replay: ['altiplano chaos run', word, ...own].join(' '),
    },
    { signal: interruption() },
  );
  // Whatever a run that broke off has left waiting in here must not keep its guard waiting.
  return process.exit(tellRecord(record, out));
}

/** When we are told to end, or whoever guards us is gone. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.on('SIGTERM', stop);
  process.stdin.on('end', stop);
  process.stdin.resume();
  return controller.signal;
}

function tellRecord(record: RunRecord, out: string): number {
  for (const { name, value, unit } of record.figures)
    console.log(`figure ${name}: ${value} ${unit}`.trim());
  for (const { law, text: what } of record.violations) console.log(`broken: ${law}: ${what}`);
  if (record.failure !== undefined) console.log(`failed: ${record.failure}`);
  console.log(`${record.verdict}: ${record.name}, seed ${record.seed}; see ${out}`);
  process.stdin.destroy();
  const statuses = { held: 0, broken: 1, failed: 2 };
  return statuses[record.verdict];
}

function explainVerbs(word: string | undefined): number {
  const tell = word === '--help' ? console.log : console.error;
  if (word !== '--help')
    tell(`altiplano chaos: ${word === undefined ? 'which verb?' : `there is no verb '${word}'`}`);
  for (const [name, usage, summary] of verbs)
    tell(`  ${`${name} ${usage}`.padEnd(14)}  ${summary}`);
  return word === '--help' ? 0 : 2;
}
