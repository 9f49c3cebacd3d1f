/** Records for tests: one of a run as it might be, broken or held, and any that may be made up. */
import fc from 'fast-check';
import type {
  Figure,
  RunEvent,
  RunEventKind,
  RunRecord,
  Series,
  Span,
  ViolationRecord,
} from '../run-record.ts';

const durationMs = 240_000;

export const heldRecord: RunRecord = {
  name: 'rolling-partitions',
  about:
    'While one master after another is cut off from the others, every task that a framework was ' +
    'promised starts once, and the cluster is led again within ten seconds.',
  verdict: 'held',
  failure: undefined,
  seed: 7,
  replay: 'npx altiplano chaos run rolling-partitions --seed 7',
  beganAt: '2026-11-23T21:00:00.000Z',
  durationMs,
  violations: [],
  events: storyOf(),
  spans: spansOf(),
  series: [
    { name: 'Time to launch', unit: 'ms', points: curveOf((at) => 40 + 900 * bump(at)) },
    { name: 'Tasks running', unit: '', points: curveOf((at) => Math.floor(at / 900)) },
    {
      name: 'Leader elections',
      unit: '',
      points: Array.from({ length: 6 }, (_, n): Series['points'][number] => [n * 45_000, n + 1]),
    },
  ],
  figures: [
    { name: 'tasks launched', value: 1243, unit: 'count' },
    { name: 'tasks launched twice', value: 0, unit: 'count' },
    { name: 'longest without a leader', value: 3412, unit: 'ms' },
    { name: 'median without a leader', value: 1850.5, unit: 'ms' },
    { name: 'updates acknowledged', value: 4980, unit: 'count' },
    { name: 'log synced', value: 8.25, unit: 'MB/s' },
    { name: 'partitions', value: 5, unit: 'count' },
  ],
};

export const brokenRecord: RunRecord = {
  ...heldRecord,
  name: 'asymmetric-leader',
  verdict: 'broken',
  replay: 'npx altiplano chaos run asymmetric-leader --seed 7',
  violations: [
    {
      atMs: 97_250,
      law: 'one launch',
      text: 'Task "launches-0412" started twice.',
      facts: [
        'agent-2 says: container launches-0412 runs since 1:36.911, pid 4120 (its /proc)',
        'agent-3 says: container launches-0412 runs since 1:37.250, pid 5231 (its /proc)',
        'the log of master-2 holds one launch of it, at index 20417, on agent-3',
      ],
    },
    {
      atMs: 99_000,
      law: 'fencing',
      text: 'agent-2 acted on a message of term 3 after it had accepted term 4.',
      facts: [
        'agent-2 says: accepted term 4 at 1:35.002',
        'agent-2 says: ran an order of term 3 at 1:36.880',
      ],
    },
  ],
};

/** With more events than a page shows, in lanes that are more than a page has. */
export function hugeRecord(events: number): RunRecord {
  const kinds: readonly RunEventKind[] = ['workload', 'cluster', 'fault', 'heal', 'check'];
  return {
    ...brokenRecord,
    name: 'huge',
    events: Array.from({ length: events }, (_, n): RunEvent => {
      const kind = kinds[n % 40 === 0 ? n % 5 : 0] ?? 'workload';
      const who = `agent-${n % 90}`;
      return { atMs: (n * durationMs) / events, kind, who, text: `event ${n} of a long story` };
    }),
  };
}

function storyOf(): readonly RunEvent[] {
  const events: RunEvent[] = [];
  const tell = (atMs: number, kind: RunEventKind, who: string, text: string): void => {
    events.push({ atMs, kind, who, text });
  };
  for (let n = 0; n < 5; n++) {
    const atMs = 20_000 + n * 42_000;
    const victim = `master-${(n % 3) + 1}`;
    tell(atMs, 'fault', victim, 'cut off: hears nobody, is heard by all');
    tell(atMs + 2900, 'cluster', `master-${((n + 1) % 3) + 1}`, `leads in term ${n + 2}`);
    tell(atMs + 20_000, 'heal', victim, 'reachable again');
    tell(atMs + 21_000, 'check', 'leadership', 'one leader a term: yes');
  }
  for (let n = 0; n < 240; n++) {
    tell(
      n * 990,
      'workload',
      'launches',
      `launches-${`${n}`.padStart(4, '0')} runs on agent-${(n % 3) + 1}`,
    );
    if (n % 7 === 0) tell(n * 990 + 300, 'cluster', `agent-${(n % 3) + 1}`, 'registered again');
  }
  return events.toSorted((one, other) => one.atMs - other.atMs);
}

