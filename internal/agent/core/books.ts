/**
 * What the agent runs and has, for a master that compares it with its own books. What a framework that
 * is gone left behind is told as being killed: it is.
 */
import type { BookedTask, Books } from '#proto/gen/altiplano/agent/v1.ts';
import { resourcesToWire } from '#internal/wire/resources.ts';
import type { AgentState, Task } from './state.ts';

export function booksOf(
  { tasks, executors, frameworks, total }: AgentState,
  sequence: bigint,
): Books {
  const isRemoved = (id: string): boolean => frameworks.get(id)?.removed ?? true;
  return {
    sequence,
    tasks: [...tasks.values()]
      .filter(({ isStray }) => !isStray)
      .map((task) => booked(task, isRemoved(task.frameworkId))),
    total: resourcesToWire(total, 'new'),
    executors: [...executors.values()].flatMap(({ info }) => info.resources ?? []),
  };
}

function booked({ frameworkId, info, life, kill }: Task, isRemoved: boolean): BookedTask {
  return {
    framework_id: { value: frameworkId },
    task_id: info.task_id,
    life: life.kind === 'ended' ? 'ENDED' : kill !== undefined || isRemoved ? 'ENDS' : 'LIVES',
    resources: info.resources ?? [],
  };
}
