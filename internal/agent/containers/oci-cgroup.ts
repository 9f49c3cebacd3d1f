/** What the kernel counts of a container, in the hierarchies of version 1 and in that of version 2. */
import type { MemoryExceeded } from './cgroup-use.ts';
import { type OciFolders, folderOf, readText } from './oci-folder.ts';
import type { ContainerUse } from './statistics.ts';

/** Undefined when nothing runs in it. */
export async function cgroupUse(oci: OciFolders, id: string): Promise<ContainerUse | undefined> {
  const cgroup = await cgroupPath(oci, id);
  if (cgroup === undefined) return undefined;
  const processes = lines(await read(oci, 'pids', cgroup, 'cgroup.procs')).length;
  if (processes === 0) return undefined;
  const threads = Number((await read(oci, 'pids', cgroup, 'pids.current')) ?? processes);
  const memory = pairs(await read(oci, 'memory', cgroup, 'memory.stat'));
  const total =
    (await read(oci, 'memory', cgroup, 'memory.usage_in_bytes')) ??
    (await read(oci, 'memory', cgroup, 'memory.current'));
  const time = await read(oci, 'cpuacct', cgroup, 'cpuacct.stat');
  const cpu = pairs(await read(oci, 'cpu', cgroup, 'cpu.stat'));
  const spent = pairs(time);
  const residentBytes = memory.get('total_rss') ?? memory.get('rss') ?? memory.get('anon') ?? 0;
  return {
    processes,
    threads,
    userSeconds: (spent.get('user') ?? 0) / ticks || (cpu.get('user_usec') ?? 0) / 1e6,
    systemSeconds: (spent.get('system') ?? 0) / ticks || (cpu.get('system_usec') ?? 0) / 1e6,
    residentBytes,
    ...(total !== undefined && { memoryBytes: Number(total) }),
    throttling: {
      periods: cpu.get('nr_periods') ?? 0,
      throttled: cpu.get('nr_throttled') ?? 0,
      seconds: (cpu.get('throttled_time') ?? 0) / 1e9 || (cpu.get('throttled_usec') ?? 0) / 1e6,
    },
  };
}

/** Of a second, in which version 1 counts processor time. */
const ticks = 100;

/** Undefined when the kernel killed nothing in it for want of memory of its own. */
export async function memoryExceeded(
  folders: OciFolders,
  id: string,
): Promise<Omit<MemoryExceeded, 'limitBytes'> | undefined> {
  const cgroup = await cgroupPath(folders, id);
  if (cgroup === undefined) return undefined;
  const either = async (first: string, second: string): Promise<string | undefined> =>
    (await read(folders, 'memory', cgroup, first)) ??
    (await read(folders, 'memory', cgroup, second));
  const events = pairs(await either('memory.oom_control', 'memory.events'));
  if ((events.get('oom_kill') ?? 0) === 0) return undefined;
  // Also counted when it was the whole machine that had no more.
  const own = await either('memory.failcnt', 'memory.events.local');
  if ((pairs(own).get('oom') ?? Number(own)) === 0) return undefined;
  const peak = await either('memory.max_usage_in_bytes', 'memory.peak');
  const statistics = (await either('memory.stat', 'memory.stat')) ?? '';
  return { peakBytes: Number(peak ?? 0), statistics };
}

async function cgroupPath(oci: OciFolders, id: string): Promise<string | undefined> {
  const text = await readText(oci, `${folderOf(oci, id)}/cgroup`);
  return text?.trim();
}

/** From the hierarchy of that controller, or from the one that has them all. */
async function read(
  oci: OciFolders,
  controller: string,
  cgroup: string,
  name: string,
): Promise<string | undefined> {
  return (
    (await readText(oci, `/sys/fs/cgroup/${controller}${cgroup}/${name}`)) ??
    (await readText(oci, `/sys/fs/cgroup${cgroup}/${name}`))
  );
}

const lines = (text: string | undefined): readonly string[] =>
  (text ?? '').split('\n').filter((line) => line !== '');

const pairs = (text: string | undefined): ReadonlyMap<string, number> =>
  new Map(
    lines(text).map((line) => {
      const [name = '', value] = line.split(' ');
      return [name, Number(value)];
    }),
  );
