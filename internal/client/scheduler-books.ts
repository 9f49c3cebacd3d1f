/**
 * What a scheduler has asked for and not heard the end of, so that it can ask after it (contract 7.5, 8).
 * The books of one program: the next one learns from the masters what there is.
 */
import { assert } from '#internal/base/assert.ts';
import type {
  KillPolicy,
  Offer_Operation,
  OperationState,
  OperationStatus,
  TaskInfo,
  TaskState,
  TaskStatus,
} from '#proto/gen/mesos/v1.ts';
import type { Call, Call_Kill } from '#proto/gen/mesos/v1/scheduler.ts';

type OpenTask = {
  readonly agentId: string | undefined;
  /**
   * Its launch has been answered. A question that overtakes the launch would be told that there is no
   * such task, and then there is one.
   */
  readonly isSent: boolean;
  readonly kill: { readonly policy: KillPolicy | undefined } | undefined;
};

type OpenOperation = { readonly agentId: string | undefined; readonly isSent: boolean };

/** What one ACCEPT asks for. */
export type Asked = { readonly tasks: readonly string[]; readonly operations: readonly string[] };

/** Ends that are remembered, so that an answer which was overtaken by one is known for what it is. */
const endsMax = 10_000;
/** Of one RECONCILE; there may be as many tasks as a framework launches. */
const tasksPerCall = 1000;

export class SchedulerBooks {
  readonly #tasks = new Map<string, OpenTask>();
  readonly #operations = new Map<string, OpenOperation>();
  readonly #ended = new Set<string>();

  /** Those whose end was not heard. */
  get openTasks(): readonly string[] {
    return [...this.#tasks.keys()];
  }

  get openOperations(): readonly string[] {
    return [...this.#operations.keys()];
  }

  /** Before it is sent: its first update may come before its answer. */
  asks(agentId: string | undefined, operations: readonly Offer_Operation[]): Asked {
    const tasks = operations.flatMap(tasksOf);
    for (const { task_id, agent_id } of tasks) {
      const place = { agentId: agent_id.value, isSent: false, kill: undefined };
      this.#tasks.set(task_id.value, place);
      // An id that is used again is another task.
      this.#ended.delete(task_id.value);
    }
    const ids = operations.flatMap(({ id }) => id?.value ?? []);
    for (const id of ids) this.#operations.set(id, { agentId, isSent: false });
    return { tasks: tasks.map(({ task_id }) => task_id.value), operations: ids };
  }

  /** A master took it, or may have. */
  sent({ tasks, operations }: Asked): void {
    for (const id of tasks) change(this.#tasks, id, { isSent: true });
    for (const id of operations) change(this.#operations, id, { isSent: true });
  }

  /** Nothing of it will be. */
  notSent({ tasks, operations }: Asked): void {
    for (const id of tasks) this.#tasks.delete(id);
    for (const id of operations) this.#operations.delete(id);
  }

  /** Of a task that nobody knows of here: it is asked for all the same, once. */
  kills(taskId: string, policy: KillPolicy | undefined): void {
    change(this.#tasks, taskId, { kill: { policy } });
  }

  /** Whether it is news: an answer about a task whose end was heard meanwhile is none. */
  hears({ task_id, agent_id, state, reason }: TaskStatus): boolean {
    const id = task_id.value;
    const isAnswer = reason === 'REASON_RECONCILIATION';
    if (isAnswer && this.#ended.has(id)) return false;
    if (!isOver(state)) {
      const known = this.#tasks.get(id);
      const agentId = agent_id?.value ?? known?.agentId;
      this.#tasks.set(id, { kill: known?.kill, agentId, isSent: true });
      return true;
    }
    this.#tasks.delete(id);
    // Nobody knows it, which is no end that would hold against a later word.
    if (state !== 'TASK_UNKNOWN') this.#remember(id);
    return true;
  }

  hearsOperation({ operation_id, agent_id, state }: OperationStatus): void {
    if (operation_id === undefined) return;
    if (!isOperationOpen(state)) {
      this.#operations.delete(operation_id.value);
      return;
    }
    const known = this.#operations.get(operation_id.value);
    const agentId = agent_id?.value ?? known?.agentId;
    this.#operations.set(operation_id.value, { agentId, isSent: true });
  }

  /** What is to be asked again, one call after the other. */
  questions(): readonly Call[] {
    const sent = [...this.#tasks].filter(([, { isSent }]) => isSent);
    const tasks = sent.map(([id, { agentId }]) => ({
      task_id: { value: id },
      ...onAgent(agentId),
    }));
    const kills = sent.flatMap(([id, { agentId, kill }]): readonly Call[] =>
      kill === undefined
        ? []
        : [{ type: 'KILL', kill: killOf({ taskId: id, agentId }, kill.policy) }],
    );
    const operations = [...this.#operations]
      .filter(([, { isSent }]) => isSent)
      .map(([id, { agentId }]) => ({ operation_id: { value: id }, ...onAgent(agentId) }));
    return [
      ...parts(tasks).map((part): Call => ({ type: 'RECONCILE', reconcile: { tasks: part } })),
      ...parts(operations).map((part): Call => ({
        type: 'RECONCILE_OPERATIONS',
        reconcile_operations: { operations: part },
      })),
      ...kills,
    ];
  }

  #remember(id: string): void {
    this.#ended.delete(id);
    this.#ended.add(id);
    const [oldest] = this.#ended;
    if (this.#ended.size > endsMax && oldest !== undefined) this.#ended.delete(oldest);
    assert(this.#ended.size <= endsMax, 'ends are remembered within their bound');
  }
}

export const onAgent = (
  agentId: string | undefined,
): { readonly agent_id?: { readonly value: string } } =>
  agentId === undefined ? {} : { agent_id: { value: agentId } };

export const killOf = (
  task: { readonly taskId: string; readonly agentId?: string | undefined },
  policy: KillPolicy | undefined,
): Call_Kill => ({
  task_id: { value: task.taskId },
  ...onAgent(task.agentId),
  ...(policy === undefined ? {} : { kill_policy: policy }),
});

function tasksOf({ launch, launch_group: group }: Offer_Operation): readonly TaskInfo[] {
  return [...(launch?.task_infos ?? []), ...(group?.task_group.tasks ?? [])];
}

function change<Value>(map: Map<string, Value>, id: string, part: Partial<Value>): void {
  const known = map.get(id);
  if (known !== undefined) map.set(id, { ...known, ...part });
}

function parts<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  const count = Math.ceil(items.length / tasksPerCall);
  return Array.from({ length: count }, (_, n) =>
    items.slice(n * tasksPerCall, (n + 1) * tasksPerCall),
  );
}

const overStates: ReadonlySet<TaskState> = new Set([
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_ERROR',
  'TASK_LOST',
  'TASK_DROPPED',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
  'TASK_UNKNOWN',
]);

const isOver = (state: TaskState): boolean => overStates.has(state);

const isOperationOpen = (state: OperationState): boolean =>
  state === 'OPERATION_PENDING' ||
  state === 'OPERATION_UNREACHABLE' ||
  state === 'OPERATION_RECOVERING';
