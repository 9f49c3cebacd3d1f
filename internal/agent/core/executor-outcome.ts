/** How tasks end whose executor has ended before it said so (contract 4.3, 9.5). */
import { durationText } from '#internal/config/duration.ts';
import { resourcesToWire } from '#internal/wire/resources.ts';
import type { FrameworkInfo } from '#proto/gen/mesos/v1.ts';
import type { ContainerEnd } from '../containerizer.ts';
import type { OwnExecutor } from './executor-book.ts';
import { isPartitionAware, type Outcome } from './status.ts';
import type { Turn } from './turn.ts';

export function executorOutcome(
  { state, settings }: Turn,
  { own, frameworkId }: OwnExecutor,
  end: ContainerEnd,
): Outcome {
  const failed = { state: 'TASK_FAILED', source: 'SOURCE_AGENT' } as const;
  const { registrationMs, reregistrationMs } = settings.executors;
  const cause = own.phase.kind === 'terminating' ? own.phase.cause : undefined;
  if (end.kind === 'limited') {
    const { reason, message, resources } = end.limitation;
    return {
      ...failed,
      reason,
      message,
      limitation: { resources: resourcesToWire(resources, 'new') },
    };
  }
  if (cause === 'REGISTRATION_TIMEOUT') {
    const message = `Executor did not register within ${durationText(registrationMs)}`;
    return { ...failed, reason: 'REASON_EXECUTOR_REGISTRATION_TIMEOUT', message };
  }
  if (cause === 'REREGISTRATION_TIMEOUT') {
    const isAware = isPartitionAware(state.frameworks.get(frameworkId)?.info);
    return {
      state: isAware ? 'TASK_GONE' : 'TASK_LOST',
      source: 'SOURCE_AGENT',
      reason: 'REASON_EXECUTOR_REREGISTRATION_TIMEOUT',
      message: `Executor did not reregister within ${durationText(reregistrationMs)}`,
    };
  }
  return { ...failed, reason: 'REASON_EXECUTOR_TERMINATED', message: 'Executor terminated' };
}

/** Handed to an executor that came back without it, after the agent had died (contract 9.4, row 5). */
export const restarted = (framework: FrameworkInfo | undefined): Outcome =>
  dropped(framework, 'REASON_AGENT_RESTARTED', 'Task launched during agent restart');

/** Meant for one that gets no tasks any more. */
export const executorTerminating = (framework: FrameworkInfo): Outcome =>
  dropped(framework, 'REASON_EXECUTOR_TERMINATED', 'Executor terminating');

const dropped = (
  framework: FrameworkInfo | undefined,
  reason: NonNullable<Outcome['reason']>,
  message: string,
): Outcome => ({
  state: isPartitionAware(framework) ? 'TASK_DROPPED' : 'TASK_LOST',
  source: 'SOURCE_AGENT',
  reason,
  message,
});
