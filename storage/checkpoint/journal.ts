/**
 * The witness of the checkpoint: a file of our own beside LevelDB, with every batch in it that the store
 * may still have in its log alone. It is written at the same time as the store, and a batch counts when
 * both have it; so whatever one of the two loses, the other one knows.
 *
 * A file begins with the names and sums of all records there were then, so that one file says what has
 * to be there, and is left for a new one when it has grown. The one before it is kept: what LevelDB has
 * not moved out of its log by then is in one of the two (`logBytesMax` of the store is far smaller).
 */
import type { File, Files } from '#internal/runtime/files.ts';
import { syncAbove } from '../wal/sync-above.ts';
import { chainStart, decodeFrames, encodeFrame, type Entry, type Frame } from './journal-frame.ts';
import { sumOf } from './sealed.ts';
import type { Base } from './store-layout.ts';

export type JournalPlace = {
  readonly files: Files;
  /** Of its own; made when missing. */
  readonly folder: string;
};

/** What the files of a journal say. */
export type JournalImage = {
  /** Of its last batch; undefined when there is no journal, or none that can be read. */
  readonly number: number | undefined;
  /** Of all records after that batch. */
  readonly digest: bigint;
  /** Sums of all records that have to be there after that batch, by key. */
  readonly known: ReadonlyMap<string, bigint>;
  /** Sealed values by key, oldest first: what can be written again. */
  readonly values: ReadonlyMap<string, readonly Uint8Array[]>;
  /** What is wrong with it, for people. A write that a crash tore looks like this, too. */
  readonly damage: string | undefined;
};

/** A file is left for a new one when it is so long. */
export const journalBytesMax: number = 4 * 1024 * 1024;

export async function readJournal({ files, folder }: JournalPlace): Promise<JournalImage> {
  const values = new Map<string, Uint8Array[]>();
  let newest: readonly Frame[] = [];
  let damage: string | undefined;
  for (const name of await journalNames({ files, folder })) {
    const path = `${folder}/${name}`;
    const { frames, brokenAt } = decodeFrames(await readWhole(files, path));
    for (const { entries } of frames) collect(values, entries);
    // Of an older file only the values count: the newest knows what has to be there.
    if (frames.length > 0) newest = frames;
    const isWhole = brokenAt === undefined && frames.length > 0;
    damage = isWhole ? undefined : `${path} cannot be read from byte ${brokenAt ?? 0} on`;
  }
  const known = new Map<string, bigint>();
  for (const { entries } of newest) for (const entry of entries) follow(known, entry);
  const last = newest.at(-1);
  return { number: last?.number, digest: last?.digest ?? 0n, known, values, damage };
}

/** Writes frames after what the store is known to have. */
export class Journal {
  readonly #file: File;
  #offset: number;
  #chain: number;

  private constructor(
    { file }: { readonly file: File },
    { offset, chain }: { readonly offset: number; readonly chain: number },
  ) {
    this.#file = file;
    this.#offset = offset;
    this.#chain = chain;
  }

  /** Begins a file on what the store durably has. */
  static async begin(place: JournalPlace, { number, digest }: Base): Promise<Journal> {
    const { files, folder } = place;
    await files.makeFolder(folder);
    await syncAbove(files, folder);
    const before = await journalNames(place);
    const serial = Number(before.at(-1) ?? 0) + 1;
    const path = `${folder}/${String(serial).padStart(nameDigits, '0')}`;
    const file = await files.open(path, { create: true, exclusive: true, durable: true });
    const entries = [...digest.sums].map(([key, sum]): Entry => ({ kind: 'known', key, sum }));
    const { bytes, chain } = encodeFrame({ number, digest: digest.total, entries }, chainStart);
    await file.write(0, [bytes, zerosFor(0, bytes.length)]);
    await files.syncFolder(folder);
    for (const name of before.slice(0, -1)) await files.remove(`${folder}/${name}`);
    return new Journal({ file }, { offset: bytes.length, chain });
  }

  get isFull(): boolean {
    return this.#offset >= journalBytesMax;
  }

  /** Resolves when the frame is durable. One at a time. A fault is final. */
  async append(frame: Frame): Promise<void> {
    const { bytes, chain } = encodeFrame(frame, this.#chain);
    await this.#file.write(this.#offset, [bytes, zerosFor(this.#offset, bytes.length)]);
    this.#offset += bytes.length;
    this.#chain = chain;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

const nameDigits = 16;
/** A file grows by so much: a sync that has no new size to write down takes half the time. */
const stepBytes = 64 * 1024;
const zeros = new Uint8Array(stepBytes);

/** What belongs behind a frame that reaches into a new step. */
function zerosFor(offset: number, length: number): Uint8Array {
  const isInside = offset % stepBytes !== 0 && (offset % stepBytes) + length <= stepBytes;
  const end = offset + length;
  return isInside ? zeros.subarray(0, 0) : zeros.subarray(0, (-end % stepBytes) + stepBytes);
}

/** Oldest first. */
async function journalNames({ files, folder }: JournalPlace): Promise<readonly string[]> {
  if ((await files.stat(folder)) === undefined) return [];
  return (await files.list(folder)).filter((name) => /^\d{16}$/u.test(name));
}

async function readWhole(files: Files, path: string): Promise<Uint8Array> {
  const file = await files.open(path);
  try {
    return await file.read(0, await file.size());
  } finally {
    await file.close();
  }
}

function collect(values: Map<string, Uint8Array[]>, entries: readonly Entry[]): void {
  for (const entry of entries) {
    if (entry.kind !== 'put') continue;
    const list = values.get(entry.key);
    if (list === undefined) values.set(entry.key, [entry.value]);
    else list.push(entry.value);
  }
}

function follow(known: Map<string, bigint>, entry: Entry): void {
  if (entry.kind === 'put') known.set(entry.key, sumOf(entry.value));
  else if (entry.kind === 'known') known.set(entry.key, entry.sum);
  else known.delete(entry.key);
}
