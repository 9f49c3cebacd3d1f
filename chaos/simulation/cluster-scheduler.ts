/**
 * A scheduler's machine: the client library, a database, and a mind of some temperament that decides
 * what is asked for. The program may crash, and comes back as the framework that it was. Whoever it
 * is, it acknowledges what it hears (now and then it forgets to), and asks for the truth after each
 * connection and every few seconds.
 */
import type { Random } from '#internal/base/random.ts';
import { type FrameworkStore, frameworkStore } from '#internal/client/framework-store.ts';
import { SchedulerClient, schedulerDefaults } from '#internal/client/scheduler-client.ts';
import type { WireFormat } from '#internal/client/wire-format.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import type { Life } from '#internal/runtime/simulated/life.ts';
import type { KillPolicy, Offer, TaskInfo, TaskStatus } from '#proto/gen/mesos/v1.ts';
import type { Call, Event } from '#proto/gen/mesos/v1/scheduler.ts';
import { type Ground, groundOf } from './cluster-ground.ts';
import { TaskBook } from './cluster-task-book.ts';
import { drawTask, type TaskDraft, taskInfoOf } from './cluster-tasks.ts';
import { tapped } from './cluster-wire-tap.ts';
import type { ClusterWitness } from './cluster-witness.ts';
import type { Body, Mind, Temperament } from './temperaments/temperament.ts';

export type SchedulerOptions = {
  readonly name: string;
  readonly temperament: Temperament;
  readonly masters: readonly string[];
  readonly format: WireFormat;
  /** The chance that it forgets to acknowledge an update. */
  readonly forgets: number;
};

/** What every body counts. */
export const bodyFigures = [
  'tasks-asked-for',
  'kills-asked-for',
  'offers-heard',
  'offers-declined',
  'offers-rescinded',
  'streams-broken',
  'reconciliations-asked-for',
] as const;

type Running = { readonly clock: Clock; readonly life: Life; client: SchedulerClient };

const askAgainMs = 5000;
/** Whoever wants nothing any more does not want to be asked. */
const longSeconds = 3600;
/** Two streams of one framework at the same time, if the master lets them. */
const besideMs = 500;

export class SchedulerMachine implements Body {
  readonly name: string;
  readonly temperament: string;
  readonly isLeader = false;
  readonly random: Random;
  readonly witness: ClusterWitness;
  readonly tasks: TaskBook = new TaskBook();
  readonly counts: Map<string, number> = new Map();
  readonly #ground: Ground;
  readonly #options: SchedulerOptions;
  readonly #onCall: (call: Call) => void;
  readonly #mind: Mind;
  #running: Running | undefined;
  #frameworkId: string | undefined;
  #lives = 0;
  #isFinishing = false;
  #hasLeft = false;

  constructor(
    dependencies: { readonly ground: Ground; readonly onCall: (call: Call) => void },
    options: SchedulerOptions,
  ) {
    const { ground, onCall } = dependencies;
    this.name = options.name;
    this.temperament = options.temperament.name;
    this.witness = ground.witness;
    this.random = ground.world.random(options.name);
    this.#ground = groundOf(ground, this.name);
    this.#onCall = onCall;
    this.#options = options;
    this.#mind = options.temperament.newMind(this);
  }

  get isFinishing(): boolean {
    return this.#isFinishing;
  }

  get frameworkId(): string | undefined {
    return this.#frameworkId;
  }

  get store(): FrameworkStore | undefined {
    return this.#running && frameworkStore(this.#running.client);
  }

