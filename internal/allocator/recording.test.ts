import test from 'ava';
import fc from 'fast-check';
import { agentId, frameworkId } from '#internal/model/ids.ts';
import { parseResources } from '#internal/resources/parse.ts';
import { allocatedTo } from '#internal/resources/resources.ts';
import { allocatorDefaults, type AllocatorEvent } from './event.ts';
import { newRecordingWriter, readRecording, type RecordedCall } from './recording.ts';
import { RecordingError } from './recording-codec.ts';
import { anyEvent } from './testing/any-event.ts';

const decoder = new TextDecoder();

/** The text of a recording of `calls`, as far as they fit. */
function recorded(calls: Iterable<RecordedCall>, bytesMax = Infinity): string {
  const parts: string[] = [];
  const writer = newRecordingWriter((line) => void parts.push(decoder.decode(line)), {
    seed: '7',
    options: allocatorDefaults,
    bytesMax,
  });
  for (const call of calls) writer.write(call);
  return parts.join('');
}

const reread = (text: string): readonly RecordedCall[] => [
  ...readRecording(text.split('\n')).calls,
];

const anyCall: fc.Arbitrary<RecordedCall> = fc.oneof(
  { weight: 6, arbitrary: anyEvent.map((event) => ({ kind: 'told' as const, event })) },
  fc.nat().map((nowMs) => ({ kind: 'run-begun' as const, nowMs })),
  fc.record({
    kind: fc.constant('stepped' as const),
    agentsMax: fc.oneof(fc.nat(), fc.constant(Infinity)),
    digest: fc.constant('00ff'),
  }),
);
const anyCalls = fc.array(anyCall, { maxLength: 20 });

/** Compiled patterns are equal when their sources are; the order of properties does not count. */
const plain = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) => {
    if (one instanceof Map || one instanceof Set || Array.isArray(one)) return [...one];
    if (typeof one === 'object' && one !== null) {
      return Object.fromEntries(Object.entries(one).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    }
    return one === Infinity ? 'Infinity' : one;
  });

test('what is read is what was written', (t) => {
  const kinds = new Set<string>();
  fc.assert(
    fc.property(anyCalls, (calls) => {
      const text = recorded(calls);
      t.is(plain(reread(text)), plain(calls));
      for (const call of calls) kinds.add(call.kind === 'told' ? call.event.kind : call.kind);
    }),
    { numRuns: 300 },
  );
  t.is(kinds.size, 22, 'not every kind of event was tried');
});

test('the first line tells the luck and the options', (t) => {
  const { header } = readRecording(recorded([]).split('\n'));
  t.like(header, { seed: '7', version: 1 });
  t.deepEqual(header.options, allocatorDefaults);
});

test('an offer that comes back again and again costs some tens of bytes each time', (t) => {
  const resources = parseResources(
    'cpus(a):2;cpus:2;mem:4096;disk:102400;ports:[1-10,20-30,40-50]',
  );
  t.true(resources.ok);
  if (!resources.ok) return;
  const event: AllocatorEvent = {
    kind: 'resources-returned',
    frameworkId: frameworkId('69535369-ccfd-41c0-a022-436f9c0431ed-0000'),
    agentId: agentId('69535369-ccfd-41c0-a022-436f9c0431ed-S0'),
    resources: allocatedTo('a', resources.value),
    filter: undefined,
  };
  const bytesOf = (count: number): number =>
    recorded(Array.from({ length: count }, () => ({ kind: 'told', event }))).length;
  t.true(bytesOf(1) - bytesOf(0) > 400);
  t.true((bytesOf(101) - bytesOf(1)) / 100 <= 50);
});

test('more ids than the table of known ones holds are still told apart', (t) => {
  const calls = Array.from({ length: 150_000 }, (_, n): RecordedCall => {
    const event: AllocatorEvent = {
      kind: 'agent-removed',
      agentId: agentId(`agent-${n % 90_000}`),
    };
    return { kind: 'told', event };
  });
  let at = 0;
  for (const call of reread(recorded(calls))) {
    const expected = calls[at++];
    if (plain(call) !== plain(expected)) t.fail(`call ${at}: ${plain(call)}`);
  }
  t.is(at, calls.length);
});

test('a recording never exceeds its bound, and ends with the word that it is full', (t) => {
  fc.assert(
    fc.property(anyCalls, fc.integer({ min: 400, max: 3000 }), (calls, bytesMax) => {
      const text = recorded(calls, bytesMax);
      t.true(new TextEncoder().encode(text).length <= bytesMax);
      const read = reread(text);
      const isCut = read.at(-1)?.kind === 'full';
      const kept = isCut ? read.slice(0, -1) : read;
      t.is(plain(kept), plain(calls.slice(0, kept.length)));
      t.is(isCut, kept.length < calls.length);
    }),
  );
});

test('a recording that ends in the middle of a line is read up to that line', (t) => {
  fc.assert(
    fc.property(anyCalls, fc.double({ min: 0.3, max: 1, noNaN: true }), (calls, part) => {
      const text = recorded(calls);
      const headerEnd = text.indexOf('\n') + 1;
      const end = headerEnd + Math.floor((text.length - headerEnd) * part);
      const read = reread(text.slice(0, end));
      t.is(plain(read), plain(calls.slice(0, read.length)));
      const whole = text.slice(0, end).split('\n').length - 2;
      t.true(read.length === whole || read.length === whole + 1);
    }),
  );
});

test('damage anywhere before the last line is noticed', (t) => {
  fc.assert(
    fc.property(
      fc.array(anyCall, { minLength: 3, maxLength: 8 }),
      fc.double({ min: 0, max: 0.99, noNaN: true }),
      (calls, where) => {
        const text = recorded(calls);
        const at = Math.floor(text.trimEnd().lastIndexOf('\n') * where);
        const damaged = `${text.slice(0, at)}${text[at] === '7' ? '8' : '7'}${text.slice(at + 1)}`;
        t.throws(() => reread(damaged), { instanceOf: RecordingError });
      },
    ),
  );
});

test('what is no recording, or of a newer version, is refused', (t) => {
  for (const text of ['', 'hello', '{"a":1}\n']) {
    t.throws(() => reread(text), { instanceOf: RecordingError });
  }
});
