/**
 * An agent as its master sees it, and nothing behind: it keeps its link, answers pings, remembers the
 * tasks that it was told to run and says of each what a life of its length would make an agent say.
 * Thousands of them fit in a process.
 *
 * To the master it is an agent like any other: it dials, registers, follows a hint to the leader,
 * comes back after a lost link with all that it runs, heeds no lower term than it has heeded, and sends
 * an update again until it is acknowledged. Of what it keeps nothing survives its process.
 */
import type { Random } from '#internal/base/random.ts';
import { newUuid, uuidV4 } from '#internal/base/uuid.ts';
import type { Link, LinkDialer, LinkHandlers } from '#internal/rpc/link.ts';
import type { Clock, Timer } from '#internal/runtime/clock.ts';
import type { AgentMessage, Description, MasterMessage } from '#proto/gen/altiplano/agent/v1.ts';
import type { FrameworkInfo, TaskInfo, TaskState, TaskStatus } from '#proto/gen/mesos/v1.ts';

export type AgentDependencies = {
  readonly clock: Clock;
  readonly random: Random;
  readonly dialer: LinkDialer<AgentMessage, MasterMessage>;
};

export type AgentOptions = {
  /** `host:port` of the masters' agent service. */
  readonly masters: readonly string[];
  readonly description: Description;
  readonly life: TaskLife;
};

/** What becomes of tasks. */
export type TaskLife =
  /** They are taken, and nothing is heard of them. */
  | { readonly kind: 'silent' }
  /** They are running as soon as they are there; finished after so long, or when they are killed. */
  | { readonly kind: 'lively'; readonly runMs: number | undefined };

/** What is seen of an agent from outside. Moments are of the clock's `now`; 0 for never. */
export type AgentCounts = {
  isRegistered: boolean;
  registeredMs: number;
  registrations: number;
  pings: number;
  /** Of the last link, from its registration on: the longest time between two pings. */
  silenceMs: number;
  /** Different tasks that it was told to run. */
  launches: number;
  /** Launches of a task that it knew already. */
  repeats: number;
  lastLaunchMs: number;
  /** The master has sent it away for good. */
  isDismissed: boolean;
};

type KnownTask = {
  readonly info: TaskInfo;
  readonly frameworkId: string;
  state: TaskState;
  /** Not acknowledged, oldest first. */
  readonly updates: TaskStatus[];
  end: Timer | undefined;
};

/** As the agents have it at first. */
const waitMsMax = 1000;
/** A task's oldest update goes out again after so long, at the latest twice as long. */
const resendMs = 10_000;
const final = new Set<TaskState>(['TASK_FINISHED', 'TASK_KILLED']);

export class SimulatedAgent {
  readonly counts: AgentCounts = {
    isRegistered: false,
    registeredMs: 0,
    registrations: 0,
    pings: 0,
    silenceMs: 0,
    launches: 0,
    repeats: 0,
    lastLaunchMs: 0,
    isDismissed: false,
  };
  readonly #with: AgentDependencies;
  readonly #options: AgentOptions;
  readonly #registration: string;
  readonly #tasks = new Map<string, KnownTask>();
  readonly #frameworks = new Map<string, FrameworkInfo>();
  #id: string | undefined;
  #term = 0n;
  #heardMs = 0;
  #link: Link<AgentMessage> | undefined;
  #next = 0;
  /** Masters of this round. */
  #tried = 0;
  #isStopped = false;
  #timer: Timer | undefined;
  #resending: Timer | undefined;

  constructor(dependencies: AgentDependencies, options: AgentOptions) {
    this.#with = dependencies;
    this.#options = options;
    this.#registration = newUuid(dependencies.random);
    // Not all of them begin with the same master.
    this.#next = dependencies.random.below(options.masters.length);
  }

  /** As the masters named it. */
  get id(): string | undefined {
    return this.#id;
  }

  /** Tasks that are not over, or whose end nobody has acknowledged. */
  get taskCount(): number {
    return this.#tasks.size;
  }

  start(): void {
    this.#dialNext();
    this.#resendLater();
  }