  /** It ended for ever, and its framework is to end as well. */
  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  /** What it still waits for, in words. */
  get unsettled(): string | undefined {
    if (this.#hasLeft) return undefined;
    const [first] = this.tasks.open;
    if (first !== undefined) return `${this.name} was not told how ${first.draft.id} ended`;
    return this.#mind.unsettled?.();
  }

  /** What of its mind's business is not as it should be, when all is settled. */
  get refuted(): string | undefined {
    return this.#mind.refuted?.();
  }

  start(): void {
    const { world } = this.#ground;
    if (this.#hasLeft || world.isUp(this.name)) return;
    const life = world.boot(this.name);
    this.#lives += 1;
    const clock = simulatedClock({ world, life });
    this.#running = { life, clock, client: this.#newClient(life, clock) };
    life.onEnd(() => {
      this.#running = undefined;
    });
    this.#askNowAndThen(clock);
  }

  crash(kind: 'process' | 'power'): void {
    this.#ground.world.crash(this.name, kind);
  }

  pause(durationMs: number): void {
    this.#ground.world.pause(this.name, durationMs);
  }

  /** From now on it only waits for what it has asked for. */
  finish(): void {
    this.#isFinishing = true;
    this.#mind.onFinish?.();
    this.call({ type: 'SUPPRESS' });
  }

  after(delayMs: number, callback: () => void): void {
    this.#running?.clock.after(delayMs, callback);
  }

  call(call: Call): void {
    this.#make(call).catch((error: unknown) =>
      this.witness.fail(`${this.name}: ${call.type}`, error),
    );
  }

  decline(offers: readonly Offer[], refuseSeconds: number): void {
    this.count('offers-declined');
    const filters = { refuse_seconds: this.#isFinishing ? longSeconds : refuseSeconds };
    this.call({ type: 'DECLINE', decline: { offer_ids: offers.map(({ id }) => id), filters } });
  }

  pack(offers: readonly Offer[], most: number): readonly TaskInfo[] {
    const [first] = offers;
    if (first === undefined || this.#isFinishing) return [];
    let cpusMilli = Math.round(amountOf(offers, 'cpus') * 1000);
    let memMb = Math.floor(amountOf(offers, 'mem'));
    const infos: TaskInfo[] = [];
    for (let i = 0; i < most; i++) {
      const id = `${this.name}-${this.tasks.size + 1}`;
      const draft = drawTask(this.random, id);
      if (draft.cpusMilli > cpusMilli || draft.memMb > memMb) continue;
      cpusMilli -= draft.cpusMilli;
      memMb -= draft.memMb;
      infos.push(this.#begin(draft, first));
    }
    return infos;
  }

  launch(offers: readonly Offer[], infos: readonly TaskInfo[], refuse_seconds: number): void {
    const operations = [{ type: 'LAUNCH', launch: { task_infos: infos } }] as const;
    const offer_ids = offers.map(({ id }) => id);
    this.call({ type: 'ACCEPT', accept: { offer_ids, operations, filters: { refuse_seconds } } });
  }

  kill(task: string, policy?: KillPolicy): void {
    const own = this.tasks.get(task);
    if (own === undefined || own.isOver) return;
    if (!own.isToBeKilled) this.count('kills-asked-for');
    own.isToBeKilled = true;
    const kill_policy = policy === undefined ? {} : { kill_policy: policy };
    this.call({ type: 'KILL', kill: { task_id: { value: task }, ...kill_policy } });
  }

  reconcile(kind: 'explicit' | 'implicit'): void {
    const { open } = this.tasks;
    if (open.length === 0 && kind === 'explicit') return;
    this.count('reconciliations-asked-for');
    const tasks = open.map(({ draft, agentId }) => ({
      task_id: { value: draft.id },
      agent_id: { value: agentId },
    }));
    const reconcile = kind === 'explicit' ? { tasks } : {};
    this.call({ type: 'RECONCILE', reconcile });
  }

  resubscribe(how: 'after' | 'beside'): void {
    const running = this.#running;
    if (running === undefined) return;
    const before = running.client;
    const next = (): void => {
      if (running.life.alive) running.client = this.#newClient(running.life, running.clock);
    };
    const close = async (): Promise<void> => {
      await before.close();
      if (how === 'after') next();
    };
    const end = (): void => {
      close().catch((error: unknown) => this.witness.fail(`${this.name} cannot close`, error));
    };
    if (how === 'after') end();
    else {
      next();
      running.clock.after(besideMs, end);
    }
  }

  leave(): void {
    this.#hasLeft = true;
    this.crash('process');
  }

  beginAnew(): void {
    this.#frameworkId = undefined;
    this.tasks.forgetAll();
    this.resubscribe('after');
  }

  count(figure: string): void {
    this.counts.set(figure, (this.counts.get(figure) ?? 0) + 1);
  }

  #newClient(life: Life, clock: Clock): SchedulerClient {
    const { logger, http, witness } = this.#ground;
    const { name, masters, format } = this.#options;
    const isNow = (): boolean => life.alive && this.#running?.client === client;
    const client = new SchedulerClient(
      {
        clock,
        random: this.random.fork(`life ${this.#lives}`),
        logger,
        http: tapped(
          { http: http.client(life), witness, logger },
          { owner: name, onCall: this.#onCall },
        ),
      },
      { ...schedulerDefaults, masters, framework: this.#framework(), format },
      {
        onEvent: (event) => {
          if (isNow()) this.#onEvent(event);
        },
        onDisconnected: () => {
          if (isNow()) this.count('streams-broken');
        },
        onRefused: (reason) => {
          if (isNow() && this.#mind.onRefused?.(reason) !== true) {
            witness.fail(`${name} was refused`, reason);
          }
        },
      },
    );
    // It reads nothing before its first turn, and is known by then.
    client.start();
    return client;
  }

  #framework(): NonNullable<Call['subscribe']>['framework_info'] {
    return {
      user: '',
      name: this.name,
      ...this.#mind.framework(),
      ...(this.#frameworkId === undefined ? {} : { id: { value: this.#frameworkId } }),
    };
  }

  #onEvent(event: Event): void {
    const { subscribed, offers, update, rescind } = event;
    if (subscribed !== undefined) {
      this.#frameworkId = subscribed.framework_id.value;
      this.#mind.onSubscribed?.();
      this.#ask();
    }
    for (const offer of offers?.offers ?? []) {
      this.count('offers-heard');
      this.#mind.onOffer(offer);
    }
    if (rescind !== undefined) this.count('offers-rescinded');
    if (update !== undefined) this.#onUpdate(update.status);
    this.#mind.onEvent?.(event);
  }

  #begin(draft: TaskDraft, { agent_id }: Offer): TaskInfo {
    const { id, cpusMilli, memMb } = draft;
    this.count('tasks-asked-for');
    this.witness.see(({ containers }) =>
      containers.intends(id, { owner: this.name, cpusMilli, memMb }),
    );
    this.tasks.add(draft, agent_id.value);
    return taskInfoOf(draft, agent_id);
  }

  #onUpdate(status: TaskStatus): void {
    const { task_id, agent_id, uuid } = status;
    const isForgotten = !this.#isFinishing && this.random.chance(this.#options.forgets);
    if (uuid !== undefined && agent_id !== undefined && !isForgotten) {
      this.call({ type: 'ACKNOWLEDGE', acknowledge: { agent_id, task_id, uuid } });
    }
    this.tasks.note(status);
    this.#mind.onUpdate?.(status);
  }

  #askNowAndThen(clock: Clock): void {
    clock.after(askAgainMs, () => {
      this.#ask();
      this.#askNowAndThen(clock);
    });
  }

  /** What calls may have been lost with a master is said again. */
  #ask(): void {
    this.reconcile('explicit');
    for (const own of this.tasks.open) if (own.isToBeKilled) this.kill(own.draft.id);
  }

  async #make(call: Call): Promise<void> {
    const outcome = await this.#running?.client.call(call);
    // 400: we are a stranger, or our stream is another one; a new stream is on its way.
    if (outcome?.kind !== 'refused' || outcome.status === 400) return;
    const what = `${this.name}: ${call.type} was answered ${outcome.status}`;
    this.witness.fail(what, outcome.text);
  }
}

function amountOf(offers: readonly Offer[], name: string): number {
  const all = offers.flatMap(({ resources = [] }) => resources);
  const own = all.filter((resource) => resource.name === name);
  return own.reduce((sum, { scalar }) => sum + (scalar?.value ?? 0), 0);
}
