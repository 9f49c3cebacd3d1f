/** What a container uses, as a `ResourceStatistics` of Mesos tells it. */
import type { ResourceStatistics } from '#proto/gen/mesos/v1.ts';
import type { ProcessUse } from '#internal/runtime/processes.ts';
import type { ContainerLimits } from '../containerizer.ts';
import { type VolumeUse, diskStatistics } from './volume-use.ts';

export type ContainerUse = ProcessUse & {
  /** With caches and what else is counted against its limit. */
  readonly memoryBytes?: number;
  readonly diskBytes?: number;
  readonly volumes?: readonly VolumeUse[];
  /** Of the limit of cpus: periods that there were, those in which it had to wait, and how long. */
  readonly throttling?: {
    readonly periods: number;
    readonly throttled: number;
    readonly seconds: number;
  };
};

export function statisticsOf(
  nowMs: number,
  use: ContainerUse,
  { cpus, cpusMax, memBytes, diskBytes }: ContainerLimits,
): ResourceStatistics {
  const { throttling, volumes = [] } = use;
  return {
    timestamp: nowMs / 1000,
    processes: use.processes,
    threads: use.threads,
    cpus_user_time_secs: use.userSeconds,
    cpus_system_time_secs: use.systemSeconds,
    mem_rss_bytes: BigInt(use.residentBytes),
    ...(use.memoryBytes !== undefined && { mem_total_bytes: BigInt(use.memoryBytes) }),
    ...(use.diskBytes !== undefined && { disk_used_bytes: BigInt(use.diskBytes) }),
    ...(throttling !== undefined && {
      cpus_nr_periods: throttling.periods,
      cpus_nr_throttled: throttling.throttled,
      cpus_throttled_time_secs: throttling.seconds,
    }),
    ...(cpus !== undefined && { cpus_soft_limit: cpus }),
    ...(cpusMax !== undefined && { cpus_limit: cpusMax }),
    ...(memBytes !== undefined && {
      mem_limit_bytes: BigInt(memBytes),
      mem_soft_limit_bytes: BigInt(memBytes),
    }),
    ...(diskBytes !== undefined && { disk_limit_bytes: BigInt(diskBytes) }),
    ...(volumes.length > 0 && { disk_statistics: volumes.map(diskStatistics) }),
  };
}
