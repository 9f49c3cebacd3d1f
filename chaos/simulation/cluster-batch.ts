/**
 * A long-lived scheduler of many short tasks, over the client library: it launches, declines, kills,
 * meddles with the tasks of others, forgets to acknowledge now and then, and asks for the truth after
 * each connection. Its program may crash; what it has asked for is in its database.
 */
import type { Random } from '#internal/base/random.ts';
import { SchedulerClient, schedulerDefaults } from '#internal/client/scheduler-client.ts';
import type { WireFormat } from '#internal/client/wire-format.ts';
import { isTerminal } from '#internal/agent/core/state.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import type { FrameworkInfo, Offer, TaskInfo, TaskState, TaskStatus } from '#proto/gen/mesos/v1.ts';
import type { Call, Event } from '#proto/gen/mesos/v1/scheduler.ts';
import type { Ground } from './cluster-ground.ts';
import { drawTask, type TaskDraft } from './cluster-tasks.ts';
import { tapped } from './cluster-wire-tap.ts';

export type BatchOptions = {
  readonly name: string;
  readonly masters: readonly string[];
  readonly format: WireFormat;
  /** Tasks that it wants to run at the same time. */
  readonly wanted: number;
  /** Chances, for each task or update. */
  readonly kills: number;
  readonly forgets: number;
  readonly failoverSeconds: number;
};

type Own = {
  readonly draft: TaskDraft;
  readonly agentId: string;
  /** The last word on it that counts. */
  state: TaskState | undefined;
  isOver: boolean;
  isToBeKilled: boolean;
};

const askAgainMs = 5000;

export class BatchScheduler {
  readonly name: string;
  readonly isLeader = false;
  readonly counts: Record<'launches' | 'kills' | 'meddled' | 'reconnects' | 'declines', number> = {
    launches: 0,
    kills: 0,
    meddled: 0,
    reconnects: 0,
    declines: 0,
  };
  readonly #ground: Ground;
  readonly #options: BatchOptions;
  readonly #random: Random;
  readonly #onCall: (call: Call) => void;
  readonly #foreign: () => string | undefined;
  readonly #tasks = new Map<string, Own>();
  #client: SchedulerClient | undefined;
  #frameworkId: string | undefined;
  #lives = 0;
  #isFinishing = false;

  constructor(
    dependencies: {
      readonly ground: Ground;
      readonly onCall: (call: Call) => void;
      /** The id of some task of somebody else. */
      readonly foreign: () => string | undefined;
    },
    options: BatchOptions,
  ) {
    this.name = options.name;
    this.#ground = dependencies.ground;
    this.#onCall = dependencies.onCall;
    this.#foreign = dependencies.foreign;
    this.#options = options;
    this.#random = dependencies.ground.world.random(options.name);
  }

