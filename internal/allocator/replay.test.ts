import test from 'ava';
import { randomFromSeed } from '#internal/base/random.ts';
import { agentId, frameworkId, role } from '#internal/model/ids.ts';
import { limits } from '#internal/resources/limits.ts';
import { noQuantities } from '#internal/resources/quantities.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { type Allocator, newAllocator } from './allocator.ts';
import { allocatorDefaults, type AllocatorEvent, type Round } from './event.ts';
import { recorded } from './recorder.ts';
import { newRecordingWriter, readRecording, textOf } from './recording.ts';
import { replay, type ReplayedRun } from './replay.ts';
import { differencesIn, differenceText } from './replay-text.ts';
import { amount } from './testing/cluster-parts.ts';
import { judgedRun } from './testing/judged-run.ts';
import { clusterDefaults, simulatedAllocatorOptions } from './testing/simulated-cluster.ts';
import type { Policy } from './what-if.ts';

type Taped = { readonly allocator: Allocator; readonly lines: () => readonly string[] };

/** An allocator that is recorded. */
function taped(seed: string, options = allocatorDefaults, bytesMax = Infinity): Taped {
  const parts: string[] = [];
  const decoder = new TextDecoder();
  const writer = newRecordingWriter((line) => void parts.push(decoder.decode(line)), {
    seed,
    options,
    bytesMax,
  });
  const made = newAllocator({ random: randomFromSeed(seed) }, options);
  const allocator = recorded(made, writer, () => undefined);
  return { allocator, lines: () => parts.join('').split('\n') };
}

/** A cluster of chance whose allocator is recorded, and what that answered. */
function simulated(seed: number): { readonly lines: readonly string[]; readonly rounds: Round[] } {
  const { allocator, lines } = taped(String(seed), simulatedAllocatorOptions);
  const rounds: Round[] = [];
  judgedRun(
    () => ({
      handle: (event) => allocator.handle(event),
      allocate: (nowMs) => {
        const round = allocator.allocate({ nowMs });
        rounds.push(round);
        return round;
      },
    }),
    { ...clusterDefaults, agents: 25, frameworks: 10, seed, events: 500 },
  );
  return { lines: lines(), rounds };
}

const played = (lines: readonly string[], policy?: Policy): readonly ReplayedRun[] => [
  ...replay(readRecording(lines), policy),
];

const unchanged: Policy = { events: [], ignoresFilters: false };

test('a recorded run gives the same bytes when it is played again', (t) => {
  for (const seed of seedsOf(3)) {
    const { lines, rounds } = simulated(seed);
    const again = played(lines);
    t.true(rounds.flatMap(({ offers }) => offers).length > 100, `SEED=${seed}`);
    t.deepEqual(
      again.flatMap((run) => run.rounds.map(textOf)),
      rounds.map(textOf),
      `SEED=${seed}`,
    );
    t.true(again.every(({ isSame }) => isSame));
  }
});

test('the first answer that is not the recorded one is told, and ends it', (t) => {
  const { lines } = simulated(1);
  const [header, ...rest] = lines;
  // With other luck the same events have other answers.
  const other = taped('other', simulatedAllocatorOptions).lines()[0];
  t.not(header, other);
  t.deepEqual(
    played([other ?? '', ...rest]).map(({ isSame }) => isSame),
    [false],
  );
});

test('to ask what if the policy were another changes nothing of the replay', (t) => {
  const policy: Policy = {
    events: [
      { kind: 'weight-updated', role: role('a'), weight: 10 },
      {
        kind: 'quota-updated',
        role: role('b'),
        guarantees: noQuantities,
        limits: limits([['cpus', 1000]]),
      },
    ],
    ignoresFilters: true,
  };
  for (const seed of seedsOf(3)) {
    const { lines } = simulated(seed);
    const runs = played(lines, policy);
    t.true(
      runs.every(({ isSame }) => isSame),
      `SEED=${seed}: a rehearsal has left traces`,
    );
    t.true(runs.some((run) => differencesIn(run).length > 0));
  }
});

test('under a policy that concerns nobody nothing differs', (t) => {
  for (const seed of seedsOf(3)) {
    const { lines } = simulated(seed);
    const weights = played(lines, {
      ...unchanged,
      events: [{ kind: 'weight-updated', role: role('nobody'), weight: 3 }],
    });
    for (const run of weights) {
      t.deepEqual(differencesIn(run), [], `SEED=${seed}: run ${run.number}`);
    }
  }
});

