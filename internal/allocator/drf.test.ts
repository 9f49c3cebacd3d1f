/**
 * Dominant-resource fairness as its paper has it (Ghodsi et al., NSDI 2011): the worked example, weights,
 * and the four properties on clusters of chance.
 *
 * How it is measured: one pool, in which each framework runs as many tasks of its demand as it is
 * offered room for; of every offer it takes one task and gives the rest back. That is the paper's
 * progressive filling, in steps of a task. δ is what one task is of the pool's scarcest resource for it.
 * The paper's properties hold for steps without size; the slack that the steps make is derived beside
 * each law, it is not chosen.
 */
import test from 'ava';
import { type Random, randomFromSeed } from '#internal/base/random.ts';
import { type FrameworkId, frameworkId, role } from '#internal/model/ids.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { allocatedTo, contains, subtract } from '#internal/resources/resources.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { agentAdded, amount, frameworkAdded, offersAt, started } from './testing/small-cluster.ts';

/** Whole units by name: of the pool, or of one task. */
type Units = { readonly cpus: number; readonly mem: number; readonly disk: number };
type Player = { readonly demand: Units; readonly weight: number };

const names = ['cpus', 'mem', 'disk'] as const;
const resourcesOf = ({ cpus, mem, disk }: Units): Resources =>
  amount(`cpus:${cpus};mem:${mem};disk:${disk}`);

/** How many tasks each one runs when nobody's next task fits any more. */
function fill(pool: Units, players: readonly Player[]): readonly number[] {
  const needs = new Map<FrameworkId, Resources>();
  const tasks = new Map<FrameworkId, number>();
  const target = started([agentAdded('pool', resourcesOf(pool))]);
  for (const [n, { demand, weight }] of players.entries()) {
    const one = `r${n}`;
    target.handle({ kind: 'weight-updated', role: role(one), weight });
    target.handle(frameworkAdded(one, [one]));
    needs.set(frameworkId(one), allocatedTo(one, resourcesOf(demand)));
    tasks.set(frameworkId(one), 0);
  }
  for (let nowMs = 0; ; nowMs += 1000) {
    const [offer, ...others] = offersAt(target, nowMs);
    if (others.length > 0) throw new Error('one pool is offered to several at once');
    if (offer === undefined) break;
    const { serial, frameworkId: id, agentId, resources } = offer;
    const need = needs.get(id) ?? [];
    const fits = contains(resources, need);
    if (fits) tasks.set(id, (tasks.get(id) ?? 0) + 1);
    target.handle({ kind: 'offer-closed', serial });
    target.handle({
      kind: 'resources-returned',
      frameworkId: id,
      agentId,
      resources: fits ? subtract(resources, need) : resources,
      // What is free only shrinks: who cannot use it now never will.
      filter: fits ? undefined : { untilMs: Infinity },
    });
  }
  return [...tasks.values()];
}

/** The share of its scarcest resource that one task takes: δ. */
const stepOf = (pool: Units, demand: Units): number =>
  Math.max(...names.map((name) => demand[name] / pool[name]));

test('the worked example of the paper, a hundred times as large: three tasks to two', (t) => {
  const pool = { cpus: 900, mem: 1800, disk: 1 };
  const first = { cpus: 1, mem: 4, disk: 0 };
  const second = { cpus: 3, mem: 1, disk: 0 };
  // With weights w and v: x·(4/18)/w = y·(3/9)/v, until CPUs or memory are used up.
  const cases = [
    [1, 1, 300, 200],
    [2, 1, 415.4, 138.5],
    [1, 2, 180, 240],
  ] as const;
  for (const [w, v, x, y] of cases) {
    const [a = 0, b = 0] = fill(pool, [
      { demand: first, weight: w },
      { demand: second, weight: v },
    ]);
    t.true(Math.abs(a - x) <= 1.5, `weights ${w} and ${v}: ${a} tasks, not ${x}`);
    t.true(Math.abs(b - y) <= 1.5, `weights ${w} and ${v}: ${b} tasks, not ${y}`);
  }
});

const pool: Units = { cpus: 1000, mem: 1000, disk: 1000 };

