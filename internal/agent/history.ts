/**
 * What an agent has run and has forgotten otherwise: the newest of it, for people who look. It is not
 * written down, and begins anew with each start of the agent.
 */
import type { CheckpointWrite } from '#storage/checkpoint/records.ts';
import type { ExecutorInfo, FrameworkInfo } from '#proto/gen/mesos/v1.ts';
import { type AgentState, type Task, executorKey, taskKey } from './core/state.ts';

export type HistoryOptions = {
  readonly frameworksMax: number;
  readonly executorsPerFrameworkMax: number;
  readonly tasksPerExecutorMax: number;
};

/** Mesos's numbers (`--max_completed_executors_per_framework`, and two that it has no flag for). */
export const usualHistory: HistoryOptions = {
  frameworksMax: 50,
  executorsPerFrameworkMax: 150,
  tasksPerExecutorMax: 200,
};

export type CompletedExecutor = {
  readonly frameworkId: string;
  readonly executorId: string;
  readonly containerId: string;
  /** Undefined for that of a command task. */
  readonly info: ExecutorInfo | undefined;
  /** Oldest first. */
  readonly tasks: readonly Task[];
};

type Past = { info: FrameworkInfo; readonly executors: Map<string, CompletedExecutor> };

export class History {
  readonly #options: HistoryOptions;
  /** Oldest first. */
  readonly #frameworks = new Map<string, Past>();

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  /** What `writes` remove from what was known `before` them. */
  follow(before: AgentState, writes: readonly CheckpointWrite[]): void {
    for (const write of writes) {
      if (write.kind === 'remove-task') {
        const { frameworkId, taskId } = write.name;
        const task = before.tasks.get(taskKey(frameworkId, taskId));
        if (task !== undefined) this.#addTask(before, task);
      } else if (write.kind === 'remove-executor') {
        const { frameworkId, executorId } = write.name;
        const executor = before.executors.get(executorKey(frameworkId, executorId));
        if (executor === undefined) continue;
        const { containerId, info } = executor;
        this.#add(before, { frameworkId, executorId, containerId, info, tasks: [] });
      }
    }
  }

  /** All of them, also those of which executors live. */
  get frameworks(): ReadonlyMap<string, FrameworkInfo> {
    return new Map([...this.#frameworks].map(([id, { info }]) => [id, info]));
  }

  executorsOf(frameworkId: string): readonly CompletedExecutor[] {
    return [...(this.#frameworks.get(frameworkId)?.executors.values() ?? [])];
  }

  get executors(): readonly CompletedExecutor[] {
    return [...this.#frameworks.keys()].flatMap((id) => this.executorsOf(id));
  }

  #addTask(state: AgentState, task: Task): void {
    const { frameworkId, pod, info, containerId } = task;
    const executorId = pod?.executorId ?? info.task_id.value;
    this.#add(state, {
      frameworkId,
      executorId,
      containerId: pod?.containerId ?? containerId,
      info: state.executors.get(executorKey(frameworkId, executorId))?.info,
      tasks: [task],
    });
  }

  #add(state: AgentState, completed: CompletedExecutor): void {
    const { frameworkId, containerId } = completed;
    const framework = state.frameworks.get(frameworkId)?.info;
    const known = this.#frameworks.get(frameworkId);
    const info = framework ?? known?.info;
    if (info === undefined) return;
    const past = { info, executors: known?.executors ?? new Map<string, CompletedExecutor>() };
    this.#frameworks.delete(frameworkId);
    this.#frameworks.set(frameworkId, past);
    const before = past.executors.get(containerId);
    const tasks = [...(before?.tasks ?? []), ...completed.tasks];
    past.executors.set(containerId, {
      ...completed,
      info: completed.info ?? before?.info,
      tasks: tasks.slice(-this.#options.tasksPerExecutorMax),
    });
    dropOldest(past.executors, this.#options.executorsPerFrameworkMax);
    dropOldest(this.#frameworks, this.#options.frameworksMax);
  }
}

function dropOldest(map: Map<string, unknown>, max: number): void {
  for (const key of map.keys()) {
    if (map.size <= max) return;
    map.delete(key);
  }
}
