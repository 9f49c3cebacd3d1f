/** A pipe between two threads of a simulated program: each message is an event, after a moment. */
import type { Clock } from '../clock.ts';
import type { MessagePort } from '../message-port.ts';

export type SimulatedPipe<One, Other> = readonly [MessagePort<One, Other>, MessagePort<Other, One>];

/** Both ends. The clocks are the receivers': a thread that is paused hears everything late. */
export function simulatedPipe<One, Other>(
  clocks: readonly [Clock, Clock],
  { delayMs = 0.02 }: { readonly delayMs?: number } = {},
): SimulatedPipe<One, Other> {
  const [toOne, toOther] = [
    new Mouth<Other>(clocks[0], delayMs),
    new Mouth<One>(clocks[1], delayMs),
  ];
  return [endOf(toOther, toOne), endOf(toOne, toOther)];
}

function endOf<Sent, Received>(
  out: Mouth<Sent>,
  into: Mouth<Received>,
): MessagePort<Sent, Received> {
  return {
    post: (message, moved = []) => out.take(structuredClone(message, { transfer: [...moved] })),
    listen: (onMessage) => into.listen(onMessage),
    close: () => into.close(),
  };
}

class Mouth<T> {
  readonly #clock: Clock;
  readonly #delayMs: number;
  #onMessage: ((message: T) => void) | undefined;
  #early: T[] = [];
  #isClosed = false;

  constructor(clock: Clock, delayMs: number) {
    this.#clock = clock;
    this.#delayMs = delayMs;
  }

  take(message: T): void {
    this.#clock.after(this.#delayMs, () => {
      if (this.#isClosed) return;
      if (this.#onMessage === undefined) this.#early.push(message);
      else this.#onMessage(message);
    });
  }

  listen(onMessage: (message: T) => void): void {
    this.#clock.after(0, () => {
      if (this.#isClosed) return;
      this.#onMessage = onMessage;
      for (const message of this.#early) onMessage(message);
      this.#early = [];
    });
  }

  close(): void {
    this.#isClosed = true;
  }
}
