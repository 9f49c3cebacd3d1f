/** Watches over one fetch: one that takes too long, moves too slowly, or is not wanted any more, ends. */
import type { Clock, Timer } from '#internal/runtime/clock.ts';

export type WatchOptions = {
  /** In so long at least one byte a second has to come, as curl counts for Mesos. Undefined: never mind. */
  readonly stallMs: number | undefined;
  /** Of all of it. */
  readonly timeMsMax: number;
};

/** Why a fetch came to nothing; the message is for the task's owner. */
export class FetchError extends Error {
  override readonly name: string = 'FetchError';
}

export class Watch {
  readonly #clock: Clock;
  readonly #options: WatchOptions;
  readonly #controller = new AbortController();
  #deadline: Timer | undefined;
  #stall: Timer | undefined;
  #bytes = 0;

  constructor({ clock }: { readonly clock: Clock }, options: WatchOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /** Its reason is a `FetchError`. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Time counts from here. */
  begin(): void {
    const { timeMsMax } = this.#options;
    this.#deadline = this.#clock.after(timeMsMax, () =>
      this.stop(`It takes longer than ${timeMsMax / 1000} seconds`),
    );
    this.#watchStall();
  }

  /** So many bytes have come. */
  progress(bytes: number): void {
    this.#bytes += bytes;
  }

  stop(why: string): void {
    this.#controller.abort(new FetchError(why));
  }

  [Symbol.dispose](): void {
    this.#deadline?.cancel();
    this.#stall?.cancel();
  }

  #watchStall(): void {
    const { stallMs } = this.#options;
    if (stallMs === undefined) return;
    this.#stall = this.#clock.after(stallMs, () => {
      if (this.#bytes < stallMs / 1000) {
        this.stop(`Less than a byte a second came for ${stallMs / 1000} seconds`);
        return;
      }
      this.#bytes = 0;
      this.#watchStall();
    });
  }
}
