/** Faults of processes: killed, stopped, frozen with all they have started, short of memory or descriptors. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { command } from '../command.ts';
import { openGroup } from '../control-group.ts';
import type { Member, RealCluster } from '../real-cluster.ts';
import { processesIn } from '../undo.ts';
import { type Fault, type Ground, number, type Target, together } from './fault.ts';

export const kill: Fault = {
  words: 'killed',
  settings: {},
  takesProcess: true,
  needs: [],
  async strike({ cluster }, targets) {
    const members = membersOf(cluster, targets);
    await Promise.all(members.map(async (member) => await cluster.kill(member)));
    return together(members.map((member) => () => cluster.start(member)));
  },
};

export const stop: Fault = {
  words: 'stopped',
  settings: {},
  takesProcess: true,
  needs: [],
  async strike({ cluster }, targets) {
    const members = membersOf(cluster, targets);
    for (const member of members) cluster.signal(member, 'SIGSTOP');
    return together(members.map((member) => () => cluster.signal(member, 'SIGCONT')));
  },
};

/** With its tasks: as a machine is that stands still. */
export const freeze: Fault = {
  words: 'frozen with all that runs there',
  settings: {},
  takesProcess: true,
  needs: ['freezer'],
  async strike({ cluster, journal, network }, targets) {
    const groups = membersOf(cluster, targets).map((member) => {
      const pids = processesIn(network.namespaceOf(member.place));
      const set = openGroup(journal, ['freezer', `${member.name}-frozen`], pids);
      set('freezer.state', 'FROZEN');
      return set;
    });
    return together(groups.map((set) => () => set('freezer.state', 'THAWED')));
  },
};

/** Less than it has: what the kernel cannot take back from it, it dies of. */
export const memory: Fault = {
  words: 'short of memory',
  settings: { percent: 80 },
  takesProcess: true,
  needs: ['memory'],
  async strike({ cluster, journal }, targets, settings) {
    const heals = membersOf(cluster, targets).map((member) => {
      const pid = cluster.pidOf(member);
      if (pid === undefined) return () => cluster.start(member);
      const set = openGroup(journal, ['memory', `${member.name}-memory`], [pid]);
      // What it had before is not counted here: what it takes from now on is.
      const bytes = Math.round((residentBytes(pid) * (100 - number(settings, 'percent'))) / 100);
      cluster.expectEnd(member);
      set('memory.limit_in_bytes', String(bytes));
      return () => {
        set('memory.limit_in_bytes', '-1');
        cluster.start(member);
      };
    });
    return together(heals);
  },
};

/** So many descriptors, which it has already: what it opens next fails. */
export const descriptors: Fault = {
  words: 'out of file descriptors',
  settings: { limit: 40 },
  takesProcess: false,
  needs: [],
  async strike({ cluster }, targets, settings) {
    const heals = membersOf(cluster, targets).flatMap((member) => {
      const pid = cluster.pidOf(member);
      if (pid === undefined) return [];
      const [soft = '1024', hard = '1024'] = limitsOf(pid);
      command('prlimit', `--pid=${pid}`, `--nofile=${number(settings, 'limit')}:${hard}`);
      return [() => void spawnSync('prlimit', [`--pid=${pid}`, `--nofile=${soft}:${hard}`])];
    });
    return together(heals);
  },
};

/** Those of the targets that are programs of the cluster. */
export function membersOf(cluster: RealCluster, targets: readonly Target[]): readonly Member[] {
  return targets.flatMap(({ name }) => cluster.members.filter((member) => member.name === name));
}

/** Ends it and starts it again, by whoever has done something that it does not outlive. */
export function restart({ cluster }: Ground, member: Member): () => Promise<void> {
  return async () => {
    await cluster.kill(member);
    cluster.start(member);
  };
}

const limitsOf = (pid: number): readonly string[] =>
  /^Max open files\s+(\d+)\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))?.slice(1) ??
  [];

const residentBytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
