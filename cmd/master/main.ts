/**
 * `altiplano master`: builds the real ports, wires them, and runs until asked to stop.
 *
 * It opens from the disk outwards (log, applied state, gRPC, Raft, the leader's part, HTTP) and closes
 * in the opposite order, so that nobody talks to a room whose floor is gone. The log and its peers have
 * a thread of their own (`log-thread.ts`).
 */
import { extname, resolve } from 'node:path';
import { newUuid } from '#internal/base/uuid.ts';
import { build, mesosVersion } from '#internal/config/version.ts';
import { masterHandler } from '#internal/master/api/master-handler.ts';
import { callBytesMax } from '#internal/master/api/parse-call.ts';
import { storeMethod, storeRpc } from '#internal/master/api/store-rpc.ts';
import {
  AllocatorRecordings,
  type AllocatorSource,
  plainAllocator,
} from '#internal/master/allocator-recordings.ts';
import { Master, masterDefaults } from '#internal/master/leader/master.ts';
import { type Ledger, openLedger } from '#internal/master/ledger.ts';
import type { MasterAddress } from '#internal/model/cluster.ts';
import { masterId } from '#internal/model/ids.ts';
import { type GrpcServer, openGrpcServer } from '#internal/rpc/grpc-server.ts';
import { acceptGrpcLinks, agentLinkOptions, linkServerKeepalive } from '#internal/rpc/link-grpc.ts';
import { serveUnary } from '#internal/rpc/unary.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { httpListener } from '#internal/runtime/real/http-server.ts';
import { limitConnections, openFilesMax } from '#internal/runtime/real/connection-limit.ts';
import { openLogger } from '#internal/runtime/real/logger.ts';
import { type LoopWatch, openLoopWatch } from '#internal/runtime/real/loop-watch.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import { startThread, ThreadError } from '#internal/runtime/real/thread.ts';
import { afterTurn } from '#internal/runtime/real/turn.ts';
import { openTelemetry } from '#internal/telemetry/open-telemetry.ts';
import { masterSideCodec } from '#internal/wire/agent-link-codec.ts';
import type { ToMachine, ToNode } from '#raft/thread/messages.ts';
import {
  defaultThreadedNodeOptions,
  logYoungMebibytes,
  ThreadedNode,
} from '#raft/thread/threaded-node.ts';
import { openLevelStore } from '#storage/level/level-store.ts';
import { advertisedIp } from '../advertised-ip.ts';
import { explain } from '../explain.ts';
import { readCommandLine } from '../read-command-line.ts';
import { openStopRequest } from '../stopping.ts';
import { textFlags } from '../text-flags.ts';
import { warnWhile } from '../warn-while.ts';
import { type Doors, doorsOf } from './doormen.ts';
import { type MasterFlags, masterProgram, parsePeer, type Peer } from './flags.ts';
import { layoutOf } from './layout.ts';
import type { LogThreadSettings } from './log-thread.ts';
import { masterOptions } from './master-options.ts';
import { shareOpenFiles, tellRoom } from './open-files.ts';

const streamBacklogBytesMax = 64 * 1024 * 1024;
const streamDrainTimeoutMs = 5000;
const mirrorIntervalMs = 1000;
/** A file that `altiplano allocator replay` can still take in as a whole. */
const recordingLimits = { bytesMax: 256 * 1024 * 1024, backlogBytesMax: 16 * 1024 * 1024 };
/** A disk that failed, or a bug: a supervisor may start us again, on what is durable. */
const faultStatus = 70;

export async function run(argv: readonly string[]): Promise<number> {
  const flags = readCommandLine(masterProgram, argv);
  if (typeof flags === 'number') return flags;
  const doors = doorsOf(flags);
  if (!doors.ok) {
    console.error(`altiplano master: ${doors.refusal}`);
    return 2;
  }
  const logger = openLogger({ level: flags.logLevel });
  using stop = openStopRequest(systemClock(), flags);
  try {
    await using stack = new AsyncDisposableStack();
    await openMaster(stack, flags, { logger, doors: doors.value });
    await stop.asked;
    logger.info('stopping');
    return 0;
  } catch (error) {
    const line = explain(error);
    if (line === undefined) throw error;
    console.error(`altiplano master: ${line}`);
    return 1;
  }
}

