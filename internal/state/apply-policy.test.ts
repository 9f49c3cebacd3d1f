import test from 'ava';
import { randomFromSeed } from '#internal/base/random.ts';
import { isTerminal } from '#internal/model/cluster.ts';
import { agentId, role } from '#internal/model/ids.ts';
import { isMachineOf, isSameMachine, noMaintenance } from '#internal/model/policy.ts';
import { limits } from '#internal/resources/limits.ts';
import { noQuantities, quantities } from '#internal/resources/quantities.ts';
import { randomCommand } from '#internal/testing/random-commands.ts';
import { randomPolicy } from '#internal/testing/random-policy.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { apply } from './apply.ts';
import type { Command, Effect } from './command.ts';
import { newState, type State } from './state.ts';

type Step = {
  readonly before: State;
  readonly command: Command;
  readonly state: State;
  readonly effects: readonly Effect[];
};

/** Histories from seeds, shown step by step. */
function* steps(): Iterable<Step & { readonly seed: number }> {
  for (const seed of seedsOf(60)) {
    const random = randomFromSeed(seed);
    let state = newState();
    for (let step = 0; step < 260; step++) {
      const before = state;
      const atMs = 1000 + step;
      const isPolicy = random.oneIn(3);
      const id = agentId(`S${random.below(3)}`);
      const command: Command = isPolicy
        ? { atMs, ...randomPolicy(random, state, id) }
        : randomCommand(random, state, atMs);
      const applied = apply(state, command);
      state = applied.state;
      yield { seed, before, command, ...applied };
    }
  }
}

const machineIn = { hostname: 'HOST-S0', ip: undefined };
const always = { startNs: 0n, durationNs: undefined };

test('a machine that is down is in the schedule, and none of its agents is in the books', (t) => {
  let downs = 0;
  for (const { seed, state } of steps()) {
    const { windows, down } = state.maintenance;
    downs += down.length;
    const scheduled = windows.flatMap(({ machines }) => machines);
    for (const machine of down) {
      t.true(
        scheduled.some((one) => isSameMachine(one, machine)),
        `SEED=${seed}`,
      );
      const isThere = state.agents.some((agent) => isMachineOf(machine, agent));
      t.false(isThere, `SEED=${seed}`);
    }
  }
  t.true(downs > 100, `${downs}`);
});

test('a gone agent is in no book any more, and its tasks are told so once, by capability', (t) => {
  const told = new Set<string>();
  let gone = 0;
  for (const { seed, before, state, effects } of steps()) {
    const going = effects.find(({ kind }) => kind === 'agent-gone');
    if (going?.kind !== 'agent-gone') continue;
    gone++;
    t.false(state.agents.has(going.agentId), `SEED=${seed}`);
    t.true(state.goneAgents.has(going.agentId), `SEED=${seed}`);
    for (const record of before.frameworks.values()) {
      const isAware = record.framework.capabilities.has('PARTITION_AWARE');
      for (const task of [...record.tasks.values(), ...record.unreachable.values()]) {
        if (task.agentId !== going.agentId || isTerminal(task.state)) continue;
        const updates = effects.filter(
          (effect) =>
            effect.kind === 'task-updated' &&
            effect.task.id === task.id &&
            effect.task.frameworkId === task.frameworkId,
        );
        const [update] = updates.map((effect) => effect.kind === 'task-updated' && effect.update);
        if (update === undefined || update === false || update.kind !== 'master') continue;
        t.is(update.state, isAware ? 'gone-by-operator' : 'lost', `SEED=${seed}`);
        t.is(update.message, 'Agent has been marked gone');
        told.add(`${update.state} ${update.reason}`);
      }
    }
  }
  t.true(gone > 50, `${gone}`);
  t.deepEqual([...told].toSorted(), [
    'gone-by-operator agent-removed-by-operator',
    'lost agent-removed',
  ]);
});

