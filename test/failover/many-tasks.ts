/**
 * A framework with many short tasks that keeps count of everything it is told, for tests of what a
 * failover does to it. It behaves as a careful scheduler does: it acknowledges, asks about its tasks
 * after each subscription, and launches again only what the masters do not know.
 */
import { uuidText } from '#internal/base/uuid.ts';
import {
  type CallOutcome,
  SchedulerClient,
  schedulerDefaults,
  type SchedulerDependencies,
} from '#internal/client/scheduler-client.ts';
import { protobufFormat } from '#internal/client/wire-format.ts';
import type { Timer } from '#internal/runtime/clock.ts';
import type {
  ExecutorInfo,
  Offer,
  Offer_Operation,
  Resource,
  TaskInfo,
  TaskStatus,
} from '#proto/gen/mesos/v1.ts';
import type { Call, Event } from '#proto/gen/mesos/v1/scheduler.ts';

export type ManyTasksOptions = {
  readonly masters: readonly string[];
  readonly name: string;
  readonly tasks: number;
  readonly tasksPerSecond: number;
  /** Run by `sh`; the task's id is in `MESOS_TASK_ID`. */
  commandOf(task: number): string;
  /** Tasks that have the same are launched as one group; undefined: alone. They follow each other. */
  groupOf?(task: number): number | undefined;
  /** The executor that the task is for; undefined: none, it is a command. */
  executorOf?(task: number): ExecutorInfo | undefined;
  /** So long after it was said to run, the task is killed; undefined: never. */
  killAfterMsOf?(task: number): number | undefined;
};

/** What became of a task so far. */
type Fate = {
  readonly id: string;
  readonly command: string;
  readonly group: number | undefined;
  readonly executor: ExecutorInfo | undefined;
  readonly killAfterMs: number | undefined;
  kind: 'waiting' | 'asked' | 'ended';
  /** ACCEPTs that it was in. */
  launches: number;
  /** Somebody answered its last ACCEPT, or nobody ever will. */
  isSettled: boolean;
  agentId: string;
  /** An agent has said something of it. */
  isSeen: boolean;
  newsMs: number;
  questionMs: number;
  /** How far the newest new update of its agent was. */
  place: number;
  lastWords: string;
  /** Terminal updates of agents: uuid and state. */
  readonly ends: Map<string, string>;
};

export type Tally = {
  readonly ended: number;
  /** States of the tasks that ended, and how many. */
  readonly byState: Readonly<Record<string, number>>;
  /** How each task ended, by its id. */
  readonly ends: ReadonlyMap<string, string>;
  /** Updates of agents that came after the end of their task, or back in time. */
  readonly disorder: readonly string[];
  /** Launched again because no master had heard of them. */
  readonly again: number;
  readonly endedTwice: readonly string[];
  /** They ran, and then nobody knew them. */
  readonly lost: readonly string[];
  /** Updates that came again with the same uuid. */
  readonly repeated: number;
  readonly subscriptions: number;
  readonly disconnections: number;
  readonly longestGapMs: number;
  readonly refusals: readonly string[];
};

const need = { cpus: 0.1, mem: 16 };
const nudgeMs = 500;
/** Without news for so long, a task is asked about. */
const silenceMs = 3000;
const questionMs = 5000;
const killAgainMs = 3000;
/** Behind every other state. */
const ended = 9;

export class ManyTasks implements AsyncDisposable {
  readonly #with: SchedulerDependencies;
  readonly #options: ManyTasksOptions;
  readonly #client: SchedulerClient;
  readonly #fates: ReadonlyMap<string, Fate>;
  readonly #startedMs: number;
  readonly #seen = new Set<string>();
  readonly #lost: string[] = [];
  readonly #refusals: string[] = [];
  readonly #disorder: string[] = [];
  readonly #over = Promise.withResolvers<void>();
  #again = 0;
  #repeated = 0;
  #subscriptions = 0;
  #disconnections = 0;
  #longestGapMs = 0;
  #gapMs: number | undefined;
  #nudge: Timer;

