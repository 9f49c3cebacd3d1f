/** The stores of frameworks, under histories of chance, against a plain map. */
import test from 'ava';
import { type Random, randomFromSeed } from '#internal/base/random.ts';
import { bytesOfValue, type FrameworkStore } from '#internal/model/framework-store.ts';
import type { FrameworkId } from '#internal/model/ids.ts';
import { randomCommand } from '#internal/testing/random-commands.ts';
import { randomStore } from '#internal/testing/random-store.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { apply } from './apply.ts';
import type { Command, Effect } from './command.ts';
import { fromRecords } from './from-records.ts';
import { toRecords } from './records.ts';
import { newState, type State } from './state.ts';
import { isOfStore, type StoreCommand } from './store-command.ts';
import { newestVersion } from './version.ts';

const steps = 300;

type Step = {
  readonly state: State;
  readonly before: State;
  readonly command: Command;
  readonly effects: readonly Effect[];
  readonly message: string;
};

function live(look: (step: Step) => void, begin: (seed: number) => void = () => {}): void {
  for (const seed of seedsOf(30)) {
    begin(seed);
    const random = randomFromSeed(seed);
    let state: State = { ...newState(), version: newestVersion };
    for (let step = 0; step < steps; step++) {
      const before = state;
      const command = mostlyOfStores(random, state, 1000 + step);
      const applied = apply(state, command);
      state = applied.state;
      look({ state, before, command, effects: applied.effects, message: `SEED=${seed} ${step}` });
    }
  }
}

function mostlyOfStores(random: Random, state: State, atMs: number): Command {
  const [id] = [...state.frameworks.keys()].slice(random.below(3));
  if (id === undefined || random.oneIn(3)) return randomCommand(random, state, atMs);
  return { atMs, ...randomStore(random, state, id) };
}

const storeOf = (state: State, id: FrameworkId): FrameworkStore | undefined =>
  state.frameworks.get(id)?.store;

test('a version is given once in the life of a framework, and rises', (t) => {
  let given = new Map<FrameworkId, number>();
  let puts = 0;
  let deletions = 0;
  live(
    ({ effects, message }) => {
      for (const effect of effects) {
        if (effect.kind === 'value-deleted') deletions++;
        if (effect.kind === 'framework-removed') given.delete(effect.frameworkId);
        if (effect.kind !== 'value-put') continue;
        t.true(effect.version > (given.get(effect.frameworkId) ?? 0), message);
        given.set(effect.frameworkId, effect.version);
        puts++;
      }
    },
    () => (given = new Map()),
  );
  t.true(Math.min(puts, deletions) > seedsOf(30).length, `${puts} ${deletions}`);
});

test('each write is answered once, changes what it names alone, or nothing', (t) => {
  const counts = new Map<string, number>();
  live(({ state, before, command, effects, message }) => {
    if (!isOfStore(command)) return;
    const [effect, more] = effects;
    t.is(more, undefined, message);
    t.true(effect !== undefined && 'key' in effect && effect.key === command.key, message);
    const what = effect?.kind === 'store-refused' ? effect.refusal.kind : (effect?.kind ?? '');
    counts.set(what, (counts.get(what) ?? 0) + 1);
    if (effect?.kind === 'store-refused') {
      t.is(state, before, message);
      return;
    }
    const { frameworkId: id, key } = command;
    const [old, now] = [storeOf(before, id)!, storeOf(state, id)!];
    t.true(now.values.remove(key).equals(old.values.remove(key)), message);
    t.deepEqual(now.values.get(key)?.value, valueOf(command), message);
    t.is(before.frameworks.remove(id).equals(state.frameworks.remove(id)), true, message);
  });
  for (const what of [
    'value-put',
    'value-deleted',
    'framework-unknown',
    'key-unknown',
    'other-version',
    'too-many-keys',
    'too-many-bytes',
  ]) {
    t.true((counts.get(what) ?? 0) > 0, what);
  }
});

const valueOf = (command: StoreCommand): Uint8Array | undefined =>
  command.kind === 'put-value' ? command.value : undefined;

test('a write that expects a version is done only where it is there', (t) => {
  const counts = { met: 0, missed: 0 };
  live(({ before, command, effects, message }) => {
    if (!isOfStore(command) || command.expected === undefined) return;
    const actual = storeOf(before, command.frameworkId)?.values.get(command.key)?.version ?? 0;
    const [effect] = effects;
    if (effect?.kind !== 'store-refused') {
      counts.met++;
      t.is(command.expected, actual, message);
    } else if (effect.refusal.kind === 'other-version') {
      counts.missed++;
      t.like(effect.refusal, { expected: command.expected, actual }, message);
      t.not(command.expected, actual, message);
    }
  });
  t.true(Math.min(counts.met, counts.missed) > seedsOf(30).length, JSON.stringify(counts));
});

test('no put makes a store larger than the leader grants, and its books are right', (t) => {
  live(({ state, before, command, effects, message }) => {
    if (command.kind !== 'put-value' || effects[0]?.kind !== 'value-put') return;
    const old = storeOf(before, command.frameworkId)!;
    const { values, bytes } = storeOf(state, command.frameworkId)!;
    t.true(values.size <= Math.max(old.values.size, command.keysMax), message);
    t.true(bytes <= Math.max(old.bytes, command.bytesMax), message);
    const counted = [...values].reduce((sum, [key, value]) => sum + bytesOfValue(key, value), 0);
    t.is(bytes, counted, message);
  });
});

test('until the masters all know of stores nothing is kept in one', (t) => {
  const random = randomFromSeed('early stores');
  let state: State = { ...newState(), version: 2 };
  let refused = 0;
  for (let step = 0; step < steps; step++) {
    const command = mostlyOfStores(random, state, step);
    if (command.kind === 'raise-version') continue;
    const { state: next, effects } = apply(state, command);
    if (isOfStore(command)) {
      t.is(next, state);
      t.like(effects, [{ kind: 'store-refused', refusal: { kind: 'too-early' } }]);
      refused++;
    }
    state = next;
  }
  t.true(refused > 10);
});

test('a store that is restored of its records goes on with the versions', (t) => {
  let emptied = 0;
  live(({ state, effects, message }) => {
    if (effects[0]?.kind !== 'value-deleted') return;
    const restored = fromRecords(toRecords(state).values());
    for (const [id, { store }] of state.frameworks) {
      const again = storeOf(restored, id)!;
      t.deepEqual([again.version, again.bytes], [store.version, store.bytes], message);
      t.deepEqual(again.values.toJS(), store.values.toJS(), message);
      if (store.values.isEmpty() && store.version > 0) emptied++;
    }
  });
  t.true(emptied > 0);
});

test('a store goes with its framework', (t) => {
  let gone = 0;
  live(({ state, before, command, message }) => {
    if (command.kind !== 'remove-framework') return;
    if ((storeOf(before, command.frameworkId)?.values.size ?? 0) === 0) return;
    gone++;
    t.is(storeOf(state, command.frameworkId), undefined, message);
  });
  t.true(gone > 0);
});
