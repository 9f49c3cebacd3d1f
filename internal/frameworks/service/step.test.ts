import test from 'ava';
import { assert } from '#internal/base/assert.ts';
import { type Random, randomFromSeed } from '#internal/base/random.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { type Change, planOf } from './change.ts';
import { keyOfTask, readRecord, type StoredRecord } from './records.ts';
import { parseServices, type ServiceSpec } from './service-spec.ts';
import { step, type Input } from './step.ts';
import { ModelCluster } from './testing/model-cluster.ts';
import { serviceView } from './view.ts';
import { type Effect, isServing, isWanted, newWorld, type World } from './world.ts';

const role = 'services';

/** A framework and its cluster; the framework dies at any moment and comes back from its store. */
class Run {
  readonly random: Random;
  readonly cluster: ModelCluster;
  world: World;
  nowMs = 0;
  /** Instances that serve, as the framework was told, and that an update has taken away since. */
  readonly takenAway = new Set<string>();
  rolled = 0;

  constructor(seed: number) {
    this.random = randomFromSeed(seed);
    this.cluster = new ModelCluster(this.random.fork('cluster'), role);
    this.world = newWorld({ role, principal: 'p' }, [], []);
    this.cluster.subscribe();
  }

  feed(input: Input, dies = false): void {
    const { world, effects } = step(this.world, input, { nowMs: this.nowMs, random: this.random });
    this.world = world;
    const done = dies ? this.random.below(effects.length + 1) : effects.length;
    for (const effect of effects.slice(0, done)) {
      this.judge(effect);
      this.cluster.carryOut(effect);
    }
    if (dies) this.restart();
  }

  restart(): void {
    const records = [...this.cluster.store].flatMap<StoredRecord>(
      ([key, value]) => readRecord(key, value) ?? [],
    );
    this.world = newWorld(
      { role, principal: 'p' },
      records.flatMap((one) => (one.kind === 'service' ? [one.record] : [])),
      records.flatMap((one) => (one.kind === 'instance' ? [one.record] : [])),
    );
    this.cluster.subscribe();
  }

  deliver(dies = false): void {
    const event = this.cluster.events.shift();
    if (event === undefined) return;
    const status = event.update?.status;
    if (status !== undefined) this.cluster.hears(status);
    this.feed({ kind: 'event', event }, dies);
    for (const key of this.takenAway) {
      const instance = this.world.instances.get(key);
      if (instance === undefined || isServing(instance)) this.takenAway.delete(key);
    }
  }

  /** The bound of an update, told from outside: by what was said of tasks, and what is asked for. */
  judge(effect: Effect): void {
    if (effect.kind !== 'tell' || effect.event !== 'an instance is killed') return;
    const { instance: key = '', reason = '' } = effect.fields;
    const instance = this.world.instances.get(String(key));
    if (!String(reason).includes('replaces') || instance === undefined) return;
    const { seen } = instance;
    if (seen.kind !== 'running' || seen.servingSinceMs === undefined) return;
    this.rolled++;
    const service = this.world.services.get(instance.record.service);
    assert(service !== undefined, 'only what is wanted is replaced');
    this.takenAway.add(String(key));
    const gone = [...this.takenAway].filter((one) => {
      const other = this.world.instances.get(one);
      if (other === undefined || isServing(other)) return false;
      return other.record.service === service.spec.name && isWanted(service, other);
    });
    const { maxUnavailable } = service.spec.update;
    assert(gone.length <= maxUnavailable, `an update takes ${gone.join(' and ')} away`);
    const others = [...this.world.instances.values()].filter(
      (one) => one.record.service === service.spec.name && isWanted(service, one),
    );
    const away = others.filter((one) => one !== instance && !isServing(one)).length;
    assert(away < maxUnavailable, `${key} is taken away while ${away} others are`);
  }

  change(change: Change): void {
    if (planOf(this.world, change).ok) this.feed({ kind: 'change', change });
  }

