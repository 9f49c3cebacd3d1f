import test from 'ava';
import { randomFromSeed } from '#internal/base/random.ts';
import type { Agent } from '#internal/model/cluster.ts';
import { encoded } from '#internal/model/encoded.ts';
import { type AgentId, agentId as toAgentId } from '#internal/model/ids.ts';
import type { Operation } from '#internal/model/operation.ts';
import type { FoundVolume, VolumeRecord } from '#internal/model/volume.ts';
import { convert } from '#internal/resources/conversion.ts';
import { parseResources } from '#internal/resources/parse.ts';
import { pushReservation } from '#internal/resources/reservation.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { format } from '#internal/resources/format.ts';
import { isVolume } from '#internal/resources/volume.ts';
import { foundUnder, volumeName } from '#internal/resources/volume-place.ts';
import { randomCommand } from '#internal/testing/random-commands.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { apply } from './apply.ts';
import { adoptionRefusal, holderOf, isStaleOn } from './apply-volume.ts';
import type { AgentReturn, Command, Effect } from './command.ts';
import { newState, type State } from './state.ts';
import { newestVersion } from './version.ts';

type Step = {
  readonly before: State;
  readonly after: State;
  readonly command: Command;
  readonly effects: readonly Effect[];
};

function live(seed: number, look: (step: Step) => void, version = newestVersion): State {
  const random = randomFromSeed(seed);
  const raised: Command = { kind: 'raise-version', version, clusterId: 'c', atMs: 1 };
  let before = apply(newState(), raised).state;
  for (let at = 0; at < 600; at++) {
    const command = randomCommand(random, before, 1000 + at);
    const { state: after, effects } = apply(before, command);
    look({ before, after, command, effects });
    before = after;
  }
  return before;
}

const all = ({ volumes }: State): readonly VolumeRecord[] =>
  [...volumes.values()].flatMap((records) => [...records.values()]);

test('a volume has one holder, and what an agent takes on is no orphan of it any more', (t) => {
  let seen = 0;
  for (const seed of seedsOf(8)) {
    live(seed, ({ after }) => {
      const origins = all(after)
        .filter(({ isStale }) => !isStale)
        .map(({ found }) => found.origin);
      seen = Math.max(seen, origins.length);
      t.is(new Set(origins).size, origins.length, `SEED=${seed}`);
      for (const origin of origins) t.is(holderOf(after, origin)?.found.origin, origin);
      t.is(after.volumeHolders.size, origins.length, `SEED=${seed}`);
      for (const { total, orphans } of after.agents.values()) {
        const names = new Set(total.filter(isVolume).map(volumeName));
        for (const { volume } of orphans) {
          t.false(names.has(volumeName(volume)), `SEED=${seed}: its own is an orphan`);
        }
      }
    });
  }
  t.true(seen > 0, `${seen} volumes at once`);
});

test('a volume is taken on once, from nobody who is there, and never in an older copy', (t) => {
  let taken = 0;
  for (const seed of seedsOf(16)) {
    live(seed, ({ before, after, effects }) => {
      for (const effect of effects) {
        if (effect.kind !== 'operation-applied' || effect.operation.adopts === undefined) continue;
        const { adopts, agentId } = effect.operation;
        taken++;
        const holder = holderOf(before, adopts.origin);
        t.false(
          holder !== undefined && holder.leftMs === undefined,
          `SEED=${seed}: taken from ${holder?.agentId} by ${agentId}`,
        );
        const names = after.agents.get(agentId)?.total.filter(isVolume).map(volumeName) ?? [];
        const name = volumeName(holderOf(after, adopts.origin)!.found.volume);
        t.is(names.filter((one) => one === name).length, 1, `SEED=${seed}: ${name} is there twice`);
        t.true((holder?.found.epoch ?? 0) <= adopts.foundEpoch, `SEED=${seed}: an older copy`);
        t.true(adopts.epoch > adopts.foundEpoch, `SEED=${seed}: the epoch did not rise`);
      }
    });
  }
  t.true(taken > 5, `${taken} volumes were taken on`);
});

