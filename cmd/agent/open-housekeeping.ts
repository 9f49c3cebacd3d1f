/** Builds what looks after the sandboxes of an agent, on the real machine. */
import { type Fetcher, openFetcher, usualFetchLimits } from '#internal/agent/fetch/fetcher.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { Processes } from '#internal/runtime/processes.ts';
import { systemDigests } from '#internal/runtime/real/digests.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { systemFilters } from '#internal/runtime/real/filters.ts';
import { systemGuardedFolders } from '#internal/runtime/real/guarded-folder.ts';
import { httpClient } from '#internal/runtime/real/http-client.ts';
import { systemStages } from '#internal/runtime/real/stage.ts';
import type { HousekeepingFlags } from './housekeeping-flags.ts';

type Machine = {
  readonly clock: Clock;
  readonly processes: Processes;
  readonly workFolder: string;
};

export async function openSystemFetcher(
  stack: AsyncDisposableStack,
  { clock, processes, workFolder }: Machine,
  flags: HousekeepingFlags,
): Promise<Fetcher> {
  return await openFetcher(
    {
      clock,
      processes,
      files: systemFiles(),
      digests: systemDigests(),
      stages: systemStages(),
      folders: systemGuardedFolders(),
      http: stack.use(httpClient()),
      filters: systemFilters(),
    },
    {
      workFolder,
      frameworksHome: flags.frameworksHome,
      cacheFolder: flags.fetcherCacheDir ?? `${workFolder}/meta/fetch-cache`,
      cacheBytesMax: flags.fetcherCacheSize,
      stallMs: flags.fetcherStallTimeout,
      timeMsMax: flags.fetcherMaxTime,
      limits: { ...usualFetchLimits, bytesMax: flags.fetcherMaxSize },
      jobsAtOnce: usualFetchLimits.jobsAtOnce,
    },
  );
}
