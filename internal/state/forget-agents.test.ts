/** Agents that are forgotten, those that come back in crowds, and those that come back after all. */
import test from 'ava';
import { agentId } from '#internal/model/ids.ts';
import { randomFromSeed } from '#internal/base/random.ts';
import { randomCommand } from '#internal/testing/random-commands.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { apply } from './apply.ts';
import type { AgentReturn, Command, Effect } from './command.ts';
import { newState, operationsOnAgent, type State, tasksOnAgent } from './state.ts';

type Step = {
  readonly seed: number;
  readonly before: State;
  readonly command: Command;
  readonly state: State;
  readonly effects: readonly Effect[];
};

function* steps(seeds: number): Generator<Step> {
  for (const seed of seedsOf(seeds)) {
    const random = randomFromSeed(`forget ${seed}`);
    let state = newState();
    for (let n = 0; n < 250; n++) {
      const before = state;
      const command = randomCommand(random, before, 1000 * n);
      const applied = apply(before, command);
      state = applied.state;
      yield { seed, before, command, ...applied };
    }
  }
}

test('only agents that are unreachable or gone are forgotten, and nothing is left of them', (t) => {
  let [forgotten, spared] = [0, 0];
  for (const { seed, before, command, state } of steps(60)) {
    if (command.kind !== 'forget-agents') continue;
    for (const id of command.agentIds) {
      t.false(state.goneAgents.has(id), `SEED=${seed}`);
      const reach = before.agents.get(id)?.reach.kind;
      if (reach === 'admitted') {
        spared++;
        t.is(state.agents.get(id), before.agents.get(id), `SEED=${seed}`);
        continue;
      }
      if (reach === 'unreachable') forgotten++;
      t.false(state.agents.has(id), `SEED=${seed}`);
      t.false(
        state.registrations.some((agent) => agent === id),
        `SEED=${seed}`,
      );
      t.deepEqual(tasksOnAgent(state, id), [], `SEED=${seed}`);
      t.deepEqual(operationsOnAgent(state, id), [], `SEED=${seed}`);
    }
  }
  t.true(Math.min(forgotten, spared) > 20, `${forgotten} ${spared}`);
});

test('a crowd that comes back is as many that come back one after the other', (t) => {
  let crowds = 0;
  for (const { seed, before, command, state, effects } of steps(60)) {
    if (command.kind !== 'reregister-agents') continue;
    if (command.returns.length > 1) crowds++;
    let one = { state: before, effects: [] as readonly Effect[] };
    for (const agentReturn of command.returns) {
      const { atMs } = command;
      const next = apply(one.state, { atMs, kind: 'reregister-agent', ...agentReturn });
      one = { state: next.state, effects: [...one.effects, ...next.effects] };
    }
    t.deepEqual(one.effects, effects, `SEED=${seed}`);
    t.deepEqual(one.state.agents.toJS(), state.agents.toJS(), `SEED=${seed}`);
    t.deepEqual(one.state.frameworks.toJS(), state.frameworks.toJS(), `SEED=${seed}`);
  }
  t.true(crowds > 100, `${crowds}`);
});

test('an agent that was forgotten begins anew under its id, and brings its unreachable tasks', (t) => {
  let [back, brought] = [0, 0];
  for (const { seed, state } of steps(80)) {
    const away = state.agents.find(({ reach }) => reach.kind === 'unreachable');
    if (away === undefined) continue;
    const atMs = 1e9;
    const { state: without } = apply(state, { atMs, kind: 'forget-agents', agentIds: [away.id] });
    const lost = [...without.frameworks.values()].flatMap(({ unreachable }) =>
      [...unreachable.values()].filter((task) => task.agentId === away.id),
    );
    const tasks = lost.map(({ frameworkId, id }) => ({
      frameworkId,
      taskId: id,
      state: 'running' as const,
    }));
    const again: AgentReturn = { agent: away, tasks, operations: [], executors: [] };
    const { state: after, effects } = apply(without, { atMs, kind: 'reregister-agent', ...again });
    if (effects.some(({ kind }) => kind === 'agent-removed')) continue; // Its machine is down.
    back++;
    brought += lost.length;
    const agent = after.agents.get(away.id);
    t.is(agent?.reach.kind, 'admitted', `SEED=${seed}`);
    t.is(agent?.registeredMs, atMs, `SEED=${seed}`);
    t.is(tasksOnAgent(after, away.id).length, lost.length, `SEED=${seed}`);
  }
  t.true(Math.min(back, brought) > 50, `${back} ${brought}`);
});

test('an agent that an operator declared gone does not come back, until that is forgotten', (t) => {
  let gone = 0;
  for (const { seed, state } of steps(60)) {
    const id = state.goneAgents.keySeq().find((one) => !state.agents.has(one));
    const other = state.agents.first();
    if (id === undefined || other === undefined) continue;
    if (state.maintenance.down.length > 0) continue;
    gone++;
    const agent = { ...other, id: agentId(id), registration: `of ${id}` };
    const comesBack = {
      atMs: 1e9,
      kind: 'reregister-agent' as const,
      tasks: [],
      operations: [],
      executors: [],
    };
    const refused = apply(state, { ...comesBack, agent });
    t.false(refused.state.agents.has(id), `SEED=${seed}`);
    const { state: later } = apply(state, { atMs: 1e9, kind: 'forget-agents', agentIds: [id] });
    t.true(apply(later, { ...comesBack, agent }).state.agents.has(id), `SEED=${seed}`);
  }
  t.true(gone > 20, `${gone}`);
});