test('the epoch of a volume that is known never falls', (t) => {
  for (const seed of seedsOf(8)) {
    live(seed, ({ before, after }) => {
      for (const { found } of all(after)) {
        const known = holderOf(before, found.origin);
        const now = holderOf(after, found.origin);
        if (known === undefined || now === undefined) continue;
        t.true(now.found.epoch >= known.found.epoch, `SEED=${seed}: ${found.origin}`);
      }
    });
  }
});

test('what an agent that leaves the books had is remembered, with where it lies', (t) => {
  let left = 0;
  for (const seed of seedsOf(8)) {
    live(seed, ({ before, after }) => {
      for (const { agentId, found, isStale } of all(before)) {
        if (!before.agents.has(agentId) || after.agents.has(agentId) || isStale) continue;
        left++;
        const record = after.volumes.get(agentId)?.get(volumeName(found.volume));
        t.true(record?.leftMs !== undefined, `SEED=${seed}: ${found.origin} is forgotten`);
      }
    });
  }
  t.true(left > 5, `${left} volumes were left behind`);
});

test('before its version there are no orphans and no records', (t) => {
  const state = live(
    3,
    ({ command, after }) => {
      if (command.kind === 'raise-version') return;
      if (after.version >= 5) return;
      t.is(after.volumes.size, 0);
      for (const { orphans } of after.agents.values()) t.deepEqual(orphans, []);
    },
    1,
  );
  t.truthy(state);
});

test('an orphan is refused for what stands against it', (t) => {
  const [s1, s2] = [toAgentId('S1'), toAgentId('S2')];
  const orphan = foundVolume('x', 3);
  const start = histories([
    { kind: 'raise-version', version: newestVersion, clusterId: 'c' },
    { kind: 'admit-agent', agent: agentWith('S1', [orphan]) },
    { kind: 'admit-agent', agent: agentWith('S2', [orphan]) },
  ]);
  const refusal = (state: State, id: AgentId, origin: string, foundEpoch: number): string =>
    adoptionRefusal(state, state.agents.get(id)!, adoption(id, origin, foundEpoch)) ?? 'taken';
  t.is(refusal(start, s1, 'y', 3), 'volume-unknown');
  t.is(refusal(start, s1, 'x', 2), 'volume-unknown', 'it was used since');
  t.is(refusal({ ...start, version: 4 }, s1, 'x', 3), 'too-early');
  const held = histories([{ kind: 'apply-operation', operation: adoption(s1, 'x', 3) }], start);
  t.is(holderOf(held, 'x')?.found.epoch, 4);
  t.deepEqual(held.agents.get(s1)?.orphans, []);
  t.is(refusal(held, s2, 'x', 3), 'volume-held');
  const used = { kind: 'note-volume-uses', agentId: s1, volumes: [foundVolume('x', 6)] } as const;
  const left = histories([used, { kind: 'remove-agent', agentId: s1, cause: 'c' }], held);
  t.is(refusal(left, s2, 'x', 3), 'volume-outdated');
  const newer = histories(
    [
      {
        kind: 'reregister-agent',
        ...returnOf(agentWith('S2', [foundVolume('x', 6), foundVolume('y', 1)])),
      },
    ],
    left,
  );
  t.is(refusal(newer, s2, 'x', 6), 'taken');
  const taken = histories([{ kind: 'apply-operation', operation: adoption(s2, 'x', 6) }], newer);
  t.is(holderOf(taken, 'x')?.found.epoch, 7);
  t.is(refusal(taken, s2, 'y', 1), 'volume-id-taken');
});

