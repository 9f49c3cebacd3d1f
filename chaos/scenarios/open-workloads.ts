/** The workloads that a scenario asks for. */
import type { RealCluster } from '#chaos/nemesis/real-cluster.ts';
import { Launches } from '#chaos/workloads/launches.ts';
import { Ledger } from '#chaos/workloads/ledger.ts';
import { Registers } from '#chaos/workloads/registers.ts';
import type { Workload, WorkloadGround } from '#chaos/workloads/workload.ts';
import { unreachable } from '#internal/base/assert.ts';
import type { Random } from '#internal/base/random.ts';
import type { SchedulerDependencies } from '#internal/client/scheduler-client.ts';
import type { Scenario } from './scenario.ts';
import type { Timeline } from './timeline.ts';

export type WorkloadPorts = SchedulerDependencies;

export function openWorkloads(
  scenario: Scenario,
  asked: {
    readonly ports: WorkloadPorts;
    readonly random: Random;
    readonly masters: readonly string[];
    readonly folder: string;
    readonly cluster: RealCluster;
    readonly launcher: string;
    readonly timeline: Timeline;
  },
): readonly Workload[] {
  const { ports, random, masters, folder, cluster, timeline } = asked;
  return scenario.workloads.map((name) => {
    const ground: WorkloadGround = {
      ports,
      random: random.fork(name),
      masters,
      notes: `${folder}/notes`,
      now: () => timeline.now(),
      say: (who, text) => timeline.say('workload', who, text),
      accuse: (finding) => timeline.accuse(finding),
    };
    switch (name) {
      case 'launches':
        return new Launches(ground, scenario.launchesPerSecond);
      case 'registers':
        return new Registers(ground);
      case 'ledger':
        return new Ledger(ground, cluster);
      default:
        return unreachable(name);
    }
  });
}
