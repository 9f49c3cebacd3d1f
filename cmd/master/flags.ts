/** The flags of a master: one row each, with the reason one would set it. */
import { hostname } from 'node:os';
import {
  choice,
  durationMs,
  integer,
  list,
  optionalText,
  port,
  text,
  toggle,
} from '#internal/config/flag.ts';
import type { Program } from '#internal/config/flags.ts';
import type { LogLevel } from '#internal/runtime/real/logger.ts';

/** Durations in milliseconds. */
export type MasterFlags = {
  readonly workDir: string;
  readonly ip: string;
  readonly port: number;
  readonly grpcPort: number;
  readonly peerPort: number;
  readonly advertiseIp: string | undefined;
  readonly hostname: string;
  readonly cluster: string;
  readonly nodeId: number;
  readonly peers: readonly string[];
  readonly join: boolean;
  readonly heartbeatInterval: number;
  readonly electionTimeout: number;
  readonly allocationInterval: number;
  readonly offerTimeout: number;
  readonly allocatorRecording: string | undefined;
  readonly agentPingTimeout: number;
  readonly maxAgentPingTimeouts: number;
  readonly agentReregisterTimeout: number;
  readonly endWithInput: boolean;
  readonly logLevel: LogLevel;
};

/** In the manual, in the place of this machine's. */
const ownName = "the machine's";

export const masterProgram: Program<MasterFlags> = {
  name: 'master',
  summary: 'One of the masters that decide together who is offered what.',
  flags: {
    workDir: text({ mesos: 'work_dir', meaning: 'where the log and the applied state live' }),
    ip: text({ mesos: 'ip', meaning: 'the address to listen on', fallback: '0.0.0.0' }),
    port: port({
      mesos: 'port',
      meaning: 'HTTP, for frameworks, operators and tools',
      fallback: 5050,
    }),
    grpcPort: port({ meaning: 'gRPC, for agents', fallback: 5060 }),
    peerPort: port({ meaning: 'gRPC, for the other masters and for operators', fallback: 5061 }),
    advertiseIp: optionalText({
      mesos: 'advertise_ip',
      meaning: 'the address that others are told, when it is not --ip',
    }),
    hostname: text({
      mesos: 'hostname',
      meaning: 'the name that others are told',
      fallback: hostname(),
      fallbackText: ownName,
    }),
    cluster: text({
      mesos: 'cluster',
      meaning: 'the name of the cluster; masters of another one are refused',
      fallback: 'altiplano',
    }),
    nodeId: integer({
      meaning: 'which of the peers this is; a number is used for one disk, for ever',
      fallback: 1,
      min: 1,
      max: Number.MAX_SAFE_INTEGER,
    }),
    peers: list({
      meaning: 'all masters as id=host:port, at their --peer-port; without it this master is alone',
      fallback: [],
    }),
    join: toggle({
      meaning: 'this master is new in a cluster that exists: it waits to be made a member',
    }),
    heartbeatInterval: durationMs({
      meaning: 'how often the leader tells the other masters that it lives',
      fallback: 100,
    }),
    electionTimeout: durationMs({
      meaning: 'masters that hear no leader for so long, up to twice as long, elect one',
      fallback: 1000,
    }),
    allocationInterval: durationMs({
      mesos: 'allocation_interval',
      meaning: 'how often all resources are offered',
      fallback: 1000,
    }),
    offerTimeout: durationMs({
      mesos: 'offer_timeout',
      meaning: 'how long a framework may sit on an offer before it is rescinded; 0 for ever',
      fallback: 0,
    }),
    allocatorRecording: optionalText({
      meaning:
        'a folder where all that the allocator is told is recorded, for `altiplano allocator replay`',
    }),
    agentPingTimeout: durationMs({
      mesos: 'agent_ping_timeout',
      meaning: 'how often agents are asked for a sign of life',
      fallback: 15_000,
    }),
    maxAgentPingTimeouts: integer({
      mesos: 'max_agent_ping_timeouts',
      meaning: 'signs of life that an agent may miss before it is unreachable',
      fallback: 5,
      min: 1,
      max: 1000,
    }),
    agentReregisterTimeout: durationMs({
      mesos: 'agent_reregister_timeout',
      meaning: 'how long agents have to come back after a lost link or a change of leaders',
      fallback: 600_000,
    }),
    endWithInput: toggle({ meaning: 'stop when standard input is closed, for supervisors' }),
    logLevel: choice({
      mesos: 'logging_level',
      meaning: 'what is written to stderr',
      fallback: 'info',
      words: ['debug', 'info', 'warn', 'error', 'silent'],
    }),
  },
  check: (flags) => {
    const { nodeId, peers, heartbeatInterval, electionTimeout, agentReregisterTimeout } = flags;
    const ports = [flags.port, flags.grpcPort, flags.peerPort].filter((number) => number > 0);
    const parsed = peers.map(parsePeer);
    const ids = parsed.flatMap((peer) => (peer === undefined ? [] : [peer.id]));
    return [
      ...peers
        .filter((_, n) => parsed[n] === undefined)
        .map((peer) => `--peers: '${peer}' is not id=host:port`),
      ...(new Set(ids).size < ids.length ? ['--peers names an id twice'] : []),
      ...(new Set(ports).size < ports.length
        ? [`--port, --grpc-port and --peer-port are not all different: ${ports.join(', ')}`]
        : []),
      ...(peers.length > 0 && !ids.includes(nodeId)
        ? [`--node-id=${nodeId} is none of --peers=${peers.join(',')}`]
        : []),
      ...(electionTimeout < 3 * heartbeatInterval
        ? [
            `--election-timeout=${electionTimeout}ms is less than three times ` +
              `--heartbeat-interval=${heartbeatInterval}ms: one lost heartbeat would depose a leader`,
          ]
        : []),
      ...(heartbeatInterval < 10 ? ['--heartbeat-interval is at least 10ms'] : []),
      ...(agentReregisterTimeout < 600_000
        ? ['--agent-reregister-timeout is at least 10mins, as in Mesos']
        : []),
    ];
  },
};

export type Peer = { readonly id: number; readonly host: string; readonly port: number };

/** `3=host:5060`; undefined for anything else. */
export function parsePeer(peer: string): Peer | undefined {
  const [, id = '', host = '', portText = ''] = /^(\d+)=([^\s:/]+):(\d+)$/.exec(peer) ?? [];
  const parsed = { id: Number(id), host, port: Number(portText) };
  const fits = parsed.id >= 1 && Number.isSafeInteger(parsed.id) && parsed.port <= 65_535;
  return host !== '' && fits ? parsed : undefined;
}
