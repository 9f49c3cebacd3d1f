/** Tasks of chance: what they take, and what they do in a simulated container. */
import type { Random } from '#internal/base/random.ts';
import type { AgentID, TaskInfo } from '#proto/gen/mesos/v1.ts';
import type { Call } from '#proto/gen/mesos/v1/scheduler.ts';
import type { ClusterWitness } from './cluster-witness.ts';

export type TaskDraft = {
  readonly id: string;
  readonly cpusMilli: number;
  readonly memMb: number;
  readonly line: string;
};

export function drawTask(random: Random, id: string): TaskDraft {
  return {
    id,
    cpusMilli: 100 * (1 + random.below(12)),
    memMb: 32 * (1 + random.below(6)),
    line: drawLine(random),
  };
}

export function taskInfoOf({ id, cpusMilli, memMb, line }: TaskDraft, agent_id: AgentID): TaskInfo {
  return {
    name: id,
    task_id: { value: id },
    agent_id,
    resources: [
      { name: 'cpus', type: 'SCALAR', scalar: { value: cpusMilli / 1000 } },
      { name: 'mem', type: 'SCALAR', scalar: { value: memMb } },
    ],
    command: { shell: true, value: line },
  };
}

/** Mostly short; some fail, some take no hint, a few cannot even begin. */
function drawLine(random: Random): string {
  if (random.chance(0.03)) return 'fail to start';
  const seconds = random.chance(0.2) ? 5 + random.below(15) : random.below(50) / 10;
  const status = random.chance(0.7) ? 0 : 1 + random.below(100);
  const line = `sleep ${seconds}; exit ${status}`;
  return random.chance(0.15) ? `trap TERM; ${line}` : line;
}

/** Tasks are known to the laws before they are asked for; what ends them is their framework's business. */
export function intendLaunches(witness: ClusterWitness, owner: string, call: Call): void {
  const { accept } = call;
  meantToAsk(witness, owner, call);
  const tasks = (accept?.operations ?? []).flatMap(
    ({ launch, launch_group: group }): readonly TaskInfo[] => [
      ...(launch?.task_infos ?? []),
      ...(group?.task_group.tasks ?? []),
    ],
  );
  witness.see(({ containers }) => {
    for (const { task_id, resources = [] } of tasks) {
      const amount = (name: string): number =>
        resources
          .filter((resource) => resource.name === name)
          .reduce((sum, { scalar }) => sum + (scalar?.value ?? 0), 0);
      const cpusMilli = Math.round(amount('cpus') * 1000);
      containers.intends(task_id.value, { owner, cpusMilli, memMb: amount('mem') });
      containers.mayBeKilled(task_id.value);
    }
  });
}

/** A program that wrote down what it meant, and died before it asked for it, asks after that in its next life. */
function meantToAsk(
  witness: ClusterWitness,
  owner: string,
  { reconcile, reconcile_operations: asked }: Call,
): void {
  witness.see(({ containers, operations }) => {
    for (const { task_id } of reconcile?.tasks ?? []) {
      if (containers.ownerOf(task_id.value) !== undefined) continue;
      containers.intends(task_id.value, { owner, cpusMilli: 0, memMb: 0 });
    }
    for (const { operation_id } of asked?.operations ?? []) {
      operations.asked(owner, operation_id.value);
    }
  });
}
