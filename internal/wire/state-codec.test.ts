import test from 'ava';
import fc from 'fast-check';
import { randomFromSeed } from '#internal/base/random.ts';
import type { Agent, Framework, Task } from '#internal/model/cluster.ts';
import { encoded } from '#internal/model/encoded.ts';
import { agentId, frameworkId, taskId } from '#internal/model/ids.ts';
import { apply } from '#internal/state/apply.ts';
import type { Command, TaskReport } from '#internal/state/command.ts';
import { diff, recordKey, toRecords } from '#internal/state/records.ts';
import { newState, type State, usualHistories } from '#internal/state/state.ts';
import { randomCommand } from '#internal/testing/random-commands.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { encode } from './protobuf.ts';
import {
  decodeCommand,
  diffRecords,
  digest,
  encodeCommand,
  recordsOf,
  StateCodecError,
  stateFromRecords,
} from './state-codec.ts';
import { WireError } from './wire-error.ts';

const steps = 200;

function history(seed: number, look: (state: State, before: State, step: number) => void): State {
  const random = randomFromSeed(seed);
  let state = newState();
  for (let step = 0; step < steps; step++) {
    const before = state;
    state = apply(state, randomCommand(random, state, 1000.25 + step)).state;
    look(state, before, step);
  }
  return state;
}

test('a command is read as it was written', (t) => {
  for (const seed of seedsOf(10)) {
    const random = randomFromSeed(seed);
    let state = newState();
    for (let step = 0; step < steps; step++) {
      const command = randomCommand(random, state, step + 0.5);
      t.deepEqual(decodeCommand(encodeCommand(command)), command, `SEED=${seed}`);
      state = apply(state, command).state;
    }
  }
});

test('a state cut into records and read back is the same, and goes on the same', (t) => {
  for (const seed of seedsOf(10)) {
    const random = randomFromSeed(seed);
    const cut = random.below(steps);
    let state = newState();
    let copy = state;
    for (let step = 0; step < steps; step++) {
      const command = randomCommand(random, state, step);
      state = apply(state, command).state;
      copy = apply(copy, decodeCommand(encodeCommand(command))).state;
      if (step === cut) {
        copy = stateFromRecords(recordsOf(copy).toReversed());
        for (const [key, record] of toRecords(state)) {
          t.deepEqual(toRecords(copy).get(key), record, `SEED=${seed}: ${key}`);
        }
      }
    }
    t.is(digest(copy), digest(state), `SEED=${seed}`);
    t.deepEqual(recordsOf(copy), recordsOf(state), `SEED=${seed}`);
  }
});

test('a mirror that follows the differences holds the state', (t) => {
  for (const seed of seedsOf(10)) {
    const random = randomFromSeed(`mirror/${seed}`);
    const mirror = new Map<string, Uint8Array>();
    let mirrored = newState();
    const end = history(seed, (state) => {
      if (!random.oneIn(3)) return;
      follow(mirror, mirrored, state);
      mirrored = state;
    });
    follow(mirror, mirrored, end);
    t.deepEqual(inKeyOrder(mirror), recordsOf(end), `SEED=${seed}`);
    t.is(digest(stateFromRecords(mirror)), digest(end), `SEED=${seed}`);
  }
});

function follow(mirror: Map<string, Uint8Array>, previous: State, next: State): void {
  for (const write of diffRecords(previous, next)) {
    if (write.kind === 'put') mirror.set(write.key, write.value);
    else if (!mirror.delete(write.key)) throw new Error(`${write.key} was never there`);
  }
}

test('a mirror forgets what the state forgets: old tasks, old frameworks', (t) => {
  const mirror = new Map<string, Uint8Array>();
  let state = newState();
  const take = (command: Command): void => {
    const next = apply(state, command).state;
    follow(mirror, state, next);
    state = next;
  };
  const framework = (i: number): Framework => ({ ...anyFramework, id: frameworkId(`F${i}`) });
  for (let i = 0; i < usualHistories.completedFrameworks + 3; i++) {
    take({ atMs: i, kind: 'subscribe-framework', framework: framework(i) });
    take({ atMs: i, kind: 'remove-framework', frameworkId: framework(i).id });
  }
  // The id is forgotten by now, and may be used again.
  take({ atMs: 100, kind: 'subscribe-framework', framework: framework(0) });
  take({ atMs: 100, kind: 'admit-agent', agent: anyAgent });
  for (let i = 0; i < usualHistories.completedTasks + 3; i++) {
    take({ atMs: i, kind: 'launch-tasks', tasks: [{ ...anyTask, launchedMs: i }] });
    take({ atMs: i, kind: 'update-tasks', updates: [lost] });
  }
  t.is(
    [...mirror.keys()].filter((key) => key.includes('/completed/')).length,
    usualHistories.completedTasks,
  );
  t.is(state.completedFrameworks.size, usualHistories.completedFrameworks);
  t.deepEqual(inKeyOrder(mirror), recordsOf(state));
  t.deepEqual(recordsOf(stateFromRecords(mirror)), recordsOf(state));
});

