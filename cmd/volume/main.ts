/**
 * `altiplano volume …`: where persistent volumes are and whose, how an agent takes on one that it found
 * and does not know, and how one is destroyed. Any master may be named.
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
import { destroyProblem, linesOf, type Volume, volumesIn } from './lines.ts';

type Values = {
  readonly masters: readonly string[];
  readonly credential: string | undefined;
  readonly yes: boolean;
};

const verbs = [
  ['list', '', 'Shows the volumes of all agents, and those that gone agents left behind.'],
  ['orphans', '', 'Shows volumes that agents found on their disks and do not know.'],
  ['inspect', 'ORIGIN', 'Shows all that is known of a volume, as JSON.'],
  [
    'adopt',
    'ORIGIN',
    'Has the agent that found a volume take it on; without --yes shows what would be.',
  ],
  [
    'destroy',
    'ORIGIN',
    'Removes a volume that nobody uses, with its data; without --yes shows which.',
  ],
] as const;

type Verb = (typeof verbs)[number];

const programOf = ([name, usage, summary]: Verb): Program<Values> => ({
  name: `volume ${name} ${usage}`.trim(),
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
  const verb = verbs.find(([name]) => name === word);
  if (verb === undefined) return explainVerbs(argv);
  const [name, usage] = verb;
  const program = programOf(verb);
  const { flags, names } = splitWords(program, words, 1);
  const values = readCommandLine(program, flags);
  if (typeof values === 'number') return values;
  const said = readCredential(values.credential);
  const isOdd = (usage === '') !== (names.length === 0);
  if (isOdd || !said.ok) {
    const problem = isOdd ? `expects ${usage === '' ? 'no name' : usage}` : '';
    console.error(`altiplano volume ${name}: ${said.ok ? problem : said.refusal}`);
    return 2;
  }
  await using http = httpClient();
  const { signal } = new AbortController();
  const asked = { masters: values.masters, authorization: said.value, signal };
  const reply = await askMasters(http, asked, { method: 'GET', target: '/volumes' });
  if (!reply.ok) return fail(name, reply.refusal);
  const volumes = volumesIn(reply.value);
  const nowMs = systemClock().now();
  const [wanted = ''] = names;
  if (name === 'list' || name === 'orphans') {
    const isOrphan = name === 'orphans';
    const shown = volumes.filter(({ state }) => (state === 'orphan') === isOrphan);
    for (const line of linesOf(shown, nowMs)) console.log(line);
    return 0;
  }
  const meant = volumes.filter(({ origin }) => origin.startsWith(wanted));
  if (name === 'inspect') {
    if (meant.length === 0) return fail(name, `there is no volume '${wanted}'`);
    for (const volume of meant) console.log(JSON.stringify(volume, undefined, 2));
    return 0;
  }
  const isMeant = ({ state }: Volume): boolean => name === 'destroy' || state === 'orphan';
  const [one, ...others] = meant.filter(isMeant);
  if (one === undefined) {
    const what = name === 'destroy' ? 'there is no volume' : 'no agent has found a volume';
    return fail(name, `${what} '${wanted}'`);
  }
  if (others.length > 0) {
    return fail(name, `'${wanted}' may be any of ${others.length + 1} volumes`);
  }
  for (const line of linesOf([one], nowMs)) console.log(line);
  const problem = name === 'destroy' ? destroyProblem(one) : undefined;
  if (problem !== undefined) return fail(name, problem);
  const { request, offer, done } = name === 'destroy' ? destruction(one) : adoption(one);
  if (!values.yes) {
    console.log(`nothing is changed: --yes ${offer}`);
    return 0;
  }
  const outcome = await askMasters(http, asked, request);
  if (!outcome.ok) return fail(name, outcome.refusal);
  console.log(done);
  return 0;
}

type Deed = { readonly request: Question; readonly offer: string; readonly done: string };

const adoption = ({ agent_id, origin }: Volume): Deed => ({
  request: {
    method: 'POST',
    target: `/volumes/adopt?agent_id=${encodeURIComponent(agent_id)}&origin=${encodeURIComponent(origin)}`,
  },
  offer: 'has this agent take it on',
  done: 'it is taken on',
});

/** What is reserved stays so. */
const destruction = ({ agent_id, resource, role }: Volume): Deed => ({
  request: {
    method: 'POST',
    target: '/api/v1',
    json: {
      type: 'DESTROY_VOLUMES',
      destroy_volumes: { agent_id: { value: agent_id }, volumes: [resource] },
    },
  },
  offer: 'removes all its data, for ever',
  done: `it is being removed; 'altiplano reservation list' shows what stays reserved to ${role}`,
});

function fail(verb: string, problem: string): number {
  console.error(`altiplano volume ${verb}: ${problem}`);
  return 1;
}

function explainVerbs(argv: readonly string[]): number {
  const usage = [
    'Usage: altiplano volume VERB [ORIGIN] [--flag=value …]',
    '',
    ...verbs.map(([name, form, summary]) => `  ${`${name} ${form}`.padEnd(16)}  ${summary}`),
    '',
    'ORIGIN is that of a volume, or the beginning of one.',
  ].join('\n');
  if (argv.includes('--help')) {
    console.log(usage);
    return 0;
  }
  const problem = argv.length === 0 ? 'which verb?' : `there is no verb '${argv[0]}'`;
  console.error(`altiplano volume: ${problem}\n${usage}`);
  return 2;
}