  /** Tasks of which it has not heard the end. */
  get open(): readonly string[] {
    return [...this.#tasks].flatMap(([id, { isOver }]) => (isOver ? [] : [id]));
  }

  /** Every task it ever asked for, and the last state it was told. */
  get told(): readonly (readonly [id: string, state: TaskState | undefined])[] {
    return [...this.#tasks].map(([id, { state }]) => [id, state]);
  }

  start(): void {
    const { world, logger, http, witness } = this.#ground;
    if (world.isUp(this.name)) return;
    const life = world.boot(this.name);
    this.#lives += 1;
    const clock = simulatedClock({ world, life });
    const client = new SchedulerClient(
      {
        clock,
        random: this.#random.fork(`life ${this.#lives}`),
        logger,
        http: tapped(
          { http: http.client(life), witness, logger },
          { owner: this.name, onCall: this.#onCall },
        ),
      },
      {
        ...schedulerDefaults,
        masters: this.#options.masters,
        framework: this.#framework(),
        format: this.#options.format,
      },
      {
        onEvent: (event) => {
          if (life.alive) this.#onEvent(event, clock);
        },
        onDisconnected: () => {
          this.counts.reconnects++;
        },
        onRefused: (reason) => witness.fail(`${this.name} was refused`, reason),
      },
    );
    this.#client = client;
    life.onEnd(() => {
      this.#client = undefined;
    });
    client.start();
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
    this.#call({ type: 'SUPPRESS' });
  }

  #framework(): FrameworkInfo {
    return {
      user: '',
      name: this.name,
      roles: [this.name],
      failover_timeout: this.#options.failoverSeconds,
      checkpoint: true,
      capabilities: [
        { type: 'MULTI_ROLE' },
        { type: 'PARTITION_AWARE' },
        { type: 'TASK_KILLING_STATE' },
        { type: 'RESERVATION_REFINEMENT' },
      ],
      ...(this.#frameworkId === undefined ? {} : { id: { value: this.#frameworkId } }),
    };
  }

  #onEvent(event: Event, clock: Clock): void {
    if (event.subscribed !== undefined) {
      this.#frameworkId = event.subscribed.framework_id.value;
      this.#ask();
    }
    for (const offer of event.offers?.offers ?? []) this.#onOffer(offer, clock);
    if (event.update !== undefined) this.#onUpdate(event.update.status);
  }

  #onOffer(offer: Offer, clock: Clock): void {
    const foreign = this.#random.chance(0.05) ? this.#foreign() : undefined;
    if (foreign !== undefined) {
      this.counts.meddled++;
      this.#call({ type: 'KILL', kill: { task_id: { value: foreign } } });
    }
    const thinkMs = this.#random.chance(0.2) ? this.#random.below(3000) : 0;
    if (thinkMs === 0) this.#use(offer, clock);
    else clock.after(thinkMs, () => this.#use(offer, clock));
  }

  #use(offer: Offer, clock: Clock): void {
    const room = this.#isFinishing ? 0 : this.#options.wanted - this.open.length;
    const infos = room <= 0 || this.#random.chance(0.1) ? [] : this.#pack(offer, room, clock);
    const refuse_seconds = this.#random.below(4);
    const offer_ids = [offer.id];
    const filters = { refuse_seconds };
    if (infos.length === 0) {
      this.counts.declines++;
      this.#call({ type: 'DECLINE', decline: { offer_ids, filters } });
      return;
    }
    const operations = [{ type: 'LAUNCH', launch: { task_infos: infos } }] as const;
    this.#call({ type: 'ACCEPT', accept: { offer_ids, operations, filters } });
  }

  /** Draws tasks while they fit into the offer. */
  #pack(offer: Offer, room: number, clock: Clock): readonly TaskInfo[] {
    let cpusMilli = Math.round(amountOf(offer, 'cpus') * 1000);
    let memMb = Math.floor(amountOf(offer, 'mem'));
    const infos: TaskInfo[] = [];
    const count = Math.min(room, 1 + this.#random.below(3));
    for (let i = 0; i < count; i++) {
      const draft = drawTask(this.#random, `${this.name}-${this.#tasks.size + 1}`);
      if (draft.cpusMilli > cpusMilli || draft.memMb > memMb) continue;
      cpusMilli -= draft.cpusMilli;
      memMb -= draft.memMb;
      infos.push(this.#begin(draft, offer, clock));
    }
    return infos;
  }

  #begin(draft: TaskDraft, { agent_id }: Offer, clock: Clock): TaskInfo {
    const { id, cpusMilli, memMb, line } = draft;
    this.counts.launches++;
    this.#ground.witness.see(({ containers }) =>
      containers.intends(id, { owner: this.name, cpusMilli, memMb }),
    );
    const agentId = agent_id.value;
    const own = { draft, agentId, state: undefined, isOver: false, isToBeKilled: false };
    this.#tasks.set(id, own);
    if (this.#random.chance(this.#options.kills)) {
      clock.after(this.#random.below(4000), () => this.#kill(own));
    }
    return {
      name: id,
      task_id: { value: id },
      agent_id,
      resources: [
        { name: 'cpus', type: 'SCALAR', scalar: { value: cpusMilli / 1000 } },
        { name: 'mem', type: 'SCALAR', scalar: { value: memMb } },
      ],
      command: { shell: true, value: line },
    };
  }

  #kill(own: Own): void {
    if (own.isOver) return;
    if (!own.isToBeKilled) this.counts.kills++;
    own.isToBeKilled = true;
    this.#call({ type: 'KILL', kill: { task_id: { value: own.draft.id } } });
  }

  #onUpdate(status: TaskStatus): void {
    const { task_id, agent_id, uuid, state } = status;
    const isForgotten = !this.#isFinishing && this.#random.chance(this.#options.forgets);
    if (uuid !== undefined && agent_id !== undefined && !isForgotten) {
      this.#call({ type: 'ACKNOWLEDGE', acknowledge: { agent_id, task_id, uuid } });
    }
    const own = this.#tasks.get(task_id.value);
    if (own === undefined) return;
    // What is not known has not arrived yet, or never will: any later word counts more.
    const isHearsay = status.reason === 'REASON_RECONCILIATION';
    if (own.isOver && isHearsay) return;
    own.state = state;
    own.isOver = isTerminal(state) || state === 'TASK_UNKNOWN';
  }

  #askNowAndThen(clock: Clock): void {
    clock.after(askAgainMs, () => {
      this.#ask();
      this.#askNowAndThen(clock);
    });
  }

  /** What calls may have been lost with a master is said again. */
  #ask(): void {
    const open = [...this.#tasks].filter(([, { isOver }]) => !isOver);
    if (open.length === 0) return;
    const tasks = open.map(([id, { agentId }]) => ({
      task_id: { value: id },
      agent_id: { value: agentId },
    }));
    this.#call({ type: 'RECONCILE', reconcile: { tasks } });
    for (const [, own] of open) if (own.isToBeKilled) this.#kill(own);
  }

  #call(call: Call): void {
    const { witness } = this.#ground;
    this.#make(call).catch((error: unknown) => witness.fail(`${this.name}: ${call.type}`, error));
  }

  async #make(call: Call): Promise<void> {
    const outcome = await this.#client?.call(call);
    // 400: we are a stranger, or our stream is another one; a new stream is on its way.
    if (outcome?.kind !== 'refused' || outcome.status === 400) return;
    const what = `${this.name}: ${call.type} was answered ${outcome.status}`;
    this.#ground.witness.fail(what, outcome.text);
  }
}

function amountOf({ resources = [] }: Offer, name: string): number {
  const own = resources.filter((resource) => resource.name === name);
  return own.reduce((sum, { scalar }) => sum + (scalar?.value ?? 0), 0);
}
