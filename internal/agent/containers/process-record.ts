/** A process as the checkpoint writes it down. */
import type { ProcessIdentity } from '#internal/runtime/processes.ts';
import type { ProcessRecord } from '#proto/gen/altiplano/agent/v1.ts';

export const processToRecord = ({ pid, startTicks, bootId }: ProcessIdentity): ProcessRecord => ({
  pid: BigInt(pid),
  start_ticks: BigInt(startTicks),
  boot_id: bootId,
});
