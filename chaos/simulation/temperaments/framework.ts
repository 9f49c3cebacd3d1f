/** FrameworkInfos of schedulers that are up to date, and of old ones. */
import type { FrameworkInfo, FrameworkInfo_Capability } from '#proto/gen/mesos/v1.ts';

type Shape = Omit<FrameworkInfo, 'user' | 'name' | 'id'>;

const modern: readonly FrameworkInfo_Capability[] = [
  { type: 'MULTI_ROLE' },
  { type: 'PARTITION_AWARE' },
  { type: 'TASK_KILLING_STATE' },
  { type: 'RESERVATION_REFINEMENT' },
];

/** Waited for as long as any run lasts, unless it says otherwise. */
export const patientSeconds = 3600;

export const modernFramework = (
  roles: readonly string[],
  failover_timeout: number = patientSeconds,
): Shape => ({ roles, failover_timeout, checkpoint: true, capabilities: modern });

/** Of a time before partitions had states of their own, with one role in a field of its own. */
export const oldFramework = (role: string): Shape => ({
  role,
  failover_timeout: patientSeconds,
  checkpoint: true,
});
