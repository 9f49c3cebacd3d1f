/** The flags of an agent: one row each, with the reason one would set it. */
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
import type { Controller } from '#internal/agent/containers/cgroup-layout.ts';
import type { Program } from '#internal/config/flags.ts';
import type { LogLevel } from '#internal/runtime/real/logger.ts';

/** Durations in milliseconds. */
export type AgentFlags = {
  readonly workDir: string;
  readonly masters: readonly string[];
  readonly ip: string;
  readonly port: number;
  readonly advertiseIp: string | undefined;
  readonly hostname: string;
  readonly resources: string | undefined;
  readonly defaultRole: string;
  readonly attributes: string | undefined;
  readonly credential: string | undefined;
  readonly switchUser: boolean;
  readonly isolation: readonly string[];
  readonly cgroupsRoot: string;
  readonly cgroupsEnableCfs: boolean;
  readonly cgroupsLimitSwap: boolean;
  readonly containerProcessesMax: number;
  readonly enforceContainerDiskQuota: boolean;
  readonly containerDiskWatchInterval: number;
  readonly killTasksOnStop: boolean;
  readonly endWithInput: boolean;
  readonly logLevel: LogLevel;
};

/** In the manual, in the place of this machine's. */
const ownName = "the machine's";

export const agentProgram: Program<AgentFlags> = {
  name: 'agent',
  summary: "Offers this machine's resources to the cluster and runs tasks on them.",
  flags: {
    workDir: text({ mesos: 'work_dir', meaning: 'where checkpoints and sandboxes live' }),
    masters: list({
      mesos: 'master',
      meaning: 'host:port of the masters, their gRPC (required)',
      fallback: [],
    }),
    ip: text({ mesos: 'ip', meaning: 'the address to listen on', fallback: '0.0.0.0' }),
    port: port({ mesos: 'port', meaning: 'HTTP, for sandboxes and state', fallback: 5051 }),
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
    resources: optionalText({
      mesos: 'resources',
      meaning:
        'what to offer, as cpus:4;mem(db):8192;ports:[31000-32000] or as JSON; else what is found',
    }),
    defaultRole: text({
      mesos: 'default_role',
      meaning: 'the role to which resources are reserved that name none; * is nobody',
      fallback: '*',
    }),
    attributes: optionalText({
      mesos: 'attributes',
      meaning: 'what frameworks may choose by, as rack:r1;ssd:true',
    }),
    credential: {
      ...optionalText({
        mesos: 'credential',
        meaning: 'a file with the principal and the secret by which masters know this agent',
      }),
      // The content of the file may stand here (`file://`): it is nobody's concern.
      show: (said) => (said === undefined ? undefined : 'given'),
    },
    switchUser: toggle({
      mesos: 'switch_user',
      meaning: 'run tasks as the users that they name, which takes root',
      fallback: true,
    }),
    isolation: list({
      mesos: 'isolation',
      meaning:
        'what bounds containers: cgroups/cpu, cgroups/mem, cgroups/pids, cgroups/all; auto takes what can be written to',
      fallback: ['auto'],
    }),
    cgroupsRoot: text({
      mesos: 'cgroups_root',
      meaning: 'the control group in which those of containers are made',
      fallback: 'mesos',
    }),
    cgroupsEnableCfs: toggle({
      mesos: 'cgroups_enable_cfs',
      meaning: 'a container never gets more cpus than it asked for, also when others are idle',
    }),
    cgroupsLimitSwap: toggle({
      mesos: 'cgroups_limit_swap',
      meaning: 'the limit of memory includes what is swapped out',
    }),
    containerProcessesMax: integer({
      meaning: 'processes and threads of one container, against those that fork without end',
      min: 1,
      max: 4_194_304,
      fallback: 4096,
    }),
    enforceContainerDiskQuota: toggle({
      mesos: 'enforce_container_disk_quota',
      meaning: 'end containers whose sandbox grows beyond their disk',
    }),
    containerDiskWatchInterval: durationMs({
      mesos: 'container_disk_watch_interval',
      meaning: 'how often sandboxes are measured',
      fallback: 15_000,
    }),
    killTasksOnStop: toggle({
      meaning: 'end all tasks when stopped; without it they run on and the next start finds them',
    }),
    endWithInput: toggle({ meaning: 'stop when standard input is closed, for supervisors' }),
    logLevel: choice({
      mesos: 'logging_level',
      meaning: 'what is written to stderr',
      fallback: 'info',
      words: ['debug', 'info', 'warn', 'error', 'silent'],
    }),
  },
  check: ({ masters, isolation }) => [
    ...isolation
      .filter((word) => isolators[word] === undefined)
      .map((word) => `--isolation: '${word}' is none of ${Object.keys(isolators).join(', ')}`),
    ...(masters.length === 0 ? ['--masters is required'] : []),
    ...masters
      .filter((master) => !/^[^\s/:]+:\d+$/.test(master))
      .map((master) => `--masters: '${master}' is not host:port`),
  ],
};

/** What Mesos calls an isolator, in the kernel's controllers. Those of `posix` bound nothing. */
export const isolators: Readonly<Record<string, readonly Controller[]>> = {
  auto: ['cpu', 'cpuacct', 'memory', 'pids', 'freezer'],
  'cgroups/all': ['cpu', 'cpuacct', 'memory', 'pids', 'freezer'],
  'cgroups/cpu': ['cpu', 'cpuacct', 'freezer'],
  'cgroups/mem': ['memory', 'freezer'],
  'cgroups/pids': ['pids', 'freezer'],
  'posix/cpu': [],
  'posix/mem': [],
  'disk/du': [],
};
