/**
 * A run as text, for a terminal or a log: the verdict, what broke and by which facts, how to make the
 * run again, figures, and what happened in order. Nothing that a cluster said can move the cursor.
 */
import { unreachable } from '#internal/base/assert.ts';
import { bounded, type Limits } from './bounded-record.ts';
import type { RunRecord, Span, ViolationRecord } from './run-record.ts';
import { amount, counted, lasting, moment } from './words.ts';

const limits: Limits = {
  violationsMax: 20,
  factsMax: 20,
  eventsMax: 1000,
  spansMax: 500,
  seriesMax: 0,
  pointsMax: 0,
  figuresMax: 200,
  lanesMax: Infinity,
  lengthMax: 1000,
};

/** Ends with a line break. */
export function renderText(whole: RunRecord): string {
  const { record, cut } = bounded(whole, limits);
  const blocks = [
    head(whole),
    record.violations.flatMap((each, at) => violationLines(each, at + 1)),
    [`replay: ${record.replay}`],
    figureLines(record),
    timelineLines(record),
    cut.filter((sentence) => !sentence.includes(' series ')),
  ];
  const lines = blocks
    .filter((block) => block.length > 0)
    .map((block) => block.map(plain).join('\n'));
  return `${lines.join('\n\n')}\n`;
}

/** The verdict in a sentence. */
export function sentenceOf(record: RunRecord): string {
  const { verdict, violations, failure, durationMs } = record;
  switch (verdict) {
    case 'held':
      return `Every check said yes, for ${lasting(durationMs)}.`;
    case 'broken': {
      const [first] = violations;
      if (first === undefined) return 'A promise was broken.';
      const many = violations.length === 1 ? 'A promise was' : `${violations.length} promises were`;
      return `${many} broken, ${violations.length === 1 ? 'at' : 'the first at'} ${moment(first.atMs)}.`;
    }
    case 'failed':
      return `The run could not be made: ${failure ?? 'nobody knows why'}`;
    default:
      return unreachable(verdict);
  }
}

function head(record: RunRecord): readonly string[] {
  const { name, about, verdict, seed, beganAt } = record;
  const began = beganAt === undefined ? 'simulated time' : `began ${beganAt}`;
  return [
    `${verdict.toUpperCase()}  ${name}  (seed ${seed}, ${began}, ${lasting(record.durationMs)})`,
    sentenceOf(record),
    ...(about === '' ? [] : [about]),
  ];
}

function violationLines({ atMs, law, text, facts }: ViolationRecord, n: number): readonly string[] {
  return [
    `violation ${n}: at ${moment(atMs)}, ${law}: ${text}`,
    ...facts.map((fact) => `  - ${fact}`),
  ];
}

function figureLines({ figures }: RunRecord): readonly string[] {
  if (figures.length === 0) return [];
  const width = Math.max(...figures.map(({ name }) => name.length));
  return [
    'figures',
    ...figures.map(({ name, value, unit }) => `  ${name.padEnd(width)}  ${amount(value, unit)}`),
  ];
}

type Line = {
  readonly atMs: number;
  readonly kind: string;
  readonly who: string;
  readonly text: string;
};

function timelineLines({ events, spans, violations }: RunRecord): readonly string[] {
  const lines: readonly Line[] = [
    ...events,
    ...spans.map((span) => ({ ...span, atMs: span.fromMs, text: spanText(span) })),
    ...violations.map(({ atMs, law, text }) => ({ atMs, kind: 'BROKEN', who: law, text })),
  ].toSorted((one, other) => one.atMs - other.atMs);
  if (lines.length === 0) return [];
  const width = Math.min(24, Math.max(...lines.map(({ who }) => who.length)));
  const told = lines.map(({ atMs, kind, who, text }) =>
    `${moment(atMs).padStart(12)}  ${kind.padEnd(11)}  ${who.padEnd(width)}  ${text}`.trimEnd(),
  );
  return [
    `timeline: ${counted(events.length, 'event')}, ${counted(spans.length, 'span')}`,
    ...told,
  ];
}

const spanText = ({ text, fromMs, toMs }: Span): string =>
  `${text} (for ${lasting(toMs - fromMs)})`;

/** Control characters are shown as pictures of themselves; what turns the direction of text, as �. */
const plain = (line: string): string =>
  line
    .replaceAll(/\p{Cc}/gu, (character) => {
      const code = character.charCodeAt(0);
      return code < 0x20 ? String.fromCharCode(0x2400 + code) : '\ufffd';
    })
    .replaceAll(/[\u2028-\u202e\u2066-\u2069]/g, '\ufffd');