const anyDemand = (random: Random): Units => ({
  cpus: 2 + random.below(12),
  mem: 2 + random.below(12),
  disk: 2 + random.below(12),
});

function anyPlayers(random: Random, isWeighted: boolean): readonly Player[] {
  return Array.from({ length: 2 + random.below(4) }, () => ({
    demand: anyDemand(random),
    weight: isWeighted ? 1 + random.below(4) : 1,
  }));
}

test('Pareto efficiency: in the end nobody can be given a task without taking one from another', (t) => {
  for (const seed of seedsOf(15)) {
    const players = anyPlayers(randomFromSeed(seed), true);
    const tasks = fill(pool, players);
    for (const { demand } of players) {
      const isFull = names.some((name) => {
        const used = players.reduce((sum, one, n) => sum + one.demand[name] * (tasks[n] ?? 0), 0);
        return used + demand[name] > pool[name];
      });
      t.true(isFull, `SEED=${seed}`);
    }
  }
});

test('sharing incentive: nobody is worse off than with a part of his own by weight', (t) => {
  for (const seed of seedsOf(15)) {
    const players = anyPlayers(randomFromSeed(seed), true);
    const tasks = fill(pool, players);
    const weights = players.reduce((sum, { weight }) => sum + weight, 0);
    const steps = players.reduce((sum, { demand }) => sum + stepOf(pool, demand), 0);
    for (const [n, { demand, weight }] of players.entries()) {
      // When his task first does not fit, all but δ of one resource is used, so all shares together
      // make 1 - δ; and nobody else is further than a step of his own ahead of him.
      const step = stepOf(pool, demand);
      const least = (weight / weights) * (1 - step - steps);
      const share = (tasks[n] ?? 0) * step;
      t.true(share >= least, `SEED=${seed}: ${n} has ${share}, and ${weight / weights} is his due`);
    }
  }
});

test('envy-freeness: nobody could run more tasks with what another has', (t) => {
  for (const seed of seedsOf(15)) {
    const players = anyPlayers(randomFromSeed(seed), false);
    const tasks = fill(pool, players);
    for (const [n, { demand }] of players.entries()) {
      for (const [m, other] of players.entries()) {
        const count = tasks[m] ?? 0;
        const could = Math.min(
          ...names.map((name) => Math.floor((other.demand[name] * count) / demand[name])),
        );
        // The other is a step ahead, and goes on as long as less than a task of this one is left.
        const extra = Math.max(...names.map((name) => demand[name] / other.demand[name]));
        const ahead = (stepOf(pool, other.demand) / stepOf(pool, demand)) * (1 + extra);
        t.true(could <= (tasks[n] ?? 0) + 1 + ahead, `SEED=${seed}: ${n} envies ${m}`);
      }
    }
  }
});

test('strategy-proofness: who claims to need more than he does runs no more for it', (t) => {
  let gained = 0;
  let lies = 0;
  for (const seed of seedsOf(15)) {
    const random = randomFromSeed(seed);
    const players = anyPlayers(random, false);
    const [honest] = fill(pool, players);
    const [first, ...rest] = players;
    if (first === undefined || honest === undefined) throw new Error('nobody plays');
    const { demand } = first;
    for (let n = 0; n < 3; n++) {
      const claimed = {
        cpus: demand.cpus + random.below(8),
        mem: demand.mem + random.below(8),
        disk: demand.disk + random.below(8),
      };
      const [given = 0] = fill(pool, [{ ...first, demand: claimed }, ...rest]);
      // What he was given beyond his need may do for a task more.
      const count = Math.min(
        ...names.map((name) => Math.floor((claimed[name] * given) / demand[name])),
      );
      // Both runs stop within a step of everybody's of where steps without size would stop.
      const steps = players.reduce((sum, one) => sum + stepOf(pool, one.demand), 0);
      const slack = (2 * steps + stepOf(pool, claimed)) / stepOf(pool, demand);
      t.true(count <= honest + slack, `SEED=${seed}: a lie makes ${honest} tasks ${count}`);
      gained += count - honest;
      lies++;
    }
  }
  t.true(gained < 0, `${lies} lies gained ${gained} tasks`);
});
