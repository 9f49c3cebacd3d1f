/**
 * A user at a shell: runs one command in the cluster with the real `run`, and remembers how it ended.
 * Some give up and interrupt it, some set a time-out.
 */
import type { Random } from '#internal/base/random.ts';
import { RunCommand } from '#internal/frameworks/run/run-command.ts';
import type { End } from '#internal/frameworks/run/task-end.ts';
import { simulatedClock } from '#internal/runtime/simulated/clock.ts';
import type { Call } from '#proto/gen/mesos/v1/scheduler.ts';
import { type Ground, groundOf } from './cluster-ground.ts';
import { drawTask, type TaskDraft } from './cluster-tasks.ts';
import { tapped } from './cluster-wire-tap.ts';

export type ShellOptions = {
  readonly name: string;
  readonly masters: readonly string[];
};

export class Shell {
  readonly name: string;
  readonly isLeader = false;
  readonly draft: TaskDraft;
  end: End | undefined;
  readonly #ground: Ground;
  readonly #options: ShellOptions;
  readonly #random: Random;
  readonly #onCall: (call: Call) => void;

  constructor(
    dependencies: { readonly ground: Ground; readonly onCall: (call: Call) => void },
    options: ShellOptions,
  ) {
    this.name = options.name;
    this.#ground = groundOf(dependencies.ground, this.name);
    this.#onCall = dependencies.onCall;
    this.#options = options;
    this.#random = dependencies.ground.world.random(options.name);
    this.draft = drawTask(this.#random, `${options.name}-task`);
  }

  start(): void {
    const { world, logger, http, witness } = this.#ground;
    const life = world.boot(this.name);
    const clock = simulatedClock({ world, life });
    const { id: taskId, cpusMilli, memMb, line: command } = this.draft;
    const intent = { owner: this.name, cpusMilli, memMb };
    witness.see(({ containers }) => containers.intends(taskId, intent));
    const cpus = cpusMilli / 1000;
    const run = new RunCommand(
      {
        clock,
        random: this.#random.fork('run'),
        logger,
        http: tapped(
          { http: http.client(life), witness, logger },
          { owner: this.name, onCall: this.#onCall },
        ),
        output: async () => {},
      },
      {
        masters: this.#options.masters,
        user: 'user',
        timeoutMs: this.#random.chance(0.15) ? 1000 + this.#random.below(20_000) : undefined,
        need: { taskId, name: 'task', command, cpus, memMb, environment: [], user: undefined },
      },
    );
    if (this.#random.chance(0.15)) clock.after(this.#random.below(20_000), () => run.interrupt());
    this.#wait(run).catch((error: unknown) => witness.fail(`${this.name} broke off`, error));
  }

  async #wait(run: RunCommand): Promise<void> {
    this.end = await run.run();
  }
}
