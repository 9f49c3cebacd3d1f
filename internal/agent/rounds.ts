/** Work that is done again and again, with a pause between its end and its next beginning. */
import type { Clock, Timer } from '#internal/runtime/clock.ts';
import type { Logger } from '#internal/runtime/logger.ts';

export class Rounds {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #options: { readonly name: string; readonly pauseMs: number };
  readonly #work: () => Promise<void>;
  #timer: Timer | undefined;
  #round: Promise<void> = Promise.resolve();
  #isOver = false;

  /** `name` is for the log: work that throws is not done again, and everything else goes on. */
  constructor(
    { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
    options: { readonly name: string; readonly pauseMs: number },
    work: () => Promise<void>,
  ) {
    this.#clock = clock;
    this.#logger = logger;
    this.#options = options;
    this.#work = work;
    this.#wait();
  }

  /** Waits for the round under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    this.#timer?.cancel();
    await this.#round;
  }

  #wait(): void {
    this.#timer = this.#clock.after(this.#options.pauseMs, () => {
      this.#round = this.#run();
    });
  }

  async #run(): Promise<void> {
    try {
      await this.#work();
      if (!this.#isOver) this.#wait();
    } catch (error) {
      this.#logger.error('repeated work failed', { work: this.#options.name, error });
    }
  }
}
