/** When a program is to end: a signal, or its supervisor's end of the standard input. */
export function untilAskedToStop({
  endWithInput,
}: {
  readonly endWithInput: boolean;
}): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => resolve());
    }
    if (!endWithInput) return;
    process.stdin.on('close', () => resolve());
    process.stdin.resume();
  });
}
