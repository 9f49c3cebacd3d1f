import test from 'ava';
import fc from 'fast-check';
import { quantities } from '#internal/resources/quantities.ts';
import {
  bytesText,
  minimaText,
  parseBytes,
  parseMinima,
  parsePercent,
  parseRate,
  percentText,
  rateText,
} from './flag-kinds.ts';

test('a rate that is written reads back as itself, and one of nothing or never is none', (t) => {
  const anyRate = fc.record({
    permits: fc.integer({ min: 1, max: 100 }),
    secs: fc.integer({ min: 1, max: 1e6 }),
  });
  fc.assert(
    fc.property(anyRate, ({ permits, secs }) => {
      const rate = { permits, intervalMs: secs * 1000 };
      t.deepEqual(parseRate(rateText(rate)), { ok: true, value: rate });
    }),
  );
  t.deepEqual(parseRate('1/10mins'), { ok: true, value: { permits: 1, intervalMs: 600_000 } });
  for (const odd of [
    '',
    '1',
    '0/10mins',
    '1/0secs',
    '/10mins',
    '-1/1secs',
    '1/soon',
    '1.5/1secs',
  ]) {
    t.false(parseRate(odd).ok, odd);
  }
});

test('a share is a number of percent, and no more than all', (t) => {
  for (const share of [0, 0.05, 0.5, 1]) {
    t.deepEqual(parsePercent(percentText(share)), { ok: true, value: share });
  }
  for (const odd of ['', '50', '101%', '-1%', '%', 'all']) t.false(parsePercent(odd).ok, odd);
});

test('a size that is written reads back as itself', (t) => {
  fc.assert(
    fc.property(fc.nat(), fc.constantFrom(1, 1024, 1024 ** 2), (n, unit) => {
      t.deepEqual(parseBytes(bytesText(n * unit)), { ok: true, value: n * unit });
    }),
  );
  t.is(bytesText(4096), '4KB');
  for (const odd of ['', '4', 'KB', '4kb', '1.5KB', '-4KB']) t.false(parseBytes(odd).ok, odd);
});

test('minima are lists of scalars, one of which is enough', (t) => {
  const usual = [quantities([['cpus', 10]]), quantities([['mem', 32_000]])];
  t.deepEqual(parseMinima('cpus:0.01|mem:32'), { ok: true, value: usual });
  t.is(minimaText(usual), 'cpus:0.01|mem:32');
  const both = [
    quantities([
      ['cpus', 1000],
      ['mem', 64_000],
    ]),
  ];
  t.deepEqual(parseMinima(minimaText(both)), { ok: true, value: both });
  t.deepEqual(parseMinima(''), { ok: true, value: [] });
  for (const odd of ['ports:[1-2]', 'cpus', 'cpus:-1']) t.false(parseMinima(odd).ok, odd);
});
