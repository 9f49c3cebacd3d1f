/** The flags of a master: one row each, with the reason one would set it. */
import { hostname } from 'node:os';
import { patternLimitsDefault } from '#internal/allocator/constraints-pattern.ts';
import { allocatorDefaults, type Sorter } from '#internal/allocator/event.ts';
import {
  choice,
  durationMs,
  integer,
  list,
  optional,
  optionalDurationMs,
  optionalText,
  parsed,
  port,
  text,
  toggle,
} from '#internal/config/flag.ts';
import type { Program } from '#internal/config/flags.ts';
import type { FaultDomain } from '#internal/model/offer-constraints.ts';
import { usualHistories } from '#internal/state/state.ts';
import { domainFlag } from '../domain-flag.ts';
import { masterDefaults } from '#internal/master/leader/master.ts';
import type { AdoptionPolicy } from '#internal/master/leader/operators/adopt.ts';
import type { RemovalRate } from '#internal/master/leader/removals.ts';
import type { Quantities } from '#internal/resources/quantities.ts';
import type { LogLevel } from '#internal/runtime/real/logger.ts';

import { masterStrangers } from './strangers.ts';
import {
  bytesText,
  minimaText,
  parseBytes,
  parseMinima,
  parsePercent,
  parseRate,
  percentText,
  rateText,
} from './flag-kinds.ts';

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
  readonly quorum: number | undefined;
  readonly peers: readonly string[];
  readonly join: boolean;
  readonly heartbeatInterval: number;
  readonly electionTimeout: number;
  readonly allocationInterval: number;
  readonly offerTimeout: number;
  readonly allocatorRecording: string | undefined;
  readonly minAllocatableResources: readonly Quantities[];
  readonly roleSorter: Sorter;
  readonly frameworkSorter: Sorter;
  readonly fairSharingExcludedResourceNames: readonly string[];
  readonly filterGpuResources: boolean;
  readonly offerConstraintsRe2MaxMem: number;
  readonly offerConstraintsRe2MaxProgramSize: number;
  readonly agentPingTimeout: number;
  readonly maxAgentPingTimeouts: number;
  readonly agentReregisterTimeout: number;
  readonly agentRemovalRateLimit: RemovalRate | undefined;
  readonly recoveryAgentRemovalLimit: number;
  readonly registryGcInterval: number;
  readonly registryMaxAgentAge: number;
  readonly registryMaxAgentCount: number;
  readonly maxCompletedFrameworks: number;
  readonly maxCompletedTasksPerFramework: number;
  readonly maxUnreachableTasksPerFramework: number;
  readonly domain: FaultDomain | undefined;
  readonly requireAgentDomain: boolean;
  readonly rootSubmissions: boolean;
  readonly maxOperatorEventStreamSubscribers: number;
  readonly checkInterval: number | undefined;
  readonly adoptVolumes: AdoptionPolicy;
  readonly frameworkStoreKeys: number;
  readonly frameworkStoreSize: number;
  readonly frameworkStoreValueSize: number;
  readonly authenticateHttpReadonly: boolean;
  readonly authenticateHttpReadwrite: boolean;
  readonly authenticateHttpFrameworks: boolean;
  readonly authenticateAgents: boolean;
  readonly credentials: string | undefined;
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
    grpcPort: port({ meaning: "gRPC, for agents, and frameworks' stores", fallback: 5060 }),
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
    quorum: optional(
      integer({
        mesos: 'quorum',
        meaning: 'more than half of --peers, which follows from them: checked where it is said',
        min: 1,
        max: 9,
      }),
    ),
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
    minAllocatableResources: parsed({
      mesos: 'min_allocatable_resources',
      placeholder: 'minima',
      meaning: 'what an offer has to contain at least one of; nothing lets any crumb be offered',
      fallback: allocatorDefaults.minAllocatable,
      parse: parseMinima,
      show: minimaText,
    }),
    roleSorter: choice({
      mesos: 'role_sorter',
      meaning: 'which role is served first: the least served, or by lot',
      fallback: 'drf',
      words: ['drf', 'random'],
    }),
    frameworkSorter: choice({
      mesos: 'framework_sorter',
      meaning: 'which framework of a role is served first',
      fallback: 'drf',
      words: ['drf', 'random'],
    }),
    fairSharingExcludedResourceNames: list({
      mesos: 'fair_sharing_excluded_resource_names',
      meaning: 'resources that do not count for who is served least, say gpus',
      fallback: [],
    }),
    filterGpuResources: toggle({
      mesos: 'filter_gpu_resources',
      meaning: 'agents with gpus are only for frameworks that can use them',
      fallback: true,
    }),
    offerConstraintsRe2MaxMem: parsed({
      mesos: 'offer_constraints_re2_max_mem',
      placeholder: 'size',
      meaning: 'how much a pattern of an offer constraint may take',
      fallback: patternLimitsDefault.bytesMax,
      parse: parseBytes,
      show: bytesText,
    }),
    offerConstraintsRe2MaxProgramSize: integer({
      mesos: 'offer_constraints_re2_max_program_size',
      meaning: 'how many instructions a pattern of an offer constraint may have',
      fallback: patternLimitsDefault.instructionsMax,
      min: 1,
      max: 1_000_000,
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
    agentRemovalRateLimit: optional(
      parsed({
        mesos: 'agent_removal_rate_limit',
        placeholder: 'rate',
        meaning: 'how fast agents that are not reached are given up, as 1/10mins; else at once',
        parse: parseRate,
        show: rateText,
      }),
    ),
    recoveryAgentRemovalLimit: parsed({
      mesos: 'recovery_agent_removal_limit',
      placeholder: 'percent',
      meaning: 'when more of the agents do not come back to a new leader, it ends rather than they',
      fallback: 1,
      parse: parsePercent,
      show: percentText,
    }),
    registryGcInterval: durationMs({
      mesos: 'registry_gc_interval',
      meaning: 'how often agents that are away too long are looked for',
      fallback: 900_000,
    }),
    registryMaxAgentAge: durationMs({
      mesos: 'registry_max_agent_age',
      meaning: 'how long unreachable and gone agents are remembered',
      fallback: 14 * 86_400_000,
    }),
    registryMaxAgentCount: integer({
      mesos: 'registry_max_agent_count',
      meaning: 'how many unreachable agents, and how many gone ones, are remembered',
      fallback: 102_400,
      min: 1,
      max: 1_000_000,
    }),
    maxCompletedFrameworks: integer({
      mesos: 'max_completed_frameworks',
      meaning: 'how many frameworks that are gone are remembered; what the leader is told holds',
      fallback: usualHistories.completedFrameworks,
      min: 0,
      max: 10_000,
    }),
    maxCompletedTasksPerFramework: integer({
      mesos: 'max_completed_tasks_per_framework',
      meaning: 'how many tasks that have ended are remembered of each; the same holds',
      fallback: usualHistories.completedTasks,
      min: 0,
      max: 100_000,
    }),
    maxUnreachableTasksPerFramework: integer({
      mesos: 'max_unreachable_tasks_per_framework',
      meaning: 'how many tasks on agents out of reach are remembered of each; the same holds',
      fallback: usualHistories.unreachableTasks,
      min: 0,
      max: 100_000,
    }),
    domain: domainFlag(
      'region and zone of this master, the same region for all of them: agents of other regions ' +
        'are only for frameworks that are REGION_AWARE',
    ),
    requireAgentDomain: toggle({
      mesos: 'require_agent_domain',
      meaning: 'agents that do not say in which region and zone they are have to wait',
    }),
    rootSubmissions: toggle({
      mesos: 'root_submissions',
      meaning: 'frameworks may run as root',
      fallback: true,
    }),
    maxOperatorEventStreamSubscribers: integer({
      mesos: 'max_operator_event_stream_subscribers',
      meaning: 'operators that may watch; one more, and the oldest is let go',
      fallback: 1000,
      min: 1,
      max: 100_000,
    }),
    checkInterval: optionalDurationMs({
      meaning:
        'how often the leader compares its books with those of all agents, as `altiplano operator check` does; ' +
        'what disagrees is in its log and metrics. Unset: when it is asked to',
    }),
    adoptVolumes: choice({
      meaning: 'which volumes that agents find and do not know they take on without being told to',
      fallback: masterDefaults.adoptVolumes,
      words: ['never', 'same-cluster', 'always'],
    }),
    frameworkStoreKeys: integer({
      meaning: 'keys that one framework may keep in its store',
      fallback: masterDefaults.stores.keysMax,
      min: 0,
      max: 16_384,
    }),
    frameworkStoreSize: parsed({
      placeholder: 'size',
      meaning: 'how much one framework may keep in its store, keys and values together',
      fallback: masterDefaults.stores.bytesMax,
      parse: parseBytes,
      show: bytesText,
    }),
    frameworkStoreValueSize: parsed({
      placeholder: 'size',
      meaning: 'how large one value in a store may be, at most 512KB',
      fallback: masterDefaults.stores.valueBytesMax,
      parse: parseBytes,
      show: bytesText,
    }),
    authenticateHttpReadonly: toggle({
      mesos: 'authenticate_http_readonly',
      meaning: 'who reads over HTTP has to say who it is, but for /health, /version and /redirect',
    }),
    authenticateHttpReadwrite: toggle({
      mesos: 'authenticate_http_readwrite',
      meaning: 'operators have to say who they are, whatever they call at /api/v1',
    }),
    authenticateHttpFrameworks: toggle({
      mesos: 'authenticate_http_frameworks',
      meaning: 'schedulers have to say who they are, and speak for their own frameworks alone',
    }),
    authenticateAgents: toggle({
      mesos: 'authenticate_agents',
      meaning: 'agents have to say who they are before they may register',
    }),
    credentials: {
      ...optionalText({
        mesos: 'credentials',
        meaning:
          'a file of principals and secrets, as JSON or one pair a line, for those who have to',
      }),
      // The content of the file may stand here (`file://`): it is nobody's concern.
      show: (said) => (said === undefined ? undefined : 'given'),
    },
    endWithInput: toggle({ meaning: 'stop when standard input is closed, for supervisors' }),
    logLevel: choice({
      mesos: 'logging_level',
      meaning: 'what is written to stderr',
      fallback: 'info',
      words: ['debug', 'info', 'warn', 'error', 'silent'],
    }),
  },
  strangers: masterStrangers,
  check: (flags) => {
    const { nodeId, peers, heartbeatInterval, electionTimeout, agentReregisterTimeout } = flags;
    const ports = [flags.port, flags.grpcPort, flags.peerPort].filter((number) => number > 0);
    const known = peers.map(parsePeer);
    const ids = known.flatMap((peer) => (peer === undefined ? [] : [peer.id]));
    return [
      ...peers
        .filter((_, n) => known[n] === undefined)
        .map((peer) => `--peers: '${peer}' is not id=host:port`),
      ...(new Set(ids).size < ids.length ? ['--peers names an id twice'] : []),
      ...(new Set(ports).size < ports.length
        ? [`--port, --grpc-port and --peer-port are not all different: ${ports.join(', ')}`]
        : []),
      ...quorumFaults(flags),
      ...(peers.length > 0 && !ids.includes(nodeId)
        ? [`--node-id=${nodeId} is none of --peers=${peers.join(',')}`]
        : []),
      ...(electionTimeout < 3 * heartbeatInterval
        ? [
            `--election-timeout=${electionTimeout}ms is less than three times ` +
              `--heartbeat-interval=${heartbeatInterval}ms: one lost heartbeat would depose a leader`,
          ]
        : []),
      ...(isAnyoneAsked(flags) && flags.credentials === undefined
        ? ['--credentials is required where somebody has to say who they are']
        : []),
      ...(flags.frameworkStoreValueSize > 512 * 1024
        ? ['--framework-store-value-size is at most 512KB: it has to fit into a call']
        : []),
      ...(flags.checkInterval !== undefined && flags.checkInterval < 10_000
        ? ['--check-interval is at least 10secs: agents are asked twice before anything counts']
        : []),
      ...(heartbeatInterval < 10 ? ['--heartbeat-interval is at least 10ms'] : []),
      ...(agentReregisterTimeout < 600_000
        ? ['--agent-reregister-timeout is at least 10mins, as in Mesos']
        : []),
    ];
  },
};

