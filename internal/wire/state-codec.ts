/**
 * Bytes for the log and for the mirror of the state: commands and records, as
 * `altiplano.state.v1` declares them.
 */
import type { Command } from '#internal/state/command.ts';
import { fromRecords } from '#internal/state/from-records.ts';
import { diff, type RecordChange, type StateRecord, toRecords } from '#internal/state/records.ts';
import type { State } from '#internal/state/state.ts';
import { commandFromWritten, commandToWritten } from './command-record.ts';
import { decode, encode, encodeBriefly } from './protobuf.ts';
import { recordFromWritten, recordToWritten } from './state-record.ts';

/** `UNKNOWN_COMMAND`, `UNKNOWN_RECORD`: written by a newer version. The master must stop. */
export class StateCodecError extends Error {
  override readonly name: string = 'StateCodecError';
  readonly code: 'UNKNOWN_COMMAND' | 'UNKNOWN_RECORD';

  constructor(code: StateCodecError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** As a key-value store takes it. */
export type RecordWrite =
  | { readonly kind: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly kind: 'delete'; readonly key: string };

export function encodeCommand(command: Command): Uint8Array {
  return encode('altiplano.state.v1.Command', commandToWritten(command));
}

/**
 * Undefined for a command that this program does not know and may do without. Throws a
 * `StateCodecError` for one that it may not, a `WireError` for damaged bytes.
 */
export function readCommand(bytes: Uint8Array): Command | undefined {
  const written = decode('altiplano.state.v1.Command', bytes);
  const command = commandFromWritten(written);
  if (command !== undefined || written.ignorable === true) return command;
  const why = 'The log holds a command that this program does not know: start a newer one';
  throw new StateCodecError('UNKNOWN_COMMAND', why);
}

/** Of a log that this program wrote itself: it knows all of the commands. Throws as `readCommand`. */
export function decodeCommand(bytes: Uint8Array): Command {
  const command = readCommand(bytes);
  if (command !== undefined) return command;
  throw new StateCodecError('UNKNOWN_COMMAND', 'A command of a newer program');
}

/** The whole state, in the order of the keys. */
export function recordsOf(state: State): readonly (readonly [key: string, value: Uint8Array])[] {
  return [...toRecords(state)]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, record]) => [key, encodeRecord(record)]);
}

/** What has to be written over the records of `previous` to have those of `next`. */
export const diffRecords = (previous: State, next: State): readonly RecordWrite[] =>
  diff(previous, next).map(writeOf);

export const writeOf = ({ key, record }: RecordChange): RecordWrite =>
  record === undefined
    ? { kind: 'delete', key }
    : { kind: 'put', key, value: encodeRecord(record) };

/** The inverse of `recordsOf`, in any order. Throws like `decodeCommand`. */
export function stateFromRecords(
  records: Iterable<readonly [key: string, value: Uint8Array]>,
): State {
  return fromRecords([...records].map(([key, value]) => decodeRecord(key, value)));
}

/**
 * Equal for equal states, whatever way they were reached, so that masters can compare theirs: 64 bits
 * of FNV-1a over keys and records, in hexadecimal. It detects accidents, not forgers.
 */
export function digest(state: State): string {
  let [low, high] = [0x811c9dc5, 0x9e3779b1];
  const eat = (byte: number): void => {
    low = Math.imul(low ^ byte, 0x01000193);
    high = Math.imul(high ^ byte ^ (low >>> 15), 0x85ebca77);
  };
  const text = new TextEncoder();
  for (const [key, value] of recordsOf(state)) {
    for (const part of [text.encode(key), value]) {
      for (const byte of part) eat(byte);
      // What one part ends with is not what the next begins with.
      for (let length = part.length; length > 0; length >>>= 8) eat(length & 0xff);
    }
  }
  return [high, low].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

/** To be written and forgotten. */
export const encodeRecord = (record: StateRecord): Uint8Array =>
  encodeBriefly('altiplano.state.v1.Record', recordToWritten(record));

/** Throws like `decodeCommand`. */
export function decodeRecord(key: string, bytes: Uint8Array): StateRecord {
  const record = recordFromWritten(decode('altiplano.state.v1.Record', bytes));
  if (record !== undefined) return record;
  throw new StateCodecError('UNKNOWN_RECORD', `The record ${key} is of a newer version`);
}
