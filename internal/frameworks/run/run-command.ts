/**
 * Drives the plan of `run`: connects, carries out effects, shows the task's output while it runs, and
 * at the end tears the framework down, so that nothing of it stays in the cluster.
 */
import { unreachable } from '#internal/base/assert.ts';
import type { Random } from '#internal/base/random.ts';
import {
  SchedulerClient,
  schedulerDefaults,
  type SchedulerOptions,
} from '#internal/client/scheduler-client.ts';
import { jsonFormat } from '#internal/client/wire-format.ts';
import type { Clock, Timer } from '#internal/runtime/clock.ts';
import type { HttpClient } from '#internal/runtime/http.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type { FrameworkInfo } from '#proto/gen/mesos/v1.ts';
import { type OutputSink, TaskOutput } from './task-output.ts';
import { type Effect, type Input, newRunPlan, type RunPlan, step } from './plan.ts';
import type { End } from './task-end.ts';
import type { Need } from './task-info.ts';

export type RunDependencies = {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly http: HttpClient;
  readonly output: OutputSink;
};

export type RunOptions = {
  readonly masters: readonly string[];
  readonly need: Need;
  readonly user: string;
  /** Kill the task when it is not over by then; undefined waits for ever. */
  readonly timeoutMs: number | undefined;
  /** What masters are told of who we are; undefined: nothing. */
  readonly authorization?: string | undefined;
};

/** The framework stays known so long when its masters and its scheduler cannot talk. */
const failoverTimeoutSeconds = 60;
/** So long without an answer, and the machine asks again. */
const nudgeMs = 5000;
const teardownAttemptsMax = 50;
const teardownPauseMs = 200;

export class RunCommand {
  readonly #with: RunDependencies;
  readonly #options: RunOptions;
  readonly #client: SchedulerClient;
  readonly #outcome: Promise<End>;
  #settle: (end: End) => void = () => {};
  #plan: RunPlan;
  #output: TaskOutput | undefined;

  constructor(dependencies: RunDependencies, options: RunOptions) {
    this.#with = dependencies;
    this.#options = options;
    this.#plan = newRunPlan(options.need);
    this.#outcome = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#client = new SchedulerClient(dependencies, clientOptions(options), {
      onEvent: (event) => this.#feed({ kind: 'event', event }),
      onDisconnected: (reason) => dependencies.logger.debug('looking for a leader', { reason }),
      onRefused: (reason) => this.#settle({ kind: 'failed', text: reason }),
    });
  }

  /** Kills the task, as Ctrl-C does. */
  interrupt(): void {
    this.#feed({ kind: 'interrupted' });
  }

  /** Runs the command to its end; resolves when its output was shown and the cluster forgot it. */
  async run(): Promise<End> {
    const timers = this.#startTimers();
    this.#client.start();
    const end = await this.#outcome;
    for (const timer of timers) timer.cancel();
    await this.#output?.finish();
    await this.#teardown();
    await this.#client.close();
    return end;
  }

  /** While the masters change hands nobody listens, so it is said again for a while. */
  async #teardown(): Promise<void> {
    const { clock, logger } = this.#with;
    for (let attempt = 0; attempt < teardownAttemptsMax; attempt++) {
      if (this.#client.frameworkId === undefined) return;
      const outcome = await this.#client.call({ type: 'TEARDOWN' });
      if (outcome.kind !== 'disconnected') return;
      await clock.sleep(teardownPauseMs);
    }
    logger.warn('no master took the teardown: the framework ends with its failover time-out');
  }

  #startTimers(): readonly Timer[] {
    const { clock } = this.#with;
    const { timeoutMs } = this.#options;
    const nudge = (): void => {
      this.#feed({ kind: 'nudged' });
      timers[0] = clock.after(nudgeMs, nudge);
    };
    const timers: Timer[] = [clock.after(nudgeMs, nudge)];
    if (timeoutMs !== undefined) {
      timers.push(clock.after(timeoutMs, () => this.#feed({ kind: 'timed-out' })));
    }
    return timers;
  }

  #feed(input: Input): void {
    const { plan, effects } = step(this.#plan, input);
    this.#plan = plan;
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'call':
        void this.#call(effect);
        return;
      case 'follow':
        this.#follow(effect);
        return;
      case 'finish':
        this.#settle(effect.end);
        return;
      default:
        unreachable(effect);
    }
  }

  async #call({ call }: Extract<Effect, { kind: 'call' }>): Promise<void> {
    const outcome = await this.#client.call(call);
    if (outcome.kind === 'refused') {
      const { status, text } = outcome;
      this.#with.logger.warn('the master refused a call', { call: call.type, status, text });
    }
  }

  #follow({ place }: Extract<Effect, { kind: 'follow' }>): void {
    const { frameworkId } = this.#client;
    if (place.agent === undefined || frameworkId === undefined) {
      this.#with.logger.warn('the output cannot be shown: the agent is not known', place);
      return;
    }
    const { taskId } = this.#options.need;
    this.#output ??= new TaskOutput(this.#with, {
      agent: place.agent,
      // The virtual path of a sandbox (contract 13.3); a command's executor is named like its task.
      folder: `/frameworks/${frameworkId}/executors/${taskId}/runs/latest`,
    });
  }
}

function clientOptions({ masters, need, user, authorization }: RunOptions): SchedulerOptions {
  const framework: FrameworkInfo = {
    user,
    name: `run ${need.name}`,
    roles: ['*'],
    failover_timeout: failoverTimeoutSeconds,
    checkpoint: true,
    capabilities: [
      { type: 'MULTI_ROLE' },
      { type: 'RESERVATION_REFINEMENT' },
      { type: 'PARTITION_AWARE' },
      { type: 'TASK_KILLING_STATE' },
    ],
  };
  return { ...schedulerDefaults, masters, framework, format: jsonFormat, authorization };
}
