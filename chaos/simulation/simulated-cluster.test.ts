/** Frameworks on the client library, in a simulated cluster: what the library promises them, under faults. */
import test from 'ava';
import type { ExecutorEnd } from '#internal/client/executor.ts';
import { executorOptionsFrom } from '#internal/client/executor-options.ts';
import { openExecutor } from '#internal/client/open-executor.ts';
import { openScheduler } from '#internal/client/open-scheduler.ts';
import type {
  ExecutorMessage,
  FrameworkSchedulerHandlers,
  Scheduler,
} from '#internal/client/scheduler.ts';
import { frameworkIdInFile } from '#internal/client/framework-id.ts';
import { jsonFormat, protobufFormat } from '#internal/client/wire-format.ts';
import type {
  ExecutorInfo,
  FrameworkInfo,
  Offer,
  TaskInfo,
  TaskState,
  TaskStatus,
} from '#proto/gen/mesos/v1.ts';
import type { Timer } from '#internal/runtime/clock.ts';
import {
  type ExecutorProgramPorts,
  type ProgramPorts,
  type SimulatedCluster,
  simulatedCluster,
} from './simulated-cluster.ts';

const seeds = process.env['SEED'] === undefined ? [1, 2, 3] : [Number(process.env['SEED'])];

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

function taskFor(offer: Offer, id: string, line: string): TaskInfo {
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
class Batch {
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

test('a task is launched, heard of to its end, and acknowledged', async (t) => {
  using cluster = simulatedCluster({ seed: 1 });
  const batch = new Batch(cluster, 'batch', 3, 'sleep 1');
  batch.begin();
  await cluster.runUntil(() => batch.isDone, { withinMs: 30_000 });
  for (const [id, all] of batch.heard) {
    t.deepEqual([...new Set(all.map(({ state }) => state))].at(-1), 'TASK_FINISHED', id);
  }
  t.deepEqual(batch.faults, []);
  const outcome = await cluster.settle(batch.scheduler!.teardown(), { withinMs: 5000 });
  t.is(outcome.kind, 'accepted');
  t.deepEqual(await batch.scheduler?.ended, { kind: 'closed' });
});

for (const seed of seeds) {
  test(`of each task that was asked for an end is heard, whatever fails meanwhile: SEED=${seed}`, async (t) => {
    using cluster = simulatedCluster({ seed, agents: 4 });
    const batch = new Batch(cluster, `batch${seed}`, 30, 'sleep 1');
    batch.begin();
    await cluster.storm(15_000);
    await cluster.runUntil(() => batch.isDone, { withinMs: 150_000 });
    t.true(batch.subscriptions > 0);
    t.deepEqual(batch.faults, []);
  });
}

/** Runs its tasks for a second each, and answers what its scheduler says. */
function executorProgram(ports: ExecutorProgramPorts, ends: ExecutorEnd[]): void {
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

test('tasks of an executor run in it and end as it says, and it ends when it is told to', async (t) => {
  const ends: ExecutorEnd[] = [];
  using cluster = simulatedCluster({
    seed: 1,
    agents: 1,
    executors: (ports) => executorProgram(ports, ends),
  });
  const batch = new Batch(cluster, 'batch', 3, 'delegate');
  batch.begin();
  await cluster.runUntil(() => batch.isDone, { withinMs: 30_000 });
  for (const [id, all] of batch.heard) {
    const said = all.filter(({ source }) => source === 'SOURCE_EXECUTOR');
    const states = [...new Set(said.map(({ state }) => state))];
    t.deepEqual(states, ['TASK_RUNNING', 'TASK_FINISHED'], id);
  }
  const [agentId = ''] = [...batch.heard.values()].flat().map(({ agent_id }) => agent_id?.value);
  const scheduler = batch.scheduler!;
  const place = { agentId, executorId: 'e' };
  await cluster.settle(scheduler.message(place, Uint8Array.of(1, 2)), { withinMs: 1000 });
  await cluster.runUntil(() => batch.messages.length > 0, { withinMs: 5000 });
  t.deepEqual(batch.messages, [{ ...place, bytes: Uint8Array.of(1, 2) }]);
  t.deepEqual(ends, []);
  await cluster.settle(scheduler.shutdown(place), { withinMs: 1000 });
  await cluster.runUntil(() => ends.length > 0, { withinMs: 20_000 });
  t.deepEqual(ends, [{ kind: 'shut-down' }]);
});

test('what an executor says while its agent is away is heard when that is back', async (t) => {
  using cluster = simulatedCluster({
    seed: 1,
    agents: 1,
    executors: (ports) => executorProgram(ports, []),
  });
  const batch = new Batch(cluster, 'batch', 2, 'delegate');
  batch.begin();
  const isRunning = (): boolean =>
    [...batch.heard.values()].every((all) => all.some(({ state }) => state === 'TASK_RUNNING'));
  await cluster.runUntil(isRunning, { withinMs: 30_000 });
  cluster.crash('a1');
  await cluster.runFor(1500);
  t.false(batch.isDone);
  cluster.restart('a1');
  await cluster.runUntil(() => batch.isDone, { withinMs: 30_000 });
  const last = [...batch.heard.values()].map((all) => all.at(-1)?.state);
  t.deepEqual(last, ['TASK_FINISHED', 'TASK_FINISHED']);
});

for (const seed of seeds) {
  test(`of each task of an executor an end is heard, whatever fails meanwhile: SEED=${seed}`, async (t) => {
    using cluster = simulatedCluster({ seed, executors: (ports) => executorProgram(ports, []) });
    const batch = new Batch(cluster, `batch${seed}`, 20, 'delegate');
    batch.begin();
    await cluster.storm(15_000);
    await cluster.runUntil(() => batch.isDone, { withinMs: 150_000 });
    t.deepEqual(batch.faults, []);
  });
}
