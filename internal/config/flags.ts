/**
 * Command lines from one table: a flag's name, kind, default and meaning stand in one place, and give
 * its parsing, its help and its refusals. Flags are written `--like-this`; Mesos's spelling
 * `--like_this` is the same flag, so that command lines carry over.
 *
 * Everything wrong with a command line is told at once, one line each, and the program ends with
 * status 2.
 */
import { Command, CommanderError, Option } from 'commander';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { durationText, parseDurationMs } from './duration.ts';

/** One row: how a text becomes a value, what holds without it, and why one would set it. */
export type Flag<Value> = {
  readonly placeholder: string | undefined;
  readonly meaning: string;
  /** Undefined makes the flag required unless `optional`. */
  readonly fallback: Value | undefined;
  /** What one would type to get the fallback; undefined when there is nothing to type. */
  readonly fallbackText: string | undefined;
  readonly optional: boolean;
  readonly repeatable: boolean;
  parse(texts: readonly string[]): Result<Value, string>;
};

/** A row for each value, under the value's own (camelCase) name. */
export type Flags<Values> = { readonly [Name in keyof Values]: Flag<Values[Name]> };

export type Program<Values> = {
  readonly name: string;
  readonly summary: string;
  readonly flags: Flags<Values>;
  /** What one flag cannot know: relations and unsafe pairs, each refusal one line. */
  check?(values: Values): readonly string[];
};

export type Parsed<Values> =
  | { readonly kind: 'values'; readonly values: Values }
  | { readonly kind: 'help'; readonly text: string };

/** Reads a command line (without program and command names). */
export function parseFlags<Values extends object>(
  program: Program<Values>,
  argv: readonly string[],
): Result<Parsed<Values>, readonly string[]> {
  const command = toCommand(program);
  const words = argv.map(withDashes);
  const unvalued = findUnvalued(command, words);
  if (unvalued !== undefined) return refuse([`option '${unvalued}' argument missing`]);
  try {
    command.parse(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') {
      return accept({ kind: 'help', text: command.helpInformation() });
    }
    return refuse([sentence(error.message)]);
  }
  const given = command.opts<Readonly<Record<string, readonly string[] | undefined>>>();
  return readValues(program, given);
}

/** A flag whose value was forgotten, so that the next flag stands in its place; `--a=--b` is meant. */
function findUnvalued(command: Command, words: readonly string[]): string | undefined {
  const flags = command.options.filter(({ required }) => required);
  const isFlag = (word: string | undefined): boolean =>
    command.options.some(({ long }) => long === word?.replace(/=.*$/s, ''));
  return words
    .map((word, n) => (isFlag(words[n + 1]) ? flags.find(({ long }) => long === word) : undefined))
    .find((flag) => flag !== undefined)?.flags;
}

function readValues<Values extends object>(
  program: Program<Values>,
  given: Readonly<Record<string, readonly string[] | undefined>>,
): Result<Parsed<Values>, readonly string[]> {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, flag] of rowsOf(program)) {
    const texts = given[name];
    const value = readOne(name, flag, texts);
    if (value.ok) values[name] = value.value;
    else problems.push(value.refusal);
  }
  if (problems.length > 0) return refuse(problems);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every row was just read.
  const complete = values as Values;
  const unsafe = program.check?.(complete) ?? [];
  return unsafe.length > 0 ? refuse(unsafe) : accept({ kind: 'values', values: complete });
}

function readOne(
  name: string,
  flag: Flag<unknown>,
  texts: readonly string[] | undefined,
): Result<unknown, string> {
  if (texts === undefined) {
    if (flag.fallback !== undefined || flag.optional) return accept(flag.fallback);
    return refuse(`--${kebab(name)} is required`);
  }
  if (texts.length > 1 && !flag.repeatable) return refuse(`--${kebab(name)} is given twice`);
  const parsed = flag.parse(texts);
  return parsed.ok ? parsed : refuse(`--${kebab(name)}: ${parsed.refusal}`);
}

function toCommand<Values extends object>(program: Program<Values>): Command {
  const command = new Command(`altiplano ${program.name}`)
    .description(program.summary)
    .allowExcessArguments(false)
    .helpOption('--help', 'show this text')
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} });
  for (const [name, flag] of rowsOf(program)) {
    const written = `--${kebab(name)}${flag.placeholder === undefined ? '' : ` <${flag.placeholder}>`}`;
    const option = new Option(written, describe(flag));
    if (flag.placeholder === undefined) option.preset('true');
    command.addOption(option.argParser(collect));
  }
  return command;
}

