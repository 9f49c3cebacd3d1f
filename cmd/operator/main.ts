/**
 * `altiplano operator raft …`: who the masters are, to change them, and to hand leadership over, while
 * the cluster runs. Any master may be named; the question finds its way to the one that leads.
 * `altiplano operator snapshot …` and `altiplano operator check` are in folders of their own.
 *
 * Exit status: 0 done, 1 refused or nobody answers, 2 the command line is wrong.
 */
import { systemClock } from '#internal/runtime/real/clock.ts';
import { askOperators } from '#raft/transport/grpc-operators.ts';
import { askLeader } from './ask-leader.ts';
import { runCheck } from './check/main.ts';
import { linesOf } from './lines.ts';
import { runSnapshot } from './snapshot/main.ts';
import { verbs, type Wish } from './verbs.ts';

export async function run(argv: readonly string[]): Promise<number> {
  const [area, name, ...rest] = argv;
  if (area === 'check') return await runCheck(argv.slice(1));
  if (area === 'snapshot') return await runSnapshot(argv.slice(1));
  const verb = area === 'raft' ? verbs.find((candidate) => candidate.name === name) : undefined;
  if (verb === undefined) return explainVerbs(argv);
  const wish = verb.read(rest);
  return typeof wish === 'number' ? wish : await carryOut(wish);
}

async function carryOut({ masters, timeoutMs, request }: Wish): Promise<number> {
  const clock = systemClock();
  const patience = new AbortController();
  const timer = clock.after(timeoutMs, () => patience.abort());
  const { signal } = patience;
  const answer = await askLeader(
    { clock, ask: (address, question) => askOperators(address, question, { signal }) },
    { masters, signal },
    request,
  );
  timer.cancel();
  const { said, complaints } = linesOf(answer);
  for (const line of said) console.log(line);
  for (const line of complaints) console.error(`altiplano operator raft: ${line}`);
  return complaints.length === 0 ? 0 : 1;
}

function explainVerbs(argv: readonly string[]): number {
  const usage = [
    'Usage: altiplano operator raft VERB [--flag=value …]',
    '       altiplano operator snapshot VERB FILE [--flag=value …]',
    '       altiplano operator check [--flag=value …]',
    '',
    ...verbs.map(({ name, summary }) => `  ${name.padEnd(10)}${summary}`),
    '',
    "'altiplano operator raft VERB --help' lists a verb's flags.",
  ].join('\n');
  if (argv.includes('--help')) {
    console.log(usage);
    return 0;
  }
  const problem =
    argv.length < 2 ? 'which verb?' : `there is no verb '${argv.slice(0, 2).join(' ')}'`;
  console.error(`altiplano operator: ${problem}\n${usage}`);
  return 2;
}
