import test, { type ExecutionContext } from 'ava';
import { randomFromSeed } from '#internal/base/random.ts';
import { type Executor, isTerminal, type Task, type TaskState } from '#internal/model/cluster.ts';
import { encoded } from '#internal/model/encoded.ts';
import { contains, equals, sum, unallocated } from '#internal/resources/resources.ts';
import { randomCommand } from '#internal/testing/random-commands.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { apply } from './apply.ts';
import type { Command, Effect } from './command.ts';
import { tasksIn } from './load.ts';
import { toRecords } from './records.ts';
import { executorsOnAgent, newState, type State, usualHistories, tasksOnAgent } from './state.ts';

const steps = 400;

/** One history from a seed, shown step by step. */
function live(
  seed: number,
  look: (state: State, before: State, command: Command, effects: readonly Effect[]) => void,
): void {
  const random = randomFromSeed(seed);
  let state = newState();
  for (let step = 0; step < steps; step++) {
    const before = state;
    const command = randomCommand(random, state, 1000 + step);
    const { state: next, effects } = apply(state, command);
    state = next;
    look(state, before, command, effects);
  }
}

const allExecutors = (state: State): readonly Executor[] =>
  [...state.frameworks.values()].flatMap(({ executors }) => [...executors.values()]);

const isIn = ({ frameworkId, executorId }: Task, executor: Executor): boolean =>
  frameworkId === executor.frameworkId && executorId === executor.id;

const allTasks = (state: State, of: 'tasks' | 'unreachable'): readonly Task[] =>
  [...state.frameworks.values()].flatMap((record) => [...record[of].values()]);

test('the same commands lead to the same state and effects', (t) => {
  for (const seed of seedsOf(5)) {
    live(seed, (state, before, command, effects) => {
      t.deepEqual(apply(before, command), { state, effects }, `SEED=${seed}`);
    });
  }
});

test('tasks that are launched together are launched as if one by one', (t) => {
  let together = 0;
  let refused = 0;
  for (const seed of seedsOf(40)) {
    live(seed, (state, before, command, effects) => {
      if (command.kind !== 'launch-tasks' || command.tasks.length < 2) return;
      const told: Effect[] = [];
      let alone = before;
      for (const task of command.tasks) {
        const applied = apply(alone, { ...command, tasks: [task] });
        alone = applied.state;
        told.push(...applied.effects);
      }
      t.deepEqual(effects, told, `SEED=${seed}`);
      t.deepEqual(toRecords(state), toRecords(alone), `SEED=${seed}`);
      t.deepEqual(state.loads.toJS(), alone.loads.toJS(), `SEED=${seed}`);
      together++;
      if (effects.some(({ kind }) => kind === 'launch-refused')) refused++;
    });
  }
  t.true(together > 50 && refused > 10, `${together} together, ${refused} with refusals`);
});

test('no terminal state is followed by another, but on an agent that was out of reach', (t) => {
  let ends = 0;
  let returns = 0;
  for (const seed of seedsOf(40)) {
    live(seed, (state, before) => {
      for (const task of allTasks(before, 'tasks')) {
        const after = state.frameworks.get(task.frameworkId)?.tasks.get(task.id);
        if (!isTerminal(task.state) || after?.launchedMs !== task.launchedMs) continue;
        ends++;
        t.is(after.state, task.state, `SEED=${seed}: ${task.id}`);
      }
      for (const task of allTasks(before, 'unreachable')) {
        const after = state.frameworks.get(task.frameworkId)?.tasks.get(task.id);
        if (after?.launchedMs === task.launchedMs) returns++;
      }
    });
  }
  t.true(Math.min(ends, returns) > seedsOf(40).length, `${ends} ends, ${returns} returns`);
});

test('a task is in one place, on a known agent, and the books agree with the lists', (t) => {
  for (const seed of seedsOf(40)) {
    live(seed, (state) => {
      assertBooks(t, state, `SEED=${seed}`);
    });
  }
});

function assertBooks(t: ExecutionContext, state: State, message: string): void {
  for (const [id, { tasks, unreachable, completed }] of state.frameworks) {
    t.false(
      [...tasks.keys()].some((key) => unreachable.has(key)),
      message,
    );
    t.true(
      completed.every((task) => isTerminal(task.state) && task.frameworkId === id),
      message,
    );
    t.true(
      [...tasks.values()].every((task) => state.agents.has(task.agentId)),
      message,
    );
    for (const task of unreachable.values()) {
      t.not(state.agents.get(task.agentId)?.reach.kind, 'admitted', message);
    }
    for (const task of tasks.values()) {
      const { reach } = state.agents.get(task.agentId)!;
      t.true(reach.kind === 'admitted' || isTerminal(task.state), message);
    }
  }
  for (const id of state.agents.keys()) {
    const tasks = allTasks(state, 'tasks').filter(({ agentId }) => agentId === id);
    t.is(tasksOnAgent(state, id).length, tasks.length, message);
    const running = tasks.filter((task) => !isTerminal(task.state));
    const executors = allExecutors(state).filter(({ agentId }) => agentId === id);
    t.is(executorsOnAgent(state, id).length, executors.length, message);
    const held = sum([...running, ...executors].map(({ resources }) => unallocated(resources)));
    t.true(equals(state.loads.get(id)?.used ?? [], held), message);
    for (const executor of executors) {
      const own = running.filter((task) => isIn(task, executor));
      t.is(tasksIn(state.loads.get(id), executor), own.length, message);
    }
  }
  for (const [registration, id] of state.registrations) {
    t.is(state.agents.get(id)?.registration, registration, message);
  }
}

