/**
 * The leader's way into the log: commands in, entries out, in the order in which they were decided.
 *
 * At most `inFlightMax` entries are under way at a time; the rest wait here. Order is a promise that
 * the leader leans on (an acknowledgement never overtakes the report of what it acknowledges), so the
 * first entry that is not applied ends everything: the ones behind it may have been, or not. The
 * owner then gives its leadership up and starts anew from the state.
 */
import type { Command } from '#internal/state/command.ts';
import type { Proposal, Replicated } from '../replicated.ts';

export type JournalDependencies = {
  readonly replicated: Pick<Replicated, 'propose'>;
  encode(command: Command): Uint8Array;
  /** Called for each entry that goes into the log, in that order. */
  expect?(entry: Uint8Array, command: Command): void;
  /** Called once, when an entry was not applied or nobody knows. Nothing is proposed after it. */
  broken(reason: string): void;
};

export type JournalOptions = {
  /** Below what the log refuses as `busy`: its refusal then means that it is stuck. */
  readonly inFlightMax: number;
  readonly entryBytesMax: number;
};

type Waiting = {
  readonly entry: Uint8Array;
  readonly command: Command;
  readonly onApplied: (() => void) | undefined;
};

export class Journal {
  readonly #dependencies: JournalDependencies;
  readonly #options: JournalOptions;
  readonly #waiting: Waiting[] = [];
  #inFlight = 0;
  #closed = false;

  constructor(dependencies: JournalDependencies, options: JournalOptions) {
    this.#dependencies = dependencies;
    this.#options = options;
  }

  /** Entries that are not applied yet. The leader refuses calls when they are too many. */
  get backlog(): number {
    return this.#waiting.length + this.#inFlight;
  }

  /**
   * False when the command is larger than an entry may be: then it was not proposed. `onApplied` is
   * called after its effects were handed out, and not at all when the journal breaks first.
   */
  propose(command: Command, onApplied?: () => void): boolean {
    const entry = this.#dependencies.encode(command);
    if (entry.length > this.#options.entryBytesMax) return false;
    if (this.#closed) return true; // Whoever proposes is about to learn that it is over.
    this.#waiting.push({ entry, command, onApplied });
    this.#pump();
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
  }

  #pump(): void {
    while (!this.#closed && this.#inFlight < this.#options.inFlightMax) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#inFlight++;
      this.#dependencies.expect?.(next.entry, next.command);
      this.#dependencies.replicated.propose(next.entry).then(
        (proposal) => this.#settle(proposal, next),
        (error: unknown) => this.#break(String(error)),
      );
    }
  }

  #settle(proposal: Proposal, { onApplied }: Waiting): void {
    this.#inFlight--;
    if (this.#closed) return;
    if (proposal.kind === 'refused') {
      this.#break(proposal.reason);
      return;
    }
    onApplied?.();
    this.#pump();
  }

  #break(reason: string): void {
    if (this.#closed) return;
    this.close();
    this.#dependencies.broken(reason);
  }
}
