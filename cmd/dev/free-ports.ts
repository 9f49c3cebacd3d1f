/**
 * Ports that somebody else listens on, found before anything is started there: whoever holds them may
 * be a cluster that answers for ours.
 *
 * A cluster that was killed takes a moment to end its tasks and processes, so a port has until the end
 * of `patienceMs` to become free.
 */
import type { Clock } from '#internal/runtime/clock.ts';
import { HttpError, type HttpHandler, type HttpListener } from '#internal/runtime/http.ts';

type Dependencies = { readonly clock: Clock; readonly listener: HttpListener };

type Options = {
  readonly host: string;
  readonly ports: readonly number[];
  readonly patienceMs: number;
  readonly signal: AbortSignal;
};

const pollMs = 250;

/** Why a port of `ports` cannot be had, one line each; nothing when all can, or once `signal` is on. */
export async function unfreePorts(
  { clock, listener }: Dependencies,
  { host, ports, patienceMs, signal }: Options,
): Promise<readonly string[]> {
  const untilMs = clock.monotonic() + patienceMs;
  for (;;) {
    const problems: string[] = [];
    for (const port of ports) {
      const problem = await tryPort(listener, host, port);
      if (problem !== undefined) problems.push(problem);
    }
    if (signal.aborted || problems.length === 0) return [];
    if (clock.monotonic() >= untilMs) return problems;
    await clock.sleep(pollMs, { signal }).catch(() => {});
  }
}

async function tryPort(
  listener: HttpListener,
  host: string,
  port: number,
): Promise<string | undefined> {
  try {
    const server = await listener.listen({ host, port, bodyBytesMax: 0 }, unavailable);
    await server[Symbol.asyncDispose]();
    return undefined;
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    return error.code === 'EADDRINUSE' ? `port ${port} is in use` : error.message;
  }
}

const unavailable: HttpHandler = () => ({
  kind: 'whole',
  status: 503,
  headers: {},
  body: new Uint8Array(),
});