test('no launch takes what is not free on its agent', (t) => {
  let launched = 0;
  const refusals = new Map<string, number>();
  for (const seed of seedsOf(40)) {
    live(seed, (state, _before, _command, effects) => {
      for (const effect of effects) {
        if (effect.kind === 'launch-refused' || effect.kind === 'executor-refused') {
          refusals.set(effect.reason, (refusals.get(effect.reason) ?? 0) + 1);
        }
        const agentId = launchedOn(effect);
        if (agentId === undefined) continue;
        launched++;
        const { total } = state.agents.get(agentId)!;
        const running = tasksOnAgent(state, agentId).filter((task) => !isTerminal(task.state));
        const holders = [...running, ...executorsOnAgent(state, agentId)];
        const held = sum(holders.map(({ resources }) => unallocated(resources)));
        t.true(contains(total, held), `SEED=${seed}`);
        const ports = running.flatMap(({ resources }) => resources.filter(isPort));
        const distinct = sum([ports.map((port) => ({ ...port, allocationRole: undefined }))]);
        t.is(portCount(distinct), ports.length, `SEED=${seed}: a port twice`);
      }
    });
  }
  t.true(launched > seedsOf(40).length, `${launched} launches`);
  t.deepEqual([...refusals.keys()].toSorted(), [
    'agent-unknown',
    'agent-unreachable',
    'duplicate-task-id',
    'framework-unknown',
    'resources-unavailable',
  ]);
});

function launchedOn(effect: Effect): Task['agentId'] | undefined {
  if (effect.kind === 'task-launched') return effect.task.agentId;
  return effect.kind === 'executor-launched' ? effect.executor.agentId : undefined;
}

const isPort = ({ name }: Task['resources'][number]): boolean => name === 'ports';

function portCount(resources: Task['resources']): number {
  let count = 0;
  for (const { value } of resources) {
    if (value.kind !== 'ranges') continue;
    for (const { begin, end } of value.ranges) count += end - begin + 1;
  }
  return count;
}

test('what a scheduler is told by the state is what it is recorded to have been told', (t) => {
  let told = 0;
  for (const seed of seedsOf(40)) {
    live(seed, (state, _before, _command, effects) => {
      for (const effect of effects) {
        if (effect.kind !== 'task-updated') continue;
        told++;
        t.is(effect.task.update, effect.update, `SEED=${seed}`);
        t.is(effect.update.kind, 'master');
        const { id, frameworkId } = effect.task;
        const record = state.frameworks.get(frameworkId);
        const known =
          record?.tasks.get(id) ?? record?.unreachable.get(id) ?? record?.completed.last();
        t.truthy(known, `SEED=${seed}: told of a task that is nowhere`);
      }
    });
  }
  t.true(told > seedsOf(40).length, `${told} told`);
});

test('a task is freed once: it ends when its newest state becomes terminal', (t) => {
  for (const seed of seedsOf(40)) {
    const running = new Set<string>();
    const keyOf = (task: Task): string => `${task.frameworkId}/${task.id}/${task.launchedMs}`;
    live(seed, (_state, _before, _command, effects) => {
      for (const effect of effects) {
        if (effect.kind === 'task-launched') running.add(keyOf(effect.task));
        if (effect.kind === 'executor-launched') {
          for (const task of effect.tasks) running.add(keyOf(task));
        }
        if (effect.kind === 'task-ended') {
          t.true(running.delete(keyOf(effect.task)), `SEED=${seed}: ended twice`);
        }
      }
    });
  }
});

test('an agent that is not reached costs partition-aware frameworks nothing for good', (t) => {
  const states: TaskState[] = [];
  for (const seed of seedsOf(40)) {
    live(seed, (state, before, command, effects) => {
      if (command.kind !== 'mark-agent-unreachable') return;
      for (const effect of effects) {
        if (effect.kind !== 'task-updated') continue;
        const { framework, unreachable } = state.frameworks.get(effect.task.frameworkId)!;
        const isAware = framework.capabilities.has('PARTITION_AWARE');
        t.is(effect.update.state, isAware ? 'unreachable' : 'lost', `SEED=${seed}`);
        t.is(unreachable.get(effect.task.id), effect.task, `SEED=${seed}`);
        states.push(effect.update.state);
      }
      t.is(before.agents.size, state.agents.size);
    });
  }
  t.true(states.includes('unreachable') && states.includes('lost'));
});

