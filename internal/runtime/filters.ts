/** Programs that bytes go through, as a port: short-lived children, whose end is waited for. */
import type { User } from './processes.ts';

export type Filters = {
  /**
   * What the program writes while it is fed `input` (nothing, when left out). Leaving the loop early, or
   * the signal, kills it. Throws `FilterError` when it cannot be started or does not end well.
   */
  run(program: FilterProgram): AsyncIterable<Uint8Array>;
};

export type FilterProgram = {
  readonly path: string;
  readonly arguments: readonly string[];
  /** Undefined: our own. Another one takes root. */
  readonly user: User | undefined;
  readonly input?: AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
};

/** Its message is the last that the program said, or how it ended. */
export class FilterError extends Error {
  override readonly name: string = 'FilterError';
  readonly code = 'FAILED' as const;
}
