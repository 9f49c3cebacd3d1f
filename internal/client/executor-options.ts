/** What an agent says to the executor that it starts, in its environment (contract 9.6). */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { parseDurationMs } from '#internal/config/duration.ts';
import type { ExecutorOptions } from './executor.ts';

/** Where agents say nothing (contract 9.5, 9.6): without checkpoints there is nothing to wait for. */
const usual = {
  MESOS_RECOVERY_TIMEOUT: '15mins',
  MESOS_SUBSCRIPTION_BACKOFF_MAX: '2secs',
  MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD: '5secs',
} as const;

type Environment = Readonly<Record<string, string | undefined>>;

/** Refuses, naming the variable, when this is not the environment of an executor. */
export function executorOptionsFrom(environment: Environment): Result<ExecutorOptions, string> {
  const frameworkId = environment['MESOS_FRAMEWORK_ID'];
  const executorId = environment['MESOS_EXECUTOR_ID'];
  const agent = environment['MESOS_AGENT_ENDPOINT'];
  if (frameworkId === undefined) return refuse('MESOS_FRAMEWORK_ID is not set');
  if (executorId === undefined) return refuse('MESOS_EXECUTOR_ID is not set');
  if (agent === undefined) return refuse('MESOS_AGENT_ENDPOINT is not set');
  const recovery = duration(environment, 'MESOS_RECOVERY_TIMEOUT');
  const backoff = duration(environment, 'MESOS_SUBSCRIPTION_BACKOFF_MAX');
  const grace = duration(environment, 'MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD');
  if (!recovery.ok) return recovery;
  if (!backoff.ok) return backoff;
  if (!grace.ok) return grace;
  return accept({
    frameworkId,
    executorId,
    agent,
    isCheckpointed: environment['MESOS_CHECKPOINT'] === '1',
    recoveryTimeoutMs: recovery.value,
    backoffMsMax: Math.max(1, backoff.value),
    shutdownGraceMs: grace.value,
    token: environment['MESOS_EXECUTOR_AUTHENTICATION_TOKEN'],
  });
}

function duration(environment: Environment, name: keyof typeof usual): Result<number, string> {
  const parsed = parseDurationMs(environment[name] ?? usual[name]);
  return parsed.ok ? parsed : refuse(`${name}: ${parsed.refusal}`);
}
