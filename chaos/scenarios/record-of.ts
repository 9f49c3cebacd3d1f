/** What a run is told as: its verdict, what happened, and the figures that follow from it. */
import type { Figure, RunRecord, Span } from '#chaos/report/run-record.ts';
import type { Workload } from '#chaos/workloads/workload.ts';
import type { Nemesis } from './nemesis.ts';
import type { Scenario } from './scenario.ts';
import type { Timeline } from './timeline.ts';
import type { LogWatch } from './watch-logs.ts';

/** Shorter ones are how work goes. */
const unavailableMsMin = 500;

export function recordOf(run: {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly beganAt: string;
  readonly failure: string | undefined;
  readonly timeline: Timeline;
  readonly replay: string;
  readonly workloads: readonly Workload[];
  readonly nemesis: Nemesis | undefined;
  readonly watch: LogWatch | undefined;
}): RunRecord {
  const { scenario, timeline, workloads, failure } = run;
  const gaps = workloads.flatMap((workload) => gapsOf(workload, phaseOf(timeline)));
  const broken = timeline.violations.length > 0;
  return {
    name: scenario.name,
    about: scenario.about,
    verdict: broken ? 'broken' : failure === undefined ? 'held' : 'failed',
    failure,
    seed: run.seed,
    replay: run.replay,
    beganAt: run.beganAt,
    durationMs: timeline.now(),
    violations: timeline.violations,
    events: timeline.events,
    spans: [...timeline.spans, ...gaps].toSorted((one, other) => one.fromMs - other.fromMs),
    series: workloads.flatMap((workload) => workload.series()),
    figures: [
      ...faultFigures(run.nemesis),
      ...leaderFigures(run.watch, timeline),
      ...workloads.flatMap((workload) => [...workload.figures(), ...gapFigures(workload, gaps)]),
    ],
  };
}

/** While faults were struck. */
const phaseOf = ({ spans }: Timeline): Span | undefined =>
  spans.find(({ kind, text }) => kind === 'phase' && text === 'faults');

/** When nobody was served for longer than is usual. */
function gapsOf({ name, servedMs }: Workload, phase: Span | undefined): readonly Span[] {
  if (phase === undefined) return [];
  const within = servedMs.filter((atMs) => atMs >= phase.fromMs);
  return within.flatMap((toMs, n): readonly Span[] => {
    const fromMs = within[n - 1] ?? phase.fromMs;
    const isGap = toMs - fromMs >= unavailableMsMin && fromMs < phase.toMs;
    return isGap
      ? [{ kind: 'unavailable', who: name, text: 'nobody was served', fromMs, toMs }]
      : [];
  });
}

function gapFigures({ name }: Workload, gaps: readonly Span[]): readonly Figure[] {
  const own = gaps.filter(({ who }) => who === name).map(({ fromMs, toMs }) => toMs - fromMs);
  const longest = Math.max(0, ...own);
  return [{ name: `longest time without service, ${name}`, value: longest, unit: 'ms' }];
}

function faultFigures(nemesis: Nemesis | undefined): readonly Figure[] {
  if (nemesis === undefined) return [];
  return [
    ...[...nemesis.struck].map(([name, value]) => ({ name: `struck: ${name}`, value, unit: '' })),
    { name: 'found nobody to strike', value: nemesis.skipped, unit: '' },
  ];
}

/** Of each fault that met the leader: how long until somebody led again. */
function leaderFigures(watch: LogWatch | undefined, { spans }: Timeline): readonly Figure[] {
  if (watch === undefined) return [];
  const led = spans.filter(({ kind }) => kind === 'leading');
  const waits = spans
    .filter(({ kind }) => kind === 'fault')
    .flatMap(({ who, fromMs }) => {
      const struck = led.find(
        (span) => who === span.who && span.fromMs <= fromMs && fromMs <= span.toMs + 1,
      );
      const next = watch.ledMs.find((atMs) => atMs > fromMs);
      return struck === undefined || next === undefined ? [] : [next - fromMs];
    });
  return [
    { name: 'terms with a leader', value: watch.leadership.terms, unit: '' },
    { name: 'deposed leaders refused by agents', value: watch.refusedLeaders, unit: '' },
    ...(waits.length === 0
      ? []
      : [{ name: 'longest time to a new leader', value: Math.max(...waits), unit: 'ms' }]),
  ];
}
