/** Makes a failing run smaller in a thread of its own, where a mutant may be planted. */
import { Worker } from 'node:worker_threads';
import type { Autopsy, Failure } from './shrink-thread.ts';

/** Rejects when the thread dies; when `signal` fires it ends, and there is nothing to tell. */
export async function shrinkInThread(
  failure: Failure,
  { signal }: { readonly signal: AbortSignal },
): Promise<Autopsy | undefined> {
  if (signal.aborted) return undefined;
  const { promise, resolve, reject } = Promise.withResolvers<Autopsy | undefined>();
  const worker = new Worker(new URL('shrink-thread.ts', import.meta.url), { workerData: failure });
  worker.once('message', resolve);
  worker.once('error', reject);
  worker.once('exit', (code) => reject(new Error(`the thread ended with status ${code}`)));
  const onAbort = (): void => resolve(undefined);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
    await worker.terminate();
  }
}
