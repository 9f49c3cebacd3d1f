/**
 * A framework's scheduler over the real HTTP API: it takes offers while it has tasks to launch, as many
 * tasks an ACCEPT as it is told, declines the rest, acknowledges every update, and after each failover
 * asks about every task of its own and waits for the answers.
 */
import type { Random } from '#internal/base/random.ts';
import {
  type CallOutcome,
  SchedulerClient,
  schedulerDefaults,
} from '#internal/client/scheduler-client.ts';
import type { WireFormat } from '#internal/client/wire-format.ts';
import type { Clock, Timer } from '#internal/runtime/clock.ts';
import type { HttpClient } from '#internal/runtime/http.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type { Offer, TaskInfo, TaskState, TaskStatus } from '#proto/gen/mesos/v1.ts';
import type { Call, Event } from '#proto/gen/mesos/v1/scheduler.ts';

export type SchedulerDependencies = {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly http: HttpClient;
};

export type SchedulerOptions = {
  /** `host:port` of the masters' HTTP. */
  readonly masters: readonly string[];
  readonly name: string;
  readonly role: string;
  readonly format: WireFormat;
  readonly tasksPerAccept: number;
  /** What each task asks for; offers are taken to be large enough. */
  readonly task: { readonly cpus: number; readonly mem: number };
  /** For how long offers are refused when there is nothing to launch. */
  readonly refuseSeconds: number;
};

/** What is seen of a scheduler from outside. Moments are of the clock's `now`; 0 for never. */
export type SchedulerCounts = {
  isSubscribed: boolean;
  subscriptions: number;
  subscribedMs: number;
  /** Since the last subscription. */
  firstOfferMs: number;
  /** Tasks named in ACCEPTs that were answered 202. */
  accepted: number;
  /** Tasks that it has yet to launch. */
  wanted: number;
  /** Answers to the questions of the last subscription that have yet to come, and the last one's time. */
  unanswered: number;
  answeredMs: number;
  /** Calls that were not taken, by status. */
  refusals: number;
  updates: number;
  /** Tasks by what was last heard of them; the finished ones are forgotten. */
  finished: number;
  /** Tasks that were under way and that nobody ended. */
  lost: number;
  /** What the last refusal said, of a call or of the framework. */
  refusal: string;
};

const filters = (
  refuse_seconds: number,
): { readonly filters: { readonly refuse_seconds: number } } => ({
  filters: { refuse_seconds },
});

type OwnTask = {
  readonly agent: string;
  /** Its agent has told of it. */
  isUnderWay: boolean;
};

const askAgainMs = 2000;

const failed = new Set<TaskState>([
  'TASK_LOST',
  'TASK_ERROR',
  'TASK_DROPPED',
  'TASK_GONE',
  'TASK_UNKNOWN',
  'TASK_FAILED',
  'TASK_UNREACHABLE',
]);

export class SimulatedScheduler {
  readonly counts: SchedulerCounts = {
    isSubscribed: false,
    subscriptions: 0,
    subscribedMs: 0,
    firstOfferMs: 0,
    accepted: 0,
    wanted: 0,
    unanswered: 0,
    answeredMs: 0,
    refusals: 0,
    updates: 0,
    finished: 0,
    lost: 0,
    refusal: '',
  };
  readonly #with: SchedulerDependencies;
  readonly #options: SchedulerOptions;
  readonly #client: SchedulerClient;
  /** Tasks that are not over. */
  readonly #tasks = new Map<string, OwnTask>();
  /** Tasks that it has asked about, and had no answer. */
  #asked = new Set<string>();
  #asking: Timer | undefined;
  #serial = 0;

