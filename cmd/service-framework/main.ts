/**
 * `altiplano service-framework`: a process of the framework that looks after services. It runs until it
 * is told to stop; what it started runs on. A second one with the same `--framework-id` stands by.
 *
 * Exit status: 0 stopped; 1 it could not start, or the cluster will not have it; 2 wrong flags.
 */
import { userInfo } from 'node:os';
import { newUuid } from '#internal/base/uuid.ts';
import {
  choice,
  durationMs,
  list,
  optionalText,
  port,
  text,
  toggle,
} from '#internal/config/flag.ts';
import type { Program } from '#internal/config/flags.ts';
import { askLeader } from '#internal/frameworks/service/ask-leader.ts';
import { readFoundVolumes } from '#internal/frameworks/service/found-volumes.ts';
import { serviceApi } from '#internal/frameworks/service/service-api.ts';
import { ServiceFramework } from '#internal/frameworks/service/service-framework.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { httpClient } from '#internal/runtime/real/http-client.ts';
import { httpListener } from '#internal/runtime/real/http-server.ts';
import { type LogLevel, openLogger } from '#internal/runtime/real/logger.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import { advertisedIp } from '../advertised-ip.ts';
import { localMasters } from '../dev/addresses.ts';
import { explain } from '../explain.ts';
import { readCommandLine } from '../read-command-line.ts';
import { readCredential } from '../read-credential.ts';
import { openStopRequest } from '../stopping.ts';

type Values = {
  readonly masters: readonly string[];
  readonly ip: string;
  readonly port: number;
  readonly frameworkId: string;
  readonly role: string;
  readonly user: string;
  readonly credential: string | undefined;
  readonly lease: number;
  readonly failoverTimeout: number;
  readonly logLevel: LogLevel;
  readonly endWithInput: boolean;
};

const dayMs = 86_400_000;

const program: Program<Values> = {
  name: 'service-framework',
  summary: "Looks after services: what 'altiplano service' asks for, it makes true and keeps true.",
  flags: {
    masters: list({ meaning: 'host:port of some masters', fallback: localMasters }),
    ip: text({ meaning: 'the address it listens on for users', fallback: '127.0.0.1' }),
    port: port({ meaning: 'the port it listens on for users; 0: any', fallback: 0 }),
    frameworkId: text({
      meaning: 'who it is in the cluster; processes of the same id are one framework',
      fallback: 'services',
    }),
    role: text({ meaning: 'for which it is offered and reserves resources', fallback: 'services' }),
    user: text({
      meaning: 'runs tasks whose service names no user',
      fallback: userInfo().username,
    }),
    credential: {
      ...optionalText({
        meaning:
          'a file with the principal and the secret by which masters know it; who asks it has to ' +
          'bring the same. Only with it can a second process stand by',
      }),
      show: (said) => (said === undefined ? undefined : 'given'),
    },
    lease: durationMs({
      meaning: 'so long nothing is heard of the leading process before another takes over',
      fallback: 10_000,
    }),
    failoverTimeout: durationMs({
      meaning: 'so long the cluster keeps its tasks and records while no process of it is there',
      fallback: 30 * dayMs,
    }),
    logLevel: choice({
      meaning: 'what is written to stderr',
      fallback: 'info',
      words: ['debug', 'info', 'warn', 'error', 'silent'],
    }),
    endWithInput: toggle({ meaning: 'stop when standard input is closed, for supervisors' }),
  },
  check: ({ masters, role, lease, frameworkId }) => [
    ...(masters.length === 0 ? ['--masters is empty'] : []),
    ...(role === '*' ? ['--role: what is in role * cannot be reserved'] : []),
    ...(lease < 1000 ? ['--lease is at least 1secs'] : []),
    ...(/^[A-Za-z0-9_-]+$/.test(frameworkId) ? [] : ['--framework-id: letters, digits, _ and -']),
  ],
};

const bodyBytesMax = 4 * 1024 * 1024;
const replyBytesMax = 4 * 1024 * 1024;
/** Of all that masters know of volumes, about 1 KiB each. */
const volumesBytesMax = 256 * 1024 * 1024;
/** The least that masters' `--framework-store-value-size` is by default. */
const recordBytesMax = 64 * 1024;

export async function run(argv: readonly string[]): Promise<number> {
  const values = readCommandLine(program, argv);
  if (typeof values === 'number') return values;
  const said = readCredential(values.credential);
  if (!said.ok) {
    console.error(`altiplano service-framework: ${said.refusal}`);
    return 2;
  }
  try {
    return await lookAfter(values, said.value);
  } catch (error) {
    const line = explain(error);
    if (line === undefined) throw error;
    console.error(`altiplano service-framework: ${line}`);
    return 1;
  }
}

async function lookAfter(values: Values, authorization: string | undefined): Promise<number> {
  const { masters, frameworkId, role, user, lease, ip } = values;
  const clock = systemClock();
  const random = systemRandom();
  const logger = openLogger({ level: values.logLevel });
  await using http = httpClient();
  const door = { clock, http, masters, authorization };
  let framework: ServiceFramework | undefined;
  const handler = serviceApi(
    {
      session: () => framework?.session,
      nowMs: () => clock.monotonic(),
      explain: async () => {
        const target = `/explain?framework_id=${encodeURIComponent(frameworkId)}`;
        const answer = await askLeader(door, { method: 'GET', target, replyBytesMax });
        return answer.kind === 'answered' ? new TextDecoder().decode(answer.body) : undefined;
      },
      volumes: async () => {
        const asked = { method: 'GET', target: '/volumes', replyBytesMax: volumesBytesMax };
        const answer = await askLeader(door, asked);
        if (answer.kind !== 'answered' || answer.status !== 200) return undefined;
        return readFoundVolumes(answer.body, role);
      },
    },
    { authorization, recordBytesMax },
  );
  const listening = { host: ip, port: values.port, bodyBytesMax };
  await using server = await httpListener({ logger }).listen(listening, handler);
  const hostname = advertisedIp(ip);
  framework = new ServiceFramework(
    { clock, random, logger, http },
    {
      masters,
      frameworkId,
      role,
      user,
      principal: principalOf(authorization),
      authorization,
      hostname,
      holder: { process: newUuid(random), url: `http://${hostname}:${server.port}` },
      leaseMs: lease,
      failoverTimeoutSeconds: values.failoverTimeout / 1000,
    },
  );
  using stopping = openStopRequest(clock, { endWithInput: values.endWithInput });
  const running = framework.run();
  void stopping.asked.then(async () => await framework.stop());
  const end = await running;
  if (end.kind === 'asked') return 0;
  console.error(`altiplano service-framework: ${end.reason}`);
  return 1;
}

/** Of `Basic …`: what stands before the colon. */
function principalOf(authorization: string | undefined): string | undefined {
  const [, encoded] = authorization?.split(' ') ?? [];
  return encoded === undefined
    ? undefined
    : Buffer.from(encoded, 'base64').toString('utf8').split(':')[0];
}