  constructor(dependencies: SchedulerDependencies, options: ManyTasksOptions) {
    this.#with = dependencies;
    this.#options = options;
    this.#startedMs = dependencies.clock.monotonic();
    this.#fates = new Map(
      Array.from({ length: options.tasks }, (_, n) => {
        const id = `${options.name}-${n}`;
        const group = options.groupOf?.(n);
        const killAfterMs = options.killAfterMsOf?.(n);
        const executor = options.executorOf?.(n);
        const command = options.commandOf(n);
        return [id, newFate({ id, command, group, executor, killAfterMs })];
      }),
    );
    const { masters } = options;
    this.#client = new SchedulerClient(
      dependencies,
      {
        ...schedulerDefaults,
        masters,
        format: protobufFormat,
        answerTimeoutMs: 2000,
        framework: frameworkOf(options.name),
      },
      {
        onEvent: (event) => this.#hear(event),
        onDisconnected: () => {
          this.#disconnections++;
          this.#gapMs = this.#now();
        },
        onRefused: (reason) => this.#over.reject(new Error(`refused: ${reason}`)),
      },
    );
    this.#nudge = this.#armNudge();
    this.#client.start();
  }

  /** Resolves when all tasks have ended as far as this framework knows. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  get name(): string {
    return this.#options.name;
  }

  get frameworkId(): string {
    return this.#client.frameworkId ?? '';
  }

  /** Those that have not ended, for the words of a test that waits in vain. */
  unfinished(): readonly string[] {
    return [...this.#fates.values()]
      .filter(({ kind }) => kind !== 'ended')
      .map(({ id, kind, launches, isSeen }) => `${id} ${kind} ${launches} ${isSeen}`);
  }

  /** Ends what is left of the framework, executors too. */
  async tearDown(): Promise<void> {
    await this.#client.call({ type: 'TEARDOWN' });
  }

  /** State, reason and message of a task's end. */
  lastWordsOf(id: string): string {
    return this.#fates.get(id)?.lastWords ?? '';
  }

  tally(): Tally {
    const fates = [...this.#fates.values()];
    const states = fates.flatMap(({ ends }) => [...ends.values()].slice(0, 1));
    const byState: Record<string, number> = {};
    for (const state of states) byState[state] = (byState[state] ?? 0) + 1;
    return {
      ended: fates.filter(({ kind }) => kind === 'ended').length,
      byState,
      ends: new Map(fates.flatMap(({ id, ends }) => [...ends.values()].map((end) => [id, end]))),
      disorder: this.#disorder,
      again: this.#again,
      endedTwice: fates.filter(({ ends }) => ends.size > 1).map(({ id }) => id),
      lost: this.#lost,
      repeated: this.#repeated,
      subscriptions: this.#subscriptions,
      disconnections: this.#disconnections,
      longestGapMs: Math.round(this.#longestGapMs),
      refusals: this.#refusals,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#nudge.cancel();
    await this.#client.close();
  }

  #hear(event: Event): void {
    if (event.subscribed !== undefined) this.#subscribed();
    for (const offer of event.offers?.offers ?? []) this.#answer(offer);
    if (event.update !== undefined) this.#updated(event.update.status);
  }

  #subscribed(): void {
    this.#subscriptions++;
    if (this.#gapMs !== undefined) {
      this.#longestGapMs = Math.max(this.#longestGapMs, this.#now() - this.#gapMs);
    }
    this.#gapMs = undefined;
    for (const fate of this.#fates.values()) fate.questionMs = 0;
    this.#askAbout(({ isSettled }) => isSettled);
  }

  #answer(offer: Offer): void {
    const elapsedSeconds = (this.#now() - this.#startedMs) / 1000;
    const fates = [...this.#fates.values()];
    const due = Math.floor(elapsedSeconds * this.#options.tasksPerSecond);
    const begun = fates.filter(({ kind }) => kind !== 'waiting').length;
    const count = Math.max(0, Math.min(roomIn(offer), due - begun));
    const chosen = wholeGroups(
      fates.filter(({ kind }) => kind === 'waiting'),
      count,
    );
    const offer_ids = [offer.id];
    if (chosen.length === 0) {
      const filters = { refuse_seconds: 0.3 };
      void this.#client.call({ type: 'DECLINE', decline: { offer_ids, filters } });
      return;
    }
    for (const fate of chosen) {
      const { value: agentId } = offer.agent_id;
      const newsMs = this.#now();
      const launches = fate.launches + 1;
      Object.assign(fate, { kind: 'asked', isSettled: false, agentId, newsMs, launches });
    }
    const operations = operationsOf(offer, chosen, this.frameworkId);
    const filters = { refuse_seconds: 0 };
    const call: Call = { type: 'ACCEPT', accept: { offer_ids, operations, filters } };
    void this.#client.call(call).then((outcome) => this.#settle(chosen, outcome));
  }

  #settle(fates: readonly Fate[], outcome: CallOutcome): void {
    for (const fate of fates) {
      fate.isSettled = true;
      if (outcome.kind === 'refused' && fate.kind === 'asked') fate.kind = 'waiting';
    }
    if (outcome.kind === 'refused') this.#refusals.push(`${outcome.status} ${outcome.text}`);
    if (outcome.kind === 'disconnected') this.#askAbout((fate) => fates.includes(fate));
  }

  #updated(status: TaskStatus): void {
    const fate = this.#fates.get(status.task_id.value);
    if (fate === undefined) return;
    fate.newsMs = this.#now();
    if (status.uuid === undefined) this.#toldByMaster(fate, status);
    else this.#toldByAgent(fate, status, status.uuid);
  }

  #toldByAgent(fate: Fate, status: TaskStatus, uuid: Uint8Array): void {
    const { task_id, agent_id, state, reason = '', message = '' } = status;
    if (agent_id !== undefined) {
      const acknowledge = { task_id, agent_id, uuid };
      void this.#client.call({ type: 'ACKNOWLEDGE', acknowledge });
    }
    const name = uuidText(uuid);
    if (this.#seen.has(name)) this.#repeated++;
    else this.#checkOrder(fate, state);
    this.#seen.add(name);
    fate.isSeen = true;
    if (state === 'TASK_RUNNING') this.#killLater(fate);
    if (!terminal.has(state)) return;
    fate.ends.set(name, state);
    fate.lastWords = `${state} ${reason} ${message}`;
    fate.kind = 'ended';
    if ([...this.#fates.values()].every(({ kind }) => kind === 'ended')) this.#over.resolve();
  }

  #checkOrder(fate: Fate, state: string): void {
    const order = ['TASK_STARTING', 'TASK_RUNNING', 'TASK_KILLING'].indexOf(state);
    const place = order < 0 ? ended : order;
    if (place <= fate.place) this.#disorder.push(`${fate.id} ${state}`);
    fate.place = place;
  }

  #killLater({ id, agentId, killAfterMs }: Fate): void {
    if (killAfterMs === undefined) return;
    const kill = { task_id: { value: id }, agent_id: { value: agentId } };
    const ask = (): void => {
      if (this.#fates.get(id)?.kind !== 'asked') return;
      void this.#client.call({ type: 'KILL', kill });
      // Kills are not kept by anybody: a master or an agent that died has forgotten it.
      this.#with.clock.after(killAgainMs, ask);
    };
    this.#with.clock.after(killAfterMs, ask);
  }

  #toldByMaster(fate: Fate, { state, reason, message = '' }: TaskStatus): void {
    if (fate.kind !== 'asked') return;
    const isAnswer = reason === 'REASON_RECONCILIATION';
    if (isAnswer && (fate.questionMs === 0 || !fate.isSettled)) return;
    if (isAnswer) fate.questionMs = 0;
    if (state === 'TASK_ERROR') this.#refusals.push(`${fate.id} ${reason} ${message}`);
    if (!unknown.has(state)) return;
    if (fate.isSeen) this.#lost.push(`${fate.id} ${state} ${reason} ${message}`);
    fate.kind = 'waiting';
    this.#again++;
  }

  #askAbout(isOf: (fate: Fate) => boolean): void {
    const nowMs = this.#now();
    const chosen = [...this.#fates.values()].filter(
      (fate) =>
        fate.kind === 'asked' &&
        fate.isSettled &&
        (fate.questionMs === 0 || nowMs - fate.questionMs > questionMs) &&
        isOf(fate),
    );
    if (chosen.length === 0) return;
    for (const fate of chosen) fate.questionMs = nowMs;
    const tasks = chosen.map(({ id, agentId }) => ({
      task_id: { value: id },
      agent_id: { value: agentId },
    }));
    void this.#client.call({ type: 'RECONCILE', reconcile: { tasks } });
  }

  #armNudge(): Timer {
    return this.#with.clock.after(nudgeMs, () => {
      const nowMs = this.#now();
      this.#askAbout(({ newsMs }) => nowMs - newsMs > silenceMs);
      this.#nudge = this.#armNudge();
    });
  }

  #now(): number {
    return this.#with.clock.monotonic();
  }
}

