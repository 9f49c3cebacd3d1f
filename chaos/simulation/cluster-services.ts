/**
 * The service framework on a machine of the simulated cluster: its process crashes with the machine and is
 * started again, and new revisions of its services are wanted at times of chance. One service is only
 * ever replaced, instance by instance; another has volumes.
 */
import { assert } from '#internal/base/assert.ts';
import type { Random } from '#internal/base/random.ts';
import { type Change, planOf } from '#internal/frameworks/service/change.ts';
import { keyOfTask } from '#internal/frameworks/service/records.ts';
import { ServiceFramework } from '#internal/frameworks/service/service-framework.ts';
import { parseServices, type ServiceSpec } from '#internal/frameworks/service/service-spec.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import type { Life } from '#internal/runtime/simulated/life.ts';
import { ServiceLaws } from '#chaos/checkers/service-laws.ts';
import { Violation } from '#chaos/checkers/violation.ts';
import type { Call, Event } from '#proto/gen/mesos/v1/scheduler.ts';
import type { Ground } from './cluster-ground.ts';
import { intendLaunches } from './cluster-tasks.ts';
import { tapped } from './cluster-wire-tap.ts';

export type ServicesMachineOptions = { readonly name: string; readonly masters: readonly string[] };

const lookMs = 100;
const changeMsMax = 4000;
const againMs = 500;

export class ServicesMachine {
  readonly name: string;
  readonly isLeader = false;
  readonly counts: { revisions: number; sessions: number } = { revisions: 0, sessions: 0 };
  readonly #ground: Ground;
  readonly #options: ServicesMachineOptions;
  readonly #onCall: (call: Call) => void;
  readonly #laws: ServiceLaws;
  readonly #random: Random;
  #framework: ServiceFramework | undefined;
  #lives = 0;
  #isFinishing = false;

  constructor(
    dependencies: { readonly ground: Ground; readonly onCall: (call: Call) => void },
    options: ServicesMachineOptions,
  ) {
    this.name = options.name;
    this.#ground = dependencies.ground;
    this.#onCall = dependencies.onCall;
    this.#options = options;
    this.#laws = new ServiceLaws(() => dependencies.ground.world.nowMs);
    this.#random = dependencies.ground.world.random(options.name);
    this.#laws.steady.add('web');
    this.#look();
    this.#changeNowAndThen();
  }

  get launches(): number {
    return this.#laws.launches;
  }

  /** What it still waits for, in words. */
  get unsettled(): string | undefined {
    const world = this.#framework?.world;
    if (world === undefined) return `${this.name} does not lead its services`;
    for (const [key, { record, strays }] of world.instances) {
      if (record.task !== undefined || strays.length > 0) return `${key} has a task still`;
    }
    return [...world.services.values()].some(({ wish }) => wish === 'run')
      ? 'services are wanted still'
      : undefined;
  }

  start(): void {
    const { world, logger, http, witness } = this.#ground;
    if (world.isUp(this.name)) return;
    const life = world.boot(this.name);
    const clock = simulatedClock({ world, life });
    const taps = {
      owner: this.name,
      onCall: (call: Call) => this.#heard(call),
      onEvent: (event: Event) => this.#judge(() => this.#laws.onEvent(event)),
    };
    const framework = new ServiceFramework(
      {
        clock,
        random: this.#random.fork(`life ${this.#lives}`),
        logger: logger.child({ machine: this.name }),
        http: tapped({ http: http.client(life), witness, logger }, taps),
      },
      { ...settings, masters: this.#options.masters, holder: holderOf(this.#lives++) },
    );
    this.#framework = framework;
    life.onEnd(() => {
      this.#framework = undefined;
    });
    this.counts.sessions++;
    this.#run(framework, life).catch((fault: unknown) =>
      witness.fail(`${this.name} stopped`, fault),
    );
  }

  crash(kind: 'process' | 'power'): void {
    this.#ground.world.crash(this.name, kind);
  }

  pause(durationMs: number): void {
    this.#ground.world.pause(this.name, durationMs);
  }

  /** Nothing is wanted any more; asked until that is so. */
  finish(): void {
    this.#isFinishing = true;
    this.#laws.steady.clear();
    const wanted = [...(this.#framework?.world?.services.values() ?? [])];
    for (const { spec, wish } of wanted) {
      if (wish === 'run') this.#change({ kind: 'stop', service: spec.name });
    }
    this.#ground.world.schedule(againMs, 'services end', () => this.finish());
  }

  async #run(framework: ServiceFramework, life: Life): Promise<void> {
    const end = await framework.run();
    if (!life.alive) return;
    if (end.kind === 'refused') throw new Error(end.reason);
    this.crash('process');
    this.#ground.world.schedule(againMs, `${this.name} supervisor`, () => this.start());
  }

  #changeNowAndThen(): void {
    this.#ground.world.schedule(200 + this.#random.below(changeMsMax), 'services change', () => {
      if (this.#isFinishing) return;
      const services = specs(this.counts.revisions + 1);
      if (this.#change({ kind: 'run', services, found: [] })) this.counts.revisions++;
      this.#changeNowAndThen();
    });
  }

  /** False when nobody leads, or it cannot be. */
  #change(change: Change): boolean {
    const session = this.#framework?.session;
    const world = session?.world;
    if (session === undefined || world === undefined || !planOf(world, change).ok) return false;
    session
      .change({ kind: 'change', change })
      .catch((fault: unknown) => this.#ground.witness.fail(`${this.name}: ${change.kind}`, fault));
    return true;
  }

  #heard(call: Call): void {
    intendLaunches(this.#ground.witness, this.name, call);
    this.#judge(() => this.#laws.onCall(call));
    this.#onCall(call);
  }

  /** What runs on the machines: of what has volumes one task at a time. */
  #look(): void {
    const { world, witness } = this.#ground;
    world.schedule(lookMs, 'the witness looks at services', () => {
      const { runningTasks } = witness.laws.containers;
      const keys = runningTasks.flatMap((task) => keyOfTask(task) ?? []);
      const double = keys.find((key, at) => key.startsWith('db/') && keys.indexOf(key) < at);
      if (double !== undefined) {
        this.#judge(() => this.#laws.violations.push(`two tasks of ${double} run`));
      }
      this.#look();
    });
  }

  #judge(look: () => void): void {
    this.#ground.witness.see(() => {
      look();
      const [first] = this.#laws.violations;
      if (first !== undefined) throw new Violation('services', first);
    });
  }
}

const settings = {
  frameworkId: 'services',
  role: 'services',
  user: 'nobody',
  principal: undefined,
  authorization: undefined,
  hostname: 'services',
  leaseMs: 4000,
  failoverTimeoutSeconds: 3600,
} as const;

const holderOf = (life: number): { readonly process: string; readonly url: string } => ({
  process: `${life}`,
  url: 'http://services',
});

function specs(revision: number): readonly ServiceSpec[] {
  const each = { cpus: 0.2, mem: 32, killGraceSeconds: 1, update: { readySeconds: 0.5 } };
  const restart = { firstSeconds: 0.2, mostSeconds: 2 };
  const command = `sleep ${100_000 + revision}`;
  const volumes = [{ name: 'data', path: 'data', size: 50 }];
  const parsed = parseServices({
    services: {
      web: { ...each, instances: 3, command, restart },
      db: { ...each, instances: 2, command, volumes, constraints: [{ unique: 'host' }], restart },
    },
  });
  assert(parsed.ok, 'the services are right');
  return parsed.value;
}
