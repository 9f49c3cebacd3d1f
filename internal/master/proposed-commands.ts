/**
 * What a leading master has proposed and not seen again: when an entry comes back from the log as the
 * bytes that were proposed, its command is at hand and is not read a second time.
 *
 * An entry of anybody else's, or one that comes when it is not expected, is simply not known here.
 */
import type { Command } from '#internal/state/command.ts';
import { readsAsProposed } from '#internal/wire/own-command.ts';

type Proposed = { readonly entry: Uint8Array; readonly command: Command };

/** More than a leader has on its way at once; beyond it the oldest are forgotten. */
const proposedMax = 2048;

export class ProposedCommands {
  /** In the order in which they were proposed. */
  readonly #waiting: Proposed[] = [];

  /** The bytes must not change any more. */
  expect(entry: Uint8Array, command: Command): void {
    if (!readsAsProposed(command)) return;
    if (this.#waiting.length >= proposedMax) this.#waiting.shift();
    this.#waiting.push({ entry, command });
  }

  /** The command of an entry that was applied, if it is the next of those expected. */
  take(entry: Uint8Array): Command | undefined {
    const [next] = this.#waiting;
    if (next === undefined || !isSame(next.entry, entry)) return undefined;
    this.#waiting.shift();
    return next.command;
  }

  clear(): void {
    this.#waiting.length = 0;
  }
}

const isSame = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && Buffer.compare(one, other) === 0;
