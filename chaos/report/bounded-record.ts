/**
 * A run's record, made small enough to be read: so a page with a hundred thousand events still opens.
 * Whatever is left out is said, and the JSON has it. What stands nearest to a violation stays first,
 * then faults and their healing, then the cluster's own story.
 */
import type { RunEvent, RunRecord, Series } from './run-record.ts';
import { number } from './words.ts';

export type Limits = {
  readonly violationsMax: number;
  readonly factsMax: number;
  readonly eventsMax: number;
  readonly spansMax: number;
  readonly seriesMax: number;
  /** Of each series. */
  readonly pointsMax: number;
  readonly figuresMax: number;
  /** Whoever comes after them shares a lane. */
  readonly lanesMax: number;
  /** Of any text. */
  readonly lengthMax: number;
};

export type Bounded = {
  readonly record: RunRecord;
  /** What was left out, a sentence each. */
  readonly cut: readonly string[];
};

/** In whose lane those stand for whom there is none. */
export const others = 'all others';

/** Of two such values the difference is still a number. */
const highestValue = 1e300;

/** Events that are kept around the first violation, before and after it. */
const nearBefore = 400;
const nearAfter = 100;

export function bounded(record: RunRecord, limits: Limits): Bounded {
  const events = keptEvents(record, limits.eventsMax);
  const spans = keptSpans(record.spans, limits.spansMax);
  const laneOf = lanes([...spans, ...events], limits.lanesMax);
  const text = (words: string): string => shortened(words, limits.lengthMax);
  const cut = [
    ...left('violations', record.violations, limits.violationsMax),
    ...left('events', record.events, limits.eventsMax),
    ...left('spans', record.spans, limits.spansMax),
    ...left('series', record.series, limits.seriesMax),
    ...left('figures', record.figures, limits.figuresMax),
    ...(laneOf.sharing === 0 ? [] : [`${number(laneOf.sharing)} share the lane “${others}”.`]),
  ];
  return {
    cut,
    record: {
      ...record,
      name: text(record.name),
      about: text(record.about),
      failure: record.failure === undefined ? undefined : text(record.failure),
      replay: text(record.replay),
      violations: record.violations.slice(0, limits.violationsMax).map((each) => ({
        ...each,
        text: text(each.text),
        law: text(each.law),
        facts: keptFacts(each.facts, limits.factsMax).map(text),
      })),
      events: events.map((each) => ({ ...each, who: laneOf.who(each.who), text: text(each.text) })),
      spans: spans.map((each) => ({ ...each, who: laneOf.who(each.who), text: text(each.text) })),
      series: record.series.slice(0, limits.seriesMax).map((each) => thinned(each, limits)),
      figures: record.figures.slice(0, limits.figuresMax),
    },
  };
}

function left(what: string, list: readonly unknown[], max: number): readonly string[] {
  if (list.length <= max) return [];
  return [`${number(max)} of ${number(list.length)} ${what} are shown.`];
}

function keptFacts(facts: readonly string[], max: number): readonly string[] {
  if (facts.length <= max) return facts;
  return [...facts.slice(0, max), `… and ${number(facts.length - max)} more`];
}

/** In the order of time, at most `max`. */
function keptEvents({ events, violations }: RunRecord, max: number): readonly RunEvent[] {
  if (events.length <= max) return events;
  const brokeMs = violations[0]?.atMs;
  const found = brokeMs === undefined ? -1 : events.findIndex(({ atMs }) => atMs > brokeMs);
  const brokeAt = found === -1 ? events.length : found;
  const rank = ({ kind }: RunEvent, at: number): number => {
    if (brokeMs !== undefined && at >= brokeAt - nearBefore && at < brokeAt + nearAfter) return 0;
    if (kind === 'fault' || kind === 'heal') return 1;
    return kind === 'workload' ? 3 : 2;
  };
  const placed = events.map((event, at) => ({ event, at, rank: rank(event, at) }));
  const ranked = Map.groupBy(placed, (each) => each.rank);
  const kept: (typeof placed)[number][] = [];
  for (const which of [0, 1, 2, 3]) {
    kept.push(...spread(ranked.get(which) ?? [], max - kept.length));
  }
  return kept.toSorted((one, other) => one.at - other.at).map(({ event }) => event);
}

/** The longest of them, in their order. */
function keptSpans(spans: RunRecord['spans'], max: number): RunRecord['spans'] {
  if (spans.length <= max) return spans;
  const longest = spans
    .toSorted((one, other) => other.toMs - other.fromMs - (one.toMs - one.fromMs))
    .slice(0, max);
  const kept = new Set(longest);
  return spans.filter((span) => kept.has(span));
}

/** At most `max` of them, evenly apart. */
function spread<Item>(items: readonly Item[], max: number): readonly Item[] {
  if (items.length <= max) return items;
  const share = max / items.length;
  return items.filter((_, at) => Math.floor((at + 1) * share) > Math.floor(at * share));
}

function lanes(
  owners: readonly { readonly who: string }[],
  max: number,
): { readonly sharing: number; readonly who: (name: string) => string } {
  const names = new Set(owners.map(({ who }) => who));
  const kept = names.size <= max ? names : new Set([...names].slice(0, max - 1));
  return {
    sharing: names.size - kept.size,
    who: (name) => (kept.has(name) ? name : others),
  };
}

/** Without what is no number; of each stretch its lowest and its highest point, for peaks matter. */
function thinned(series: Series, { pointsMax }: Limits): Series {
  const points = series.points.filter(([, value]) => Math.abs(value) <= highestValue);
  if (points.length <= pointsMax) return { ...series, points };
  const stretches = Math.floor(pointsMax / 2);
  const kept = Array.from({ length: stretches }, (_, n) => {
    const from = Math.floor((n * points.length) / stretches);
    const to = Math.floor(((n + 1) * points.length) / stretches);
    let lowest = from;
    let highest = from;
    for (let at = from; at < to; at++) {
      if (valueOf(points[at]) < valueOf(points[lowest])) lowest = at;
      if (valueOf(points[at]) > valueOf(points[highest])) highest = at;
    }
    return [...new Set([Math.min(lowest, highest), Math.max(lowest, highest)])];
  });
  return { ...series, points: kept.flat().flatMap((at) => (points[at] ? [points[at]] : [])) };
}

const valueOf = (point: Series['points'][number] | undefined): number => point?.[1] ?? 0;

const shortened = (text: string, max: number): string =>
  text.length <= max ? text : `${text.slice(0, max)}… (${number(text.length - max)} more)`;