async function openMaster(
  stack: AsyncDisposableStack,
  flags: MasterFlags,
  { logger, doors }: { readonly logger: Logger; readonly doors: Doors },
): Promise<void> {
  const telemetry = await openTelemetry({ env: process.env, serviceName: 'altiplano-master' });
  if (telemetry !== undefined) stack.use(telemetry);
  const clock = systemClock();
  const random = systemRandom();
  const self = selfFrom(flags, newUuid(random));
  logger.info('starting a master', { ...textFlags(masterProgram, flags), masterId: self.id });

  const replicated = startLog(stack, flags, { clock, logger, self });
  await replicated.opened;
  const ledger = await openBook(stack, flags, logger);
  await shareFiles(stack, flags, { logger, agents: ledger.state().agents.size });
  const grpc = stack.use(await openAgentPort(flags));
  await replicated.begin(ledger);
  stack.defer(async () => await replicated.leave());

  const allocators = await openAllocators(stack, flags, logger);
  const master = new Master(
    {
      clock,
      random,
      logger,
      ledger,
      replicated,
      allocators,
      onAbandoned: endAbandoned,
      versionOfAll: () => replicated.machineVersionOfAll(),
    },
    masterOptions(flags, self),
  );
  stack.defer(() => master.stop());
  serveAgentPort(grpc, master, { clock, doors });
  master.start();
  warnWhileLeaderless(stack, flags, { logger, replicated });

  const loop = stack.use(openLoopWatch());
  const handler = masterHandler(
    {
      door: master,
      clock,
      random,
      doormen: doors.doormen,
      counters: () => countersOf(replicated, loop),
    },
    {
      build: { version: mesosVersion, ...build, user: 'altiplano', gitSha: undefined },
      cluster: flags.cluster,
      domain: flags.domain,
      flags: textFlags(masterProgram, flags),
      streamBacklogBytesMax,
      streamDrainTimeoutMs,
    },
  );
  const { ip: host, port, grpcPort, peerPort } = flags;
  stack.use(
    await httpListener({ logger }).listen({ host, port, bodyBytesMax: callBytesMax }, handler),
  );
  // First of all that is done at the end: while everything stands, another takes over, so that whoever
  // has to leave here finds its next leader at once.
  stack.defer(async () => await replicated.leave());
  logger.info('listening', { host, port, grpcPort, peerPort });
}

function warnWhileLeaderless(
  stack: AsyncDisposableStack,
  { peers }: MasterFlags,
  {
    logger,
    replicated,
  }: { readonly logger: Logger; readonly replicated: ReturnType<typeof startLog> },
): void {
  const isLeaderless = (): boolean => replicated.standing().leader === undefined;
  stack.use(
    warnWhile(systemClock(), isLeaderless, () =>
      logger.warn('no leader: a majority of the masters must be up and reach each other', {
        peers,
      }),
    ),
  );
}

async function openAllocators(
  stack: AsyncDisposableStack,
  { allocatorRecording }: MasterFlags,
  logger: Logger,
): Promise<AllocatorSource> {
  if (allocatorRecording === undefined) return plainAllocator;
  const files = systemFiles();
  const folder = resolve(allocatorRecording);
  await files.makeFolder(folder);
  const recordings = new AllocatorRecordings({ files, logger }, { folder, ...recordingLimits });
  stack.defer(async () => await recordings.close());
  return recordings.source;
}

const openAgentPort = async ({ ip: host, grpcPort: port }: MasterFlags): Promise<GrpcServer> =>
  await openGrpcServer({ host, port, keepalive: linkServerKeepalive });

/** Agents' links, and frameworks' stores beside them. */
function serveAgentPort(
  { server }: GrpcServer,
  master: Master,
  { clock, doors }: { readonly clock: Clock; readonly doors: Doors },
): void {
  acceptGrpcLinks(
    { server, clock, codec: masterSideCodec },
    { ...agentLinkOptions, doorman: doors.ofAgents },
    master.acceptAgent,
  );
  serveUnary(server, storeMethod, storeRpc(master, doors.doormen));
}