const added = (id: string, one: string): AllocatorEvent => ({
  kind: 'framework-added',
  frameworkId: frameworkId(id),
  roles: [role(one)],
  suppressedRoles: [],
  capabilities: new Set(),
  constraints: new Map(),
  minAllocatable: new Map(),
});

/** Two frameworks in two roles, four agents alike, one run. */
function twoRoles(): Taped {
  const made = taped('1');
  made.allocator.handle(added('F1', 'a'));
  made.allocator.handle(added('F2', 'b'));
  for (let n = 1; n <= 4; n++) {
    made.allocator.handle({
      kind: 'agent-added',
      agentId: agentId(`S${n}`),
      total: amount('cpus:4;mem:1024'),
      traits: { hostname: `h${n}`, attributes: [], domain: undefined },
      used: [],
    });
  }
  made.allocator.allocate({ nowMs: 1000 });
  return made;
}

test('with three times the weight a role gets three agents of four, and the difference says so', (t) => {
  const [run] = played(twoRoles().lines(), {
    ...unchanged,
    events: [{ kind: 'weight-updated', role: role('b'), weight: 3 }],
  });
  t.truthy(run);
  if (run === undefined) return;
  const ofB = (list: ReplayedRun['underPolicy']): number =>
    list.filter((one) => one.role === role('b')).length;
  t.is(ofB(run.rounds.flatMap(({ offers }) => offers)), 2);
  t.is(ofB(run.underPolicy), 3);
  const differences = differencesIn(run);
  t.is(differences.length, 1);
  t.regex(
    differences.map(differenceText).join('\n'),
    /^agent S\d: cpus:4; mem:1024 to F1 \(a\) -> cpus:4; mem:1024 to F2 \(b\)$/,
  );
});

test('with a limit a role gets no more than that, and others the rest', (t) => {
  const [run] = played(twoRoles().lines(), {
    ...unchanged,
    events: [
      {
        kind: 'quota-updated',
        role: role('b'),
        guarantees: noQuantities,
        limits: limits([['cpus', 1000]]),
      },
    ],
  });
  const cpusOf = (one: string): number =>
    (run?.underPolicy ?? [])
      .filter((placement) => placement.role === role(one))
      .flatMap(({ resources }) => resources)
      .reduce((sum, { name, value }) => {
        return name === 'cpus' && value.kind === 'scalar' ? sum + value.milli : sum;
      }, 0);
  t.is(cpusOf('b'), 1000);
  t.is(cpusOf('a'), 15_000);
});

test('without filters, what was refused is offered again', (t) => {
  const filtered = taped('2');
  filtered.allocator.handle(added('F1', 'a'));
  filtered.allocator.handle({
    kind: 'agent-added',
    agentId: agentId('S1'),
    total: amount('cpus:4;mem:1024'),
    traits: { hostname: 'h1', attributes: [], domain: undefined },
    used: [],
  });
  const { offers } = filtered.allocator.allocate({ nowMs: 1000 });
  for (const { frameworkId: id, agentId: on, resources } of offers) {
    const filter = { untilMs: 60_000 };
    filtered.allocator.handle({
      kind: 'resources-returned',
      frameworkId: id,
      agentId: on,
      resources,
      filter,
    });
  }
  t.deepEqual(filtered.allocator.allocate({ nowMs: 2000 }).offers, []);
  const [, second] = played(filtered.lines(), { ...unchanged, ignoresFilters: true });
  t.is(second?.underPolicy.length, 1);
});

test('a full recording ends, and the allocator goes on', (t) => {
  const { allocator, lines } = taped('3', allocatorDefaults, 1500);
  allocator.handle(added('F1', 'a'));
  for (let n = 1; n <= 50; n++) {
    allocator.handle({
      kind: 'agent-added',
      agentId: agentId(`S${n}`),
      total: amount('cpus:4;mem:1024'),
      traits: { hostname: `h${n}`, attributes: [], domain: undefined },
      used: [],
    });
  }
  t.is(allocator.allocate({ nowMs: 0 }).offers.length, 50);
  t.true(lines().join('\n').length <= 1500);
  t.deepEqual(played(lines()), []);
});