/** Mesos believes what it is told, and splits in two when that is too little. */
function quorumFaults({ quorum, peers, join }: MasterFlags): readonly string[] {
  const majority = Math.floor(Math.max(1, peers.length) / 2) + 1;
  if (quorum === undefined || quorum === majority) return [];
  if (join) return ['--quorum: what a majority is, the cluster knows that --join enters'];
  return [
    `--quorum=${quorum} is not the majority of ${Math.max(1, peers.length)} masters, ` +
      `which is ${majority}: it follows from --peers, so leave it out`,
  ];
}

const isAnyoneAsked = (flags: MasterFlags): boolean =>
  flags.authenticateHttpReadonly ||
  flags.authenticateHttpReadwrite ||
  flags.authenticateHttpFrameworks ||
  flags.authenticateAgents;

export type Peer = { readonly id: number; readonly host: string; readonly port: number };

/** `3=host:5060`; undefined for anything else. */
export function parsePeer(peer: string): Peer | undefined {
  const [, id = '', host = '', portText = ''] = /^(\d+)=([^\s:/]+):(\d+)$/.exec(peer) ?? [];
  const peerAt = { id: Number(id), host, port: Number(portText) };
  const fits = peerAt.id >= 1 && Number.isSafeInteger(peerAt.id) && peerAt.port <= 65_535;
  return host !== '' && fits ? peerAt : undefined;
}
