/** The flags of an agent about what its containers may use. */
import type { Controller } from '#internal/agent/containers/cgroup-layout.ts';
import { durationMs, integer, list, text, toggle } from '#internal/config/flag.ts';
import type { Program } from '#internal/config/flags.ts';

/** Durations in milliseconds. */
export type LimitFlags = {
  readonly isolation: readonly string[];
  readonly cgroupsRoot: string;
  readonly cgroupsEnableCfs: boolean;
  readonly cgroupsLimitSwap: boolean;
  readonly containerProcessesMax: number;
  readonly enforceContainerDiskQuota: boolean;
  readonly containerDiskWatchInterval: number;
};

export const limitFlags: Program<LimitFlags>['flags'] = {
  isolation: list({
    mesos: 'isolation',
    meaning:
      'what bounds containers: cgroups/cpu, cgroups/mem, cgroups/pids, cgroups/all; auto takes what can be written to',
    fallback: ['auto'],
  }),
  cgroupsRoot: text({
    mesos: 'cgroups_root',
    meaning: 'the control group in which those of containers are made',
    fallback: 'mesos',
  }),
  cgroupsEnableCfs: toggle({
    mesos: 'cgroups_enable_cfs',
    meaning: 'a container never gets more cpus than it asked for, also when others are idle',
  }),
  cgroupsLimitSwap: toggle({
    mesos: 'cgroups_limit_swap',
    meaning: 'the limit of memory includes what is swapped out',
  }),
  containerProcessesMax: integer({
    meaning: 'processes and threads of one container, against those that fork without end',
    min: 1,
    max: 4_194_304,
    fallback: 4096,
  }),
  enforceContainerDiskQuota: toggle({
    mesos: 'enforce_container_disk_quota',
    meaning: 'end containers whose sandbox grows beyond their disk, or a volume beyond its size',
  }),
  containerDiskWatchInterval: durationMs({
    mesos: 'container_disk_watch_interval',
    meaning: 'how often sandboxes and volumes are measured',
    fallback: 15_000,
  }),
};

/** What is wrong with them, in words for whoever typed them. */
export function faultsOfLimits({ isolation }: LimitFlags): readonly string[] {
  const names = Object.keys(isolators);
  return isolation
    .filter((word) => !names.includes(word))
    .map((word) => `--isolation: '${word}' is none of ${names.join(', ')}`);
}

/** What Mesos calls an isolator, in the kernel's controllers. Those of `posix` bound nothing. */
export const isolators: Readonly<Record<string, readonly Controller[]>> = {
  auto: ['cpu', 'cpuacct', 'memory', 'pids', 'freezer'],
  'cgroups/all': ['cpu', 'cpuacct', 'memory', 'pids', 'freezer'],
  'cgroups/cpu': ['cpu', 'cpuacct', 'freezer'],
  'cgroups/mem': ['memory', 'freezer'],
  'cgroups/pids': ['pids', 'freezer'],
  'posix/cpu': [],
  'posix/mem': [],
  'disk/du': [],
};
