/**
 * Looks what sandboxes there are and how full the disk is, and removes what the plan says.
 * What cannot be removed is told, and tried again the next time.
 */
import type { Clock } from '#internal/runtime/clock.ts';
import { FilesError } from '#internal/runtime/files.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type { AgentState } from '../core/state.ts';
import {
  allowedAgeMs,
  type GarbageMemory,
  type GarbageSettings,
  planGarbage,
  type SandboxRun,
  usedContainers,
} from './plan.ts';
import type { Sandboxes } from './sandboxes.ts';

export type GarbageDependencies = {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sandboxes: Sandboxes;
  /** Undefined while the agent recovers: then nothing is removed. */
  view(): AgentState | undefined;
};

export type GarbageFigures = {
  readonly succeeded: number;
  readonly failed: number;
  /** Sandboxes that nobody uses and that are still too young. */
  readonly pending: number;
  readonly allowedAgeMs: number;
};

/** A mark that is a hundredth of the delay old is exact enough. */
const marksPerDelay = 100;

export class GarbageCollector {
  readonly #dependencies: GarbageDependencies;
  readonly #options: GarbageSettings;
  #figures: GarbageFigures;
  #memory: GarbageMemory = new Map();

  constructor(dependencies: GarbageDependencies, options: GarbageSettings) {
    this.#dependencies = dependencies;
    this.#options = options;
    this.#figures = { succeeded: 0, failed: 0, pending: 0, allowedAgeMs: options.delayMs };
  }

  get figures(): GarbageFigures {
    return this.#figures;
  }

  /** One look, and what follows from it. */
  async collect(): Promise<void> {
    try {
      await this.#collect();
    } catch (error) {
      if (!(error instanceof FilesError)) throw error;
      this.#dependencies.logger.warn('sandboxes not collected', { error });
    }
  }

  async #collect(): Promise<void> {
    const { clock, sandboxes } = this.#dependencies;
    const { delayMs } = this.#options;
    const ageMsMax = allowedAgeMs(this.#options, await sandboxes.usedShare());
    const runs = await sandboxes.list();
    const forgotten = await sandboxes.listForgotten();
    // Asked after what is there: a sandbox is made only for what the state knows.
    const state = this.#dependencies.view();
    if (state === undefined) return;
    const used = usedContainers(state);
    const nowMs = clock.now();
    const markMs = delayMs / marksPerDelay;
    const plan = planGarbage(runs, used, { nowMs, ageMsMax, memory: this.#memory, markMs });
    this.#memory = plan.memory;
    for (const run of plan.marked) await sandboxes.mark(run, nowMs);
    const pending = [...plan.memory.values()].filter((mark) => mark !== 'used').length;
    this.#figures = { ...this.#figures, allowedAgeMs: ageMsMax, pending };
    // A few small files: no full disk is a reason to hurry with them.
    const old = forgotten.filter(
      ({ containerId, usedMs }) => !used.has(containerId) && usedMs + delayMs <= nowMs,
    );
    for (const run of [...plan.removed, ...old]) await this.#remove(run);
  }

  async #remove(run: SandboxRun): Promise<void> {
    const { logger, sandboxes } = this.#dependencies;
    try {
      await sandboxes.remove(run);
      this.#figures = { ...this.#figures, succeeded: this.#figures.succeeded + 1 };
      logger.info('sandbox removed', { path: run.path });
    } catch (error) {
      if (!(error instanceof FilesError)) throw error;
      this.#figures = { ...this.#figures, failed: this.#figures.failed + 1 };
      logger.warn('sandbox not removed', { path: run.path, error });
    }
  }
}
