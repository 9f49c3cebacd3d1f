/**
 * The service framework in a simulated cluster: its process crashes and is started again, what is wanted
 * changes, and everything fails that can. Judged by what crosses the wire and what runs on the machines,
 * never by the framework's own books; these have to agree in the end.
 */
import type { ExecutionContext } from 'ava';
import { assert } from '#internal/base/assert.ts';
import { type Change, planOf } from '#internal/frameworks/service/change.ts';
import { keyOfTask } from '#internal/frameworks/service/records.ts';
import { ServiceFramework } from '#internal/frameworks/service/service-framework.ts';
import { parseServices, type ServiceSpec } from '#internal/frameworks/service/service-spec.ts';
import { servicesView } from '#internal/frameworks/service/view.ts';
import { ServiceLaws } from '#chaos/checkers/service-laws.ts';
import { type ProgramPorts, type SimulatedCluster, simulatedCluster } from './simulated-cluster.ts';

const role = 'services';
const machine = 'services';

/** A process of the framework, started again whenever it has ended. */
class Supervised {
  readonly faults: unknown[] = [];
  framework: ServiceFramework | undefined;
  lives = 0;
  readonly #cluster: SimulatedCluster;

  constructor(cluster: SimulatedCluster) {
    this.#cluster = cluster;
    this.start();
  }

  start(): void {
    const ports = this.#cluster.boot(machine);
    const framework = new ServiceFramework(ports, {
      masters: this.#cluster.masters,
      frameworkId: 'services',
      role,
      user: 'nobody',
      principal: undefined,
      authorization: undefined,
      holder: { process: `${this.lives++}`, url: 'http://services' },
      hostname: machine,
      leaseMs: 4000,
      failoverTimeoutSeconds: 3600,
    });
    this.framework = framework;
    this.#run(framework, ports).catch((fault: unknown) => this.faults.push(fault));
  }

  crash(): void {
    this.framework = undefined;
    this.#cluster.crash(machine);
  }

  /** False when nobody leads, or it cannot be. */
  change(change: Change): boolean {
    const session = this.framework?.session;
    const world = session?.world;
    if (session === undefined || world === undefined || !planOf(world, change).ok) return false;
    session.change({ kind: 'change', change }).catch((fault: unknown) => this.faults.push(fault));
    return true;
  }

  async #run(framework: ServiceFramework, { clock }: ProgramPorts): Promise<void> {
    const end = await framework.run();
    if (end.kind === 'refused') this.faults.push(end.reason);
    await clock.sleep(500);
    if (this.framework !== framework) return;
    this.crash();
    this.start();
  }
}

function specs(revision: number, instances: number): readonly ServiceSpec[] {
  const each = { cpus: 0.2, mem: 32, killGraceSeconds: 1, update: { readySeconds: 0.5 } };
  const restart = { firstSeconds: 0.2, mostSeconds: 2 };
  const parsed = parseServices({
    services: {
      // Ends again and again, and not of its own will alone.
      web: { ...each, instances, command: `sleep ${20 + revision}; exit 1`, restart },
      db: {
        ...each,
        instances: 2,
        command: `sleep ${100_000 + revision}`,
        volumes: [{ name: 'data', path: 'data', size: 100 }],
        constraints: [{ unique: 'host' }],
        restart,
      },
    },
  });
  assert(parsed.ok, 'the services are right');
  return parsed.value;
}

/** In a storm of a seed: one task an instance, its volumes its own; and all is as wanted afterwards. */
export async function servicesAreLookedAfter(t: ExecutionContext, seed: number): Promise<void> {
  const ledger: ServiceLaws = new ServiceLaws(() => cluster.nowMs);
  using cluster = simulatedCluster({
    seed,
    agents: 4,
    onCall: (call) => ledger.onCall(call),
    onEvent: (event) => ledger.onEvent(event),
  });
  const supervised = new Supervised(cluster);
  await cluster.runUntil(() => supervised.framework?.world !== undefined, { withinMs: 60_000 });
  const first = { kind: 'run', services: specs(0, 2), found: [] } as const;
  t.true(supervised.change(first));
  const isOver = unrest(cluster, supervised, ledger);
  await cluster.storm(12_000);
  isOver();
  const last = specs(9, 3);
  const isAsked = (): boolean => supervised.change({ kind: 'run', services: last, found: [] });
  await cluster.runUntil(isAsked, { withinMs: 60_000 });
  // What has volumes does not end by itself, so it is there and stays.
  const isAsWanted = (): boolean => supervised.framework !== undefined && settled(supervised, 'db');
  await cluster.runUntil(isAsWanted, { withinMs: 300_000 });
  await cluster.runUntil(() => settled(supervised, 'web'), { withinMs: 300_000 });
  t.deepEqual(ledger.violations, [], `SEED=${seed}`);
  t.deepEqual(supervised.faults, [], `SEED=${seed}`);
  const instances = [...(supervised.framework?.world?.instances.values() ?? [])];
  const bound = instances.flatMap(({ record }) => record.binding?.volumes ?? []);
  const nobodys = [...ledger.made].filter((id) => !bound.some((volume) => volume.id === id));
  t.deepEqual(nobodys, [], `SEED=${seed}: volumes of nobody`);
  const databases = cluster.runningTasks
    .flatMap((task) => keyOfTask(task) ?? [])
    .filter((key) => key.startsWith('db/'));
  t.deepEqual(databases.toSorted(), ['db/0', 'db/1'], `SEED=${seed}`);
  t.true(ledger.launches >= 5 && supervised.lives > 1, `SEED=${seed}`);
}

function settled({ framework }: Supervised, name: string): boolean {
  const views = framework?.world === undefined ? [] : servicesView(framework.world, Infinity);
  return views.some((view) => view.name === name && view.isSettled);
}

/** Crashes and changes, drawn by the seed, and a look at the machines ten times a second. */
function unrest(
  cluster: SimulatedCluster,
  supervised: Supervised,
  ledger: ServiceLaws,
): () => void {
  const { clock, random } = cluster.boot('unrest');
  let isEnding = false;
  let revision = 1;
  const look = (): void => {
    const running = cluster.runningTasks.flatMap((task) => keyOfTask(task) ?? []);
    const double = running.find((key, n) => key.startsWith('db/') && running.indexOf(key) < n);
    if (double !== undefined) ledger.violations.push(`two tasks of ${double} run`);
    clock.after(100, look);
  };
  look();
  const act = (): void => {
    if (isEnding) return;
    if (supervised.framework === undefined) supervised.start();
    else if (random.oneIn(2)) supervised.crash();
    else {
      const services = specs(revision++, 1 + random.below(4));
      supervised.change({ kind: 'run', services, found: [] });
    }
    clock.after(300 + random.below(3000), act);
  };
  clock.after(1500, act);
  return () => {
    isEnding = true;
    if (supervised.framework === undefined) supervised.start();
  };
}
