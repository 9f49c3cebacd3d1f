/**
 * Reads that wait: first for the leader's word how far the log was decided when they were asked, then
 * for our state machine to be that far.
 */
import type { ReadState } from '#raft/core/ready.ts';
import type { Index } from '#raft/core/types.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { Meter } from './meter.ts';
import type { Read } from './replicated-log.ts';
import { unlessAborted } from './unless-aborted.ts';

type Answer = (read: Read) => void;

const unknown: Read = { kind: 'refused', reason: 'unknown' };

export class PendingReads {
  readonly #dependencies: { readonly clock: Clock; readonly meter: Meter };
  readonly #options: { readonly readsMax: number };
  /** Of this turn, to be asked of the core. */
  #fresh: number[] = [];
  /** By context. */
  readonly #asked = new Map<number, Answer>();
  /** In no order: there are few, and they leave soon. */
  #granted: { readonly index: Index; readonly answer: Answer }[] = [];
  #contexts = 0;

  constructor(
    dependencies: { readonly clock: Clock; readonly meter: Meter },
    options: { readonly readsMax: number },
  ) {
    this.#dependencies = dependencies;
    this.#options = options;
  }

  get size(): number {
    return this.#asked.size + this.#granted.length;
  }

  /** `onAsked`: there is one to be taken. Never rejects. */
  async ask({
    signal,
    onAsked,
  }: {
    readonly signal: AbortSignal | undefined;
    readonly onAsked: () => void;
  }): Promise<Read> {
    const { clock, meter } = this.#dependencies;
    if (this.size >= this.#options.readsMax) return { kind: 'refused', reason: 'busy' };
    const since = clock.monotonic();
    const { promise, resolve: answer } = Promise.withResolvers<Read>();
    const context = ++this.#contexts;
    this.#asked.set(context, answer);
    this.#fresh.push(context);
    onAsked();
    const read = await unlessAborted(promise, signal, unknown);
    meter.count(read.kind === 'current' ? 'reads_served' : 'reads_refused');
    meter.time('read_ms', clock.monotonic() - since);
    return read;
  }

  /** Contexts under which the core is to be asked. */
  take(): readonly number[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }

  refuse(context: number, reason: Extract<Read, { kind: 'refused' }>['reason']): void {
    this.#take(context)?.({ kind: 'refused', reason });
  }

  grant({ context, index }: ReadState): void {
    const answer = this.#take(context);
    if (answer !== undefined) this.#granted.push({ index, answer });
  }

  /** The state machine is at `applied`. */
  serve(applied: Index): void {
    if (this.#granted.length === 0) return;
    const [ripe, rest] = [
      this.#granted.filter(({ index }) => index <= applied),
      this.#granted.filter(({ index }) => index > applied),
    ];
    this.#granted = rest;
    for (const { answer } of ripe) answer({ kind: 'current', index: applied });
  }

  abandon(): void {
    const answers = [...this.#asked.values(), ...this.#granted.map(({ answer }) => answer)];
    this.#fresh = [];
    this.#asked.clear();
    this.#granted = [];
    for (const answer of answers) answer(unknown);
  }

  #take(context: number): Answer | undefined {
    const answer = this.#asked.get(context);
    this.#asked.delete(context);
    return answer;
  }
}
