/** What one thread has to say to the other, in one message a turn: each costs a wake-up over there. */
import type { MessagePort } from '#internal/runtime/message-port.ts';

export type OutboxDependencies<T> = {
  readonly port: Pick<MessagePort<readonly T[], unknown>, 'post'>;
  /** Calls back at the end of the turn. */
  readonly defer: (callback: () => void) => void;
  /** Called before the rest is sent, for those who collect what they say. */
  readonly onFlush?: () => void;
};

export class Outbox<T> {
  readonly #dependencies: OutboxDependencies<T>;
  #messages: T[] = [];
  #moved: ArrayBuffer[] = [];
  #isDue = false;

  constructor(dependencies: OutboxDependencies<T>) {
    this.#dependencies = dependencies;
  }

  /** `moved`: buffers in it that nobody needs here any more. */
  send(message: T, moved: readonly ArrayBuffer[] = []): void {
    this.#messages.push(message);
    this.#moved.push(...moved);
    this.wake();
  }

  /** Somebody has something to say at the end of the turn. */
  wake(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#dependencies.defer(() => this.flush());
  }

  flush(): void {
    this.#dependencies.onFlush?.();
    this.#isDue = false;
    const [messages, moved] = [this.#messages, this.#moved];
    this.#messages = [];
    this.#moved = [];
    if (messages.length > 0) this.#dependencies.port.post(messages, moved);
  }
}
