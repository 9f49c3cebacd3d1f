/** Programs that wait look like programs that hang, unless they say what they wait for. */
import type { Clock } from '#internal/runtime/clock.ts';

const everyMs = 10_000;

/** Calls `warn` every ten seconds in which `isWaiting`, until disposed of. */
export function warnWhile(clock: Clock, isWaiting: () => boolean, warn: () => void): Disposable {
  const check = (): void => {
    if (isWaiting()) warn();
    timer = clock.after(everyMs, check);
  };
  let timer = clock.after(everyMs, check);
  return { [Symbol.dispose]: () => timer.cancel() };
}
