/** When a program is to end: a signal, or its supervisor's end of the standard input. */
import type { Clock } from '#internal/runtime/clock.ts';

export type StopRequest = Disposable & {
  /** Resolves when somebody asks. */
  readonly asked: Promise<void>;
};

const impatientStatus = 130;
/** npm passes on a Ctrl-C that the terminal has delivered already: that is one wish, not two. */
const sameWishMs = 500;

/**
 * Listens until disposed of; a program that ends by itself must not wait for a request. Who asks a
 * second time does not want to wait for the orderly end.
 */
export function openStopRequest(
  clock: Clock,
  options: { readonly endWithInput: boolean },
): StopRequest {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const ask = (): void => resolve();
  const signals = onStopSignals(clock, { ask, askAgain: () => process.exit(impatientStatus) });
  if (options.endWithInput) {
    process.stdin.on('close', ask);
    process.stdin.resume();
  }
  return {
    asked,
    [Symbol.dispose]: () => {
      signals[Symbol.dispose]();
      process.stdin.off('close', ask);
      if (options.endWithInput) process.stdin.destroy();
    },
  };
}

/** `ask` for the first signal that ends programs, `askAgain` for a later one, until disposed of. */
export function onStopSignals(
  clock: Clock,
  { ask, askAgain }: { ask(this: void): void; askAgain(this: void): void },
): Disposable {
  let askedMs: number | undefined;
  const onSignal = (): void => {
    if (askedMs === undefined) {
      askedMs = clock.monotonic();
      ask();
    } else if (clock.monotonic() - askedMs > sameWishMs) {
      askAgain();
    }
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return {
    [Symbol.dispose]: () => {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
