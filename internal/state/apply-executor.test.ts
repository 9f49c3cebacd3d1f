/** Executors and the groups that run in them, under histories of chance. */
import test from 'ava';
import { randomFromSeed } from '#internal/base/random.ts';
import { type Executor, isTerminal, type Task } from '#internal/model/cluster.ts';
import { randomCommand } from '#internal/testing/random-commands.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { apply } from './apply.ts';
import type { Command, Effect } from './command.ts';
import { isIdle } from './draft.ts';
import { executorOf, newState, type State } from './state.ts';

const steps = 300;

type Step = {
  readonly state: State;
  readonly before: State;
  readonly command: Command;
  readonly effects: readonly Effect[];
  readonly message: string;
};

function live(look: (step: Step) => void): void {
  for (const seed of seedsOf(40)) {
    const random = randomFromSeed(seed);
    let state = newState();
    for (let step = 0; step < steps; step++) {
      const before = state;
      const command = randomCommand(random, state, 1000 + step);
      const { state: next, effects } = apply(state, command);
      state = next;
      look({ state, before, command, effects, message: `SEED=${seed} step ${step}` });
    }
  }
}

const tasksOf = (state: State): readonly Task[] =>
  [...state.frameworks.values()].flatMap(({ tasks }) => [...tasks.values()]);

const executorsOf = (state: State): readonly Executor[] =>
  [...state.frameworks.values()].flatMap(({ executors }) => [...executors.values()]);

test('the tasks of a group are launched all or none', (t) => {
  const counts = { launched: 0, refused: 0 };
  live(({ state, before, command, effects, message }) => {
    if (command.kind !== 'launch-with-executor') return;
    const ids = command.tasks.map(({ id }) => id);
    const { frameworkId } = command.executor;
    const [effect, more] = effects;
    t.is(more, undefined, message);
    if (effect?.kind === 'executor-refused') {
      counts.refused++;
      t.is(state, before, message);
      return;
    }
    t.is(effect?.kind, 'executor-launched', message);
    counts.launched += ids.length > 1 ? 1 : 0;
    const { tasks } = state.frameworks.get(frameworkId)!;
    t.true(
      ids.every((id) => tasks.get(id)?.state === 'staging'),
      message,
    );
  });
  t.true(Math.min(counts.launched, counts.refused) > seedsOf(40).length, JSON.stringify(counts));
});

test('a task that has not ended has its executor, and one that ends with its tasks has some', (t) => {
  let idle = 0;
  live(({ state, message }) => {
    for (const task of tasksOf(state)) {
      if (task.executorId === undefined || isTerminal(task.state)) continue;
      const { frameworkId, agentId, executorId: id } = task;
      t.truthy(executorOf(state, { frameworkId, agentId, id }), `${message}: ${task.id}`);
    }
    for (const executor of executorsOf(state)) {
      const agent = state.agents.get(executor.agentId);
      t.truthy(agent, message);
      if (!isIdle(state, executor)) continue;
      idle++;
      // While its agent is not reached, nobody knows what has become of its tasks.
      const isLost = agent?.reach.kind === 'unreachable';
      t.true(isLost || executor.endsWith === 'agent', `${message}: ${executor.id} is over`);
    }
  });
  t.true(idle > 0);
});

test('what an executor holds is taken once and freed once', (t) => {
  const counts = { taken: 0, freed: 0 };
  const keyOf = ({ frameworkId, agentId, id }: Executor): string =>
    `${frameworkId}/${agentId}/${id}`;
  for (const seed of seedsOf(40)) {
    const held = new Set<string>();
    const random = randomFromSeed(seed);
    let state = newState();
    for (let step = 0; step < steps; step++) {
      const applied = apply(state, randomCommand(random, state, 1000 + step));
      for (const effect of applied.effects) {
        const isFound = effect.kind === 'executor-found';
        if (isFound || (effect.kind === 'executor-launched' && effect.isNew)) {
          counts.taken++;
          t.false(held.has(keyOf(effect.executor)), `SEED=${seed}: taken twice`);
          held.add(keyOf(effect.executor));
        }
        if (effect.kind !== 'executor-ended') continue;
        counts.freed++;
        t.true(held.delete(keyOf(effect.executor)), `SEED=${seed}: freed twice`);
      }
      state = applied.state;
      const alive = executorsOf(state).map(keyOf);
      t.deepEqual(alive.toSorted(), [...held].toSorted(), `SEED=${seed}`);
    }
  }
  t.true(Math.min(counts.taken, counts.freed) > seedsOf(40).length, JSON.stringify(counts));
});

test('an executor that its agent says has ended goes with the last task that is left on paper', (t) => {
  let waited = 0;
  live(({ state, before, command, effects, message }) => {
    if (command.kind !== 'end-executors') return;
    if (before.agents.get(command.agentId)?.reach.kind !== 'admitted') return;
    for (const { frameworkId, executorId: id } of command.executors) {
      const name = { frameworkId, agentId: command.agentId, id };
      const executor = executorOf(before, name);
      if (executor === undefined) continue;
      if (isIdle(before, executor)) {
        t.is(executorOf(state, name), undefined, message);
        t.true(effects.some((effect) => effect.kind === 'executor-ended'));
      } else {
        waited++;
        t.is(executorOf(state, name)?.endsWith, 'tasks', message);
      }
    }
  });
  t.true(waited > 0);
});

test('an executor that its agent says it started lives until the agent says otherwise', (t) => {
  const counts = { new: 0, known: 0 };
  live(({ state, before, command, effects, message }) => {
    if (command.kind !== 'find-executors') return;
    const isHeard = before.agents.get(command.agentId)?.reach.kind === 'admitted';
    if (!isHeard) t.is(state, before, message);
    for (const executor of isHeard ? command.executors : []) {
      const known = executorOf(before, executor);
      if (!before.frameworks.has(executor.frameworkId)) continue;
      counts[known === undefined ? 'new' : 'known']++;
      t.is(executorOf(state, executor)?.endsWith, 'agent', message);
      const isFound = effects.some((one) => one.kind === 'executor-found');
      if (command.executors.length === 1) t.is(isFound, known === undefined, message);
    }
  });
  t.true(Math.min(counts.new, counts.known) > 0, JSON.stringify(counts));
});
