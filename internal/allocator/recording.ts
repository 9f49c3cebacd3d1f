/**
 * A recording of an allocator: all that it was told and when it was asked, line by line, with a digest
 * of each answer. Played again it gives the same answers, byte for byte (`replay.ts`).
 *
 * It is meant to be left on: a line costs some tens of bytes, and it ends for good before it is longer
 * than `bytesMax`. A line that was cut off or damaged is noticed by its checksum.
 */
import type { AllocatorEvent, AllocatorOptions, Round } from './event.ts';
import {
  type Codec,
  list,
  newTable,
  number,
  record,
  RecordingError,
  text,
  trimTable,
  union,
} from './recording-codec.ts';
import { eventCodec, optionsCodec, roundCodec } from './recording-event.ts';

/** What stands in a recording after its first line. */
export type RecordedCall =
  | { readonly kind: 'told'; readonly event: AllocatorEvent }
  | { readonly kind: 'run-begun'; readonly nowMs: number }
  /** Of the run that began last. */
  | { readonly kind: 'stepped'; readonly agentsMax: number; readonly digest: string }
  /** The rest was not recorded: there was no room. */
  | { readonly kind: 'full' };

export type RecordingHeader = {
  readonly format: string;
  readonly version: number;
  /** Of the luck that the allocator was given: `randomFromSeed(seed)`. */
  readonly seed: string;
  readonly options: AllocatorOptions;
};

export type Recording = {
  readonly header: RecordingHeader;
  readonly calls: Iterable<RecordedCall>;
};

const format = 'altiplano-allocator-recording';
const version = 1;

const headerCodec: Codec<RecordingHeader> = record<RecordingHeader>({
  format: text,
  version: number,
  seed: text,
  options: optionsCodec,
});

const callCodec: Codec<RecordedCall> = union<RecordedCall>({
  told: record({ event: eventCodec }),
  'run-begun': record({ nowMs: number }),
  stepped: record({ agentsMax: number, digest: text }),
  full: record({}),
});

export type RecordingWriter = {
  /** False when it was not recorded, because there is no room any more. */
  write(call: RecordedCall): boolean;
};

export type RecordingOptions = {
  readonly seed: string;
  readonly options: AllocatorOptions;
  readonly bytesMax: number;
};

/** `append` gets whole lines, in order. The first one comes at once. */
export function newRecordingWriter(
  append: (line: Uint8Array) => void,
  { seed, options, bytesMax }: RecordingOptions,
): RecordingWriter {
  const table = newTable();
  const encoder = new TextEncoder();
  const fullLine = encoder.encode(lineOf(callCodec.write({ kind: 'full' }, newTable())));
  let roomBytes = bytesMax - fullLine.length;
  const put = (json: unknown): boolean => {
    if (roomBytes <= 0) return false;
    const line = encoder.encode(lineOf(json));
    // What was interned by a line that is not written would be missed by all that follow.
    if (line.length > roomBytes) roomBytes = 0;
    else roomBytes -= line.length;
    append(roomBytes > 0 ? line : fullLine);
    return roomBytes > 0;
  };
  put(headerCodec.write({ format, version, seed, options }, table));
  return {
    write: (call) => {
      trimTable(table);
      return put(callCodec.write(call, table));
    },
  };
}

/**
 * Reads lines without their ends. Throws `RecordingError`, while the calls are iterated too, when they
 * are damaged, of another format or of a newer version. A last line that is cut off ends it.
 */
export function readRecording(lines: Iterable<string>): Recording {
  const iterator = lines[Symbol.iterator]();
  const table = newTable();
  const first = iterator.next();
  if (first.done === true || first.value === '') throw new RecordingError('it is empty');
  const json = jsonOf(first.value, 1);
  const [kind, age] = list({ write: () => null, read: (one) => one }).read(json, table);
  if (kind !== format) throw new RecordingError('it is no recording of an allocator');
  if (age !== version) throw new RecordingError(`its version is ${String(age)}, not ${version}`);
  return {
    header: headerCodec.read(json, table),
    calls: { [Symbol.iterator]: () => callsOf(iterator, table) },
  };
}

function* callsOf(
  lines: Iterator<string>,
  table: ReturnType<typeof newTable>,
): Generator<RecordedCall> {
  let at = 1;
  let next = lines.next();
  while (next.done !== true) {
    const line = next.value;
    at++;
    next = lines.next();
    if (line === '') continue;
    const isLast = next.done === true;
    if (isLast && !isWhole(line)) return;
    trimTable(table);
    const json = jsonOf(line, at);
    yield located(at, () => callCodec.read(json, table));
  }
}

/** An answer as a text that says all of it, in one way. */
export const textOf = (round: Round): string => JSON.stringify(roundCodec.write(round, newTable()));

/** A digest of an answer: equal ones are equal byte for byte, but for a chance of 2^-64. */
export function digestOf(round: Round): string {
  const bytes = textOf(round);
  return hash(bytes, 0x811c9dc5) + hash(bytes, 0x9e3779b1);
}

function lineOf(json: unknown): string {
  const body = JSON.stringify(json);
  return `${hash(body, 0x811c9dc5)} ${body}\n`;
}

const bodyAt = 9;

const isWhole = (line: string): boolean => {
  const body = line.slice(bodyAt);
  return line === `${hash(body, 0x811c9dc5)} ${body}`;
};

function jsonOf(line: string, at: number): unknown {
  return located(at, () => {
    if (!isWhole(line)) throw new RecordingError('it is damaged');
    return JSON.parse(line.slice(bodyAt)) as unknown;
  });
}

function located<Value>(at: number, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RecordingError || error instanceof SyntaxError)) throw error;
    throw new RecordingError(`line ${at}: ${error.message}`, { cause: error });
  }
}

/** FNV-1a: it finds accidents, not forgeries. */
function hash(value: string, seed: number): string {
  let state = seed;
  for (let i = 0; i < value.length; i++) {
    state = Math.imul(state ^ value.charCodeAt(i), 0x01000193);
  }
  return (state >>> 0).toString(16).padStart(8, '0');
}