const anyFramework: Framework = {
  id: frameworkId('F0'),
  info: encoded<'mesos.v1.FrameworkInfo'>(Uint8Array.of(1)),
  name: 'n',
  user: 'u',
  principal: undefined,
  roles: [],
  capabilities: new Set(),
  checkpoint: true,
  failoverTimeoutMs: 0,
  registeredMs: 0,
  reregisteredMs: 0,
  connection: { kind: 'connected' },
};
const anyAgent: Agent = {
  id: agentId('S'),
  registration: 'r',
  info: encoded<'mesos.v1.AgentInfo'>(Uint8Array.of(2)),
  hostname: 'h',
  ip: '10.0.0.1',
  port: 5051,
  version: '1',
  capabilities: [],
  total: [],
  registeredMs: 0,
  reregisteredMs: undefined,
  reach: { kind: 'admitted' },
  deactivation: undefined,
  orphans: [],
};
const anyTask: Task = {
  id: taskId('t'),
  frameworkId: anyFramework.id,
  agentId: anyAgent.id,
  executorId: undefined,
  name: 'n',
  info: encoded<'mesos.v1.TaskInfo'>(Uint8Array.of(3)),
  resources: [],
  launchedMs: 0,
  state: 'staging',
  update: undefined,
  acknowledgedUuid: undefined,
  statuses: [],
  kill: undefined,
  groupId: undefined,
};
const lost: TaskReport = {
  frameworkId: anyTask.frameworkId,
  taskId: anyTask.id,
  agentId: anyTask.agentId,
  state: 'lost',
  update: {
    kind: 'master',
    state: 'lost',
    reason: 'agent-disconnected',
    message: 'm',
    atMs: 1,
    unreachableMs: undefined,
  },
};

const inKeyOrder = (mirror: ReadonlyMap<string, Uint8Array>): readonly [string, Uint8Array][] =>
  [...mirror].toSorted(([one], [other]) => (one < other ? -1 : 1));

test('a difference names each record once, by its own key', (t) => {
  history(seedsOf(1)[0] ?? 0, (state, before) => {
    t.deepEqual(diff(state, state), []);
    const changes = diff(before, state);
    t.is(new Set(changes.map(({ key }) => key)).size, changes.length);
    for (const { key, record } of changes) {
      if (record === undefined) t.true(toRecords(before).has(key), key);
      else t.is(recordKey(record), key);
    }
  });
});

test('digests are equal just when the records are', (t) => {
  const seen = new Map<string, string>();
  for (const seed of seedsOf(3)) {
    history(seed, (state) => {
      const text = recordsOf(state)
        .map(([key, value]) => `${key}=${value.join()}`)
        .join(';');
      const earlier = seen.get(digest(state));
      t.true(earlier === undefined || earlier === text, `SEED=${seed}`);
      seen.set(digest(state), text);
    });
  }
  t.is(new Set(seen.values()).size, seen.size);
  t.true(seen.size > steps / 2, `${seen.size} digests`);
});

test('a command of a newer version stops the master', (t) => {
  const bare = encode('altiplano.state.v1.Command', { at_ms: 1 });
  // Field 1000, two bytes long: as a command that will be invented one day.
  const newer = Uint8Array.from([...bare, 0xc2, 0x3e, 2, 8, 1]);
  t.throws(() => decodeCommand(newer), { name: 'StateCodecError', code: 'UNKNOWN_COMMAND' });
  const record: [string, Uint8Array] = ['new', Uint8Array.from([0xc2, 0x3e, 2, 8, 1])];
  t.throws(() => stateFromRecords([record]), { code: 'UNKNOWN_RECORD' });
});

test('damaged entries are refused by a fault of the wire and no other', (t) => {
  const commands = [...Array(40).keys()].map((seed) =>
    encodeCommand(randomCommand(randomFromSeed(seed), newState(), 1)),
  );
  fc.assert(
    fc.property(fc.constantFrom(...commands), fc.nat(), fc.nat(255), (bytes, at, byte) => {
      const damaged = bytes.with(at % bytes.length, byte);
      for (const candidate of [damaged, bytes.subarray(0, at % bytes.length)]) {
        try {
          decodeCommand(candidate);
        } catch (error) {
          const isKnown = error instanceof WireError || error instanceof StateCodecError;
          t.true(isKnown, String(error));
        }
      }
    }),
    { numRuns: 2000 },
  );
});
