/** What `promise` gives, or `otherwise` when the signal fires first; what comes later is dropped. */
export async function unlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  otherwise: T,
): Promise<T> {
  if (signal === undefined) return await promise;
  const { promise: aborted, resolve } = Promise.withResolvers<T>();
  const onAbort = (): void => resolve(otherwise);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
