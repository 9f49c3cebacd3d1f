import test from 'ava';
import { randomFromSeed } from '#internal/base/random.ts';
import type { AgentId } from '#internal/model/ids.ts';
import { isOver, type Operation } from '#internal/model/operation.ts';
import { convert } from '#internal/resources/conversion.ts';
import { flattened } from '#internal/resources/reservation.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { contains, equals, resources } from '#internal/resources/resources.ts';
import { isVolume } from '#internal/resources/volume.ts';
import { randomCommand } from '#internal/testing/random-commands.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { apply } from './apply.ts';
import { isUnheard } from './apply-operation.ts';
import type { Command, Effect } from './command.ts';
import { newState, operationsOnAgent, type State } from './state.ts';

type Step = {
  readonly before: State;
  readonly after: State;
  readonly command: Command;
  readonly effects: readonly Effect[];
};

function live(seed: number, look: (step: Step) => void): void {
  const random = randomFromSeed(seed);
  let before = newState();
  for (let at = 0; at < 600; at++) {
    const command = randomCommand(random, before, 1000 + at);
    const { state: after, effects } = apply(before, command);
    look({ before, after, command, effects });
    before = after;
  }
}

const allOperations = (state: State): readonly Operation[] =>
  [...state.agents.keys()].flatMap((id) => operationsOnAgent(state, id));

/** What the machine has, whoever it is for and whatever lies on it. */
const bare = (list: Resources): Resources =>
  flattened(resources(list.map((one) => (isVolume(one) ? { ...one, disk: undefined } : one))));

test('an operation changes for whom things are and what lies on them, and no amount', (t) => {
  let applied = 0;
  for (const seed of seedsOf(40)) {
    live(seed, ({ before, after, command }) => {
      if (command.kind !== 'apply-operation') return;
      const { agentId } = command.operation;
      const [was, is] = [before.agents.get(agentId), after.agents.get(agentId)];
      if (was === undefined || is === undefined) return;
      if (was.total !== is.total) applied++;
      t.true(equals(bare(was.total), bare(is.total)), `SEED=${seed}`);
    });
  }
  t.true(applied > 5 * seedsOf(40).length, `${applied} operations changed a total`);
});

test('what tasks hold is never converted under them', (t) => {
  let held = 0;
  for (const seed of seedsOf(40)) {
    live(seed, ({ before, after, effects }) => {
      for (const effect of effects) {
        if (effect.kind !== 'operation-applied') continue;
        const { agentId } = effect.operation;
        const used = before.loads.get(agentId)?.used ?? [];
        if (used.length > 0) held++;
        t.true(contains(after.agents.get(agentId)!.total, used), `SEED=${seed}`);
      }
    });
  }
  t.true(held > seedsOf(40).length, `${held} operations beside tasks`);
});

test('an operation is over once: no state follows, and one word of its end is new to its framework', (t) => {
  const ends = new Map<string, number>();
  for (const seed of seedsOf(60)) {
    const told = new Map<string, Set<string | undefined>>();
    live(seed, ({ before, after, effects }) => {
      for (const one of allOperations(before)) {
        const next = after.operations.get(one.agentId)?.get(one.uuid);
        if (isOver(one.state) && next !== undefined) t.is(next.state, one.state, `SEED=${seed}`);
      }
      for (const effect of effects) {
        if (effect.kind !== 'operation-updated' || !isOver(effect.update.state)) continue;
        const { operation, update } = effect;
        const words = told.get(operation.uuid) ?? new Set();
        told.set(operation.uuid, words.add(update.uuid));
        t.is(words.size, 1, `SEED=${seed}: ${operation.uuid}`);
        ends.set(update.state, (ends.get(update.state) ?? 0) + 1);
      }
    });
  }
  const common = ['finished', 'failed', 'dropped', 'gone-by-operator'];
  t.true(
    common.every((state) => (ends.get(state) ?? 0) > 5),
    JSON.stringify([...ends]),
  );
});

test('an operation leaves the books when it is acknowledged, or nobody is left to hear of it', (t) => {
  const causes = { acknowledged: 0, unheard: 0, lost: 0 };
  for (const seed of seedsOf(60)) {
    live(seed, ({ before, after, command, effects }) => {
      for (const one of allOperations(before)) {
        if (after.operations.get(one.agentId)?.has(one.uuid) === true) continue;
        const isTold = effects.some(
          (effect) => effect.kind === 'operation-acknowledged' && effect.operationUuid === one.uuid,
        );
        if (command.kind === 'acknowledge-operation') causes.acknowledged++;
        else if (isUnheard(after, one) && isTold) causes.unheard++;
        else {
          causes.lost++;
          const isOfAgent = /agent|maintenance|drain/u.test(command.kind);
          t.true(isOfAgent, `SEED=${seed}: ${command.kind}`);
        }
      }
    });
  }
  t.true(Math.min(...Object.values(causes)) > 10, JSON.stringify(causes));
});

test('an agent that comes back has what it says, and what it never heard of on top', (t) => {
  const seen = { known: 0, again: 0, dropped: 0 };
  for (const seed of seedsOf(60)) {
    live(seed, ({ before, after, command, effects }) => {
      if (command.kind !== 'reregister-agent') return;
      const { id, total } = command.agent;
      const now = after.agents.get(id);
      if (before.agents.get(id) === undefined || now === undefined) return;
      const known = new Set(command.operations);
      const again = operationsOnAgent(after, id).filter(({ uuid }) => !known.has(uuid));
      t.true(
        again.every(({ state }) => state === 'pending'),
        `SEED=${seed}`,
      );
      const expected = again.reduce<Resources>((list, { conversions }) => {
        const next = convert(list, conversions);
        return next.ok ? next.value : t.fail(`SEED=${seed}: ${next.refusal}`) && list;
      }, total);
      t.true(equals(now.total, expected), `SEED=${seed}`);
      seen.known += operationsOnAgent(after, id).length - again.length;
      seen.again += again.length;
      seen.dropped += droppedOn(id, effects);
    });
  }
  t.true(Math.min(...Object.values(seen)) > 10, JSON.stringify(seen));
});

const droppedOn = (id: AgentId, effects: readonly Effect[]): number =>
  effects.filter(
    (effect) =>
      effect.kind === 'operation-updated' &&
      effect.update.state === 'dropped' &&
      effect.operation.agentId === id,
  ).length;
