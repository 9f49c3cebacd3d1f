/** What `promise` gives, or `otherwise` when the signal fires first; what comes later is dropped. */
export function unlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  otherwise: T,
): Promise<T> {
  return signal === undefined ? promise : raced(promise, signal, otherwise);
}

async function raced<T>(promise: Promise<T>, signal: AbortSignal, otherwise: T): Promise<T> {
  const { promise: aborted, resolve } = Promise.withResolvers<T>();
  const onAbort = (): void => resolve(otherwise);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
