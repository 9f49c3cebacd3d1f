/** A process full of simulated agents (`fleet.ts`), each with a connection of its own. */
import { randomFromSeed } from '#internal/base/random.ts';
import { agentLinkOptions, grpcLinkDialer } from '#internal/rpc/link-grpc.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { agentSideCodec } from '#internal/wire/agent-link-codec.ts';
import type { AgentInfo } from '#proto/gen/mesos/v1.ts';
import type { FleetOrder, FleetReport, FleetSettings } from './fleet.ts';
import { serveOrders, settingsOf } from './orders.ts';
import { SimulatedAgent } from './simulated-agent.ts';

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends are ours.
const settings = settingsOf() as FleetSettings;
const clock = systemClock();
const random = randomFromSeed(`${settings.seed} ${settings.first}`);
const dialer = grpcLinkDialer({ clock, codec: agentSideCodec }, agentLinkOptions);
const agents = Array.from({ length: settings.count }, (_, at) => newAgent(settings.first + at));
let started = 0;

await serveOrders(async (order) => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends are ours.
  const { kind } = order as FleetOrder;
  if (kind === 'start') for (const agent of agents.slice(started)) await start(agent);
  if (kind === 'stop') for (const agent of agents) agent.stop();
  return report();
});

/** A few at a time: the port of a master keeps so many waiting at its door and no more. */
async function start(agent: SimulatedAgent): Promise<void> {
  started++;
  agent.start();
  if (started % 20 === 0) await clock.sleep(10);
}

function newAgent(number: number): SimulatedAgent {
  const { masters, life } = settings;
  const agent_info: AgentInfo = {
    hostname: `simulated-${number}`,
    port: 5051,
    resources: [
      { name: 'cpus', type: 'SCALAR', scalar: { value: settings.cpus } },
      { name: 'mem', type: 'SCALAR', scalar: { value: settings.mem } },
      { name: 'disk', type: 'SCALAR', scalar: { value: 1 << 20 } },
      { name: 'ports', type: 'RANGES', ranges: { range: [{ begin: 31_000n, end: 32_000n }] } },
    ],
    attributes: [{ name: 'rack', type: 'TEXT', text: { value: `r${number % 40}` } }],
  };
  const description = {
    agent_info,
    version: '1.12.0',
    ip: '127.0.0.1',
    capabilities: [
      { type: 'MULTI_ROLE' },
      { type: 'RESERVATION_REFINEMENT' },
      { type: 'AGENT_DRAINING' },
    ],
  } as const;
  const own = random.fork(`agent ${number}`);
  return new SimulatedAgent({ clock, random: own, dialer }, { masters, description, life });
}

function report(): FleetReport {
  const counts = agents.map((agent) => agent.counts);
  const sum = (of: (count: (typeof counts)[number]) => number): number =>
    counts.reduce((total, count) => total + of(count), 0);
  const last = (of: (count: (typeof counts)[number]) => number): number =>
    counts.reduce((most, count) => Math.max(most, of(count)), 0);
  return {
    registered: sum(({ isRegistered }) => (isRegistered ? 1 : 0)),
    lastRegisteredMs: last(({ registeredMs }) => registeredMs),
    registrations: sum(({ registrations }) => registrations),
    pings: sum(({ pings }) => pings),
    silenceMs: last(({ silenceMs }) => silenceMs),
    launches: sum(({ launches }) => launches),
    repeats: sum(({ repeats }) => repeats),
    lastLaunchMs: last(({ lastLaunchMs }) => lastLaunchMs),
    dismissed: sum(({ isDismissed }) => (isDismissed ? 1 : 0)),
    tasks: agents.reduce((total, { taskCount }) => total + taskCount, 0),
  };
}
