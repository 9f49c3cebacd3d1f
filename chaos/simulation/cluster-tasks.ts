/** Tasks of chance: what they take, and what they do in a simulated container. */
import type { Random } from '#internal/base/random.ts';
import type { AgentID, TaskInfo } from '#proto/gen/mesos/v1.ts';

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
