/** The agent's core with an executor that its framework brought: what it is told, and what it says. */
import { assert } from '#internal/base/assert.ts';
import { uuidBytes } from '#internal/base/uuid.ts';
import type { Call_Subscribe, Event } from '#proto/gen/mesos/v1/executor.ts';
import type { ExecutorInfo, FrameworkInfo, TaskInfo, TaskStatus } from '#proto/gen/mesos/v1.ts';
import type { ContainerEnd } from '../containerizer.ts';
import type { Effect } from '../core/input.ts';
import { executorKey, type ExecutorKey, taskKey } from '../core/state.ts';
import { Bench, framework } from './core-bench.ts';

export const executor: ExecutorInfo = {
  type: 'CUSTOM',
  executor_id: { value: 'e' },
  framework_id: { value: 'f' },
  command: { value: 'run it' },
  resources: [{ name: 'mem', type: 'SCALAR', scalar: { value: 32 } }],
};

export const aware: FrameworkInfo = { ...framework(['PARTITION_AWARE']), checkpoint: true };

export const key: ExecutorKey = executorKey('f', 'e');

/** Bytes that are a UUID, another one for each number. */
export const uuidOf = (number: number): Uint8Array =>
  uuidBytes(`00000000-0000-4000-8000-${String(number).padStart(12, '0')}`);

export const taskOf = (id: string, more: Partial<TaskInfo> = {}): TaskInfo => ({
  name: id,
  task_id: { value: id },
  agent_id: { value: 'a' },
  resources: [{ name: 'mem', type: 'SCALAR', scalar: { value: 64 } }],
  executor,
  ...more,
});

export class ExecutorBench {
  readonly core: Bench;
  /** All that the executor was told, on whatever stream it was. */
  readonly events: Event[] = [];
  readonly effects: Effect[] = [];
  #connection = 0;

  constructor(core: Bench = new Bench('a')) {
    this.core = core;
  }

  note(effects: readonly Effect[]): this {
    this.effects.push(...effects);
    for (const effect of effects)
      if (effect.kind === 'tell-executor') this.events.push(effect.event);
    return this;
  }

  register(): this {
    const agent_id = { value: 'a' };
    this.note(this.core.take({ kind: 'start' }));
    return this.note(this.core.hear({ registered: { agent_id, total_ping_timeout_seconds: 75 } }));
  }

  run(id: string, more: Partial<TaskInfo> = {}, info: FrameworkInfo = aware): this {
    return this.note(
      this.core.hear({ run_task: { framework_info: info, task_info: taskOf(id, more) } }),
    );
  }

  group(group_id: string, ...ids: readonly string[]): this {
    const tasks = ids.map((id) => taskOf(id));
    return this.note(
      this.core.hear({
        run_group: { framework_info: aware, executor_info: executor, tasks, group_id },
      }),
    );
  }

  get containerId(): string {
    const id = this.core.state.executors.get(key)?.containerId;
    assert(id !== undefined, 'the executor does not live');
    return id;
  }

  launched(): this {
    const process = { pid: 7n, start_ticks: 1n, boot_id: 'b' };
    const { containerId } = this;
    return this.note(
      this.core.take({ kind: 'executor-launched', executor: key, containerId, process }),
    );
  }

  ends(end: ContainerEnd = { kind: 'exited', status: 7 }): this {
    const { containerId } = this;
    return this.note(this.core.take({ kind: 'executor-ended', executor: key, containerId, end }));
  }

  subscribes(subscribe: Call_Subscribe = {}): this {
    this.#connection++;
    const connection = this.#connection;
    return this.note(
      this.core.take({ kind: 'executor-subscribed', executor: key, connection, subscribe }),
    );
  }

  hangsUp(): this {
    const connection = this.#connection;
    return this.note(this.core.take({ kind: 'executor-hung-up', executor: key, connection }));
  }

  says(id: string, state: TaskStatus['state'], number: number): this {
    const status = statusOf(id, state, number);
    return this.note(this.core.take({ kind: 'executor-updated', executor: key, status }));
  }

  kill(id: string): this {
    const ids = { framework_id: { value: 'f' }, task_id: { value: id } };
    return this.note(this.core.hear({ kill_task: ids }));
  }

  times(
    kind: 'executor-registers' | 'executor-returns' | 'executor-comes-back' | 'executor-ends',
  ): this {
    return this.note(this.core.take({ kind: 'timer', timer: { kind, executor: key } }));
  }

  /** What it was told since the last look, in words. */
  told(): readonly string[] {
    return this.events.splice(0).map(words);
  }

  statuses(id: string): readonly TaskStatus[] {
    return this.core.state.tasks.get(taskKey('f', id))?.updates.map(({ status }) => status) ?? [];
  }

  /** Of all that the agent still has to tell of a task: state and reason. */
  states(id: string): readonly string[] {
    return this.statuses(id).map(({ state, reason }) =>
      [state, ...(reason ? [reason] : [])].join(' '),
    );
  }

  exits(): readonly number[] {
    return this.effects.flatMap((effect) =>
      effect.kind === 'send' && effect.message.executor_exited !== undefined
        ? [effect.message.executor_exited.status]
        : [],
    );
  }

  signals(): readonly string[] {
    return this.effects.flatMap((effect) => (effect.kind === 'signal' ? [effect.signal] : []));
  }
}

export const statusOf = (id: string, state: TaskStatus['state'], number: number): TaskStatus => ({
  task_id: { value: id },
  state,
  source: 'SOURCE_EXECUTOR',
  uuid: uuidOf(number),
});

function words({ type = 'UNKNOWN', ...event }: Event): string {
  const { launch, launch_group: group, kill, acknowledged } = event;
  if (launch !== undefined) return `${type} ${launch.task.task_id.value}`;
  if (group !== undefined) {
    return `${type} ${(group.task_group.tasks ?? []).map((task) => task.task_id.value).join(' ')}`;
  }
  if (kill !== undefined) return `${type} ${kill.task_id.value}`;
  if (acknowledged === undefined) return type;
  return `${type} ${acknowledged.task_id.value} ${Number(acknowledged.uuid.at(-1))}`;
}