function spansOf(): readonly Span[] {
  const spans: Span[] = [
    { kind: 'phase', who: 'run', text: 'warm up', fromMs: 0, toMs: 18_000 },
    { kind: 'phase', who: 'run', text: 'faults', fromMs: 18_000, toMs: 214_000 },
    { kind: 'phase', who: 'run', text: 'healing', fromMs: 214_000, toMs: durationMs },
  ];
  for (let n = 0; n < 5; n++) {
    const fromMs = 20_000 + n * 42_000;
    const victim = `master-${(n % 3) + 1}`;
    const next = `master-${((n + 1) % 3) + 1}`;
    spans.push(
      { kind: 'fault', who: victim, text: 'cut off', fromMs, toMs: fromMs + 20_000 },
      { kind: 'unavailable', who: 'launches', text: 'no offers', fromMs, toMs: fromMs + 3400 },
      {
        kind: 'leading',
        who: next,
        text: `leads, term ${n + 2}`,
        fromMs: fromMs + 2900,
        toMs: Math.min(durationMs, fromMs + 44_900),
      },
    );
  }
  return spans;
}

function curveOf(value: (atMs: number) => number): Series['points'] {
  return Array.from({ length: 400 }, (_, n) => [n * 600, value(n * 600)]);
}

/** High when a partition has just begun. */
function bump(atMs: number): number {
  const since = (atMs - 20_000 + 42_000) % 42_000;
  return since < 5000 ? 1 - since / 5000 : 0;
}

const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    'master-1',
    'a2',
    '</script><script>alert(1)</script>',
    '"><img src=x onerror=1>',
    '',
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

const anyMs: fc.Arbitrary<number> = fc.double({ min: 0, max: 1e7, noNaN: true });

const anyValue: fc.Arbitrary<number> = fc.oneof(fc.double({ noNaN: false }), fc.integer());

const byTime = <Item>(
  each: fc.Arbitrary<Item>,
  atMs: (item: Item) => number,
): fc.Arbitrary<readonly Item[]> =>
  fc.array(each, { maxLength: 30 }).map((list) => list.toSorted((a, b) => atMs(a) - atMs(b)));

const anySpan: fc.Arbitrary<Span> = fc
  .record({
    kind: fc.constantFrom<Span['kind']>('fault', 'unavailable', 'leading', 'phase'),
    who: anyText,
    text: anyText,
    fromMs: anyMs,
    lasts: anyMs,
  })
  .map(({ lasts, ...span }) => ({ ...span, toMs: span.fromMs + lasts }));

const anyEvent: fc.Arbitrary<RunEvent> = fc.record({
  atMs: anyMs,
  kind: fc.constantFrom<RunEventKind>('fault', 'heal', 'cluster', 'workload', 'check'),
  who: anyText,
  text: anyText,
});

const anyViolation: fc.Arbitrary<ViolationRecord> = fc.record({
  atMs: anyMs,
  law: anyText,
  text: anyText,
  facts: fc.array(anyText, { maxLength: 3 }),
});

const anySeries: fc.Arbitrary<Series> = fc.record({
  name: anyText,
  unit: anyText,
  points: byTime(fc.tuple(anyMs, anyValue), ([atMs]) => atMs),
});

const anyFigure: fc.Arbitrary<Figure> = fc.record({
  name: anyText,
  value: anyValue,
  unit: anyText,
});

/** Whatever the types allow, with texts of the worst kind. */
export const anyRecord: fc.Arbitrary<RunRecord> = fc.record({
  name: anyText,
  about: anyText,
  verdict: fc.constantFrom<RunRecord['verdict']>('held', 'broken', 'failed'),
  failure: fc.option(anyText, { nil: undefined }),
  seed: fc.nat(),
  replay: anyText,
  beganAt: fc.option(anyText, { nil: undefined }),
  durationMs: anyMs,
  violations: byTime(anyViolation, ({ atMs }) => atMs),
  events: byTime(anyEvent, ({ atMs }) => atMs),
  spans: byTime(anySpan, ({ fromMs }) => fromMs),
  series: fc.array(anySeries, { maxLength: 3 }),
  figures: fc.array(anyFigure, { maxLength: 5 }),
});
