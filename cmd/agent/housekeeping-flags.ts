/** The flags of an agent about what lies in sandboxes, and for how long. */
import { bytes } from '#internal/config/bytes.ts';
import { durationMs, optionalText } from '#internal/config/flag.ts';
import type { Program } from '#internal/config/flags.ts';

/** Durations in milliseconds, amounts in bytes. */
export type HousekeepingFlags = {
  readonly frameworksHome: string | undefined;
  readonly fetcherCacheDir: string | undefined;
  readonly fetcherCacheSize: number;
  readonly fetcherStallTimeout: number;
  readonly fetcherMaxTime: number;
  readonly fetcherMaxSize: number;
};

export const housekeepingFlags: Program<HousekeepingFlags>['flags'] = {
  frameworksHome: optionalText({
    mesos: 'frameworks_home',
    meaning: 'where URIs begin that are relative paths; without it they are refused',
  }),
  fetcherCacheDir: optionalText({
    mesos: 'fetcher_cache_dir',
    meaning:
      "where fetched files are kept that ask for it, of one agent alone, emptied at each start; else in the agent's work directory",
  }),
  fetcherCacheSize: bytes({
    mesos: 'fetcher_cache_size',
    meaning: 'the most that is kept there when nobody uses it',
    fallback: 2 * 1024 ** 3,
  }),
  fetcherStallTimeout: durationMs({
    mesos: 'fetcher_stall_timeout',
    meaning: 'a download that brings less than a byte a second for so long is given up',
    fallback: 60_000,
  }),
  fetcherMaxTime: durationMs({
    meaning: 'how long it may take to fetch all that one container wants',
    fallback: 3_600_000,
  }),
  fetcherMaxSize: bytes({
    meaning: 'how much that may be, unpacked',
    fallback: 10 * 1024 ** 3,
  }),
};
