/** How much is remembered is said in the log, and holds for what is remembered already. */
import test from 'ava';
import { randomFromSeed } from '#internal/base/random.ts';
import { randomCommand } from '#internal/testing/random-commands.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { apply } from './apply.ts';
import type { Command } from './command.ts';
import { type Histories, newState, type State } from './state.ts';

const raised = apply(newState(), { kind: 'raise-version', version: 4, atMs: 0 }).state;

const limit = (histories: Histories, atMs: number): Command => ({
  kind: 'limit-histories',
  histories,
  atMs,
});

/** A history in which nobody else says how much is remembered. */
function* statesOf(seed: number, from: State): Generator<State, void> {
  const random = randomFromSeed(`histories/${seed}`);
  let state = from;
  for (let step = 0; step < 400; step++) {
    const command = randomCommand(random, state, 1000 + step);
    if (command.kind === 'limit-histories') continue;
    state = apply(state, command).state;
    yield state;
  }
}

const sizesOf = ({ frameworks, completedFrameworks }: State): Histories => {
  const records = [...frameworks.values()];
  return {
    completedFrameworks: completedFrameworks.size,
    completedTasks: Math.max(0, ...records.map(({ completed }) => completed.size)),
    unreachableTasks: Math.max(0, ...records.map(({ unreachable }) => unreachable.size)),
  };
};

test('no more is kept than the log says, from the moment on that it says so', (t) => {
  const full = { completedFrameworks: 0, completedTasks: 0, unreachableTasks: 0 };
  for (const seed of seedsOf(20)) {
    const random = randomFromSeed(`limits/${seed}`);
    const histories = {
      completedFrameworks: random.below(3),
      completedTasks: random.below(4),
      unreachableTasks: random.below(3),
    };
    const began = random.oneIn(2) ? raised : ([...statesOf(seed + 1000, raised)].at(-1) ?? raised);
    const limited = apply(began, limit(histories, 1)).state;
    for (const state of [limited, ...statesOf(seed, limited)]) {
      const sizes = sizesOf(state);
      for (const name of ['completedFrameworks', 'completedTasks', 'unreachableTasks'] as const) {
        t.true(sizes[name] <= histories[name], `SEED=${seed}: ${sizes[name]} ${name}`);
        if (sizes[name] > 0 && sizes[name] === histories[name]) full[name]++;
      }
    }
  }
  t.true(Math.min(...Object.values(full)) > 100, JSON.stringify(full));
});

test('what is forgotten is the oldest, and the numbers of the others stay theirs', (t) => {
  let forgotten = 0;
  for (const seed of seedsOf(10)) {
    const before = [...statesOf(seed, raised)].at(-1) ?? raised;
    const histories = { completedFrameworks: 1, completedTasks: 2, unreachableTasks: 1 };
    const after = apply(before, limit(histories, 1)).state;
    for (const [id, { completed, completedFirst, unreachable }] of before.frameworks) {
      const record = after.frameworks.get(id)!;
      t.deepEqual(record.completed.toArray(), completed.toArray().slice(-2), `SEED=${seed}`);
      t.is(record.completedFirst, completedFirst + Math.max(0, completed.size - 2));
      const since = (at: { readonly update: unknown } | undefined): number => atMsOf(at?.update);
      const newest = Math.max(0, ...[...unreachable.values()].map(since));
      if (unreachable.size > 0) t.is(since(record.unreachable.first()), newest, `SEED=${seed}`);
      if (completed.size > 2 || unreachable.size > 1) forgotten++;
    }
    t.is(after.completedFrameworks.last(), before.completedFrameworks.last());
  }
  t.true(forgotten > 5, `${forgotten} forgotten`);
});

test('before all masters know of it nothing changes', (t) => {
  const histories = { completedFrameworks: 1, completedTasks: 1, unreachableTasks: 1 };
  const state = newState();
  t.is(apply(state, limit(histories, 1)).state, state);
});

function atMsOf(update: unknown): number {
  const isTold = typeof update === 'object' && update !== null && 'atMs' in update;
  return isTold ? Number(update.atMs) : 0;
}
