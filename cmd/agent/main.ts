/**
 * `altiplano agent`: builds the real ports, wires them, and runs until asked to stop.
 *
 * A stop leaves tasks running, as an upgrade of the agent must: the next start on the same work
 * directory finds them. `--kill-tasks-on-stop` ends them instead.
 */
import { volumesIn } from '#internal/agent/volumes.ts';
import { resolve } from 'node:path';
import { Agent, type AgentEnd } from '#internal/agent/agent.ts';
import { Verbosity } from '#internal/agent/api/verbosity.ts';
import { agentHandler } from '#internal/agent/api/agent-handler.ts';
import type { AgentFigures } from '#internal/agent/api/metrics.ts';
import { Probes, usualProbes } from '#internal/agent/checks/probes.ts';
import type { Containerizer } from '#internal/agent/containerizer.ts';
import { type AgentSettings, usualTimes } from '#internal/agent/core/state.ts';
import { detectResources } from '#internal/agent/detect-resources.ts';
import type { Fetcher } from '#internal/agent/fetch/fetcher.ts';
import type { GarbageCollector } from '#internal/agent/garbage/garbage-collector.ts';
import { parseAttributes } from '#internal/agent/parse-attributes.ts';
import { mesosVersion } from '#internal/config/version.ts';
import { agentLinkOptions, grpcLinkDialer } from '#internal/rpc/link-grpc.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemConnector } from '#internal/runtime/real/connector.ts';
import { systemFileTree } from '#internal/runtime/real/file-tree.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { httpClient } from '#internal/runtime/real/http-client.ts';
import { httpListener } from '#internal/runtime/real/http-server.ts';
import { type AdjustableLogger, type LogLevel, openLogger } from '#internal/runtime/real/logger.ts';
import { systemMachine } from '#internal/runtime/real/machine.ts';
import { systemProcesses } from '#internal/runtime/real/processes.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import { openTelemetry } from '#internal/telemetry/open-telemetry.ts';
import { agentSideCodec } from '#internal/wire/agent-link-codec.ts';
import { domainToWire } from '#internal/wire/agent-traits.ts';
import { resourcesToWire } from '#internal/wire/resources.ts';
import { openLevelStore } from '#storage/level/level-store.ts';
import { advertisedIp } from '../advertised-ip.ts';
import { explain } from '../explain.ts';
import { readCredential } from '../read-credential.ts';
import { readCommandLine } from '../read-command-line.ts';
import { openStopRequest } from '../stopping.ts';
import { textFlags } from '../text-flags.ts';
import { warnWhile } from '../warn-while.ts';
import { type AgentFlags, agentProgram } from './flags.ts';
import { openContainerizer } from './open-containerizer.ts';
import { newGarbageCollector, openHousekeeping, openSystemFetcher } from './open-housekeeping.ts';

const mailboxMax = 100_000;
/** Far less than the journal keeps (`storage/checkpoint/DESIGN.md`). */
const logBytesMax = 1024 * 1024;
const bodyBytesMax = 16 * 1024 * 1024;

export async function run(argv: readonly string[]): Promise<number> {
  const flags = readCommandLine(agentProgram, argv);
  if (typeof flags === 'number') return flags;
  const said = readCredential(flags.credential);
  if (!said.ok) {
    console.error(`altiplano agent: ${said.refusal}`);
    return 2;
  }
  using stop = openStopRequest(systemClock(), flags);
  try {
    await using stack = new AsyncDisposableStack();
    const settings = await settingsFrom(flags);
    if (typeof settings === 'string') {
      console.error(`altiplano agent: ${settings}`);
      return 2;
    }
    const agent = await openAgent(stack, flags, { settings, authorization: said.value });
    const end = await Promise.race([agent.ended, stop.asked]);
    if (end === undefined) await (flags.killTasksOnStop ? agent.shutdown() : agent.stop());
    return report(await agent.ended);
  } catch (error) {
    const line = explain(error);
    if (line === undefined) throw error;
    console.error(`altiplano agent: ${line}`);
    return 1;
  }
}

type Identity = {
  readonly settings: AgentSettings;
  /** By which masters know it. */
  readonly authorization: string | undefined;
};

