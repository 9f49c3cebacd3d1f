/** The flags of an agent about what lies in sandboxes, and for how long. */
import { bytes } from '#internal/config/bytes.ts';
import { choice, durationMs, integer, number, optionalText } from '#internal/config/flag.ts';
import type { Program } from '#internal/config/flags.ts';

/** Durations in milliseconds, amounts in bytes. */
export type HousekeepingFlags = {
  readonly frameworksHome: string | undefined;
  readonly fetcherCacheDir: string | undefined;
  readonly fetcherCacheSize: number;
  readonly fetcherStallTimeout: number;
  readonly fetcherMaxTime: number;
  readonly fetcherMaxSize: number;
  readonly gcDelay: number;
  readonly gcDiskHeadroom: number;
  readonly diskWatchInterval: number;
  readonly containerLogger: 'sandbox' | 'logrotate';
  readonly maxStdoutSize: number;
  readonly maxStderrSize: number;
  readonly rotatedLogs: number;
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
  gcDelay: durationMs({
    mesos: 'gc_delay',
    meaning: 'how long a sandbox stays that nobody uses, when the disk is empty',
    fallback: 7 * 86_400_000,
  }),
  gcDiskHeadroom: number({
    mesos: 'gc_disk_headroom',
    meaning:
      'the share of the disk to keep free: sandboxes stay for gc_delay x (1 - headroom - used share)',
    fallback: 0.1,
    min: 0,
  }),
  diskWatchInterval: durationMs({
    mesos: 'disk_watch_interval',
    meaning: 'how often is looked for sandboxes that are too old for how full the disk is',
    fallback: 60_000,
  }),
  containerLogger: choice({
    mesos: 'container_logger',
    meaning:
      'what becomes of stdout and stderr that grow: sandbox lets them, logrotate cuts them and keeps some of what was in them',
    fallback: 'sandbox',
    words: ['sandbox', 'logrotate'],
  }),
  maxStdoutSize: bytes({
    mesos: 'max_stdout_size',
    meaning: 'of a stdout before it is rotated; a file that is kept of it has up to twice as much',
    fallback: 10 * 1024 ** 2,
  }),
  maxStderrSize: bytes({
    mesos: 'max_stderr_size',
    meaning: 'the same of a stderr',
    fallback: 10 * 1024 ** 2,
  }),
  rotatedLogs: integer({
    meaning: 'how many files are kept of each: stdout.1 is the newest',
    fallback: 4,
    min: 1,
    max: 1000,
  }),
};