test('a removed framework does not come back while it is remembered', (t) => {
  let refused = 0;
  for (const seed of seedsOf(40)) {
    live(seed, (state, before, command) => {
      if (command.kind !== 'subscribe-framework') return;
      const { id } = command.framework;
      if (!before.completedFrameworks.some(({ framework }) => framework.id === id)) return;
      refused++;
      t.is(state, before, `SEED=${seed}`);
    });
  }
  t.true(refused > seedsOf(40).length, `${refused} refused`);
});

test('the acknowledgement of the last update completes a task, whichever is committed first', (t) => {
  const { state: started, task } = oneTask();
  const ids = { frameworkId: task.frameworkId, taskId: task.id, agentId: task.agentId };
  const uuid = '00000000-0000-4000-8000-000000000001';
  const status = encoded<'mesos.v1.TaskStatus'>(task.info);
  const update = { kind: 'agent', state: 'finished', uuid, status } as const;
  const report: Command = {
    atMs: 5,
    kind: 'update-tasks',
    updates: [{ ...ids, state: 'finished', update }],
  };
  const acknowledgement: Command = {
    atMs: 6,
    kind: 'acknowledge-updates',
    acknowledgements: [{ ...ids, uuid }],
  };
  for (const order of [
    [report, acknowledgement],
    [acknowledgement, report],
    [report, report, acknowledgement, acknowledgement, report],
  ]) {
    const end = order.reduce((state, command) => apply(state, command).state, started);
    const record = end.frameworks.get(task.frameworkId)!;
    t.is(record.tasks.size, 0);
    t.deepEqual(record.completed.map((one) => one.acknowledgedUuid).toArray(), [uuid]);
  }
});

test('a history keeps the newest tasks, and their numbers', (t) => {
  let { state, task } = oneTask();
  const ids = { frameworkId: task.frameworkId, taskId: task.id, agentId: task.agentId };
  const lost = { kind: 'master', state: 'lost', reason: 'agent-disconnected' } as const;
  const update = { ...lost, message: '', atMs: 1, unreachableMs: undefined };
  for (let i = 0; i < usualHistories.completedTasks + 10; i++) {
    const updates = [{ ...ids, state: 'lost', update }] as const;
    state = apply(state, { atMs: i, kind: 'update-tasks', updates }).state;
    state = apply(state, {
      atMs: i,
      kind: 'launch-tasks',
      tasks: [{ ...task, launchedMs: i }],
    }).state;
  }
  const { completed, completedFirst } = state.frameworks.get(task.frameworkId)!;
  t.is(completed.size, usualHistories.completedTasks);
  t.is(completedFirst, 10);
  t.is(completed.last()?.launchedMs, usualHistories.completedTasks + 8);
});

test('what an agent lost while it was away is not kept running on paper', (t) => {
  const { state, task, agent } = oneTask();
  const back = (tasks: readonly Task[]): Command => ({
    atMs: 9,
    kind: 'reregister-agent',
    agent,
    operations: [],
    executors: [],
    tasks: tasks.map(({ frameworkId, id, state: known }) => ({
      frameworkId,
      taskId: id,
      state: known,
    })),
  });
  const running = { ...task, state: 'running' } as const;
  const started = apply(state, back([running])).state;
  t.is(apply(state, back([])).state.frameworks.get(task.frameworkId)?.tasks.size, 1, 'staging');
  const { state: without, effects } = apply(started, back([]));
  t.is(without.frameworks.get(task.frameworkId)?.tasks.size, 0);
  t.deepEqual(
    effects.map(({ kind }) => kind),
    ['task-ended', 'task-updated', 'agent-reregistered'],
  );
});

/** A cluster in which one task was launched. */
function oneTask(): {
  state: State;
  task: Task;
  agent: Extract<Command, { agent: unknown }>['agent'];
} {
  for (let seed = 0; ; seed++) {
    const random = randomFromSeed(seed);
    let state = newState();
    for (let step = 0; step < 40; step++) {
      const command = randomCommand(random, state, step);
      const applied = apply(state, command);
      state = applied.state;
      const [launched, other] = allTasks(state, 'tasks');
      if (launched?.state !== 'staging' || other !== undefined) continue;
      if (launched.executorId !== undefined) continue;
      if (!state.frameworks.get(launched.frameworkId)!.completed.isEmpty()) continue;
      return { state, task: launched, agent: state.agents.get(launched.agentId)! };
    }
  }
}
