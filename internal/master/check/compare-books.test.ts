/** Books that agree stay silent, whatever is in them; each change of one side alone is found. */
import test from 'ava';
import { randomFromSeed } from '#internal/base/random.ts';
import { isTerminal } from '#internal/model/cluster.ts';
import type { AgentId } from '#internal/model/ids.ts';
import { frameworkId, taskId } from '#internal/model/ids.ts';
import { parseResources } from '#internal/resources/parse.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { add, nothing, subtract, sum, unallocated } from '#internal/resources/resources.ts';
import { isVolume } from '#internal/resources/volume.ts';
import { apply } from '#internal/state/apply.ts';
import { executorsOnAgent, newState, type State, tasksOnAgent } from '#internal/state/state.ts';
import { randomCommand } from '#internal/testing/random-commands.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { resourcesAsWritten } from '#internal/wire/resources.ts';
import { type AgentBooks, compareBooks, type Law } from './compare-books.ts';

/** What an agent would tell that is just as the masters think. */
function honest(state: State, id: AgentId): AgentBooks {
  return {
    tasks: tasksOnAgent(state, id).map((task) => ({
      frameworkId: task.frameworkId,
      taskId: task.id,
      life: isTerminal(task.state) ? 'ended' : 'lives',
      resources: unallocated(task.resources),
    })),
    total: state.agents.get(id)?.total ?? nothing,
    executors: sum(executorsOnAgent(state, id).map((one) => unallocated(one.resources))),
  };
}

const lawsOf = (state: State, id: AgentId, told: AgentBooks): readonly Law[] =>
  compareBooks(state, id, told).map(({ law }) => law);

/** Histories of chance launch what no agent has room for: that is found on both sides, or not at all. */
const isCapacity = (law: Law): boolean => law.startsWith('capacity') || law === 'one-user';

function* agentsOfChance(seed: number): Generator<{ readonly state: State; readonly id: AgentId }> {
  const random = randomFromSeed(seed);
  let state = newState();
  for (let step = 0; step < 150; step++) {
    state = apply(state, randomCommand(random, state, 1000 + step)).state;
    if (step % 10 !== 9) continue;
    for (const id of state.agents.keys()) yield { state, id };
  }
}

test('an agent that tells what the masters think disagrees in nothing', (t) => {
  let tasks = 0;
  for (const seed of seedsOf(40)) {
    for (const { state, id } of agentsOfChance(seed)) {
      const told = honest(state, id);
      tasks += told.tasks.length;
      const laws = lawsOf(state, id, told);
      t.deepEqual(
        laws.filter((law) => !isCapacity(law)),
        [],
        `SEED=${seed}`,
      );
      const [ours, theirs] = [
        laws.includes('capacity-in-books'),
        laws.includes('capacity-on-agent'),
      ];
      t.is(ours, theirs, `SEED=${seed}: what is too much is too much on both sides`);
    }
  }
  t.true(tasks > 100, `${tasks} tasks are too few to prove anything`);
});

test('a task that only one side knows is found, and nothing else of it', (t) => {
  let found = 0;
  for (const seed of seedsOf(40)) {
    for (const { state, id } of agentsOfChance(seed)) {
      const told = honest(state, id);
      const other = { frameworkId: frameworkId('f'), taskId: taskId('stray'), resources: nothing };
      const tellsMore = { ...told, tasks: [...told.tasks, { ...other, life: 'lives' as const }] };
      const more = compareBooks(state, id, tellsMore).filter(({ law }) => !isCapacity(law));
      t.deepEqual(
        more.map(({ law }) => law),
        ['task-in-books'],
        `SEED=${seed}`,
      );
      const tellsEnd = { ...told, tasks: [...told.tasks, { ...other, life: 'ends' as const }] };
      t.deepEqual(
        lawsOf(state, id, tellsEnd).filter((law) => !isCapacity(law)),
        [],
      );
      const at = told.tasks.findIndex(({ life }) => life === 'lives');
      if (at === -1) continue;
      const tellsLess = { ...told, tasks: told.tasks.toSpliced(at, 1) };
      const less = compareBooks(state, id, tellsLess).filter(({ law }) => !isCapacity(law));
      t.deepEqual(
        less.map(({ law }) => law),
        ['task-on-agent'],
        `SEED=${seed}`,
      );
      t.true(less[0]!.facts.every((fact) => fact.includes(`"${told.tasks[at]!.taskId}"`)));
      found++;
    }
  }
  t.true(found > 50, `${found} tasks were lost`);
});

const cpu: Resources = resourcesOf('cpus:1');

function resourcesOf(text: string): Resources {
  const parsed = parseResources(text);
  if (!parsed.ok) throw new Error(parsed.refusal);
  return parsed.value;
}

test('a total or a volume that only one side has is found, unless it is being changed', (t) => {
  let [volumes, changes] = [0, 0];
  for (const seed of seedsOf(40)) {
    for (const { state, id } of agentsOfChance(seed)) {
      const told = honest(state, id);
      const operations = [...(state.operations.get(id)?.values() ?? [])];
      const isChanging = operations.some((one) => one.state === 'pending');
      const richer = { ...told, total: add(told.total, cpu) };
      const laws = lawsOf(state, id, richer).filter((law) => !isCapacity(law));
      t.deepEqual(laws, isChanging ? [] : ['total'], `SEED=${seed}`);
      changes += isChanging ? 1 : 0;
      const volume = told.total.find((one) => isVolume(one) && !one.shared);
      if (volume === undefined || isChanging) continue;
      const without = { ...told, total: subtract(told.total, [volume]) };
      // One of two that chance gave the same name leaves the other behind.
      const [law] = lawsOf(state, id, without);
      t.true(law === 'volume-on-agent' || law === 'total', `SEED=${seed}`);
      volumes += law === 'volume-on-agent' ? 1 : 0;
    }
  }
  t.true(volumes > 0 && changes > 0, `${volumes} volumes, ${changes} changes`);
});

test('an agent that runs more than it has, and two tasks on one volume, are found on its own word', (t) => {
  const [first] = agentsOfChance(1);
  const { state, id } = first!;
  const task = { frameworkId: frameworkId('f'), taskId: taskId('t'), life: 'ends' } as const;
  const told: AgentBooks = {
    tasks: [
      { ...task, resources: resourcesOf('cpus:3') },
      { ...task, resources: resourcesOf('cpus:2') },
    ],
    total: resourcesOf('cpus:4.999'),
    executors: nothing,
  };
  t.true(lawsOf(state, id, told).includes('capacity-on-agent'));
  const enough = { ...told, total: resourcesOf('cpus:5') };
  t.false(lawsOf(state, id, enough).includes('capacity-on-agent'));
  const [volume] = resourcesAsWritten([
    {
      name: 'disk',
      type: 'SCALAR',
      scalar: { value: 64 },
      disk: { persistence: { id: 'pg' }, volume: { mode: 'RW', container_path: 'data' } },
    },
  ]);
  const both = {
    ...told,
    tasks: [1, 2].map((n) => ({ ...task, taskId: taskId(`t${n}`), resources: [volume!] })),
  };
  const users = compareBooks(state, id, both).find(({ law }) => law === 'one-user');
  t.regex(users?.facts[0] ?? '', /task "t1" uses/);
  t.regex(users?.facts[1] ?? '', /task "t2" uses/);
});