const terminal: ReadonlySet<string> = new Set([
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_ERROR',
  'TASK_LOST',
  'TASK_DROPPED',
  'TASK_GONE',
]);

const unknown: ReadonlySet<string> = new Set([
  'TASK_DROPPED',
  'TASK_ERROR',
  'TASK_GONE',
  'TASK_LOST',
  'TASK_UNKNOWN',
]);

const newFate = (
  wanted: Pick<Fate, 'id' | 'command' | 'group' | 'executor' | 'killAfterMs'>,
): Fate => ({
  ...wanted,
  kind: 'waiting',
  launches: 0,
  isSettled: true,
  agentId: '',
  isSeen: false,
  newsMs: 0,
  questionMs: 0,
  place: -1,
  lastWords: '',
  ends: new Map(),
});

const frameworkOf = (name: string) => ({
  name,
  user: process.env['USER'] ?? 'root',
  roles: [name],
  failover_timeout: 600,
  checkpoint: true,
  capabilities: [
    { type: 'MULTI_ROLE' },
    { type: 'RESERVATION_REFINEMENT' },
    { type: 'PARTITION_AWARE' },
  ] as const,
});

/** The first of them, at most so many, and of each group all that wait or none. */
function wholeGroups(fates: readonly Fate[], count: number): readonly Fate[] {
  const chosen: Fate[] = [];
  for (const fate of fates) {
    const group = fates.filter((each) => each === fate || isTogether(each, fate));
    if (chosen.includes(fate)) continue;
    if (chosen.length + group.length > count) return chosen;
    chosen.push(...group);
  }
  return chosen;
}

