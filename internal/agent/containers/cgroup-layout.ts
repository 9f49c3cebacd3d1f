/**
 * Where a machine keeps its control groups: each controller in a hierarchy of its own (v1), all in one
 * (v2), or some here and some there (hybrid). Read from /proc/self/mountinfo, as proc(5) has it.
 */
export type Controller = 'cpu' | 'cpuacct' | 'memory' | 'pids' | 'freezer';

export type Hierarchy = {
  readonly version: 1 | 2;
  /** Where it is mounted. */
  readonly folder: string;
  /** Those that we use there; of version 2, that it may have. */
  readonly controllers: ReadonlySet<Controller>;
};

const wanted: readonly Controller[] = ['cpu', 'cpuacct', 'memory', 'pids', 'freezer'];

/**
 * The hierarchies of a machine, without those of no use to us. `unified` is what the root of version 2
 * says in `cgroup.controllers`, for a mount point.
 */
export function hierarchiesIn(
  mountInfo: string,
  unified: (folder: string) => string,
): readonly Hierarchy[] {
  const found: Hierarchy[] = [];
  const taken = new Set<Controller>();
  const mounts = mountInfo.split('\n').flatMap(parseMount);
  // What version 1 has version 2 has not.
  for (const { version, folder, options } of mounts.toSorted((a, b) => a.version - b.version)) {
    // These two are no controllers there: every group can be frozen, and counts its time.
    const builtIn = ['freezer', 'cpuacct'];
    const words = version === 1 ? options : [...unified(folder).trim().split(' '), ...builtIn];
    const offered = wanted.filter((name) => words.includes(name) && !taken.has(name));
    if (offered.length === 0) continue;
    for (const name of offered) taken.add(name);
    found.push({ version, folder, controllers: new Set(offered) });
  }
  return found;
}

type Mount = {
  readonly version: 1 | 2;
  readonly folder: string;
  readonly options: readonly string[];
};

function parseMount(line: string): readonly Mount[] {
  const [before = '', after = ''] = line.split(' - ');
  const [type, , options = ''] = after.split(' ');
  const folder = before.split(' ')[4]?.replaceAll(String.raw`\040`, ' ');
  if (folder === undefined || (type !== 'cgroup' && type !== 'cgroup2')) return [];
  return [{ version: type === 'cgroup' ? 1 : 2, folder, options: options.split(',') }];
}
