/** A scheduler's database: what it has asked for, and the last word on it that counts. */
import { isTerminal } from '#internal/agent/core/state.ts';
import type { TaskState, TaskStatus } from '#proto/gen/mesos/v1.ts';
import type { TaskDraft } from './cluster-tasks.ts';

export type OwnTask = {
  readonly draft: TaskDraft;
  readonly agentId: string;
  state: TaskState | undefined;
  isOver: boolean;
  isToBeKilled: boolean;
};

export class TaskBook {
  readonly #tasks = new Map<string, OwnTask>();
  /** Tasks of frameworks that this one once was. */
  #bygone = 0;

  /** Tasks that were ever asked for. */
  get size(): number {
    return this.#bygone + this.#tasks.size;
  }

  /** Those of which nobody has heard the end. */
  get open(): readonly OwnTask[] {
    return [...this.#tasks.values()].filter(({ isOver }) => !isOver);
  }

  get all(): readonly OwnTask[] {
    return [...this.#tasks.values()];
  }

  get(id: string): OwnTask | undefined {
    return this.#tasks.get(id);
  }

  add(draft: TaskDraft, agentId: string): OwnTask {
    const own = { draft, agentId, state: undefined, isOver: false, isToBeKilled: false };
    this.#tasks.set(draft.id, own);
    return own;
  }

  note({ task_id, state, reason }: TaskStatus): void {
    const own = this.#tasks.get(task_id.value);
    if (own === undefined) return;
    // What is not known has not arrived yet, or never will: any later word counts more.
    if (own.isOver && reason === 'REASON_RECONCILIATION') return;
    own.state = state;
    own.isOver = isTerminal(state) || state === 'TASK_UNKNOWN';
  }

  /** Nobody will be told of them any more. */
  forgetAll(): void {
    this.#bygone += this.#tasks.size;
    this.#tasks.clear();
  }
}
