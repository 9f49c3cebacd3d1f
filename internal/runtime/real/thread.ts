/** Threads of this process, each with a loop of its own, and the pipe to them. */
import module from 'node:module';
import v8 from 'node:v8';
import { MessageChannel, parentPort, Worker, workerData } from 'node:worker_threads';
import { assert } from '#internal/base/assert.ts';
import type { MessagePort } from '../message-port.ts';

/** A thread threw (`cause`), or ended with a status. */
export class ThreadError extends Error {
  override readonly name: string = 'ThreadError';
  readonly code = 'ENDED' as const;
}

export type Thread<Sent, Received> = {
  readonly port: MessagePort<Sent, Received>;
  /** Resolves when it has come to its end, or was ended; rejects with `ThreadError`. */
  readonly ended: Promise<void>;
  /** Ends it at once, whatever it does. */
  end(): Promise<void>;
};

export type ThreadOptions = {
  /** What `threadSettings` gives there. */
  readonly settings: unknown;
  /**
   * Room for objects that do not live long, twice: the more of it, the rarer they are collected, and the
   * fewer are copied then. Threads that are started later get as much. Default: V8's, which begins
   * with one and grows.
   */
  readonly youngMebibytes?: number;
};

/** Runs a program file in a thread. */
export function startThread<Sent, Received>(
  file: URL,
  { settings, youngMebibytes }: ThreadOptions,
): Thread<Sent, Received> {
  // The limits that a thread can be given bound its growth, not where it begins.
  if (youngMebibytes !== undefined) {
    v8.setFlagsFromString(`--min-semi-space-size=${youngMebibytes}`);
  }
  // Threads do not share what is compiled, but what is cached of it.
  const cache = module.getCompileCacheDir();
  const env = cache === undefined ? process.env : { ...process.env, NODE_COMPILE_CACHE: cache };
  const worker = new Worker(file, { workerData: settings, env });
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  let isEnded = false;
  worker.once('error', (cause) => {
    const what = cause instanceof Error ? cause.message : String(cause);
    reject(new ThreadError(`A thread of this program failed: ${what}`, { cause }));
  });
  worker.once('exit', (status) => {
    if (status === 0 || isEnded) resolve();
    else reject(new ThreadError(`A thread of this program ended with status ${status}`));
  });
  return {
    port: portOf(worker, () => {}),
    ended,
    end: async () => {
      isEnded = true;
      await worker.terminate();
    },
  };
}

export const threadSettings = (): unknown => workerData;

/** The pipe to whoever started this thread. Closing it lets the thread end. */
export function threadPort<Sent, Received>(): MessagePort<Sent, Received> {
  const port = parentPort;
  assert(port !== null, 'this program runs in a thread alone');
  return portOf(port, () => port.close());
}

/** Both ends in one thread, for tests. */
export function openPipe<One, Other>(): readonly [
  MessagePort<One, Other>,
  MessagePort<Other, One>,
] {
  const { port1, port2 } = new MessageChannel();
  return [portOf(port1, () => port1.close()), portOf(port2, () => port2.close())];
}

type Platform = {
  postMessage(message: unknown, moved: ArrayBuffer[]): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
};

function portOf<Sent, Received>(
  platform: Platform,
  close: () => void,
): MessagePort<Sent, Received> {
  let isOpen = true;
  return {
    post: (message, moved = []) => {
      if (isOpen) platform.postMessage(message, [...moved]);
    },
    listen: (onMessage) => {
      platform.on('message', (message) => {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends are ours.
        if (isOpen) onMessage(message as Received);
      });
    },
    close: () => {
      isOpen = false;
      close();
    },
  };
}
