/**
 * `altiplano service …`: what services there are to be, and how they fare. What changes something shows
 * first what would be done, and does it with `--yes` or when asked on a terminal.
 *
 * Exit status: 0 done, 1 it failed and says why, 2 the command line is wrong, 3 nothing was done: the
 * plan was not agreed to.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { parse as parseYaml } from 'yaml';
import { list, optionalDurationMs, optionalText, text, toggle } from '#internal/config/flag.ts';
import type { Program } from '#internal/config/flags.ts';
import { serviceFileSchema } from '#internal/frameworks/service/service-schema.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { httpClient } from '#internal/runtime/real/http-client.ts';
import { readTextFile } from '#internal/runtime/real/text-file.ts';
import { localMasters } from '../dev/addresses.ts';
import { readCommandLine } from '../read-command-line.ts';
import { readCredential } from '../read-credential.ts';
import { type Desk, openDesk } from './desk.ts';
import { isWaiting, listLines, statusLines, summaryLine } from './tell.ts';

type Values = {
  readonly masters: readonly string[];
  readonly frameworkId: string;
  readonly credential: string | undefined;
  readonly yes: boolean;
  readonly wait: boolean;
  readonly timeout: number | undefined;
  readonly forget: boolean;
  readonly json: boolean;
};

type Doing = { readonly desk: Desk; readonly clock: Clock; readonly values: Values };
type Verb = {
  readonly usage: string;
  readonly summary: string;
  readonly words: number;
  /** The exit status. */
  carryOut(doing: Doing, words: readonly string[]): Promise<number>;
};

const verbs: Readonly<Record<string, Verb>> = {
  run: {
    usage: 'FILE',
    summary:
      'makes the services of a YAML or JSON file true: starts what is new, updates what differs',
    words: 1,
    carryOut: async (doing, [path = '']) => await runFile(doing, path, { isUpdate: false }),
  },
  update: {
    usage: 'FILE',
    summary: 'the same, and refuses services that are not there yet',
    words: 1,
    carryOut: async (doing, [path = '']) => await runFile(doing, path, { isUpdate: true }),
  },
  list: { usage: '', summary: 'lists services', words: 0, carryOut: listServices },
  status: {
    usage: 'NAME',
    summary: 'shows the instances of a service, and what they wait for',
    words: 1,
    carryOut: async (doing, [name = '']) => await status(doing, name),
  },
  scale: {
    usage: 'NAME COUNT',
    summary: 'changes how many instances there are',
    words: 2,
    carryOut: async (doing, [service = '', count = '']) => {
      if (!/^\d+$/.test(count)) return fail([`'${count}' is no number of instances`], 2);
      return await change(doing, { kind: 'scale', service, instances: Number(count) }, [service]);
    },
  },
  stop: {
    usage: 'NAME',
    summary: 'ends its tasks and keeps its volumes',
    words: 1,
    carryOut: async (doing, [service = '']) =>
      await change(doing, { kind: 'stop', service }, [service]),
  },
  destroy: {
    usage: 'NAME',
    summary: 'ends its tasks and destroys its volumes with all that is in them',
    words: 1,
    carryOut: async (doing, [service = '']) =>
      await change(doing, { kind: 'destroy', service, isForgetting: doing.values.forget }, [
        service,
      ]),
  },
  schema: {
    usage: '',
    summary: 'prints the JSON Schema of files of services',
    words: 0,
    carryOut: () => {
      console.log(JSON.stringify(serviceFileSchema, null, 2));
      return Promise.resolve(0);
    },
  },
};

const programOf = (name: string, { usage, summary }: Verb): Program<Values> => ({
  name: `service ${name}${usage === '' ? '' : ` ${usage}`}`,
  summary: `${summary[0]?.toUpperCase()}${summary.slice(1)}.`,
  flags: {
    masters: list({ meaning: 'host:port of some masters', fallback: localMasters }),
    frameworkId: text({ meaning: 'which service framework', fallback: 'services' }),
    credential: {
      ...optionalText({
        meaning: 'a file with the principal and the secret of the service framework, if it has one',
      }),
      show: (said) => (said === undefined ? undefined : 'given'),
    },
    yes: toggle({ meaning: 'do it without being asked' }),
    wait: {
      ...toggle({ meaning: 'show how it goes until it is done' }),
      fallback: true,
      fallbackText: '--wait',
    },
    timeout: optionalDurationMs({ meaning: 'wait no longer than this' }),
    forget: toggle({
      meaning:
        'destroy, of a service that is being destroyed: leave volumes that cannot be reached behind',
    }),
    json: toggle({ meaning: 'list and status: print JSON' }),
  },
});

export async function run(argv: readonly string[]): Promise<number> {
  const [name = '--help', ...rest] = argv;
  if (name === '--help' || name === 'help') {
    console.log(overview());
    return 0;
  }
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (verb === undefined) {
    return fail([`there is no command '${name}'. Try 'altiplano service --help'`], 2);
  }
  // Flags are written `--name=value` here, so that words are told from values.
  const words = rest.filter((word) => !word.startsWith('--'));
  const values = readCommandLine(
    programOf(name, verb),
    rest.filter((word) => word.startsWith('--')),
  );
  if (typeof values === 'number') return values;
  if (words.length !== verb.words) return fail([`usage: service ${name} ${verb.usage}`], 2);
  const said = readCredential(values.credential);
  if (!said.ok) return fail([said.refusal], 2);
  const clock = systemClock();
  await using http = httpClient();
  const { masters, frameworkId } = values;
  const desk = openDesk({ clock, http, masters, authorization: said.value }, frameworkId);
  return await verb.carryOut({ desk, clock, values }, words);
}

