/**
 * `altiplano run`: one command in the cluster, its output here, its exit status ours. Ctrl-C kills the
 * task; a second one leaves at once.
 */
import { once } from 'node:events';
import { userInfo } from 'node:os';
import { newUuid } from '#internal/base/uuid.ts';
import {
  choice,
  list,
  number,
  optionalDurationMs,
  optionalText,
  repeated,
  text,
} from '#internal/config/flag.ts';
import type { Program } from '#internal/config/flags.ts';
import { RunCommand } from '#internal/frameworks/run/run-command.ts';
import { type End, exitStatus } from '#internal/frameworks/run/task-end.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { httpClient } from '#internal/runtime/real/http-client.ts';
import { type LogLevel, openLogger } from '#internal/runtime/real/logger.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import { plainLines } from '../plain-lines.ts';
import { readCredential } from '../read-credential.ts';
import { readCommandLine } from '../read-command-line.ts';
import { onStopSignals } from '../stopping.ts';
import { localMasters } from '../dev/addresses.ts';

type Values = {
  readonly command: string;
  readonly masters: readonly string[];
  readonly cpus: number;
  readonly mem: number;
  readonly env: readonly string[];
  readonly name: string | undefined;
  readonly user: string;
  readonly credential: string | undefined;
  readonly timeout: number | undefined;
  readonly logLevel: LogLevel;
};

const program: Program<Values> = {
  name: 'run',
  summary: "Runs one command in the cluster, shows its output and exits with the command's status.",
  flags: {
    command: text({ meaning: 'the shell command to run' }),
    masters: list({ meaning: 'host:port of some masters', fallback: localMasters }),
    cpus: number({ meaning: 'CPUs the task gets', fallback: 0.1, min: 0.01 }),
    mem: number({ meaning: 'memory the task gets, in MB', fallback: 64, min: 1 }),
    env: repeated({ meaning: 'NAME=VALUE for its environment, as often as needed' }),
    name: optionalText({ meaning: 'what the task is called; its first word by default' }),
    user: text({ meaning: 'the user it runs as', fallback: userInfo().username }),
    credential: {
      ...optionalText({
        meaning: 'a file with the principal and the secret by which masters know you',
      }),
      show: (said) => (said === undefined ? undefined : 'given'),
    },
    timeout: optionalDurationMs({ meaning: 'kill it when it takes longer' }),
    logLevel: choice({
      meaning: 'what is told on stderr',
      fallback: 'warn',
      words: ['debug', 'info', 'warn', 'error', 'silent'],
    }),
  },
  check: ({ env, masters, command, cpus, mem }) => [
    ...(command.trim() === '' ? ['--command is empty'] : []),
    ...(masters.length === 0 ? ['--masters is empty'] : []),
    ...masters
      .filter((master) => !/^[^\s/:]+:\d+$/.test(master))
      .map((master) => `--masters: '${master}' is not host:port`),
    ...env
      .filter((pair) => !/^[^=]+=/.test(pair))
      .map((pair) => `--env: '${pair}' is not NAME=VALUE`),
    ...(Math.round(cpus * 1000) === 0 ? ['--cpus is too small'] : []),
    ...(Math.round(mem * 1000) === 0 ? ['--mem is too small'] : []),
  ],
};

/** Exit status: the command's; 124 after a time-out, 130 after Ctrl-C, 1 when it could not run. */
export async function run(argv: readonly string[]): Promise<number> {
  const values = readCommandLine(program, argv);
  if (typeof values === 'number') return values;
  const said = readCredential(values.credential);
  if (!said.ok) {
    console.error(`altiplano run: ${said.refusal}`);
    return 2;
  }
  const clock = systemClock();
  const random = systemRandom();
  await using http = httpClient();
  const command = new RunCommand(
    {
      clock,
      random,
      logger: openLogger({ level: values.logLevel, sink: plainLines('run') }),
      http,
      output: writeOut,
    },
    {
      masters: values.masters,
      user: values.user,
      timeoutMs: values.timeout,
      authorization: said.value,
      need: needOf(values, newUuid(random)),
    },
  );
  using signals = new DisposableStack();
  signals.use(
    onStopSignals(clock, { ask: () => command.interrupt(), askAgain: () => process.exit(130) }),
  );
  const end = await command.run();
  const words = explanation(end, values.timeout);
  if (words !== undefined) console.error(`altiplano run: ${words}`);
  return exitStatus(end);
}

function needOf(values: Values, unique: string): RunNeed {
  const name = values.name ?? values.command.trim().split(/\s+/)[0] ?? 'task';
  const slug = name.replaceAll(/[^A-Za-z0-9_-]+/g, '-').slice(0, 64);
  return {
    taskId: `${slug}.${unique}`,
    name,
    command: values.command,
    cpus: values.cpus,
    memMb: values.mem,
    environment: values.env.map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at), pair.slice(at + 1)] as const;
    }),
    user: undefined,
  };
}

type RunNeed = ConstructorParameters<typeof RunCommand>[1]['need'];

function explanation(end: End, timeoutMs: number | undefined): string | undefined {
  switch (end.kind) {
    case 'timed-out':
      return end.started
        ? `timed out after ${(timeoutMs ?? 0) / 1000} s: the task was killed`
        : `timed out after ${(timeoutMs ?? 0) / 1000} s: the task never started`;
    case 'interrupted':
      return end.started ? 'interrupted: the task was killed' : 'interrupted before it started';
    case 'signalled':
    case 'failed':
      return end.text;
    case 'exited':
      return undefined;
    default:
      return undefined;
  }
}

async function writeOut(stream: 'stdout' | 'stderr', data: Uint8Array): Promise<void> {
  const target = process[stream];
  if (!target.write(data)) await once(target, 'drain');
}
