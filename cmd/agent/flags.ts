/** The flags of an agent: one row each, with the reason one would set it. */
import { hostname } from 'node:os';
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
import type { RecoveryOptions } from '#internal/agent/recovery.ts';
import type { FaultDomain } from '#internal/model/offer-constraints.ts';
import type { LogLevel } from '#internal/runtime/real/logger.ts';
import { type ImageFlags, imageFlags } from './image-flags.ts';
import { domainFlag } from '../domain-flag.ts';
import { type HousekeepingFlags, housekeepingFlags } from './housekeeping-flags.ts';
import { faultsOfLimits, type LimitFlags, limitFlags } from './limit-flags.ts';
import { agentStrangers } from './strangers.ts';

type OwnFlags = {
  readonly workDir: string;
  readonly masters: readonly string[];
  readonly ip: string;
  readonly port: number;
  readonly advertiseIp: string | undefined;
  readonly hostname: string;
  readonly resources: string | undefined;
  readonly defaultRole: string;
  readonly attributes: string | undefined;
  readonly domain: FaultDomain | undefined;
  readonly credential: string | undefined;
  readonly switchUser: boolean;
  readonly executorRegistrationTimeout: number;
  readonly executorReregistrationTimeout: number;
  readonly executorShutdownGracePeriod: number;
  readonly recoveryTimeout: number;
  readonly recover: RecoveryOptions['mode'];
  readonly strict: boolean;
  readonly reconfigurationPolicy: RecoveryOptions['policy'];
  readonly killTasksOnStop: boolean;
  readonly endWithInput: boolean;
  readonly logLevel: LogLevel;
};

/** Durations in milliseconds. */
export type AgentFlags = OwnFlags & HousekeepingFlags & ImageFlags & LimitFlags;

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
    domain: domainFlag('region and zone of this machine; its masters need theirs'),
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
    ...limitFlags,
    executorRegistrationTimeout: durationMs({
      mesos: 'executor_registration_timeout',
      meaning: 'how long an executor that a framework brings may take to subscribe',
      fallback: 60_000,
    }),
    executorReregistrationTimeout: durationMs({
      mesos: 'executor_reregistration_timeout',
      meaning: 'the same after a restart of the agent, for those that it finds; at most 15secs',
      fallback: 2000,
    }),
    executorShutdownGracePeriod: durationMs({
      mesos: 'executor_shutdown_grace_period',
      meaning: 'how long an executor may take to end, when it does not say so itself',
      fallback: 5000,
    }),
    recoveryTimeout: durationMs({
      mesos: 'recovery_timeout',
      meaning: 'how long executors of frameworks with checkpoints look for an agent that is gone',
      fallback: 900_000,
    }),
    recover: choice({
      mesos: 'recover',
      meaning:
        'reconnect finds the tasks of an earlier start; cleanup ends them, forgets who the agent is, and stops',
      fallback: 'reconnect',
      words: ['reconnect', 'cleanup'],
    }),
    strict: toggle({
      mesos: 'strict',
      meaning:
        'do not start when parts of the checkpoint are lost; --no-strict names them and goes on with the rest',
      fallback: true,
    }),
    reconfigurationPolicy: choice({
      mesos: 'reconfiguration_policy',
      meaning:
        'what a restarted agent may have changed of itself: equal is nothing, additive is to have more',
      fallback: 'equal',
      words: ['equal', 'additive'],
    }),
    ...housekeepingFlags,
    ...imageFlags,
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
  strangers: agentStrangers,
  check: ({ masters, executorReregistrationTimeout, ...others }) => [
    ...faultsOfLimits(others),
    ...(executorReregistrationTimeout > 15_000
      ? ['--executor-reregistration-timeout must not be more than 15secs']
      : []),
    ...(masters.length === 0 ? ['--masters is required'] : []),
    ...masters
      .filter((master) => !/^[^\s/:]+:\d+$/.test(master))
      .map((master) => `--masters: '${master}' is not host:port`),
  ],
};
