import test from 'ava';
import fc from 'fast-check';
import { encodeRecord, newRecordReader } from './record-io.ts';
import { WireError } from './wire-error.ts';

const options = { recordBytesMax: 1000 };
const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** The bytes in chunks, cut at `cuts` (which may repeat: empty chunks come too). */
function chunksOf(bytes: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length];
  const sorted = places.toSorted((a, b) => a - b);
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

function readAll(chunks: readonly Uint8Array[]): readonly Uint8Array[] {
  const reader = newRecordReader(options);
  const records = chunks.flatMap((chunk) => reader.feed(chunk));
  reader.end();
  return records;
}

const records = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 });
const cuts = fc.array(fc.nat(), { maxLength: 30 });

test('records are read as they were written, however the stream is cut', (t) => {
  const law = fc.property(records, cuts, (written, places) => {
    const stream = Buffer.concat(written.map((record) => encodeRecord(record)));
    const read = readAll(chunksOf(stream, places));
    t.deepEqual(read.map(hex), written.map(hex));
  });
  t.notThrows(() => fc.assert(law, { numRuns: 500 }));
});

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test('a record is framed by its length in bytes, an empty one too', (t) => {
  t.deepEqual(Buffer.from(encodeRecord(Buffer.from('{"é":1}'))).toString(), '8\n{"é":1}');
  t.deepEqual(Buffer.from(encodeRecord(new Uint8Array())).toString(), '0\n');
  t.deepEqual(readAll([bytesOf('0\n0\n1\nx')]).map(hex), ['', '', '78']);
});

test('any bytes are read or refused with a WireError, and a refusal is final', (t) => {
  let refused = 0;
  const law = fc.property(
    fc.array(fc.oneof(fc.uint8Array(), fc.constantFrom('1', '\n', '3\nabc', '-1\n').map(bytesOf))),
    (chunks) => {
      const reader = newRecordReader(options);
      let error: unknown;
      for (const chunk of chunks) {
        try {
          reader.feed(chunk);
          if (error !== undefined) t.fail('it went on after a refusal');
        } catch (thrown) {
          error ??= thrown;
          t.is(thrown, error);
          t.true(thrown instanceof WireError, String(thrown));
        }
      }
      if (error === undefined) return;
      refused++;
      t.is<unknown, unknown>(
        t.throws(() => reader.end()),
        error,
      );
    },
  );
  t.notThrows(() => fc.assert(law, { numRuns: 500 }));
  t.true(refused > 50, `only ${refused} were refused`);
});

test('a length that is no number is refused in the words of Mesos', (t) => {
  const lengths = ['\n', 'x', '-', '+', ' ', '12x', '1.', '3\r'];
  for (const length of lengths) {
    const law = {
      instanceOf: WireError,
      message: `Failed to decode length '${length.trimEnd() === '' && length !== ' ' ? '' : length}'`,
    };
    t.throws(() => newRecordReader(options).feed(bytesOf(`${length}\n`)), law, length);
  }
});

test('a record longer than the bound is refused before it comes', (t) => {
  const reader = newRecordReader({ recordBytesMax: 5 });
  t.deepEqual(reader.feed(bytesOf('5\nabcde')).map(hex), [hex(bytesOf('abcde'))]);
  const law = { instanceOf: WireError, message: /longer than 5/ };
  t.throws(() => reader.feed(bytesOf('6')), law);
  for (const length of ['99999999999999999999', '1e18', '0'.repeat(21)]) {
    t.throws(() => newRecordReader(options).feed(bytesOf(length)), { instanceOf: WireError });
  }
});

test('the end of the stream is an error inside a record and none between two', (t) => {
  for (const cut of ['', '3\nabc', '0\n']) {
    t.notThrows(() => readAll([bytesOf(cut)]), cut);
  }
  for (const cut of ['3', '3\n', '3\nab', '3\nabc1']) {
    t.throws(() => readAll([bytesOf(cut)]), { instanceOf: WireError, message: /inside/ }, cut);
  }
});

test('a record does not change with the chunk it came in', (t) => {
  const chunk = Buffer.from('3\nabc');
  const [record] = newRecordReader(options).feed(chunk);
  chunk.fill(0);
  t.deepEqual(record, Uint8Array.from(Buffer.from('abc')));
});