/** Neither agents nor callers may take the files that the log needs. */
async function shareFiles(
  stack: AsyncDisposableStack,
  { grpcPort, port }: MasterFlags,
  { logger, agents }: { readonly logger: Logger; readonly agents: number },
): Promise<void> {
  const most = await openFilesMax();
  if (most === undefined) return;
  tellRoom(logger, { openFilesMax: most, agents });
  const { agentsMax, callersMax } = shareOpenFiles(most);
  let turnedAway = 0;
  const onTurnedAway = (): void => void turnedAway++;
  stack.use(limitConnections(grpcPort, agentsMax, onTurnedAway));
  stack.use(limitConnections(port, callersMax, onTurnedAway));
  const isFull = (): boolean => turnedAway > 0;
  stack.use(
    warnWhile(systemClock(), isFull, () => {
      logger.warn('turned connections away: the limit of open files (RLIMIT_NOFILE) is too low', {
        turnedAway,
        openFilesMax: most,
        agentsMax,
        callersMax,
      });
      turnedAway = 0;
    }),
  );
}

/** The replicated state, as far as it was written down. */
async function openBook(
  stack: AsyncDisposableStack,
  { workDir }: MasterFlags,
  logger: Logger,
): Promise<Ledger> {
  const mirror = stack.use(await openLevelStore({ path: layoutOf(resolve(workDir)).state }));
  const onDivergence = (fault: unknown): void => endOnFault(fault, logger);
  const dependencies = { mirror, clock: systemClock(), logger, onDivergence };
  return stack.use(await openLedger(dependencies, { mirrorIntervalMs }));
}

type LogParts = {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly self: MasterAddress;
};

/** The log, its peers and its node begin to run in a thread of their own. */
function startLog(
  stack: AsyncDisposableStack,
  flags: MasterFlags,
  { clock, logger, self }: LogParts,
): ThreadedNode {
  const settings: LogThreadSettings = {
    flags,
    peers: peersOf(flags),
    advertise: { host: self.ip, port: flags.peerPort },
    entryBytesMax: 2 * masterDefaults.entryBytesMax,
  };
  // Compiled, it has another ending, as we have.
  const file = new URL(`log-thread${extname(import.meta.filename)}`, import.meta.url);
  const thread = startThread<readonly ToNode[], readonly ToMachine[]>(file, {
    settings,
    youngMebibytes: logYoungMebibytes,
  });
  stack.defer(async () => await thread.end());
  const onFault = (fault: unknown): void => endOnFault(fault, logger);
  const node = new ThreadedNode(
    { port: thread.port, clock, defer: afterTurn, onFault },
    defaultThreadedNodeOptions,
  );
  const onEnd = (fault: unknown = new ThreadError('The thread of the log has ended')): void =>
    node.fail(fault);
  thread.ended.then(() => onEnd(), onEnd);
  return node;
}

/** The log's figures among the master's, as `raft/term`, and what keeps everybody waiting here. */
const countersOf = (
  replicated: ThreadedNode,
  loop: LoopWatch,
): readonly (readonly [string, number])[] => [
  ...replicated.figures().map(({ name, value }) => [`raft/${name}`, value] as const),
  ['loop/longest_stall_ms/10secs', loop.longestStallMs(10)],
  ['loop/longest_stall_ms/1min', loop.longestStallMs(60)],
];

function selfFrom(flags: MasterFlags, id: string): MasterAddress {
  return {
    id: masterId(id),
    hostname: flags.hostname,
    ip: advertisedIp(flags.advertiseIp ?? flags.ip),
    httpPort: flags.port,
    grpcPort: flags.grpcPort,
  };
}

/** A master without peers is a cluster of its own. */
function peersOf({ peers, nodeId: own, ip, peerPort }: MasterFlags): readonly Peer[] {
  if (peers.length === 0) return [{ id: own, host: ip, port: peerPort }];
  return peers.flatMap((peer) => parsePeer(peer) ?? []);
}

/** Nothing is tried again after a failed sync or a broken invariant: the process ends at once. */
function endOnFault(fault: unknown, logger: Logger): void {
  logger.error('the log failed, so this master ends', { error: fault });
  console.error(`altiplano master: ${explain(fault) ?? String(fault)}`);
  process.exit(faultStatus);
}

/** It has said why. A supervisor may start us again: another leads by then. */
function endAbandoned(why: string): void {
  console.error(`altiplano master: ${why}`);
  process.exit(faultStatus);
}
