/**
 * The agent's memory of itself: identity, the highest term it has heeded, frameworks, tasks and the
 * updates that nobody has acknowledged, each a record of its own in a `KeyValueStore`.
 *
 * A `write` resolves when the whole list survives a power cut, all or nothing; the agent answers for
 * nothing before that. It is a numbered batch, in the store and in the journal beside it, both synced at
 * the same time. A failed write is final: what is on the disk is unknown then, so the caller stops and
 * reads it anew. The store belongs to whoever opened it.
 *
 * Opening proves that nothing is missing (`proof.ts`). What only the store lost is written again; what
 * both lost is refused by name, or with `strict: false` named and left out. Layouts: `DESIGN.md`.
 */
import type { KeyValueStore, Write } from '../key-value-store.ts';
import { changesOf } from './changes.ts';
import { Journal, type JournalPlace, readJournal } from './journal.ts';
import type { Entry } from './journal-frame.ts';
import { type Proof, prove } from './proof.ts';
import { type Damage, recoverRecords } from './recover-records.ts';
import type { CheckpointWrite, Recovered } from './records.ts';
import { Digest, seal, sumOf } from './sealed.ts';
import {
  type Base,
  claimOf,
  type Contents,
  layout,
  readStore,
  versionWrite,
} from './store-layout.ts';

export type Checkpoint = {
  /** Resolves when all of it is durable. Writes are made one after the other. */
  write(writes: readonly CheckpointWrite[]): Promise<void>;
  /** Lets go of its files. The store is not closed. */
  close(): Promise<void>;
};

/** What the opening found that somebody should know; empty when all was well. */
export type Findings = {
  /** Keys of records that the store had lost, damaged or kept too long, and that are as they were. */
  readonly restored: readonly string[];
  /** What had to be left out: a record and why, or what may be missing besides. */
  readonly dropped: readonly string[];
};

/**
 * `code`: `NEWER` (made by a later version than this one understands), `DAMAGED` (records that cannot
 * be read, or lack one they belong to, or are not there: the message names them).
 */
export class CheckpointError extends Error {
  override readonly name: string = 'CheckpointError';
  readonly code: 'NEWER' | 'DAMAGED';

  constructor(code: CheckpointError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export type CheckpointPlace = { readonly store: KeyValueStore; readonly journal: JournalPlace };

export type CheckpointOptions = {
  /** Refuse what is damaged for good, instead of leaving it out. */
  readonly strict?: boolean;
};

export type OpenedCheckpoint = {
  readonly checkpoint: Checkpoint;
  readonly recovered: Recovered;
  readonly findings: Findings;
};

/** Reads all that is there. Throws `CheckpointError`, `StoreError` or `FilesError`. */
export async function openCheckpoint(
  place: CheckpointPlace,
  { strict = true }: CheckpointOptions = {},
): Promise<OpenedCheckpoint> {
  const { store } = place;
  const contents = await readStore(store);
  if (contents.version > layout) {
    const reason = `The checkpoint has layout ${contents.version}, this agent knows up to ${layout}`;
    throw new CheckpointError('NEWER', `${reason}: it was written by a newer version`);
  }
  const proof = prove(contents, await readJournal(place.journal));
  const { recovered, damages } = recoverRecords(proof.records);
  const dropped = [...proof.lost.map(lostRecord), ...damages.map(damagedRecord), ...proof.doubts];
  if (strict && dropped.length > 0) {
    throw new CheckpointError('DAMAGED', `The checkpoint is damaged: ${tell(dropped)}`);
  }
  const base = baseOf(proof, damages);
  const changes = changesTo(contents, proof, damages);
  const isMended = base.number > proof.number;
  // The journal must not speak of what the store has not; the other way round it may not be missing.
  if (isMended) await store.write([...changes, claimOf(base), versionWrite], { sync: true });
  const journal = await Journal.begin(place.journal, base);
  if (!isMended && contents.version < layout) {
    await store.write([...changes, claimOf(base), versionWrite], { sync: true });
  }
  return {
    checkpoint: newCheckpoint(place, journal, base),
    recovered,
    findings: { restored: [...proof.restored.keys()], dropped },
  };
}

/** The newest batch, and all records after it, without those that cannot be read. */
function baseOf({ number, digest, restored, lost }: Proof, damages: readonly Damage[]): Base {
  if (restored.size + lost.length + damages.length === 0) return { number, digest };
  const left = new Digest(digest.sums);
  for (const { key } of damages) left.remove(key);
  return { number: number + 1, digest: left };
}

/** What makes the store be what was proved. */
function changesTo(
  { version, values }: Contents,
  { restored, lost }: Proof,
  damages: readonly Damage[],
): readonly Write[] {
  const changes: Write[] = [];
  if (version < layout)
    for (const [key, value] of values) changes.push({ kind: 'put', key, value });
  for (const [key, value] of restored) {
    changes.push(value === undefined ? { kind: 'delete', key } : { kind: 'put', key, value });
  }
  for (const key of lost) changes.push({ kind: 'delete', key });
  for (const { key } of damages) changes.push({ kind: 'delete', key });
  return changes;
}

function newCheckpoint(
  { store, journal: place }: CheckpointPlace,
  first: Journal,
  { number: before, digest }: Base,
): Checkpoint {
  let journal = first;
  let number = before;
  let last: Promise<void> = Promise.resolve();
  const write = async (writes: readonly CheckpointWrite[]): Promise<void> => {
    if (journal.isFull) {
      await journal.close();
      journal = await Journal.begin(place, { number, digest });
    }
    number += 1;
    const changes = changesOf(writes).map((change) => sealed(change, number));
    for (const change of changes) follow(digest, change);
    const entries = changes satisfies readonly Entry[];
    const frame = { number, digest: digest.total, entries };
    const stored = store.write([...changes, claimOf({ number, digest })], { sync: true });
    const results = await Promise.allSettled([journal.append(frame), stored]);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  };
  return {
    write(writes) {
      // One that failed keeps all that come after it from being made.
      if (writes.length > 0) last = last.then(() => write(writes));
      return last;
    },
    close: () => journal.close(),
  };
}

function sealed(change: Write, number: number): Write {
  if (change.kind === 'delete') return change;
  return { ...change, value: seal(change.key, number, change.value) };
}

function follow(digest: Digest, change: Write): void {
  if (change.kind === 'delete') digest.remove(change.key);
  else digest.put(change.key, sumOf(change.value));
}

const lostRecord = (key: string): string => `"${key}" is lost or damaged`;

const damagedRecord = ({ key, why }: Damage): string => `"${key}" ${why}`;

/** All of them, but not more than a person reads. */
function tell(dropped: readonly string[]): string {
  const shown = dropped.slice(0, shownMax).join('; ');
  return dropped.length > shownMax ? `${shown}; and ${dropped.length - shownMax} more` : shown;
}

const shownMax = 20;
