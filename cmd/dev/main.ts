/**
 * `altiplano dev`: three masters and two agents as real processes on this machine, in one terminal.
 * Their state lives under one work directory, where the next start finds it again. Ctrl-C ends agents
 * with their tasks first, then the masters; nothing is left behind.
 */
import { integer, text } from '#internal/config/flag.ts';
import type { Program } from '#internal/config/flags.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { httpClient } from '#internal/runtime/real/http-client.ts';
import { httpListener } from '#internal/runtime/real/http-server.ts';
import { openLogger } from '#internal/runtime/real/logger.ts';
import { FilesError } from '#internal/runtime/files.ts';
import { readCommandLine } from '../read-command-line.ts';
import { onStopSignals } from '../stopping.ts';
import { type DevAddresses, devAddresses } from './addresses.ts';
import { DevCluster } from './dev-cluster.ts';

type Values = {
  readonly workDir: string;
  readonly firstPort: number;
  readonly masters: number;
  readonly agents: number;
};

const program: Program<Values> = {
  name: 'dev',
  summary: 'Starts a whole cluster on this machine and ends it with Ctrl-C.',
  flags: {
    workDir: text({ meaning: 'where the state of the cluster lives', fallback: '.altiplano' }),
    firstPort: integer({
      meaning: 'masters take this port and every second one after it, agents those between',
      fallback: 5050,
      min: 1024,
      max: 65_000,
    }),
    masters: integer({ meaning: 'how many masters', fallback: 3, min: 1, max: 5 }),
    agents: integer({ meaning: 'how many agents', fallback: 2, min: 0, max: 4 }),
  },
  check: ({ masters }) =>
    masters % 2 === 0
      ? [`--masters=${masters}: an even number of masters survives no more losses than one fewer`]
      : [],
};

export async function run(argv: readonly string[]): Promise<number> {
  const values = readCommandLine(program, argv);
  if (typeof values === 'number') return values;
  const files = systemFiles();
  try {
    await files.makeFolder(`${values.workDir}/logs`);
    await using stack = new AsyncDisposableStack();
    stack.use(await files.lock(`${values.workDir}/lock`));
    return await runCluster(values);
  } catch (error) {
    if (!(error instanceof FilesError)) throw error;
    const why = error.code === 'LOCKED' ? 'another cluster uses it' : error.message;
    console.error(`altiplano dev: cannot use the work directory '${values.workDir}': ${why}`);
    return 1;
  }
}

async function runCluster(values: Values): Promise<number> {
  const clock = systemClock();
  await using http = httpClient();
  const cluster = new DevCluster(
    {
      clock,
      http,
      listener: httpListener({ logger: openLogger({ level: 'warn' }) }),
      say: (line) => console.log(line),
      complain: (line) => console.error(`altiplano dev: ${line}`),
    },
    { workDir: values.workDir, addresses: addressesFrom(values) },
  );
  using signals = new DisposableStack();
  signals.use(onStopSignals(clock, { ask: () => cluster.stop(), askAgain: () => cluster.kill() }));
  return await cluster.run();
}

function addressesFrom({ firstPort, masters, agents }: Values): DevAddresses {
  const [first] = devAddresses.masters;
  const grpcAfterHttp = first === undefined ? 10 : first.grpcPort - first.httpPort;
  return {
    masters: Array.from({ length: masters }, (_, n) => ({
      httpPort: firstPort + 2 * n,
      grpcPort: firstPort + grpcAfterHttp + 2 * n,
      peerPort: firstPort + grpcAfterHttp + 2 * n + 1,
    })),
    agents: Array.from({ length: agents }, (_, n) => ({ httpPort: firstPort + 2 * n + 1 })),
  };
}
