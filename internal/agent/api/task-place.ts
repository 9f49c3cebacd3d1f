/** Where the sandbox of a task lies, also of one that runs with others in an executor. */
import { type Sandbox, sandboxOf } from '../containers/sandbox.ts';
import { type AgentState, isDelegated, type Task } from '../core/state.ts';

/** That of a command task is its own id. */
export const executorIdOf = ({ pod, info }: Task): string => pod?.executorId ?? info.task_id.value;

export function sandboxOfTask(
  workFolder: string,
  agentId: AgentState['agentId'],
  task: Task,
): Sandbox {
  // What its executor looks after has the executor's own.
  const isIts = isDelegated(task);
  return sandboxOf(workFolder, {
    agentId: agentId ?? '',
    frameworkId: task.frameworkId,
    executorId: executorIdOf(task),
    taskId: task.info.task_id.value,
    containerId: task.containerId,
    parentId: isIts ? undefined : task.pod?.containerId,
  });
}
