/**
 * `altiplano reservation …`: which role holds what of which agent, and how what no framework has any more
 * is freed. What is in use, or holds a volume, is never freed. Any master may be named.
 *
 * Exit status: 0 done, 1 it failed and says why, 2 the command line is wrong.
 */
import { askMasters, type Question } from '#internal/client/ask-masters.ts';
import { list, optionalText, toggle } from '#internal/config/flag.ts';
import type { Program } from '#internal/config/flags.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { httpClient } from '#internal/runtime/real/http-client.ts';
import { localMasters } from '../dev/addresses.ts';
import { readCommandLine } from '../read-command-line.ts';
import { readCredential } from '../read-credential.ts';
import { splitWords } from '../task/split-words.ts';
import { type HeldReservation, keptFor, linesOf, reservationsIn } from './lines.ts';

type Values = {
  readonly masters: readonly string[];
  readonly credential: string | undefined;
  readonly yes: boolean;
};

type Verb = { readonly name: string; readonly usage: string; readonly summary: string };

const verbs: readonly Verb[] = [
  {
    name: 'list',
    usage: '',
    summary: 'Shows what is reserved on all agents, and which frameworks have it.',
  },
  {
    name: 'free',
    usage: 'ROLE',
    summary: 'Frees what is reserved to a role that no framework has; without --yes shows it.',
  },
];

const programOf = ({ name, usage, summary }: Verb): Program<Values> => ({
  name: `reservation ${name} ${usage}`.trim(),
  summary,
  flags: {
    masters: list({ meaning: 'host:port of some masters', fallback: localMasters }),
    credential: optionalText({
      meaning: 'a file with the principal and the secret by which masters know you',
    }),
    yes: toggle({ meaning: 'does it; without it nothing is changed' }),
  },
  check: ({ masters }) => (masters.length === 0 ? ['--masters is empty'] : []),
});

export async function run(argv: readonly string[]): Promise<number> {
  const [word, ...words] = argv;
  const verb = verbs.find(({ name }) => name === word);
  if (verb === undefined) return explainVerbs(argv);
  const program = programOf(verb);
  const { flags, names, rest } = splitWords(program, words, 1);
  const values = readCommandLine(program, flags);
  if (typeof values === 'number') return values;
  const said = readCredential(values.credential);
  const isOdd = (verb.usage === '') !== (names.length === 0) || rest.length > 0;
  if (isOdd || !said.ok) {
    const problem = `expects ${verb.usage === '' ? 'no name' : `one ${verb.usage}`}`;
    console.error(`altiplano reservation ${verb.name}: ${said.ok ? problem : said.refusal}`);
    return 2;
  }
  await using http = httpClient();
  const { signal } = new AbortController();
  const options = { masters: values.masters, authorization: said.value, signal };
  const ask: Ask = (question) => askMasters(http, options, question);
  const reply = await ask({ method: 'GET', target: '/reservations' });
  if (!reply.ok) return fail(verb.name, reply.refusal);
  const all = reservationsIn(reply.value);
  if (verb.name === 'free') return await free(ask, all, { role: names[0] ?? '', yes: values.yes });
  for (const line of linesOf(all, systemClock().now())) console.log(line);
  return 0;
}

type Ask = (question: Question) => ReturnType<typeof askMasters>;

async function free(
  ask: Ask,
  all: readonly HeldReservation[],
  { role, yes }: { readonly role: string; readonly yes: boolean },
): Promise<number> {
  const meant = all.filter((one) => one.role === role);
  if (meant.length === 0) return fail('free', `nothing is reserved to ${role}`);
  const doomed = meant.filter((one) => keptFor(one) === undefined);
  for (const one of meant) {
    const why = keptFor(one);
    if (why !== undefined) console.error(`stays: ${one.hostname} ${one.text}: ${why}`);
  }
  if (doomed.length === 0) return fail('free', `nothing of ${role} can be freed`);
  for (const line of linesOf(doomed, systemClock().now())) console.log(line);
  if (!yes) {
    console.log('nothing is changed: --yes frees these');
    return 0;
  }
  let failures = 0;
  for (const { agentId, hostname, resources } of doomed) {
    const unreserve_resources = { agent_id: { value: agentId }, resources };
    const json = { type: 'UNRESERVE_RESOURCES', unreserve_resources };
    const done = await ask({ method: 'POST', target: '/api/v1', json });
    if (!done.ok) failures += fail('free', `${hostname}: ${done.refusal}`);
    else console.log(`freed on ${hostname}`);
  }
  return failures === 0 ? 0 : 1;
}

function fail(verb: string, problem: string): number {
  console.error(`altiplano reservation ${verb}: ${problem}`);
  return 1;
}

function explainVerbs(argv: readonly string[]): number {
  const usage = [
    'Usage: altiplano reservation VERB [ROLE] [--flag=value …]',
    '',
    ...verbs.map(
      ({ name, usage: form, summary }) => `  ${`${name} ${form}`.padEnd(10)}  ${summary}`,
    ),
  ].join('\n');
  if (argv.includes('--help')) {
    console.log(usage);
    return 0;
  }
  const problem = argv.length === 0 ? 'which verb?' : `there is no verb '${argv[0]}'`;
  console.error(`altiplano reservation: ${problem}\n${usage}`);
  return 2;
}
