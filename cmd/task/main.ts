/**
 * `altiplano task …`: looks into what runs in the cluster: a command beside a task, its terminal, its
 * output and the files of its sandbox. Any master may be named; the rest its agent answers.
 *
 * Exit status: 0 done, 1 it failed and says why, 2 the command line is wrong. `exec` and `attach` exit
 * with the status of what they showed, 128 + n when it ended by signal n.
 */
import { list, optionalText, toggle } from '#internal/config/flag.ts';
import type { Program } from '#internal/config/flags.ts';
import { findTask, type TaskPlace } from '#internal/client/find-task.ts';
import { httpClient } from '#internal/runtime/real/http-client.ts';
import type { HttpClient } from '#internal/runtime/http.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { localMasters } from '../dev/addresses.ts';
import { explain } from '../explain.ts';
import { readCommandLine } from '../read-command-line.ts';
import { readCredential } from '../read-credential.ts';
import { attach, exec } from './containers.ts';
import { type Doing, TaskError } from './doing.ts';
import { cat, listFolder, logs } from './files.ts';
import { splitWords } from './split-words.ts';
import { ownTerminal } from './terminal.ts';

type Values = {
  readonly masters: readonly string[];
  readonly framework: string | undefined;
  readonly credential: string | undefined;
  readonly interactive: boolean;
  readonly tty: boolean;
  readonly follow: boolean;
  readonly long: boolean;
};

type Verb = {
  readonly name: string;
  /** What has to be said, and what may be, after the flags. */
  readonly usage: string;
  readonly summary: string;
  readonly flags: readonly ('interactive' | 'tty' | 'follow' | 'long')[];
  readonly namesMin: number;
  readonly namesMax: number;
  /** The exit status. */
  carryOut(doing: Doing, values: Values, words: Words): Promise<number>;
};

type Words = { readonly path: string; readonly rest: readonly string[] };

const verbs: readonly Verb[] = [
  {
    name: 'exec',
    usage: 'TASK COMMAND [ARGUMENT …]',
    summary: 'Runs a command beside a task, in its sandbox and surroundings.',
    flags: ['interactive', 'tty'],
    namesMin: 1,
    namesMax: 1,
    carryOut: (doing, { interactive, tty }, { rest }) =>
      exec(doing, { command: rest, isInteractive: interactive, hasTerminal: tty }),
  },
  {
    name: 'attach',
    usage: 'TASK',
    summary: 'Shows the terminal of a task that has one; Ctrl-P Ctrl-Q leaves it.',
    flags: ['interactive'],
    namesMin: 1,
    namesMax: 1,
    carryOut: (doing, { interactive }) => attach(doing, { isInteractive: interactive }),
  },
  {
    name: 'logs',
    usage: 'TASK',
    summary: 'Shows what a task has written to its standard streams.',
    flags: ['follow'],
    namesMin: 1,
    namesMax: 1,
    carryOut: (doing, { follow }) => logs(doing, { isFollowed: follow }),
  },
  {
    name: 'ls',
    usage: 'TASK [PATH]',
    summary: "Lists a folder of a task's sandbox.",
    flags: ['long'],
    namesMin: 1,
    namesMax: 2,
    carryOut: (doing, { long }, { path }) => listFolder(doing, { path, isLong: long }),
  },
  {
    name: 'cat',
    usage: 'TASK PATH',
    summary: "Shows a file of a task's sandbox.",
    flags: [],
    namesMin: 2,
    namesMax: 2,
    carryOut: (doing, _values, { path }) => cat(doing, path),
  },
];

const own = {
  interactive: toggle({ meaning: 'also -i: what is typed here is its input' }),
  tty: toggle({ meaning: 'also -t: it gets a terminal, of the size of this one' }),
  follow: toggle({ meaning: 'also -f: goes on until the task has ended' }),
  long: toggle({ meaning: 'also -l: with mode, owner, size and time' }),
};

function programOf({ name, usage, summary, flags }: Verb): Program<Values> {
  const shown = new Set<string>(flags);
  const hidden = new Set(Object.keys(own).filter((flag) => !shown.has(flag)));
  return {
    name: `task ${name} ${usage}`,
    summary,
    flags: {
      masters: list({ meaning: 'host:port of some masters', fallback: localMasters }),
      framework: optionalText({
        meaning: 'the id of its framework, where several have such a task',
      }),
      credential: optionalText({
        meaning: 'a file with the principal and the secret by which masters know you',
      }),
      ...own,
    },
    check: (values) => [
      ...Object.entries(values)
        .filter(([flag, value]) => hidden.has(flag) && value === true)
        .map(([flag]) => `--${flag} means nothing to '${name}'`),
      ...(values.masters.length === 0 ? ['--masters is empty'] : []),
      ...values.masters
        .filter((master) => !/^[^\s/]+:\d+$/u.test(master))
        .map((master) => `--masters: '${master}' is not host:port`),
    ],
  };
}

export async function run(argv: readonly string[]): Promise<number> {
  const [word, ...words] = argv;
  const verb = verbs.find(({ name }) => name === word);
  if (verb === undefined) return explainVerbs(argv);
  const program = programOf(verb);
  const { flags, names, rest } = splitWords(program, words, verb.namesMax);
  const values = readCommandLine(program, flags);
  if (typeof values === 'number') return values;
  const isOdd = verb.name === 'exec' ? rest.length === 0 : rest.length > 0;
  if (names.length < verb.namesMin || isOdd) {
    console.error(`altiplano task ${verb.name}: expects ${verb.usage}`);
    return 2;
  }
  const said = readCredential(values.credential);
  if (!said.ok) {
    console.error(`altiplano task ${verb.name}: ${said.refusal}`);
    return 2;
  }
  await using http = httpClient();
  const [task = '', path = ''] = names;
  try {
    const place = await placeOf(http, values, { task, authorization: said.value });
    const doing = { clock: systemClock(), http, terminal: ownTerminal(), place };
    return await verb.carryOut(doing, values, { path, rest });
  } catch (error) {
    const line = explain(error);
    if (line === undefined) throw error;
    console.error(`altiplano task ${verb.name}: ${line}`);
    return 1;
  }
}

/** Throws `TaskError`. */
async function placeOf(
  http: HttpClient,
  { masters, framework: frameworkId }: Values,
  { task, authorization }: { readonly task: string; readonly authorization: string | undefined },
): Promise<TaskPlace> {
  const { signal } = new AbortController();
  const options = { masters, authorization, signal };
  const found = await findTask(http, options, { task, frameworkId });
  if (found.ok) return found.value;
  throw new TaskError('NOT_FOUND', found.refusal);
}

function explainVerbs(argv: readonly string[]): number {
  const rows = verbs.map(({ name, usage, summary }) => [`${name} ${usage}`, summary] as const);
  const width = Math.max(...rows.map(([usage]) => usage.length));
  const usage = [
    'Usage: altiplano task VERB TASK [--flag=value …]',
    '',
    ...rows.map(([form, summary]) => `  ${form.padEnd(width)}  ${summary}`),
    '',
    'TASK is the id of a task, or the beginning of one.',
    "'altiplano task VERB --help' lists a verb's flags.",
  ].join('\n');
  if (argv.includes('--help')) {
    console.log(usage);
    return 0;
  }
  const problem = argv.length === 0 ? 'which verb?' : `there is no verb '${argv[0]}'`;
  console.error(`altiplano task: ${problem}\n${usage}`);
  return 2;
}
