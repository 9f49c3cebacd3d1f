/** What programs of a simulated run wrote into their logs, and who hurt them when, as the record of a run. */
import type { LogLine } from '#internal/runtime/simulated/logger.ts';
import { lineText, type Story } from '#chaos/simulation/shrink-story.ts';
import type { Run } from '#chaos/simulation/worlds.ts';
import type { RunEvent, RunEventKind, RunRecord, Span } from './run-record.ts';

export type Told = {
  readonly world: string;
  readonly run: Run;
  readonly story: Story;
  /** For how long faults could strike. */
  readonly hostileMs: number;
  readonly replay: string;
};

const abouts: Readonly<Record<string, string>> = {
  raft: 'Masters that agree on a log of their own, under faults of network, disk and process.',
  cluster: 'Masters, agents and schedulers under faults, until all is well and everybody agrees.',
};

export function storyRecord({ world, run, story, hostileMs, replay }: Told): RunRecord {
  const { seed, violation, figures } = run;
  const durationMs = story.at(-1)?.atMs ?? 0;
  const calmMs = Math.min(hostileMs, durationMs);
  return {
    name: `${world} ${seed}`,
    about: abouts[world] ?? '',
    verdict: violation === undefined ? 'held' : 'broken',
    failure: undefined,
    seed,
    replay,
    beganAt: undefined,
    durationMs,
    // A run ends with what breaks it.
    violations:
      violation === undefined
        ? []
        : [{ atMs: durationMs, law: violation.rule, text: violation.message, facts: [] }],
    events: story.filter((line) => isMeant(line, hostileMs)).map(eventOf),
    spans: [
      phase('faults', 0, calmMs),
      ...(durationMs > calmMs ? [phase('healing', calmMs, durationMs)] : []),
      ...terms(story, durationMs),
    ],
    series: [],
    figures: Object.entries(figures).map(([name, value]) => ({ name, value, unit: 'count' })),
  };
}

/** Strikes that come when all is to be well do nothing. */
const isMeant = ({ message, atMs }: LogLine, hostileMs: number): boolean =>
  atMs <= hostileMs || !message.startsWith('nemesis');

const phase = (text: string, fromMs: number, toMs: number): Span => ({
  kind: 'phase',
  who: 'run',
  text,
  fromMs,
  toMs,
});

function eventOf(line: LogLine): RunEvent {
  const who = machineOf(line);
  return { atMs: line.atMs, kind: kindOf(line.message, who), who, text: lineText(line) };
}

function kindOf(message: string, who: string): RunEventKind {
  if (/^nemesis (?:heal|restart|end)/.test(message)) return 'heal';
  if (message.startsWith('nemesis')) return 'fault';
  return /^(?:[am]|master-|node-|n)?\d+$/.test(who) ? 'cluster' : 'workload';
}

const machineOf = ({ message, fields: { machine } }: LogLine): string =>
  typeof machine === 'string' ? machine : message.startsWith('nemesis') ? 'nemesis' : 'world';

/** Who said that it leads, until it said that it does not, or somebody else that it does. */
function terms(story: Story, endMs: number): readonly Span[] {
  const spans: Span[] = [];
  let leading: Pick<Span, 'who' | 'text' | 'fromMs'> | undefined;
  const close = (toMs: number): void => {
    if (leading !== undefined) spans.push({ kind: 'leading', ...leading, toMs });
    leading = undefined;
  };
  for (const line of story) {
    const who = machineOf(line);
    if (line.message === 'leading') {
      close(line.atMs);
      leading = { who, text: `leads in term ${String(line.fields['term'])}`, fromMs: line.atMs };
    } else if (line.message === 'not leading any more' && leading?.who === who) close(line.atMs);
  }
  close(endMs);
  return spans;
}