const rowsOf = <Values extends object>({
  flags,
}: Program<Values>): readonly (readonly [string, Flag<unknown>])[] => Object.entries(flags);

const collect = (text: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  text,
];

function describe(flag: Flag<unknown>): string {
  if (flag.fallbackText !== undefined) return `${flag.meaning} (default: ${flag.fallbackText})`;
  const isRequired = flag.fallback === undefined && !flag.optional;
  return isRequired ? `${flag.meaning} (required)` : flag.meaning;
}

/** Nothing for what is off or empty by itself. */
function typedText(value: unknown): string | undefined {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.join(',');
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

const withDashes = (text: string): string =>
  text.replace(/^--[^=]+/, (name) => name.replaceAll('_', '-'));

const kebab = (name: string): string => name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);

const sentence = (text: string): string => text.replace(/^error: /, '').replaceAll('\n', ' ');

type Common<Value> = { readonly meaning: string; readonly fallback?: Value };

/** Any text. */
export const text = (row: Common<string>): Flag<string> =>
  newFlag('text', row, ([first = '']) => accept(first));

/** A text that may be left out. */
export const optionalText = (row: { readonly meaning: string }): Flag<string | undefined> => ({
  ...newFlag<string | undefined>('text', row, ([first = '']) => accept(first)),
  optional: true,
});

/** A whole number in `[min, max]`. */
export const integer = (
  row: Common<number> & { readonly min: number; readonly max: number },
): Flag<number> =>
  newFlag('number', row, ([first = '']) => {
    const value = Number(first);
    const fits = /^-?\d+$/.test(first) && value >= row.min && value <= row.max;
    return fits
      ? accept(value)
      : refuse(`'${first}' is not a number from ${row.min} to ${row.max}`);
  });

/** A number that is at least `min`. */
export const number = (row: Common<number> & { readonly min: number }): Flag<number> =>
  newFlag('number', row, ([first = '']) => {
    const value = Number(first);
    const fits = first.trim() !== '' && Number.isFinite(value) && value >= row.min;
    return fits ? accept(value) : refuse(`'${first}' is not a number of at least ${row.min}`);
  });

/** A TCP port. */
export const port = (row: Common<number>): Flag<number> => integer({ ...row, min: 0, max: 65_535 });

/** `500ms`, `10secs`, `2mins`, `1hrs` or a number of seconds; milliseconds in the program. */
export const durationMs = (row: Common<number>): Flag<number> => ({
  ...newFlag('duration', row, ([first = '']) => parseDurationMs(first)),
  fallbackText: row.fallback === undefined ? undefined : durationText(row.fallback),
});

/** A duration that may be left out. */
export const optionalDurationMs = (row: {
  readonly meaning: string;
}): Flag<number | undefined> => ({
  ...newFlag<number | undefined>('duration', row, ([first = '']) => parseDurationMs(first)),
  optional: true,
});

/** Given or not. */
export const toggle = (row: { readonly meaning: string }): Flag<boolean> => ({
  ...newFlag<boolean>(undefined, { ...row, fallback: false }, ([first]) =>
    accept(first === 'true'),
  ),
});

/** One of a few words. */
export const choice = <Word extends string>(
  row: Common<Word> & { readonly words: readonly Word[] },
): Flag<Word> =>
  newFlag(row.words.join('|'), row, ([first = '']) => {
    const word = row.words.find((candidate) => candidate === first);
    return word === undefined
      ? refuse(`'${first}' is none of ${row.words.join(', ')}`)
      : accept(word);
  });

/** Separated by commas, or the flag several times. */
export const list = (row: Common<readonly string[]>): Flag<readonly string[]> => ({
  ...newFlag<readonly string[]>('list', row, (texts) =>
    accept(texts.flatMap((one) => one.split(',')).filter((part) => part !== '')),
  ),
  repeatable: true,
});

/** The flag several times, each value as it is. */
export const repeated = (row: { readonly meaning: string }): Flag<readonly string[]> => ({
  ...newFlag<readonly string[]>('text', { ...row, fallback: [] }, (texts) => accept(texts)),
  repeatable: true,
});

function newFlag<Value>(
  placeholder: string | undefined,
  row: Common<Value>,
  parse: Flag<Value>['parse'],
): Flag<Value> {
  const { meaning, fallback } = row;
  return {
    placeholder,
    meaning,
    fallback,
    fallbackText: typedText(fallback),
    optional: false,
    repeatable: false,
    parse,
  };
}
