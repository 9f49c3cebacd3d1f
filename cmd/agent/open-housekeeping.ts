/** Builds what looks after the sandboxes of an agent, on the real machine. */
import { type Fetcher, openFetcher, usualFetchLimits } from '#internal/agent/fetch/fetcher.ts';
import { GarbageCollector } from '#internal/agent/garbage/garbage-collector.ts';
import { sandboxesIn } from '#internal/agent/garbage/sandboxes.ts';
import { collectImages } from '#internal/agent/images/image-garbage.ts';
import type { ImageStore } from '#internal/agent/images/image-store.ts';
import { LogRotation } from '#internal/agent/logs/log-rotation.ts';
import type { AgentState } from '#internal/agent/core/state.ts';
import { Rounds } from '#internal/agent/rounds.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type { Processes } from '#internal/runtime/processes.ts';
import { systemDigests } from '#internal/runtime/real/digests.ts';
import { systemFileTree } from '#internal/runtime/real/file-tree.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { systemFilters } from '#internal/runtime/real/filters.ts';
import { systemGuardedFolders } from '#internal/runtime/real/guarded-folder.ts';
import { httpClient } from '#internal/runtime/real/http-client.ts';
import { systemStages } from '#internal/runtime/real/stage.ts';
import type { HousekeepingFlags } from './housekeeping-flags.ts';
import type { ImageFlags } from './image-flags.ts';

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

type Observed = Machine & {
  readonly logger: Logger;
  view(): AgentState | undefined;
};

type Watched = Observed & {
  readonly images: ImageStore | undefined;
  readonly collector: GarbageCollector;
};

export function newGarbageCollector(
  observed: Observed,
  flags: HousekeepingFlags,
): GarbageCollector {
  const own = { files: systemFiles(), fileTree: systemFileTree(), filters: systemFilters() };
  const sandboxes = sandboxesIn({ ...observed, ...own }, observed.workFolder);
  const garbage = { delayMs: flags.gcDelay, headroom: flags.gcDiskHeadroom };
  return new GarbageCollector({ ...observed, sandboxes }, garbage);
}

/** How often the logs of tasks are looked at. */
const logWatchMs = 2000;

/** Collects garbage, of sandboxes and of images, and rotates logs until the stack is disposed. */
export function openHousekeeping(
  stack: AsyncDisposableStack,
  watched: Watched,
  flags: HousekeepingFlags & ImageFlags,
): void {
  const { workFolder, collector } = watched;
  const files = systemFiles();
  const own = { files, fileTree: systemFileTree(), filters: systemFilters() };
  const watch = { name: 'garbage', pauseMs: flags.diskWatchInterval };
  stack.use(new Rounds(watched, watch, () => collector.collect()));
  const { images } = watched;
  const { imageGcConfig: settings } = flags;
  if (images !== undefined && settings !== undefined) {
    const looks = { name: 'images', pauseMs: settings.watchMs };
    stack.use(
      new Rounds(watched, looks, () => collectImages({ ...watched, ...own, images }, settings)),
    );
  }
  if (flags.containerLogger === 'sandbox') return;
  const bytesMax = { stdout: flags.maxStdoutSize, stderr: flags.maxStderrSize };
  const rotation = new LogRotation(
    { ...watched, files, folders: systemGuardedFolders() },
    { workFolder, bytesMax, keep: flags.rotatedLogs },
  );
  const looks = { name: 'logs', pauseMs: logWatchMs };
  stack.use(new Rounds(watched, looks, () => rotation.rotate()));
}
