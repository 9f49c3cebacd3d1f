/**
 * One turn of the event loop: resolves after every promise job and `nextTick` that was ready has run,
 * and those that they made ready. The simulated world calls it after each event; it is the only real
 * thing in there.
 */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