test('what was decided for an agent that never learned its id counts once when it registers again', (t) => {
  const s1 = toAgentId('S1');
  const agent = agentWith('S1', [foundVolume('x', 3)]);
  const decided = histories([
    { kind: 'raise-version', version: newestVersion, clusterId: 'c' },
    { kind: 'admit-agent', agent },
    { kind: 'apply-operation', operation: adoption(s1, 'x', 3) },
  ]);
  const again = histories(
    [
      { kind: 'mark-agent-unreachable', agentId: s1, cause: 'c' },
      { kind: 'admit-agent', agent },
    ],
    decided,
  );
  t.is(again.agents.get(s1)?.reach.kind, 'admitted');
  t.is(again.operations.get(s1)?.size, 1);
  t.is(format(again.agents.get(s1)!.total), format(decided.agents.get(s1)!.total));
});

test('an agent that comes back with a volume that another has taken on may not launch on it', (t) => {
  const [s1, s2] = [toAgentId('S1'), toAgentId('S2')];
  const own = { ...agentWith('S1', []), total: converted('x') };
  const state = histories([
    { kind: 'raise-version', version: newestVersion, clusterId: 'c' },
    { kind: 'admit-agent', agent: agentWith('S2', [foundVolume('x', 5)]) },
    { kind: 'apply-operation', operation: adoption(s2, 'x', 5) },
    { kind: 'reregister-agent', ...returnOf(own), volumes: [foundVolume('x', 5)] },
  ]);
  t.true(isStaleOn(state, s1, own.total.filter(isVolume)));
  t.false(isStaleOn(state, s2, own.total.filter(isVolume)));
  t.is(holderOf(state, 'x')?.agentId, s2);
});

function foundVolume(origin: string, epoch: number): FoundVolume {
  const parsed = parseResources('disk:8');
  const reservation = {
    kind: 'dynamic',
    role: 'a',
    principal: undefined,
    labels: undefined,
  } as const;
  const disk = pushReservation(parsed.ok ? parsed.value[0]! : never(), reservation);
  const persistence = { id: 'v', principal: undefined };
  const volume = { ...disk, disk: { source: undefined, persistence, volume: undefined } };
  const times = { madeMs: 1, usedMs: undefined };
  return { volume, origin, epoch, clusterId: undefined, frameworkId: undefined, ...times };
}

function never(): never {
  throw new Error('resources that cannot be read');
}

function agentWith(id: string, orphans: readonly FoundVolume[]): Agent {
  const parsed = parseResources('cpus:4;disk:16');
  return {
    id: toAgentId(id),
    registration: `r ${id}`,
    info: encoded<'mesos.v1.AgentInfo'>(new Uint8Array()),
    hostname: `host ${id}`,
    ip: '10.0.0.1',
    port: 5051,
    version: '1',
    capabilities: [],
    total: parsed.ok ? parsed.value : [],
    registeredMs: 1,
    reregisteredMs: undefined,
    reach: { kind: 'admitted' },
    deactivation: undefined,
    orphans,
  };
}

const returnOf = (agent: Agent): AgentReturn => ({
  agent,
  tasks: [],
  operations: [],
  executors: [],
});

function converted(origin: string): Resources {
  const made = convert(agentWith('S1', []).total, adoption(toAgentId('S1'), origin, 1).conversions);
  return made.ok ? made.value : never();
}

function adoption(agent: AgentId, origin: string, foundEpoch: number): Operation {
  const { volume } = foundVolume(origin, foundEpoch);
  return {
    uuid: `adopts ${origin} ${foundEpoch}`,
    agentId: agent,
    frameworkId: undefined,
    id: undefined,
    info: encoded<'mesos.v1.Offer.Operation'>(new Uint8Array()),
    conversions: [{ consumed: [foundUnder(volume)], converted: [volume], destroyed: undefined }],
    adopts: { origin, foundEpoch, epoch: foundEpoch + 1 },
    ordinal: 0,
    state: 'pending',
    updates: [],
  };
}

type Body<C> = C extends Command ? Omit<C, 'atMs'> : never;

const histories = (commands: readonly Body<Command>[], from: State = newState()): State =>
  commands.reduce((state, command) => apply(state, { atMs: 5, ...command }).state, from);