function overview(): string {
  const rows = Object.entries(verbs).map(
    ([name, { usage, summary }]) => `  ${`${name} ${usage}`.padEnd(18)}  ${summary}`,
  );
  return [
    'Usage: altiplano service COMMAND [WORD …] [--flag=value …]',
    '',
    ...rows,
    '',
    "'altiplano service COMMAND --help' lists a command's flags.",
  ].join('\n');
}

function fail(lines: readonly string[], exitStatus = 1): number {
  for (const line of lines) console.error(`altiplano service: ${line}`);
  return exitStatus;
}

async function runFile(
  doing: Doing,
  path: string,
  { isUpdate }: { readonly isUpdate: boolean },
): Promise<number> {
  const read = readTextFile(path);
  if (!read.ok) return fail([read.refusal]);
  let file: unknown;
  try {
    file = parseYaml(read.value);
  } catch (error) {
    return fail([`${path}: ${error instanceof Error ? error.message : String(error)}`]);
  }
  const names = namesIn(file);
  if (isUpdate) {
    const known = await doing.desk.ask('GET', '/services');
    if (!known.ok) return fail(known.refusal);
    const there = new Set((known.value.services ?? []).map(({ name }) => name));
    const unknown = names.filter((name) => !there.has(name));
    if (unknown.length > 0) return fail(unknown.map((name) => `there is no service '${name}'`));
  }
  return await change(doing, { kind: 'run', file }, names);
}

function namesIn(file: unknown): readonly string[] {
  const services: unknown =
    typeof file === 'object' && file !== null && 'services' in file ? file.services : undefined;
  return typeof services === 'object' && services !== null ? Object.keys(services) : [];
}

async function change(doing: Doing, asked: object, names: readonly string[]): Promise<number> {
  const { desk, values } = doing;
  const plan = await desk.ask('POST', '/plan', { change: asked });
  if (!plan.ok) return fail(plan.refusal);
  const { basis, lines = [] } = plan.value;
  for (const line of lines) console.log(`will ${line}`);
  if (lines.length === 0) console.log('nothing is to be changed');
  else {
    if (!values.yes && !(await agrees())) return fail(['nothing was done'], 3);
    const applied = await desk.ask('POST', '/apply', { change: asked, basis });
    if (!applied.ok) return fail(applied.refusal);
  }
  return values.wait ? await follow(doing, names) : 0;
}

async function agrees(): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await Promise.race([
    terminal.question('Do it? [y/N] '),
    once(terminal, 'close').then(() => ''),
  ]);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

const pollMs = 500;
/** Whoever waits so long without a change is told why. */
const reasonsAfterMs = 5000;

async function follow({ desk, clock, values }: Doing, names: readonly string[]): Promise<number> {
  const startMs = clock.monotonic();
  let told = '';
  let toldMs = startMs;
  for (;;) {
    const reply = await desk.ask('GET', '/services');
    if (!reply.ok) return fail(reply.refusal);
    const services = (reply.value.services ?? []).filter(({ name }) => names.includes(name));
    const lines = services.map(summaryLine).join('\n');
    if (lines !== told) {
      if (lines !== '') console.log(lines);
      told = lines;
      toldMs = clock.monotonic();
    }
    // Whatever is gone was destroyed.
    if (services.every(({ isSettled }) => isSettled)) return 0;
    const { timeout } = values;
    if (timeout !== undefined && clock.monotonic() - startMs > timeout) {
      for (const line of services.flatMap(statusLines)) console.log(line);
      return fail([`not done after ${timeout / 1000} s`]);
    }
    if (clock.monotonic() - toldMs > reasonsAfterMs && services.some(isWaiting)) {
      for (const line of services.flatMap(statusLines)) console.log(line);
      toldMs = Infinity;
    }
    await clock.sleep(pollMs);
  }
}

async function listServices({ desk, values }: Doing): Promise<number> {
  const reply = await desk.ask('GET', '/services');
  if (!reply.ok) return fail(reply.refusal);
  const { services = [] } = reply.value;
  if (values.json) console.log(JSON.stringify(services, null, 2));
  else for (const line of listLines(services)) console.log(line);
  return 0;
}

async function status({ desk, values }: Doing, name: string): Promise<number> {
  const reply = await desk.ask('GET', `/services/${encodeURIComponent(name)}`);
  if (!reply.ok) return fail(reply.refusal);
  const { service } = reply.value;
  if (service === undefined) return fail([`there is no service '${name}'`]);
  if (values.json) {
    console.log(JSON.stringify(service, null, 2));
    return 0;
  }
  for (const line of statusLines(service)) console.log(line);
  if (!isWaiting(service)) return 0;
  const explained = await desk.ask('GET', '/explain');
  if (explained.ok) {
    const { text: words = '' } = explained.value;
    console.log(`\nWhat the masters say:\n${words.trimEnd()}`);
  }
  return 0;
}