  /** Until nothing more happens, with nothing in the way. */
  heal(): void {
    this.cluster.healAgents();
    for (let round = 0; round < 400; round++) {
      while (this.cluster.events.length > 0) this.deliver();
      this.cluster.makeOffers();
      this.cluster.advance(true);
      this.nowMs += 1000;
      this.feed({ kind: 'tick' });
    }
  }
}

function specs(random: Random): readonly ServiceSpec[] {
  const command = `run ${random.below(4)}`;
  const web = {
    instances: 1 + random.below(4),
    command,
    cpus: 0.1 * (1 + random.below(3)),
    mem: 10,
    ports: [{ name: 'web' }],
    update: { maxUnavailable: 1 + random.below(2), readySeconds: random.below(3) },
    restart: { firstSeconds: 1, mostSeconds: 4 },
  };
  const db = {
    instances: 1 + random.below(3),
    command,
    cpus: 0.2 * (1 + random.below(2)),
    mem: 20,
    volumes: [{ name: 'data', path: 'data', size: 50 }],
    constraints: [{ unique: 'host' }],
    update: { readySeconds: 1 },
  };
  const parsed = parseServices({ services: random.oneIn(2) ? { web } : { web, db } });
  assert(parsed.ok, 'the drawn services are right');
  return parsed.value;
}

function drawChange(random: Random): Change {
  const service = random.oneIn(2) ? 'web' : 'db';
  if (random.oneIn(8)) return { kind: 'stop', service };
  if (random.oneIn(8)) return { kind: 'destroy', service, isForgetting: false };
  if (random.oneIn(3)) return { kind: 'scale', service, instances: random.below(5), found: [] };
  return { kind: 'run', services: specs(random), found: [] };
}

function live(run: Run, steps: number): void {
  const { random, cluster } = run;
  for (let n = 0; n < steps; n++) {
    run.nowMs += random.below(400);
    if (random.oneIn(25)) run.change(drawChange(random));
    if (random.oneIn(60)) cluster.loseAgent();
    if (random.oneIn(40)) cluster.healAgents();
    if (random.oneIn(3)) cluster.makeOffers();
    if (random.oneIn(2)) cluster.advance(false);
    if (random.oneIn(4)) run.feed({ kind: 'tick' }, random.oneIn(20));
    for (let due = random.below(4); due > 0; due--) run.deliver(random.oneIn(60));
  }
}

test('whatever happens: one task an instance, its own volumes, and no update takes too many away', (t) => {
  let rolled = 0;
  for (const seed of seedsOf(40)) {
    const run = new Run(seed);
    run.change({ kind: 'run', services: specs(run.random), found: [] });
    t.notThrows(() => live(run, 400), `SEED=${seed}`);
    rolled += run.rolled;
  }
  t.true(process.env['SEED'] !== undefined || rolled > 60, `${rolled} instances were rolled`);
});

test('when nothing is in the way, all comes to be as it is wanted, and what is destroyed is gone', (t) => {
  for (const seed of seedsOf(40)) {
    const run = new Run(seed);
    run.change({ kind: 'run', services: specs(run.random), found: [] });
    live(run, 150);
    run.heal();
    for (const [name, { wish, spec }] of run.world.services) {
      const view = serviceView(run.world, name, run.nowMs);
      const told = `SEED=${seed} ${JSON.stringify(view)}`;
      t.not(wish, 'destroy', told);
      t.true(view?.isSettled, told);
      t.is(view?.ready, wish === 'run' ? spec.instances : 0, told);
    }
    const wanted = new Set([...run.world.instances.values()].map(({ record }) => record.task?.id));
    for (const [id, { state }] of run.cluster.tasks) {
      t.true(state === 'over' || wanted.has(id), `SEED=${seed} ${id} runs for ${keyOfTask(id)}`);
    }
    for (const [id, key] of run.cluster.made) {
      const bound = run.world.instances.get(key)?.record.binding?.volumes ?? [];
      t.true(
        bound.some((volume) => volume.id === id),
        `SEED=${seed} nobody has volume ${id}`,
      );
    }
    const kept = [...run.cluster.store.keys()].filter((key) => key.startsWith('instance/'));
    for (const key of kept) t.true(run.world.instances.has(key.slice('instance/'.length)), key);
  }
});
