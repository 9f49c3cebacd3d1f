/** When a program is to end: a signal, or its supervisor's end of the standard input. */
export type StopRequest = Disposable & {
  /** Resolves when somebody asks. */
  readonly asked: Promise<void>;
};

/** Listens until disposed of; a program that ends by itself must not wait for a request. */
export function openStopRequest(options: { readonly endWithInput: boolean }): StopRequest {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const ask = (): void => resolve();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, ask);
  if (options.endWithInput) {
    process.stdin.on('close', ask);
    process.stdin.resume();
  }
  return {
    asked,
    [Symbol.dispose]: () => {
      for (const signal of signals) process.off(signal, ask);
      process.stdin.off('close', ask);
      if (options.endWithInput) process.stdin.destroy();
    },
  };
}