  constructor(dependencies: SchedulerDependencies, options: SchedulerOptions) {
    this.#with = dependencies;
    this.#options = options;
    const { masters, format, name, role } = options;
    this.#client = new SchedulerClient(
      dependencies,
      {
        ...schedulerDefaults,
        // Whoever measures how long it takes to be back must not sit out a long pause.
        pauseMaxMs: 250,
        masters,
        format,
        framework: {
          user: 'nobody',
          name,
          roles: [role],
          failover_timeout: 3600,
          checkpoint: true,
          capabilities: [
            { type: 'MULTI_ROLE' },
            { type: 'PARTITION_AWARE' },
            { type: 'RESERVATION_REFINEMENT' },
          ],
        },
      },
      {
        onEvent: (event) => this.#hear(event),
        onDisconnected: () => this.#disconnected(),
        onRefused: (reason) => (this.counts.refusal = reason),
      },
    );
  }

  get taskCount(): number {
    return this.#tasks.size;
  }

  start(): void {
    this.#client.start();
  }

  async close(): Promise<void> {
    this.#asking?.cancel();
    await this.#client.close();
  }

  /** Has so many more tasks to launch; offers that were refused are asked for again. */
  want(tasks: number): void {
    this.counts.wanted += tasks;
    this.#say({ type: 'REVIVE', revive: {} });
  }

  #say(call: Call): void {
    void this.#tell(call);
  }

  async #tell(call: Call): Promise<CallOutcome> {
    const outcome = await this.#client.call(call);
    if (outcome.kind === 'refused') {
      this.counts.refusals++;
      this.counts.refusal = `${call.type}: ${outcome.status} ${outcome.text}`;
    }
    return outcome;
  }

  #hear(event: Event): void {
    if (event.subscribed !== undefined) this.#subscribed();
    else if (event.offers !== undefined) this.#offered(event.offers.offers ?? []);
    else if (event.update !== undefined) this.#updated(event.update.status);
  }

  #disconnected(): void {
    this.#asking?.cancel();
    this.counts.isSubscribed = false;
    this.counts.firstOfferMs = 0;
    // Nobody has said anything of any of them since.
    this.counts.unanswered = this.#tasks.size;
  }

  #subscribed(): void {
    const { counts } = this;
    counts.isSubscribed = true;
    counts.subscriptions++;
    counts.subscribedMs = this.#with.clock.now();
    if (counts.subscriptions === 1) return;
    this.#asked = new Set(this.#tasks.keys());
    counts.unanswered = this.#asked.size;
    this.#ask();
  }

  /** Of a task whose agent is not back there may be no answer, so it asks again. */
  #ask(): void {
    this.#asking?.cancel();
    if (this.#asked.size === 0) return;
    const tasks = [...this.#asked].map((task) => ({
      task_id: { value: task },
      agent_id: { value: this.#tasks.get(task)?.agent ?? '' },
    }));
    this.#say({ type: 'RECONCILE', reconcile: { tasks } });
    this.#asking = this.#with.clock.after(askAgainMs, () => this.#ask());
  }

  #offered(offers: readonly Offer[]): void {
    const { counts } = this;
    if (counts.firstOfferMs === 0) counts.firstOfferMs = this.#with.clock.now();
    const declined: Offer[] = [];
    for (const offer of offers) {
      const count = Math.min(counts.wanted, this.#options.tasksPerAccept);
      if (count === 0) declined.push(offer);
      else void this.#launch(offer, count);
    }
    if (declined.length === 0) return;
    const offer_ids = declined.map(({ id }) => id);
    const { refuseSeconds } = this.#options;
    this.#say({ type: 'DECLINE', decline: { offer_ids, ...filters(refuseSeconds) } });
  }

  async #launch({ id, agent_id }: Offer, count: number): Promise<void> {
    const { counts } = this;
    const task_infos = Array.from({ length: count }, () => this.#newTask(agent_id));
    counts.wanted -= count;
    const operations = [{ type: 'LAUNCH', launch: { task_infos } } as const];
    const accept = { offer_ids: [id], operations, ...filters(0) };
    const outcome = await this.#tell({ type: 'ACCEPT', accept });
    if (outcome.kind === 'accepted') counts.accepted += count;
  }

  #newTask(agent_id: TaskInfo['agent_id']): TaskInfo {
    const { task } = this.#options;
    const value = `${this.#options.name}-${this.#serial++}`;
    this.#tasks.set(value, { agent: agent_id.value, isUnderWay: false });
    return {
      name: 'simulated',
      task_id: { value },
      agent_id,
      command: { value: 'sleep 3600', shell: true },
      resources: [
        { name: 'cpus', type: 'SCALAR', scalar: { value: task.cpus } },
        { name: 'mem', type: 'SCALAR', scalar: { value: task.mem } },
      ],
    };
  }

  #updated({ task_id, agent_id, state, uuid, reason }: TaskStatus): void {
    const { counts } = this;
    counts.updates++;
    const id = task_id.value;
    if (reason === 'REASON_RECONCILIATION' && this.#asked.delete(id)) {
      counts.unanswered = this.#asked.size;
      counts.answeredMs = this.#with.clock.now();
    }
    if (state === 'TASK_FINISHED' || state === 'TASK_KILLED') {
      if (this.#tasks.delete(id)) counts.finished++;
    } else if (failed.has(state)) this.#failed(id);
    else if (uuid !== undefined) this.#isUnderWay(id);
    if (uuid === undefined || agent_id === undefined) return;
    this.#say({ type: 'ACKNOWLEDGE', acknowledge: { task_id, agent_id, uuid } });
  }
  #isUnderWay(id: string): void {
    const task = this.#tasks.get(id);
    if (task !== undefined) task.isUnderWay = true;
  }

  /** What came to nothing before it began is launched anew, as another task. */
  #failed(id: string): void {
    const task = this.#tasks.get(id);
    this.#tasks.delete(id);
    if (task?.isUnderWay === true) this.counts.lost++;
    else if (task !== undefined) this.counts.wanted++;
  }
}
