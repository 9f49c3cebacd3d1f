/** Frameworks and executors on the client library, and the laws that hold for them in a simulated cluster. */
import type { ExecutionContext } from 'ava';
import type { ExecutorEnd } from '#internal/client/executor.ts';
import { executorOptionsFrom } from '#internal/client/executor-options.ts';
import { frameworkIdInFile } from '#internal/client/framework-id.ts';
import { openExecutor } from '#internal/client/open-executor.ts';
import { openScheduler } from '#internal/client/open-scheduler.ts';
import type {
  ExecutorMessage,
  FrameworkSchedulerHandlers,
  Scheduler,
} from '#internal/client/scheduler.ts';
import { storeCell } from '#internal/client/store-cell.ts';
import { jsonFormat, protobufFormat } from '#internal/client/wire-format.ts';
import type { Timer } from '#internal/runtime/clock.ts';
import type {
  ExecutorInfo,
  FrameworkInfo,
  Offer,
  TaskInfo,
  TaskState,
  TaskStatus,
} from '#proto/gen/mesos/v1.ts';
import {
  type ExecutorProgramPorts,
  type ProgramPorts,
  type SimulatedCluster,
  simulatedCluster,
} from './simulated-cluster.ts';

const terminal = /FINISHED|FAILED|KILLED|ERROR|LOST|DROPPED|GONE/u;

const framework: FrameworkInfo = {
  user: 'nobody',
  name: 'test',
  roles: ['test'],
  failover_timeout: 3600,
  checkpoint: true,
  capabilities: [
    { type: 'MULTI_ROLE' },
    { type: 'PARTITION_AWARE' },
    { type: 'RESERVATION_REFINEMENT' },
  ],
};

export function taskFor(offer: Offer, id: string, line: string): TaskInfo {
  // What is for an executor is its business, not the agent's.
  const whatToDo =
    line === 'delegate' ? { executor: executorOf(offer) } : { command: { value: line } };
  return {
    name: id,
    task_id: { value: id },
    agent_id: offer.agent_id,
    resources: [
      { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } },
      { name: 'mem', type: 'SCALAR', scalar: { value: 32 } },
    ],
    ...whatToDo,
  };
}

const executorOf = ({ framework_id }: Offer): ExecutorInfo => ({
  type: 'CUSTOM',
  executor_id: { value: 'e' },
  framework_id,
  command: { value: 'serve' },
  resources: [
    { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } },
    { name: 'mem', type: 'SCALAR', scalar: { value: 32 } },
  ],
});

/** A framework that wants each of its tasks once, and writes down all that it hears of them. */
export class Batch {
  readonly heard: Map<string, TaskStatus[]> = new Map();
  readonly messages: ExecutorMessage[] = [];
  readonly #cluster: SimulatedCluster;
  readonly #wanted: string[];
  readonly #line: string;
  readonly name: string;
  scheduler: Scheduler | undefined;
  subscriptions = 0;
  faults: unknown[] = [];

  constructor(cluster: SimulatedCluster, name: string, wanted: number, line: string) {
    this.#cluster = cluster;
    this.name = name;
    this.#line = line;
    this.#wanted = Array.from({ length: wanted }, (_, n) => `${name}-${n}`);
    for (const id of this.#wanted) this.heard.set(id, []);
  }

  get isDone(): boolean {
    return [...this.heard.values()].every((all) => all.some(({ state }) => terminal.test(state)));
  }

  /** Begins its program, or the next one. */
  begin(): void {
    this.#open(this.#cluster.boot(this.name)).catch((fault: unknown) => this.faults.push(fault));
  }

  async #open(ports: ProgramPorts): Promise<void> {
    this.scheduler = await openScheduler(
      ports,
      {
        masters: this.#cluster.masters,
        framework: { ...framework, name: this.name },
        identity: frameworkIdInFile(ports.files, '/framework/id'),
        format: this.name.length % 2 === 0 ? jsonFormat : protobufFormat,
        reconcileEveryMs: 5000,
      },
      this.#handlers(),
    );
  }

