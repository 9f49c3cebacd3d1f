/**
 * `altiplano operator check`: the leader compares its books with what every agent says that it runs, and
 * whatever disagrees is told by both facts. Any master may be named. Nothing is changed.
 *
 * Exit status: 0 all agree, 1 something does not, 2 it could not be asked, or not of all agents, or the
 * command line is wrong.
 */
import { askMasters } from '#internal/client/ask-masters.ts';
import { durationMs, list, optionalText } from '#internal/config/flag.ts';
import type { Program } from '#internal/config/flags.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { httpClient } from '#internal/runtime/real/http-client.ts';
import { localMasters } from '../../dev/addresses.ts';
import { readCommandLine } from '../../read-command-line.ts';
import { readCredential } from '../../read-credential.ts';
import { toldOf } from './lines.ts';

type Values = {
  readonly masters: readonly string[];
  readonly credential: string | undefined;
  readonly timeout: number;
};

const program: Program<Values> = {
  name: 'operator check',
  summary: 'Compares what the masters think with what the agents run.',
  flags: {
    masters: list({ meaning: 'host:port of some masters', fallback: localMasters }),
    credential: optionalText({
      meaning: 'a file with the principal and the secret by which masters know you',
    }),
    timeout: durationMs({ meaning: 'how long the answer is waited for', fallback: 120_000 }),
  },
  check: ({ masters }) => (masters.length === 0 ? ['--masters is empty'] : []),
};

export async function runCheck(argv: readonly string[]): Promise<number> {
  const values = readCommandLine(program, argv);
  if (typeof values === 'number') return values;
  const said = readCredential(values.credential);
  if (!said.ok) return fail(said.refusal);
  await using http = httpClient();
  const patience = new AbortController();
  const timer = systemClock().after(values.timeout, () => patience.abort());
  const { signal } = patience;
  const options = { masters: values.masters, authorization: said.value, signal };
  const reply = await askMasters(http, options, { method: 'GET', target: '/check' });
  timer.cancel();
  if (!reply.ok) return fail(reply.refusal);
  const { lines, status } = toldOf(reply.value);
  for (const line of lines) console.log(line);
  return status;
}

function fail(problem: string): number {
  console.error(`altiplano operator check: ${problem}`);
  return 2;
}