  /** Hangs up, and stays away. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#resending?.cancel();
    for (const { end } of this.#tasks.values()) end?.cancel();
    this.#link?.close();
  }

  /** A round of all masters, as the agents have it; between two rounds they wait. */
  #dialNext(): void {
    const { masters } = this.#options;
    this.#tried++;
    this.#dial(masters[this.#next++ % masters.length] ?? '', 0);
  }

  /** `hops` lead here: hints that were followed one after the other. */
  #dial(target: string, hops: number): void {
    let hint: string | undefined;
    const handlers: LinkHandlers<MasterMessage> = {
      onMessage: (message) => {
        if (message.not_leading !== undefined) hint = message.not_leading.leader;
        else if (this.#link === link) this.#hear(message);
      },
      onClose: () => {
        if (this.#link === link) this.#lose(hint === target ? undefined : hint, hops);
      },
    };
    const link = this.#with.dialer.dial(target, handlers);
    this.#link = link;
    this.#introduce();
  }

  #lose(hint: string | undefined, hops: number): void {
    const { isRegistered: wasRegistered } = this.counts;
    const { length } = this.#options.masters;
    this.counts.isRegistered = false;
    this.#link = undefined;
    if (this.#isStopped) return;
    // Two masters that name each other must not keep us busy: a few hops a round.
    if (hint !== undefined && hops < length) this.#dial(hint, hops + 1);
    else if (!wasRegistered && this.#tried < length) this.#dialNext();
    else this.#wait();
  }

  /** All agents lose a leader at the same moment, and do not all come back at the same one. */
  #wait(): void {
    this.#tried = 0;
    const delayMs = this.#with.random.below(waitMsMax + 1);
    this.#timer = this.#with.clock.after(delayMs, () => this.#dialNext());
  }

  #introduce(): void {
    const registration_uuid = this.#registration;
    const description = { ...this.#options.description, takes_run_tasks: true };
    if (this.#id === undefined) {
      this.#say({ register: { description, registration_uuid } });
      return;
    }
    const agent_info = { ...description.agent_info, id: { value: this.#id } };
    this.#say({
      reregister: {
        description: { ...description, agent_info },
        registration_uuid,
        frameworks: [...this.#frameworks.values()],
        tasks: [...this.#tasks.values()].map(({ info, frameworkId, state }) => ({
          framework_id: { value: frameworkId },
          task_info: info,
          state,
        })),
      },
    });
  }

  #say(message: AgentMessage): void {
    this.#link?.send(message);
  }

  #hear(message: MasterMessage): void {
    if (message.term < this.#term) {
      this.#link?.close();
      return;
    }
    this.#term = message.term;
    const { ping, registered, run_task, run_tasks, kill_task, acknowledge_update } = message;
    if (ping !== undefined) {
      this.#pinged();
      this.#say({ pong: { sequence: ping.sequence } });
    } else if (registered !== undefined) this.#registered(registered.agent_id.value);
    else if (run_task !== undefined) this.#run(run_task.task_info, run_task.framework_info);
    else if (run_tasks !== undefined) {
      const { framework_info, task_infos = [] } = run_tasks;
      for (const info of task_infos) this.#run(info, framework_info);
    } else if (acknowledge_update !== undefined) {
      const { framework_id, task_id, uuid } = acknowledge_update;
      this.#acknowledged(keyOf(framework_id.value, task_id.value), uuid);
    } else if (kill_task !== undefined) {
      const { framework_id, task_id } = kill_task;
      this.#end(keyOf(framework_id.value, task_id.value), 'TASK_KILLED');
    } else if (message.shutdown_framework !== undefined) {
      this.#drop(message.shutdown_framework.framework_id.value);
    } else if (message.shutdown !== undefined) {
      this.counts.isDismissed = true;
      this.stop();
    }
  }

  #pinged(): void {
    const nowMs = this.#with.clock.now();
    this.counts.pings++;
    this.counts.silenceMs = Math.max(this.counts.silenceMs, nowMs - this.#heardMs);
    this.#heardMs = nowMs;
  }

  #registered(id: string): void {
    this.#id = id;
    this.#tried = 0;
    this.counts.isRegistered = true;
    this.counts.registrations++;
    this.counts.registeredMs = this.#with.clock.now();
    this.counts.silenceMs = 0;
    this.#heardMs = this.counts.registeredMs;
    for (const task of this.#tasks.values()) this.#report(task);
  }

  #run(info: TaskInfo, framework: FrameworkInfo): void {
    const frameworkId = framework.id?.value ?? '';
    const key = keyOf(frameworkId, info.task_id.value);
    if (this.#tasks.has(key)) {
      this.counts.repeats++;
      return;
    }
    this.counts.launches++;
    this.counts.lastLaunchMs = this.#with.clock.now();
    this.#frameworks.set(frameworkId, framework);
    const updates: TaskStatus[] = [];
    const task: KnownTask = { info, frameworkId, state: 'TASK_STAGING', updates, end: undefined };
    this.#tasks.set(key, task);
    const { life } = this.#options;
    if (life.kind === 'silent') return;
    this.#becomes(task, 'TASK_RUNNING');
    if (life.runMs === undefined) return;
    task.end = this.#with.clock.after(life.runMs, () => this.#end(key, 'TASK_FINISHED'));
  }

  #end(key: string, state: TaskState): void {
    const task = this.#tasks.get(key);
    if (task === undefined || final.has(task.state)) return;
    task.end?.cancel();
    this.#becomes(task, state);
  }

  #becomes(task: KnownTask, state: TaskState): void {
    task.state = state;
    task.updates.push({
      task_id: task.info.task_id,
      state,
      source: 'SOURCE_EXECUTOR',
      agent_id: { value: this.#id ?? '' },
      timestamp: this.#with.clock.now() / 1000,
      uuid: uuidV4(this.#with.random),
    });
    if (task.updates.length === 1) this.#report(task);
  }

  #report({ frameworkId, state, updates: [status] }: KnownTask): void {
    if (status === undefined || !this.counts.isRegistered) return;
    const framework_id = { value: frameworkId };
    this.#say({ status_update: { framework_id, status, latest_state: state } });
  }

  #acknowledged(key: string, uuid: Uint8Array): void {
    const task = this.#tasks.get(key);
    const first = task?.updates[0];
    if (task === undefined || first?.uuid === undefined) return;
    if (Buffer.compare(first.uuid, uuid) !== 0) return;
    task.updates.shift();
    if (final.has(first.state)) this.#tasks.delete(key);
    else this.#report(task);
  }

  #drop(frameworkId: string): void {
    this.#frameworks.delete(frameworkId);
    for (const [key, task] of this.#tasks) {
      if (task.frameworkId !== frameworkId) continue;
      task.end?.cancel();
      this.#tasks.delete(key);
    }
  }

  #resendLater(): void {
    this.#resending = this.#with.clock.after(resendMs, () => {
      const overdueMs = this.#with.clock.now() - resendMs;
      for (const task of this.#tasks.values()) {
        const said = (task.updates[0]?.timestamp ?? 0) * 1000;
        if (said < overdueMs) this.#report(task);
      }
      this.#resendLater();
    });
  }
}

const keyOf = (frameworkId: string, taskId: string): string => `${frameworkId} ${taskId}`;
