import test from 'ava';
import type { LogLine } from '#internal/runtime/simulated/logger.ts';
import { ending, parting } from './shrink-story.ts';

const line = (atMs: number, message: string, fields: LogLine['fields'] = {}): LogLine => ({
  atMs,
  level: 'info',
  message,
  fields,
});

test('a story ends with its last lines, each of a readable length', (t) => {
  const story = Array.from({ length: 100 }, (_, i) => line(i, `event ${i}`));
  const lines = ending([...story, line(12_345, 'Crashed', { machine: 'n3', kind: 'power' })]);
  t.is(lines.length, 40);
  t.is(lines.at(-1), '  12.345 s n3 Crashed kind=power');
  t.is(lines.at(-2), '   0.099 s event 99');
  const [long = ''] = ending([line(1, 'x'.repeat(1000))]);
  t.is(long.length, 161);
  const odd = {
    ...line(1, 'odd'),
    level: 'warn' as const,
    fields: { error: new Error('fire'), no: undefined },
  };
  t.deepEqual(ending([odd]), ['   0.001 s WARN odd error=fire no=undefined']);
  const wide = line(1, 'call', { waitsNs: 5n, call: { nanoseconds: 1n << 60n } });
  const told = '   0.001 s call waitsNs="5" call={"nanoseconds":"1152921504606846976"}';
  t.deepEqual(ending([wide]), [told]);
});

test('two stories part at the first line that differs, or where one ends', (t) => {
  const common = Array.from({ length: 30 }, (_, i) => line(i, `event ${i}`));
  t.deepEqual(parting(common, common), []);
  const lines = parting([...common, line(40, 'a')], [...common, line(41, 'a'), line(50, 'b')]);
  t.is(lines.length, 12);
  t.is(lines[0], '   0.020 s event 20');
  t.deepEqual(lines.slice(-2), ['once     0.040 s a', 'again    0.041 s a']);
  t.is(parting(common, common.slice(0, 29)).at(-1), 'again the end');
});
