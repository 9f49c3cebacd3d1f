/** What control groups have counted of a container. */
import type { CgroupPath, Cgroups } from './cgroups.ts';
import type { ContainerUse } from './statistics.ts';

/** What the machine does not count is left out; undefined when no process is left. */
export async function cgroupUse(
  cgroups: Cgroups,
  path: CgroupPath,
  threadsOf: (pid: number) => number,
): Promise<ContainerUse | undefined> {
  const pids = await cgroups.pids(path);
  if (pids.length === 0) return undefined;
  const [cpu, throttle, memory, usage] = await Promise.all([
    cgroups.read(path, 'cpuacct', { 1: 'cpuacct.stat', 2: 'cpu.stat' }),
    cgroups.read(path, 'cpu', { 1: 'cpu.stat', 2: 'cpu.stat' }),
    cgroups.read(path, 'memory', { 1: 'memory.stat', 2: 'memory.stat' }),
    cgroups.read(path, 'memory', { 1: 'memory.usage_in_bytes', 2: 'memory.current' }),
  ]);
  const [times, throttling, stat] = [countsIn(cpu), countsIn(throttle), countsIn(memory)];
  const nsOfMicros = throttling('throttled_usec') ?? 0;
  return {
    processes: pids.length,
    threads: pids.reduce((sum, pid) => sum + threadsOf(pid), 0),
    userSeconds: secondsOf(times('user'), times('user_usec')),
    systemSeconds: secondsOf(times('system'), times('system_usec')),
    residentBytes: stat('total_rss') ?? stat('anon') ?? 0,
    ...(usage !== '' && { memoryBytes: Number(usage) }),
    ...(throttling('nr_periods') !== undefined && {
      throttling: {
        periods: throttling('nr_periods') ?? 0,
        throttled: throttling('nr_throttled') ?? 0,
        seconds: (throttling('throttled_time') ?? 0) / 1e9 + nsOfMicros / 1e6,
      },
    }),
  };
}

/** That a process was killed because the container had used up its own limit of memory. */
export type MemoryExceeded = {
  readonly limitBytes: number;
  readonly peakBytes: number;
  /** The kernel's `memory.stat`, for people. */
  readonly statistics: string;
};

export async function memoryExceeded(
  cgroups: Cgroups,
  path: CgroupPath,
): Promise<MemoryExceeded | undefined> {
  const ends = countsIn(
    await cgroups.read(path, 'memory', { 1: 'memory.oom_control', 2: 'memory.events' }),
  );
  if ((ends('oom_kill') ?? 0) === 0) return undefined;
  // Also counted when the limit was that of a container within it, or around it.
  const own = await cgroups.read(path, 'memory', {
    1: 'memory.failcnt',
    2: 'memory.events.local',
  });
  if ((countsIn(own)('oom') ?? Number(own)) === 0) return undefined;
  const [limit, peak, statistics] = await Promise.all([
    cgroups.read(path, 'memory', { 1: 'memory.limit_in_bytes', 2: 'memory.max' }),
    cgroups.read(path, 'memory', { 1: 'memory.max_usage_in_bytes', 2: 'memory.peak' }),
    cgroups.read(path, 'memory', { 1: 'memory.stat', 2: 'memory.stat' }),
  ]);
  const limitBytes = Number(limit);
  return { limitBytes, peakBytes: peak === '' ? limitBytes : Number(peak), statistics };
}

/** Lines of a name and a number. */
function countsIn(text: string): (name: string) => number | undefined {
  const counts = new Map(
    text.split('\n').map((line) => {
      const [name = '', count = ''] = line.split(' ');
      return [name, count === '' ? undefined : Number(count)];
    }),
  );
  return (name) => counts.get(name);
}

const ticksPerSecond = 100;

const secondsOf = (ticks: number | undefined, micros: number | undefined): number =>
  (ticks ?? 0) / ticksPerSecond + (micros ?? 0) / 1e6;
