/** Who a workload says that it is. */
import type { FrameworkInfo } from '#proto/gen/mesos/v1.ts';

/** It may be away for as long as a run lasts. */
export const framework = (name: string, role: string): FrameworkInfo => ({
  user: 'root',
  name: `chaos ${name}`,
  roles: [role],
  failover_timeout: 3600,
  checkpoint: true,
  capabilities: [
    { type: 'MULTI_ROLE' },
    { type: 'RESERVATION_REFINEMENT' },
    { type: 'PARTITION_AWARE' },
    { type: 'TASK_KILLING_STATE' },
  ],
});
