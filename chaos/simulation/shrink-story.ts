/** The story of a failing run, for people: what programs wrote into their logs, shortened. */
import type { LogLine } from '#internal/runtime/simulated/logger.ts';

/** What programs wrote into their logs, all of them in order of time. */
export type Story = readonly LogLine[];

const linesMax = 40;
const lineLengthMax = 160;

/** What happened last. */
export const ending = (story: Story): readonly string[] => story.slice(-linesMax).map(lineOf);

/** Where two runs of one seed part, and what came just before. Empty when their stories are the same. */
export function parting(one: Story, other: Story): readonly string[] {
  const [lines, others] = [one.map(lineOf), other.map(lineOf)];
  const length = Math.max(lines.length, others.length);
  for (let at = 0; at < length; at++) {
    if (lines[at] === others[at]) continue;
    const before = lines.slice(Math.max(0, at - 10), at);
    return [...before, `once  ${lines[at] ?? 'the end'}`, `again ${others[at] ?? 'the end'}`];
  }
  return [];
}

function lineOf(line: LogLine): string {
  const { machine } = line.fields;
  const who = machine === undefined ? '' : `${wordsOf(machine)} `;
  const told = `${(line.atMs / 1000).toFixed(3).padStart(8)} s ${who}${lineText(line)}`;
  return told.length > lineLengthMax ? `${told.slice(0, lineLengthMax)}…` : told;
}

/** Without when and who. */
export function lineText({ level, message, fields }: LogLine): string {
  const told = Object.entries(fields)
    .filter(([name]) => name !== 'machine')
    .map(([name, value]) => ` ${name}=${wordsOf(value)}`);
  const loud = level === 'warn' || level === 'error' ? `${level.toUpperCase()} ` : '';
  return `${loud}${message}${told.join('')}`;
}

function wordsOf(value: unknown): string {
  if (value instanceof Error) return value.message;
  return typeof value === 'string' ? value : (JSON.stringify(value, plain) ?? 'undefined');
}

/** Messages of the wire hold 64-bit numbers, which JSON does not know. */
const plain = (_name: string, value: unknown): unknown =>
  typeof value === 'bigint' ? `${value}` : value;
