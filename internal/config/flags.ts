/**
 * Flags from one table: a flag's name, kind, default and meaning stand in one place, and give its
 * parsing, its help, its refusals, its line in the manual and its line in `/flags`. Flags are written
 * `--like-this`; Mesos's spelling `--like_this`, and `--no-like_this` for what is on or off, are the
 * same flag, so that command lines carry over.
 *
 * Beside the command line, values come from the environment and from a file (`flag-sources.ts`).
 * Everything wrong with them is told at once, one line each, and the program ends with status 2.
 */
import { Command, CommanderError, Option } from 'commander';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { Flag } from './flag.ts';
import {
  contentOf,
  flagsFileName,
  type FlagSources,
  noSources,
  readFlagsFile,
  variableOf,
} from './flag-sources.ts';

/** A row for each value, under the value's own (camelCase) name. */
export type Flags<Values> = { readonly [Name in keyof Values]: Flag<Values[Name]> };

export type Program<Values> = {
  readonly name: string;
  readonly summary: string;
  readonly flags: Flags<Values>;
  /** Flags of Mesos that are none of ours, by its names, and what one does instead: told when they are given. */
  readonly strangers?: Readonly<Record<string, string>>;
  /** What one flag cannot know: relations and unsafe pairs, each refusal one line. */
  check?(values: Values): readonly string[];
};

export type Parsed<Values> =
  | { readonly kind: 'values'; readonly values: Values }
  | { readonly kind: 'help'; readonly text: string };

/**
 * Reads a command line (without program and command names). What it leaves open the environment says,
 * and what that leaves open the file of flags.
 */
export function parseFlags<Values extends object>(
  program: Program<Values>,
  argv: readonly string[],
  sources: FlagSources = noSources,
): Result<Parsed<Values>, readonly string[]> {
  const command = toCommand(program);
  const words = argv.map((word) => ourSpelling(program, word));
  const strange = words.flatMap((word) => strangeFault(program, word) ?? []);
  if (strange.length > 0) return refuse(strange);
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
  const given = command.opts<Given>();
  const found = sourcesOf(program, given, sources);
  return found.ok ? readValues(program, found.value) : found;
}

type Given = Readonly<Record<string, readonly string[] | undefined>>;

/** Where a flag's value stands, for complaints. */
type Found = { readonly texts: readonly string[]; readonly where: string };

/** What is said of each flag by the strongest that says something. */
function sourcesOf<Values extends object>(
  program: Program<Values>,
  given: Given,
  sources: FlagSources,
): Result<ReadonlyMap<string, Found>, readonly string[]> {
  const path = given[flagsFileName]?.at(-1) ?? sources.env[variableOf(flagsFileName)];
  const names = new Map(
    rowsOf(program).flatMap(([name, { mesos }]) => {
      const own = [kebab(name), name] as const;
      return mesos === undefined ? [own] : [own, [dashed(mesos), name] as const];
    }),
  );
  const file = readFlagsFile(path, names, sources);
  if (!file.ok) return file;
  const found = new Map<string, Found>();
  for (const [name] of rowsOf(program)) {
    const variable = sources.env[variableOf(name)] ?? '';
    const inFile = file.value.get(name);
    const texts = given[name];
    if (texts !== undefined) found.set(name, { texts, where: `--${kebab(name)}` });
    else if (variable !== '') found.set(name, { texts: [variable], where: variableOf(name) });
    else if (inFile !== undefined) {
      found.set(name, { texts: inFile, where: `${path}: ${kebab(name)}` });
    }
  }
  return contentOf(found, sources);
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
  found: ReadonlyMap<string, Found>,
): Result<Parsed<Values>, readonly string[]> {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, flag] of rowsOf(program)) {
    const value = readOne(name, flag, found.get(name));
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
  found: Found | undefined,
): Result<unknown, string> {
  if (found === undefined) {
    if (flag.fallback !== undefined || flag.optional) return accept(flag.fallback);
    return refuse(`--${kebab(name)} is required`);
  }
  const { texts, where } = found;
  if (texts.length > 1 && !flag.repeatable) return refuse(`${where} is given twice`);
  const parsed = flag.parse(texts);
  return parsed.ok ? parsed : refuse(`${where}: ${parsed.refusal}`);
}

function toCommand<Values extends object>(program: Program<Values>): Command {
  const command = new Command(`altiplano ${program.name}`)
    .description(program.summary)
    .allowExcessArguments(false)
    .helpOption('--help', 'show this text')
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} });
  for (const [name, flag] of rowsOf(program)) {
    const value = flag.isToggle ? ' [on]' : ` <${flag.placeholder}>`;
    const option = new Option(`--${kebab(name)}${value}`, describe(flag));
    command.addOption(option.argParser(collect));
  }
  const file = new Option(`--${kebab(flagsFileName)} <path>`, flagsFileMeaning);
  return command.addOption(file.argParser(collect));
}

/** Of the one flag that every program has. */
export const flagsFileMeaning: string =
  'a file of flags, one name=value a line, for what neither command line nor environment says';

/** The rows of a program in their order. */
export const rowsOf = <Values extends object>({
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

/** Mesos's names and its way to say no, as ours. */
function ourSpelling<Values extends object>(program: Program<Values>, word: string): string {
  const [, written, rest = ''] = /^--([^=]+)(=.*)?$/s.exec(word) ?? [];
  if (written === undefined) return word;
  const name = dashed(written);
  const rows = rowsOf(program);
  const isCalled = (called: string) => (row: (typeof rows)[number]) =>
    kebab(row[0]) === called || dashed(row[1].mesos ?? '') === called;
  const row = rows.find(isCalled(name));
  if (row !== undefined) {
    const said = row[1].isToggle && rest === '' ? '=true' : rest;
    return `--${kebab(row[0])}${said}`;
  }
  const off = rest === '' ? rows.find(isCalled(name.replace(/^no-/, ''))) : undefined;
  return off?.[1].isToggle === true ? `--${kebab(off[0])}=false` : `--${name}${rest}`;
}

/** What a flag of Mesos that we do not have is answered with, however it is written; else undefined. */
function strangeFault<Values extends object>(
  { strangers = {} }: Program<Values>,
  word: string,
): string | undefined {
  const [, written = ''] = /^--([^=]+)(?:=.*)?$/s.exec(word) ?? [];
  const names = [written, written.replace(/^no-/, '')].map((name) => name.replaceAll('-', '_'));
  const name = names.find((one) => Object.hasOwn(strangers, one));
  return name === undefined ? undefined : `--${name} is a flag of Mesos alone: ${strangers[name]}`;
}

const dashed = (name: string): string => name.replaceAll('_', '-');

/** `workDir` as it is written on a command line: `work-dir`. */
export const kebab = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const sentence = (text: string): string => text.replace(/^error: /, '').replaceAll('\n', ' ');
