/**
 * RecordIO (contract 1.4): each record is its length in bytes as decimal digits, a newline, and that
 * many bytes, with nothing between records.
 */
import { WireError } from './wire-error.ts';

/** The record with its length in front: what is to be sent as one chunk. */
export function encodeRecord(record: Uint8Array): Uint8Array {
  const length = Buffer.from(`${record.length}\n`, 'latin1');
  const framed = new Uint8Array(length.length + record.length);
  framed.set(length);
  framed.set(record, length.length);
  return framed;
}

/**
 * Takes a stream apart, however it was cut into chunks. Every method throws a `WireError` and nothing
 * else; after the first one the stream has no meaning any more, and each further call throws it again.
 */
export type RecordReader = {
  /** The records that this chunk completes. They are copies: the chunk may be reused. */
  feed(chunk: Uint8Array): readonly Uint8Array[];
  /** The stream is over: throws when that is inside a record. */
  end(): void;
};

export type RecordReaderOptions = {
  /** The longest record that is believed. No memory is taken for bytes that have not come. */
  readonly recordBytesMax: number;
};

const newline = 0x0a;

/** More digits than any length that fits a double; leading zeros are digits too. */
const digitsMax = 20;

export function newRecordReader({ recordBytesMax }: RecordReaderOptions): RecordReader {
  let digits = '';
  // What has come of the record, once its length is known.
  let body: Body | undefined;
  let broken: WireError | undefined;

  function fail(message: string): never {
    broken = new WireError('record-io', message);
    throw broken;
  }

  function takeDigit(byte: number): void {
    if (byte === newline) {
      if (digits === '') fail(`Failed to decode length ''`);
      body = { size: Number(digits), received: 0, bytes: new Uint8Array() };
      digits = '';
      return;
    }
    digits += String.fromCharCode(byte);
    if (byte < 0x30 || byte > 0x39 || digits.length > digitsMax) {
      fail(`Failed to decode length '${digits}'`);
    }
    if (Number(digits) > recordBytesMax) {
      fail(`A record of ${digits} or more bytes is longer than ${recordBytesMax}`);
    }
  }

  return {
    feed(chunk) {
      if (broken !== undefined) throw broken;
      const records: Uint8Array[] = [];
      for (let at = 0; at < chunk.length || body?.size === 0;) {
        if (body === undefined) {
          takeDigit(chunk[at++] ?? newline);
          continue;
        }
        const part = chunk.subarray(at, at + body.size - body.received);
        at += part.length;
        append(body, part);
        if (body.received < body.size) break;
        records.push(body.bytes);
        body = undefined;
      }
      return records;
    },
    end() {
      if (broken !== undefined) throw broken;
      if (body !== undefined || digits !== '') fail('The stream ends inside a record');
    },
  };
}

type Body = {
  readonly size: number;
  received: number;
  /** At most `size` long and at most twice what has been received; exactly `size` at the end. */
  bytes: Uint8Array;
};

function append(body: Body, part: Uint8Array): void {
  const needed = body.received + part.length;
  if (needed > body.bytes.length) {
    const grown = new Uint8Array(Math.min(body.size, needed * 2));
    grown.set(body.bytes.subarray(0, body.received));
    body.bytes = grown;
  }
  body.bytes.set(part, body.received);
  body.received = needed;
}