test('an agent stays deactivated however often it comes back, until an operator says otherwise', (t) => {
  let returns = 0;
  for (const { seed, before, command, state } of steps()) {
    if (command.kind !== 'reregister-agent') continue;
    const known = before.agents.get(command.agent.id);
    if (known?.deactivation === undefined) continue;
    returns++;
    t.is(state.agents.get(known.id)?.deactivation, known.deactivation, `SEED=${seed}`);
  }
  t.true(returns > 50, `${returns}`);
});

test('a drain ends drained or gone, and only a drained or idle agent is given work again', (t) => {
  let ends = 0;
  for (const { seed, before, command, state, effects } of steps()) {
    if (command.kind !== 'finish-drain' && command.kind !== 'reactivate-agent') continue;
    const was = before.agents.get(command.agentId)?.deactivation;
    const is = state.agents.get(command.agentId);
    if (command.kind === 'reactivate-agent') {
      const isKept = was === undefined || was.kind === 'draining';
      t.is(is?.deactivation, isKept ? was : undefined, `SEED=${seed}`);
    } else if (was?.kind !== 'draining') {
      t.deepEqual([state, effects], [before, []], `SEED=${seed}`);
    } else {
      ends++;
      if (was.isGoneThen) t.is(is, undefined, `SEED=${seed}`);
      else t.deepEqual(is?.deactivation, { ...was, kind: 'drained' }, `SEED=${seed}`);
    }
  }
  t.true(ends > 20, `${ends}`);
});

test('weights and quotas of the roles named are replaced, and no others', (t) => {
  const [a, b] = [role('a'), role('b')];
  const two = { guarantees: quantities([['cpus', 2000]]), limits: limits([['cpus', 4000]]) };
  const none = { guarantees: noQuantities, limits: limits([]) };
  const commands: readonly Command[] = [
    { atMs: 1, kind: 'update-weights', weights: [{ role: a, weight: 2 }] },
    { atMs: 2, kind: 'update-weights', weights: [{ role: b, weight: 3 }] },
    { atMs: 3, kind: 'update-quotas', quotas: [{ role: a, quota: two }] },
    { atMs: 4, kind: 'update-quotas', quotas: [{ role: b, quota: two }] },
    { atMs: 5, kind: 'update-quotas', quotas: [{ role: b, quota: none }] },
  ];
  const state = commands.reduce((one, command) => apply(one, command).state, newState());
  t.deepEqual(state.weights.toArray(), [
    [a, 2],
    [b, 3],
  ]);
  t.is(state.quotas.get(a), two);
  t.is(state.quotas.get(b), none, 'a quota that was taken away is remembered as none');
});

test('the schedule is replaced as a whole, but for what is down', (t) => {
  const other = { hostname: 'h2', ip: '10.0.0.9' };
  const both = [{ machines: [machineIn, other], unavailability: always }];
  const commands: readonly Command[] = [
    { atMs: 1, kind: 'schedule-maintenance', windows: both },
    { atMs: 2, kind: 'start-maintenance', machines: [other] },
    { atMs: 3, kind: 'schedule-maintenance', windows: [] },
  ];
  const state = commands.reduce((one, command) => apply(one, command).state, newState());
  t.deepEqual(state.maintenance, {
    windows: [{ machines: [other], unavailability: always }],
    down: [other],
  });
  const up = apply(state, { atMs: 4, kind: 'stop-maintenance', machines: [other] }).state;
  t.is(up.maintenance, noMaintenance);
});

test('what comes too late, for an agent that is gone, changes nothing', (t) => {
  const id = agentId('nobody');
  for (const command of [
    { kind: 'mark-agent-gone', agentId: id },
    { kind: 'drain-agent', agentId: id, maxGraceMs: undefined, isGoneThen: true },
    { kind: 'finish-drain', agentId: id },
    { kind: 'deactivate-agent', agentId: id },
    { kind: 'reactivate-agent', agentId: id },
  ] as const) {
    const before = newState();
    t.deepEqual(apply(before, { atMs: 1, ...command }), { state: before, effects: [] });
  }
});
