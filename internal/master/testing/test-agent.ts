/**
 * An agent in a test, as far as its link shows: it registers, comes back, answers pings, and knows the
 * tasks that it was told to run. What its tasks do is up to the test.
 */
import { assert } from '#internal/base/assert.ts';
import type { Random } from '#internal/base/random.ts';
import { newUuid, uuidV4 } from '#internal/base/uuid.ts';
import { isTerminal } from '#internal/model/cluster.ts';
import type { LinkAcceptor, LinkHandlers } from '#internal/rpc/link.ts';
import type { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { resourcesToWire } from '#internal/wire/resources.ts';
import { taskStateFromWire } from '#internal/wire/task-state.ts';
import type {
  AgentMessage,
  Description,
  MasterMessage,
  RunGroup,
} from '#proto/gen/altiplano/agent/v1.ts';
import { TestOperations } from './test-operations.ts';
import type {
  ExecutorInfo,
  FrameworkInfo,
  TaskInfo,
  TaskState,
  TaskStatus,
} from '#proto/gen/mesos/v1.ts';

type Acceptor = LinkAcceptor<MasterMessage, AgentMessage>;

type KnownTask = {
  readonly info: TaskInfo;
  readonly framework: FrameworkInfo;
  state: TaskState;
  /** Not acknowledged yet, oldest first. */
  readonly updates: TaskStatus[];
};

type KnownExecutor = { readonly framework: FrameworkInfo; readonly info: ExecutorInfo };

const latencyMs = 1;

const capabilities = [
  'AGENT_DRAINING',
  'HIERARCHICAL_ROLE',
  'RESERVATION_REFINEMENT',
  'RESIZE_VOLUME',
  'RESOURCE_PROVIDER',
  'AGENT_OPERATION_FEEDBACK',
] as const;

export class TestAgent {
  readonly #world: SimulatedWorld;
  readonly #random: Random;
  readonly #registration: string;
  #description: Description;
  #handlers: LinkHandlers<AgentMessage> | undefined;
  #id: string | undefined;
  answersPings: boolean = true;
  /** As it says when it introduces itself. */
  takesRunTasks: boolean = false;
  /** It says what it runs when it is asked. */
  tellsBooks: boolean = false;
  /** It does not say so any more. */
  isSilent: boolean = false;
  /** It has one more cpu than it told when it came. */
  isOddlyRich: boolean = false;
  /** What frameworks leave behind runs on, until `forgetTasks`. */
  isSlowToKill: boolean = false;
  #drainSinceMs: number | undefined;
  readonly received: MasterMessage[] = [];
  readonly tasks: Map<string, KnownTask> = new Map();
  /** What it was told to make of its resources. */
  readonly operations: TestOperations;
  /** By id: executors that groups run in, until they exit. */
  readonly executors: Map<string, KnownExecutor> = new Map();
  /** How often each task was really started. */
  readonly starts: Map<string, number> = new Map();

  constructor(
    { world, name }: { readonly world: SimulatedWorld; readonly name: string },
    more: Partial<Description['agent_info']> = {},
  ) {
    this.#world = world;
    this.#random = world.random(name);
    this.#registration = newUuid(this.#random);
    this.operations = new TestOperations({
      random: this.#random,
      say: (message) => this.say(message),
    });
    this.#description = {
      agent_info: {
        hostname: name,
        port: 5051,
        resources: [
          { name: 'cpus', type: 'SCALAR', scalar: { value: 4 } },
          { name: 'mem', type: 'SCALAR', scalar: { value: 1024 } },
          {
            name: 'ports',
            type: 'RANGES',
            ranges: { range: [{ begin: 31_000n, end: 32_000n }] },
          },
        ],
        attributes: [{ name: 'rack', type: 'TEXT', text: { value: 'r1' } }],
        ...more,
      },
      version: '1.12.0',
      ip: '127.0.0.1',
      capabilities: capabilities.map((type) => ({ type })),
    };
  }

  get id(): string {
    assert(this.#id !== undefined, 'the agent is not registered');
    return this.#id;
  }

  get isConnected(): boolean {
    return this.#handlers !== undefined;
  }

  /** Dials a master and introduces itself, perhaps changed. */
  connect(accept: Acceptor, changed: Partial<Description['agent_info']> = {}): void {
    const { agent_info } = this.#description;
    this.#description = { ...this.#description, agent_info: { ...agent_info, ...changed } };
    const handlers: LinkHandlers<AgentMessage> = accept({
      peer: this.#description.agent_info.hostname,
      send: (message) => {
        this.#world.schedule(latencyMs, 'to agent', () => {
          if (this.#handlers === handlers) this.#hear(message);
        });
      },
      close: () => {
        this.#world.schedule(latencyMs, 'close', () => {
          if (this.#handlers === handlers) this.#handlers = undefined;
          handlers.onClose('closed by the master');
        });
      },
    });
    this.#handlers = handlers;
    this.introduce();
  }

  disconnect(): void {
    const handlers = this.#handlers;
    this.#handlers = undefined;
    handlers?.onClose('lost');
  }

  say(message: AgentMessage): void {
    const handlers = this.#handlers;
    this.#world.schedule(latencyMs, 'to master', () => {
      if (this.#handlers === handlers) handlers?.onMessage(message);
    });
  }

  /** A task goes on to its next state, and the scheduler is to hear of it. */
  report(taskId: string, state: TaskState, more: Partial<TaskStatus> = {}): TaskStatus {
    const task = this.tasks.get(taskId);
    assert(task !== undefined, `the agent does not know the task ${taskId}`);
    task.state = state;
    const status: TaskStatus = {
      task_id: { value: taskId },
      state,
      source: 'SOURCE_EXECUTOR',
      agent_id: { value: this.id },
      executor_id: { value: taskId },
      timestamp: 1,
      uuid: uuidV4(this.#random),
      ...more,
    };
    task.updates.push(status);
    if (task.updates.length === 1) this.#send(task);
    this.#sayIfDrained();
    return status;
  }

  /** An executor ends, and the agent says so. */
  exit(executorId: string, status: number): void {
    const executor = this.executors.get(executorId);
    assert(executor !== undefined, `the agent does not know the executor ${executorId}`);
    this.executors.delete(executorId);
    const framework_id = executor.framework.id ?? { value: '' };
    const { executor_id } = executor.info;
    this.say({ executor_exited: { framework_id, executor_id, status } });
  }

  /** Sends again what nobody has acknowledged. */
  resend(): void {
    for (const task of this.tasks.values()) this.#send(task);
  }

  /** Messages of one kind, so far. */
  heard<Kind extends keyof MasterMessage>(kind: Kind): readonly NonNullable<MasterMessage[Kind]>[] {
    return this.received.flatMap((message) => {
      const found = message[kind];
      return found === undefined ? [] : [found];
    });
  }

  /** Forgets everything but who it is, as after the loss of its disk's newest part. */
  forgetTasks(): void {
    this.tasks.clear();
    this.executors.clear();
    this.#sayIfDrained();
  }

  introduce(): void {
    const registration_uuid = this.#registration;
    const description = {
      ...this.#description,
      takes_run_tasks: this.takesRunTasks,
      ...(this.tellsBooks && { tells_books: true }),
    };
    if (this.#id === undefined) {
      this.say({ register: { description, registration_uuid } });
      return;
    }
    const known = [...this.tasks.values()];
    const agent_info = { ...description.agent_info, id: { value: this.#id } };
    this.say({
      reregister: {
        description: { ...description, agent_info },
        registration_uuid,
        frameworks: known.map(({ framework }) => framework),
        tasks: known.map(({ info, framework, state }) => ({
          framework_id: framework.id ?? { value: '' },
          task_info: info,
          state,
        })),
        ...this.operations.known(agent_info.resources),
        executors: [...this.executors.values()].map(({ framework, info }) => ({
          framework_id: framework.id ?? { value: '' },
          executor_info: info,
        })),
      },
    });
  }

  #send({ framework, state, updates }: KnownTask): void {
    const [status] = updates;
    if (status === undefined || framework.id === undefined) return;
    const { id: framework_id } = framework;
    this.say({ status_update: { framework_id, status, latest_state: state } });
  }

  #hear(message: MasterMessage): void {
    this.received.push(message);
    this.operations.hear(message);
    const { registered, ping, run_task, run_group } = message;
    const { acknowledge_update, shutdown_framework, drain, run_tasks } = message;
    if (registered !== undefined) {
      this.#id = registered.agent_id.value;
      this.resend();
    }
    if (ping !== undefined && this.answersPings) this.say({ pong: { sequence: ping.sequence } });
    if (run_task !== undefined) this.#run(run_task.task_info, run_task.framework_info);
    if (run_tasks !== undefined) {
      for (const info of run_tasks.task_infos ?? []) this.#run(info, run_tasks.framework_info);
    }
    if (run_group !== undefined) this.#runGroup(run_group);
    if (acknowledge_update !== undefined) {
      this.#acknowledged(acknowledge_update.task_id.value, acknowledge_update.uuid);
    }
    if (message.tell_books !== undefined) this.#tellBooks(message.tell_books.sequence);
    if (drain !== undefined) {
      this.#drainSinceMs = drain.config?.since_ms;
      this.#sayIfDrained();
    }
    if (shutdown_framework !== undefined && !this.isSlowToKill) {
      for (const [id, { framework }] of this.tasks) {
        if (framework.id?.value === shutdown_framework.framework_id.value) this.tasks.delete(id);
      }
      this.#sayIfDrained();
    }
  }

  #tellBooks(sequence: bigint): void {
    if (this.isSilent) return;
    const { resources = [] } = this.#description.agent_info;
    const found = this.isOddlyRich
      ? [...resources, { name: 'cpus', type: 'SCALAR', scalar: { value: 1 } } as const]
      : resources;
    this.say({
      books: {
        sequence,
        tasks: [...this.tasks.values()].map(({ info, framework, state }) => ({
          framework_id: framework.id ?? { value: '' },
          task_id: info.task_id,
          life: isTerminal(taskStateFromWire(state)) ? 'ENDED' : 'LIVES',
          resources: info.resources ?? [],
        })),
        total: resourcesToWire(this.operations.total(found), 'new'),
      },
    });
  }

  #sayIfDrained(): void {
    const since_ms = this.#drainSinceMs;
    const isEmpty = [...this.tasks.values()].every(({ state }) =>
      isTerminal(taskStateFromWire(state)),
    );
    if (since_ms !== undefined && isEmpty) this.say({ drained: { since_ms } });
  }

  #runGroup({ framework_info: framework, executor_info: info, tasks = [] }: RunGroup): void {
    this.executors.set(info.executor_id.value, { framework, info });
    for (const task of tasks) this.#run(task, framework);
  }

  /** Whoever knows a task does not start it again. */
  #run(info: TaskInfo, framework: FrameworkInfo): void {
    const id = info.task_id.value;
    if (this.tasks.has(id)) return;
    this.tasks.set(id, { info, framework, state: 'TASK_STAGING', updates: [] });
    this.starts.set(id, (this.starts.get(id) ?? 0) + 1);
  }

  #acknowledged(taskId: string, uuid: Uint8Array): void {
    const task = this.tasks.get(taskId);
    const first = task?.updates[0]?.uuid;
    if (task === undefined || first === undefined || !isSame(first, uuid)) return;
    task.updates.shift();
    this.#send(task);
  }
}

const isSame = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, at) => byte === other[at]);
