/**
 * Agents that speak the real protocol without running anything, by the thousand, in processes of their
 * own: a process may open so many files and no more, and has one core.
 */
import { join } from 'node:path';
import { type Ordered, startOrdered } from './orders.ts';
import type { TaskLife } from './simulated-agent.ts';

export type FleetOptions = {
  /** `host:port` of the masters' agent service. */
  readonly masters: readonly string[];
  readonly agents: number;
  readonly agentsPerProcess: number;
  /** What each agent has. */
  readonly cpus: number;
  readonly mem: number;
  readonly life: TaskLife;
  readonly seed: number | string;
};

/** What one process is told of its agents. */
export type FleetSettings = Omit<FleetOptions, 'agents' | 'agentsPerProcess'> & {
  /** The number of its first agent. */
  readonly first: number;
  readonly count: number;
};

/** `start` is answered when all have begun to dial; `stop` hangs up for good. */
export type FleetOrder = { readonly kind: 'start' | 'stop' | 'report' };

/** Sums over all agents; moments by the wall clock, in milliseconds, of the agent that was last. */
export type FleetReport = {
  readonly registered: number;
  readonly lastRegisteredMs: number;
  readonly registrations: number;
  readonly pings: number;
  /** Of the one that was left alone longest: between two pings on its last link. */
  readonly silenceMs: number;
  readonly launches: number;
  readonly repeats: number;
  readonly lastLaunchMs: number;
  readonly dismissed: number;
  readonly tasks: number;
};

export type Fleet = AsyncDisposable & {
  readonly agents: number;
  readonly pids: readonly number[];
  /** Resolves when all have begun to dial. */
  start(): Promise<void>;
  report(): Promise<FleetReport>;
  /** All hang up and stay away. */
  stop(): Promise<void>;
};

const program = join(import.meta.dirname, 'agents-main.ts');

/** Nobody dials before `start`. */
export function openFleet({ agents, agentsPerProcess, ...shared }: FleetOptions): Fleet {
  const processes: Ordered<FleetOrder, FleetReport>[] = [];
  for (let first = 0; first < agents; first += agentsPerProcess) {
    const count = Math.min(agentsPerProcess, agents - first);
    const settings: FleetSettings = { ...shared, first, count };
    processes.push(startOrdered(program, settings));
  }
  const askAll = async (kind: FleetOrder['kind']): Promise<readonly FleetReport[]> =>
    await Promise.all(processes.map((process) => process.ask({ kind })));
  return {
    agents,
    pids: processes.map(({ pid }) => pid),
    start: async () => void (await askAll('start')),
    stop: async () => void (await askAll('stop')),
    report: async () => (await askAll('report')).reduce(together),
    async [Symbol.asyncDispose]() {
      await Promise.all(processes.map((process) => process[Symbol.asyncDispose]()));
    },
  };
}

const together = (one: FleetReport, other: FleetReport): FleetReport => ({
  registered: one.registered + other.registered,
  lastRegisteredMs: Math.max(one.lastRegisteredMs, other.lastRegisteredMs),
  registrations: one.registrations + other.registrations,
  pings: one.pings + other.pings,
  silenceMs: Math.max(one.silenceMs, other.silenceMs),
  launches: one.launches + other.launches,
  repeats: one.repeats + other.repeats,
  lastLaunchMs: Math.max(one.lastLaunchMs, other.lastLaunchMs),
  dismissed: one.dismissed + other.dismissed,
  tasks: one.tasks + other.tasks,
});
