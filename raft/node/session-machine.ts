/**
 * A state machine to which a retried proposal happens once: it keeps the table of sessions beside the
 * inner machine's state, in the log's order, and lets through what is new. Entries that it takes are
 * made by `encodeSessionEntry` alone.
 *
 * It is owed an inner machine that begins empty or from a snapshot made here: the table has no disk of
 * its own, so what the log no longer holds must come from where the rest comes from.
 */
import { assert } from '#internal/base/assert.ts';
import type { Index } from '#raft/core/types.ts';
import type { AppliedEntry, StateMachine, StateSnapshot, Verdict } from './replicated-log.ts';
import { decodeSessionEntry } from './session-entry.ts';
import {
  defaultSessionLimits,
  type SessionLimits,
  SessionTable,
  sessionTableFromBytes,
} from './session-table.ts';
import { prefixed, withoutPrefix } from './snapshot-prefix.ts';

const applied: Verdict = { kind: 'applied' };

export class SessionMachine implements StateMachine {
  readonly #inner: StateMachine;
  readonly #limits: SessionLimits;
  #table: SessionTable;
  /** The inner machine is not told of what is none of its own, so it may be behind. */
  #index: Index;

  constructor(
    { inner }: { readonly inner: StateMachine },
    limits: SessionLimits = defaultSessionLimits,
  ) {
    assert(inner.appliedIndex() === 0, 'a state without the sessions that led to it');
    this.#inner = inner;
    this.#limits = limits;
    this.#table = new SessionTable(undefined, limits);
    this.#index = 0;
  }

  get sessions(): number {
    return this.#table.size;
  }

  apply(entries: readonly AppliedEntry[]): readonly Verdict[] {
    const fresh: AppliedEntry[] = [];
    const verdicts = entries.map((entry) => this.#admit(entry, fresh));
    if (fresh.length > 0) this.#inner.apply(fresh);
    this.#index = entries.at(-1)?.index ?? this.#index;
    return verdicts;
  }

  appliedIndex(): Index {
    return this.#index;
  }

  room(): Promise<void> | undefined {
    return this.#inner.room?.();
  }

  snapshot(): StateSnapshot {
    assert(this.#inner.snapshot !== undefined, 'the inner machine makes no snapshots');
    const { chunks } = this.#inner.snapshot();
    return { index: this.#index, chunks: prefixed(this.#table.encode(), chunks) };
  }

  async restore({ index, chunks }: StateSnapshot): Promise<void> {
    assert(this.#inner.restore !== undefined, 'the inner machine takes no snapshots');
    const { prefix, rest } = await withoutPrefix(chunks);
    const table = sessionTableFromBytes(prefix, this.#limits);
    await this.#inner.restore({ index, chunks: rest });
    this.#table = table;
    this.#index = index;
  }

  #admit({ index, term, data }: AppliedEntry, fresh: AppliedEntry[]): Verdict {
    const entry = decodeSessionEntry(data);
    if (entry.kind === 'open') {
      this.#table.open(entry.client, entry.atMs);
      return applied;
    }
    if (entry.kind === 'asked') {
      const admission = this.#table.admit(entry.stamp, { index, term });
      if (admission.kind === 'repeated') return admission;
      if (admission.kind !== 'new') return { kind: 'dropped', why: admission.kind };
    }
    fresh.push({ index, term, data: entry.data });
    return applied;
  }
}