const isTogether = (one: Fate, other: Fate): boolean =>
  one.group !== undefined && one.group === other.group;

function operationsOf(
  offer: Offer,
  fates: readonly Fate[],
  frameworkId: string,
): readonly Offer_Operation[] {
  const alone = fates.filter(({ group }) => group === undefined);
  const groups = new Set(fates.flatMap(({ group }) => (group === undefined ? [] : [group])));
  const task_infos = alone.map((fate) => taskInfo(offer, fate));
  return [
    ...(alone.length === 0 ? [] : [{ type: 'LAUNCH', launch: { task_infos } } as const]),
    ...[...groups].map((group): Offer_Operation => ({
      type: 'LAUNCH_GROUP',
      launch_group: {
        executor: {
          type: 'DEFAULT',
          executor_id: { value: `pod-${group}` },
          framework_id: { value: frameworkId },
          resources: taken(offer, { cpus: 0.1, mem: 32, disk: 10 }),
        },
        task_group: {
          tasks: fates.filter((fate) => fate.group === group).map((fate) => taskInfo(offer, fate)),
        },
      },
    })),
  ];
}

/** How many tasks fit into what the offer has. */
function roomIn({ resources = [] }: Offer): number {
  const amount = (name: string): number =>
    resources
      .filter((resource) => resource.name === name)
      .reduce((sum, { scalar }) => sum + (scalar?.value ?? 0), 0);
  return Math.floor(Math.min(amount('cpus') / need.cpus, amount('mem') / need.mem) + 1e-6);
}

function taken(
  { resources = [] }: Offer,
  amounts: Readonly<Record<string, number>>,
): readonly Resource[] {
  const allocation_info = resources[0]?.allocation_info;
  return Object.entries(amounts).map(([name, value]) => ({
    name,
    type: 'SCALAR' as const,
    scalar: { value },
    ...(allocation_info !== undefined && { allocation_info }),
  }));
}

function taskInfo(offer: Offer, { id, command, executor }: Fate): TaskInfo {
  return {
    name: id,
    task_id: { value: id },
    agent_id: offer.agent_id,
    resources: taken(offer, need),
    ...(executor === undefined ? { command: { shell: true, value: command } } : { executor }),
  };
}
