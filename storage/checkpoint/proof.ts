/**
 * Proves that a store has all that was written to it, with the journal as the witness; writes again what
 * it lost, if the journal has it; and names what is in doubt otherwise. Pure.
 *
 * The store proves itself when every record's seal is right and all sums together are what its newest
 * batch says: then nothing is missing but, at most, the newest batches, and those the journal knows.
 */
import type { JournalImage } from './journal.ts';
import { Digest, open, type Opened } from './sealed.ts';
import type { Claim, Contents } from './store-layout.ts';

export type Proof = {
  readonly number: number;
  readonly digest: Digest;
  readonly records: ReadonlyMap<string, Opened>;
  /** What the store lost and the journal has, or has too much: keys with the values they get. */
  readonly restored: ReadonlyMap<string, Uint8Array | undefined>;
  /** Keys of records that were lost or damaged, for ever: they are not among `records`. */
  readonly lost: readonly string[];
  /** Why more may be missing, without a name; for people. */
  readonly doubts: readonly string[];
};

export function prove(contents: Contents, journal: JournalImage): Proof {
  const records = new Map<string, Opened>();
  for (const [key, value] of contents.values) {
    const record = open(key, value);
    if (record !== undefined) records.set(key, record);
  }
  const digest = new Digest([...records].map(([key, { sum }]) => [key, sum]));
  const { claim } = contents;
  const isSelfProved =
    claim !== undefined && records.size === contents.values.size && claim.digest === digest.total;
  // A crash in the first moments leaves a journal without a beginning.
  const isNew = claim === undefined && contents.values.size === 0;
  if (isNew && journal.number === undefined) {
    return { number: 0, digest, records, restored: new Map(), lost: [], doubts: [] };
  }
  // The first layout had no journal.
  const isWitnessed = journal.number !== undefined || contents.version === 1;
  if (isSelfProved && agrees(claim, journal)) {
    return {
      number: claim.number,
      digest,
      records,
      restored: new Map(),
      lost: [],
      doubts: isWitnessed ? [] : [unwitnessed(claim.number, journal)],
    };
  }
  return restore(contents, records, journal);
}

/** The store has all that the journal knows of, and it is the same. */
function agrees(claim: Claim, { number, digest }: JournalImage): boolean {
  if (number === undefined || claim.number > number) return true;
  return claim.number === number && claim.digest === digest;
}

function restore(
  { values, claim }: Contents,
  found: ReadonlyMap<string, Opened>,
  journal: JournalImage,
): Proof {
  const restored = new Map<string, Uint8Array | undefined>();
  const records = new Map<string, Opened>();
  const lost = new Set<string>();
  const number = journal.number ?? claim?.number ?? 0;
  if (journal.number === undefined) {
    for (const [key, record] of found) records.set(key, record);
    for (const key of values.keys()) if (!found.has(key)) lost.add(key);
    return newProof({ number, records, restored, lost, doubts: [unwitnessed(number, journal)] });
  }
  for (const [key, sum] of journal.known) {
    const record = found.get(key);
    const value = journal.values.get(key)?.findLast((each) => open(key, each)?.sum === sum);
    const again = value && open(key, value);
    if (record?.sum === sum) records.set(key, record);
    else if (value !== undefined && again !== undefined) {
      records.set(key, again);
      restored.set(key, value);
    } else lost.add(key);
  }
  // Removed since, or of a batch that nobody was told of.
  for (const key of values.keys()) if (!journal.known.has(key)) restored.set(key, undefined);
  const doubts =
    journal.damage === undefined
      ? []
      : [`batches after ${number} may be missing, because ${journal.damage}`];
  return newProof({ number, records, restored, lost, doubts });
}

function newProof(parts: {
  readonly number: number;
  readonly records: ReadonlyMap<string, Opened>;
  readonly restored: ReadonlyMap<string, Uint8Array | undefined>;
  readonly lost: ReadonlySet<string>;
  readonly doubts: readonly string[];
}): Proof {
  const digest = new Digest([...parts.records].map(([key, { sum }]) => [key, sum]));
  return { ...parts, digest, lost: [...parts.lost] };
}

function unwitnessed(number: number, { damage }: JournalImage): string {
  const why = damage ?? 'its journal is gone';
  return `batches after ${number} may be missing, because ${why}`;
}
