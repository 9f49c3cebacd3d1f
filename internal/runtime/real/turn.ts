/** Turns of the event loop. */

/** Calls back when all that the loop found in this turn was handed out. */
export function afterTurn(callback: () => void): void {
  setImmediate(callback);
}

/**
 * Resolves after every promise job and `nextTick` that was ready has run, and those that they made
 * ready. The simulated world calls it after each event; it is the only real thing in there.
 */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