  #handlers(): FrameworkSchedulerHandlers {
    return {
      onSubscribed: () => {
        this.subscriptions++;
      },
      onOffers: (offers) => {
        for (const offer of offers) this.#use(offer);
      },
      onMessage: (message) => {
        this.messages.push(message);
      },
      onUpdate: (status) => {
        this.heard.get(status.task_id.value)?.push(status);
      },
    };
  }

  /** A task that was asked for is not asked for again: what became of it the library finds out. */
  #use(offer: Offer): void {
    const ids = this.#wanted.splice(0, 2);
    const launch = { task_infos: ids.map((id) => taskFor(offer, id, this.#line)) };
    const filters = { refuse_seconds: 0.5 };
    const saying =
      ids.length === 0
        ? this.scheduler?.decline([offer], filters)
        : this.scheduler?.accept([offer], [{ type: 'LAUNCH', launch }], filters);
    saying?.catch((fault: unknown) => this.faults.push(fault));
  }
}

/** Runs its tasks for a second each, and answers what its scheduler says. */
export function executorProgram(ports: ExecutorProgramPorts, ends: ExecutorEnd[]): void {
  const options = executorOptionsFrom(ports.environment);
  if (!options.ok) throw new Error(options.refusal);
  const running = new Map<string, Timer>();
  const say = (taskId: string, state: TaskState): void =>
    void executor.update({ taskId, state }).catch(() => {});
  const end = (taskId: string, state: TaskState): void => {
    running.get(taskId)?.cancel();
    if (running.delete(taskId)) say(taskId, state);
  };
  const executor = openExecutor(ports, options.value, {
    onLaunch: (tasks) => {
      for (const { task_id } of tasks) {
        say(task_id.value, 'TASK_RUNNING');
        running.set(
          task_id.value,
          ports.clock.after(1000, () => end(task_id.value, 'TASK_FINISHED')),
        );
      }
    },
    onKill: (taskId) => end(taskId, 'TASK_KILLED'),
    onMessage: (bytes) => void executor.message(bytes).catch(() => {}),
    onShutdown: () => {
      for (const taskId of running.keys()) end(taskId, 'TASK_KILLED');
    },
  });
  const leave = async (): Promise<void> => {
    ends.push(await executor.ended);
    ports.exit(0);
  };
  leave().catch(() => {});
}

/** Each a law, in a storm of a seed. */
export async function tasksAreHeardOf(t: ExecutionContext, seed: number): Promise<void> {
  using cluster = simulatedCluster({ seed, agents: 4 });
  const batch = new Batch(cluster, `batch${seed}`, 30, 'sleep 1');
  batch.begin();
  await cluster.storm(15_000);
  await cluster.runUntil(() => batch.isDone, { withinMs: 150_000 });
  t.true(batch.subscriptions > 0);
  t.deepEqual(batch.faults, []);
}

export async function executorsAreHeard(t: ExecutionContext, seed: number): Promise<void> {
  using cluster = simulatedCluster({ seed, executors: (ports) => executorProgram(ports, []) });
  const batch = new Batch(cluster, `batch${seed}`, 20, 'delegate');
  batch.begin();
  await cluster.storm(15_000);
  await cluster.runUntil(() => batch.isDone, { withinMs: 150_000 });
  t.deepEqual(batch.faults, []);
}

export async function changesAreMadeOnce(t: ExecutionContext, seed: number): Promise<void> {
  using cluster = simulatedCluster({ seed });
  const batch = new Batch(cluster, 'batch', 0, '');
  batch.begin();
  await cluster.runUntil(() => batch.subscriptions > 0, { withinMs: 30_000 });
  const ports = cluster.boot('writers');
  const cell = storeCell<readonly string[]>({ ...ports, store: batch.scheduler!.store }, 'log');
  const certain: string[] = [];
  const write = async (writer: number): Promise<void> => {
    for (let n = 0; n < 15; n++) {
      const word = `${writer}.${n}`;
      const outcome = await cell.change((now = []) => [...now, word]);
      if (outcome.kind === 'done') certain.push(word);
      await ports.clock.sleep(ports.random.below(500));
    }
  };
  const writing = Promise.all([write(1), write(2), write(3)]);
  await cluster.storm(10_000);
  await cluster.settle(writing, { withinMs: 600_000 });
  const found = await cluster.settle(cell.read(), { withinMs: 60_000 });
  const words = found.kind === 'done' ? (found.value ?? []) : [];
  t.is(new Set(words).size, words.length);
  t.deepEqual(
    certain.filter((word) => !words.includes(word)),
    [],
  );
  t.true(certain.length > 0);
}
