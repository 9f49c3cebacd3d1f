/** Who gets which lane of the timeline, and where in it things stand: no two spans on one another. */
import type { RunEvent, RunEventKind, RunRecord, Span } from './run-record.ts';

export type Lane = {
  readonly who: string;
  /** From top to bottom; in each, spans follow one another. */
  readonly rows: readonly (readonly Span[])[];
  readonly marks: readonly Mark[];
  /** Spans for which there was no row. */
  readonly omitted: number;
};

/** Events of a kind that are too near to one another to be told apart. */
export type Mark = {
  readonly kind: RunEventKind;
  readonly atMs: number;
  readonly count: number;
  /** The first of them, and its place among all events of the record. */
  readonly first: RunEvent;
  readonly index: number;
};

export type LaneOptions = {
  readonly rowsMax: number;
  /** Events of a lane and a kind that are nearer are one mark. */
  readonly apartMs: number;
};

/** Phases first, then whom the cluster consists of by name, then workloads and checks. */
export function lanesOf(
  { spans, events }: Pick<RunRecord, 'spans' | 'events'>,
  { rowsMax, apartMs }: LaneOptions,
): readonly Lane[] {
  const spansBy = Map.groupBy(spans, ({ who }) => who);
  const marksBy = marks(events, apartMs);
  const names = [...new Set([...spansBy.keys(), ...marksBy.keys()])];
  const lanes = names.map((who): Lane => {
    const { rows, omitted } = stacked(spansBy.get(who) ?? [], rowsMax);
    return { who, rows, omitted, marks: marksBy.get(who) ?? [] };
  });
  const byName = new Intl.Collator('en', { numeric: true });
  return lanes.toSorted((a, b) => rank(a) - rank(b) || byName.compare(a.who, b.who));
}

function rank({ rows, marks: told }: Lane): number {
  const kinds = new Set([...rows.flat().map(({ kind }) => kind), ...told.map(({ kind }) => kind)]);
  if (kinds.has('phase')) return 0;
  if (kinds.has('workload') || kinds.has('check') || kinds.has('unavailable')) return 2;
  return 1;
}

/** Each span in the first row that is free. */
function stacked(spans: readonly Span[], rowsMax: number): Pick<Lane, 'rows' | 'omitted'> {
  const rows: Span[][] = [];
  const freeMs: number[] = [];
  let omitted = 0;
  for (const span of spans.toSorted((one, other) => one.fromMs - other.fromMs)) {
    const free = freeMs.findIndex((ms) => ms <= span.fromMs);
    const row = free === -1 ? rows.length : free;
    if (row >= rowsMax) {
      omitted++;
      continue;
    }
    (rows[row] ??= []).push(span);
    freeMs[row] = span.toMs;
  }
  return { rows, omitted };
}

function marks(events: readonly RunEvent[], apartMs: number): Map<string, readonly Mark[]> {
  const lanes = new Map<string, Mark[]>();
  const latest = new Map<string, { readonly lane: Mark[]; readonly at: number }>();
  for (const [index, event] of events.entries()) {
    const { who, kind, atMs } = event;
    const lane = lanes.get(who) ?? [];
    lanes.set(who, lane);
    const last = latest.get(`${kind} ${who}`);
    const mark = last?.lane[last.at];
    if (last !== undefined && mark !== undefined && atMs - mark.atMs < apartMs) {
      lane[last.at] = { ...mark, count: mark.count + 1 };
      continue;
    }
    latest.set(`${kind} ${who}`, { lane, at: lane.length });
    lane.push({ kind, atMs, count: 1, first: event, index });
  }
  return lanes;
}
