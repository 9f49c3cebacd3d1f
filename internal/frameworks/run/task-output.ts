/**
 * Shows what a task writes to its standard streams, as it grows: both files of the sandbox are read
 * over and over from where the last reading ended. An agent that is away for a while is asked again.
 */
import { readAgentFile } from '#internal/client/agent-files.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import { HttpError, type HttpClient } from '#internal/runtime/http.ts';
import type { Logger } from '#internal/runtime/logger.ts';

/** Where output goes. Resolves when the reader can take more. */
export type OutputSink = (stream: 'stdout' | 'stderr', data: Uint8Array) => Promise<void>;

type Dependencies = {
  readonly clock: Clock;
  readonly http: HttpClient;
  readonly logger: Logger;
  readonly output: OutputSink;
};

type Options = {
  /** `host:port`. */
  readonly agent: string;
  /** The sandbox's virtual path. */
  readonly folder: string;
};

const pollMs = 200;
const answerTimeoutMs = 5000;
/** After the task's end, so many failures in a row and the rest is given up. */
const failuresMax = 25;

export class TaskOutput {
  readonly #with: Dependencies;
  readonly #options: Options;
  readonly #ended = new AbortController();
  readonly #done: Promise<unknown>;

  constructor(dependencies: Dependencies, options: Options) {
    this.#with = dependencies;
    this.#options = options;
    this.#done = Promise.all([this.#follow('stdout'), this.#follow('stderr')]);
  }

  /** The task is over: resolves when all it wrote was shown, or could not be had. */
  async finish(): Promise<void> {
    this.#ended.abort();
    await this.#done;
  }

  async #follow(stream: 'stdout' | 'stderr'): Promise<void> {
    let offset = 0;
    let failures = 0;
    for (;;) {
      // Asked before the reading: what is written up to the end is there to be read after it.
      const wasOver = this.#ended.signal.aborted;
      const data = await this.#read(stream, offset);
      failures = data === undefined ? failures + 1 : 0;
      if (data !== undefined && data.length > 0) {
        offset += data.length;
        await this.#with.output(stream, data);
        continue;
      }
      if (wasOver && (data !== undefined || failures > failuresMax)) {
        if (data === undefined)
          this.#with.logger.warn('the rest of the output is lost', { stream });
        return;
      }
      await this.#rest(wasOver);
    }
  }

  /** Undefined when nobody answered, or not with the file. */
  async #read(stream: string, offset: number): Promise<Uint8Array | undefined> {
    const { clock, http } = this.#with;
    const { agent, folder } = this.#options;
    const giveUp = new AbortController();
    const timer = clock.after(answerTimeoutMs, () => giveUp.abort());
    try {
      const { signal } = giveUp;
      const part = await readAgentFile(http, {
        agent,
        path: `${folder}/${stream}`,
        offset,
        signal,
      });
      return part.kind === 'part' ? part.data : undefined;
    } catch (error) {
      if (error instanceof HttpError) return undefined;
      throw error;
    } finally {
      timer.cancel();
    }
  }

  async #rest(isOver: boolean): Promise<void> {
    const { signal } = this.#ended;
    await this.#with.clock.sleep(pollMs, isOver ? {} : { signal }).catch(() => {});
  }
}