async function openAgent(
  stack: AsyncDisposableStack,
  flags: AgentFlags,
  { settings, authorization }: Identity,
): Promise<Agent> {
  const telemetry = await openTelemetry({ env: process.env, serviceName: 'altiplano-agent' });
  if (telemetry !== undefined) stack.use(telemetry);
  const logger = openLogger({ level: flags.logLevel satisfies LogLevel });
  logger.info('starting an agent', textFlags(agentProgram, flags));
  const clock = systemClock();
  const random = systemRandom();
  const fileTree = systemFileTree();
  const workFolder = resolve(flags.workDir);
  await systemFiles().makeFolder(`${workFolder}/meta`);
  const journal = { files: systemFiles(), folder: `${workFolder}/meta/journal` };
  const path = `${workFolder}/meta/checkpoint`;
  const store = stack.use(await openLevelStore({ path, logBytesMax }));
  const processes = systemProcesses();
  const fetcher = await openSystemFetcher(stack, { clock, processes, workFolder }, flags);
  const { containerizer, images } = await openContainerizer({ logger, processes, fetcher }, flags);
  const volumes = volumesIn(systemFiles(), workFolder);
  const dialer = grpcLinkDialer(
    { clock, codec: agentSideCodec },
    { ...agentLinkOptions, authorization },
  );
  const probes = openProbes(stack, { clock, containerizer });
  const { recover: mode, strict, reconfigurationPolicy: policy } = flags;
  const recovery = { mode, strict, policy };
  const agent = new Agent(
    { clock, random, logger, store, journal, dialer, containerizer, volumes, probes },
    { ...settings, mailboxMax, recovery },
  );
  const startedMs = clock.now();
  const observed = { clock, logger, processes, workFolder, view: () => agent.view() };
  const collector = newGarbageCollector(observed, flags);
  const verbosity = newVerbosity(clock, logger, flags.logLevel);
  const handler = agentHandler(
    {
      clock,
      fileTree,
      view: () => agent.view(),
      executors: agent.executors,
      history: agent.history,
      containers: agent.containers,
      ends: agent.ends,
      containerizer,
      images,
      verbosity,
      figures: () => figuresOf(agent, fetcher, collector),
    },
    {
      workFolder,
      settings,
      version: mesosVersion,
      flags: textFlags(agentProgram, flags),
      startedMs,
    },
  );
  const { ip: host, port } = flags;
  stack.use(await httpListener({ logger }).listen({ host, port, bodyBytesMax }, handler));
  await agent.start();
  openHousekeeping(stack, { ...observed, images, collector }, flags);
  const { masters } = flags;
  const isAlone = (): boolean => agent.view()?.session.kind !== 'registered';
  stack.use(warnWhile(clock, isAlone, () => logger.warn('no leading master answers', { masters })));
  return agent;
}

function openProbes(
  stack: AsyncDisposableStack,
  own: { readonly clock: Clock; readonly containerizer: Containerizer },
): Probes {
  const client = stack.use(httpClient({ trustsAnyone: true }));
  return new Probes({ ...own, connector: systemConnector(), client }, usualProbes);
}

const figuresOf = (
  { meters }: Agent,
  fetcher: Fetcher,
  { figures: garbage }: GarbageCollector,
): AgentFigures => ({ counted: meters.snapshot(), fetches: fetcher.figures(), garbage });

function newVerbosity(clock: Clock, logger: AdjustableLogger, usual: LogLevel): Verbosity {
  return new Verbosity({
    clock,
    apply: (level) => logger.setLevel(level > 0 ? 'debug' : usual),
  });
}

/** What the agent tells of itself; a text is a refusal of the flags. */
async function settingsFrom(flags: AgentFlags): Promise<AgentSettings | string> {
  const workFolder = resolve(flags.workDir);
  await systemFiles().makeFolder(workFolder);
  const { resources = '', defaultRole } = flags;
  const found = await detectResources(systemMachine(), {
    workFolder,
    flag: resources,
    defaultRole,
  });
  if (!found.ok) return `--resources: ${found.refusal}`;
  const attributes = parseAttributes(flags.attributes ?? '');
  if (!attributes.ok) return `--attributes: ${attributes.refusal}`;
  const ip = advertisedIp(flags.advertiseIp ?? flags.ip);
  return {
    ...usualTimes,
    executors: {
      ...usualTimes.executors,
      registrationMs: flags.executorRegistrationTimeout,
      reregistrationMs: flags.executorReregistrationTimeout,
      shutdownGraceMs: flags.executorShutdownGracePeriod,
      recoveryMs: flags.recoveryTimeout,
    },
    masters: flags.masters,
    description: {
      agent_info: {
        hostname: flags.hostname,
        port: flags.port,
        resources: resourcesToWire(found.value, 'new'),
        attributes: attributes.value,
        ...(flags.domain !== undefined && { domain: domainToWire(flags.domain) }),
      },
      version: mesosVersion,
      ip,
      capabilities: capabilities.map((type) => ({ type })),
    },
    endpoint: `${ip}:${flags.port}`,
    bootId: systemProcesses().bootId,
    path: process.env['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  };
}

/** What this agent does of what an agent may do; the others come with what they name. */
const capabilities = [
  'MULTI_ROLE',
  'HIERARCHICAL_ROLE',
  'RESERVATION_REFINEMENT',
  'RESIZE_VOLUME',
  'RESOURCE_PROVIDER',
  'AGENT_OPERATION_FEEDBACK',
  'AGENT_DRAINING',
] as const;

function report(end: AgentEnd): number {
  switch (end.kind) {
    case 'expelled':
      console.error(`altiplano agent: the masters want this agent no more: ${end.reason}`);
      return 1;
    case 'failed':
      console.error(`altiplano agent: ${explain(end.error) ?? String(end.error)}`);
      return 1;
    case 'stopped':
    case 'closed':
    case 'cleaned':
      return 0;
    default:
      return 1;
  }
}
