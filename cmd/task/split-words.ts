/** Takes a command line of `altiplano task` apart: flags, what they are about, and a command of its own. */
import { kebab, type Program, rowsOf } from '#internal/config/flags.ts';

export type SplitWords = {
  readonly flags: readonly string[];
  /** As many as were asked for, or fewer. */
  readonly names: readonly string[];
  /** What comes after them, and is nothing of ours: `--` before it is left out. */
  readonly rest: readonly string[];
};

const short: Readonly<Record<string, string>> = {
  '-f': '--follow',
  '-i': '--interactive',
  '-l': '--long',
  '-t': '--tty',
};

/** Flags may stand before, between and after the names, but not in the rest. */
export function splitWords<Values extends object>(
  program: Program<Values>,
  words: readonly string[],
  namesMax: number,
): SplitWords {
  const flags: string[] = [];
  const names: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--') return { flags, names, rest: words.slice(at + 1) };
    if (!word.startsWith('-') || word === '-') {
      if (names.length === namesMax) return { flags, names, rest: words.slice(at) };
      names.push(word);
      continue;
    }
    for (const flag of longOf(word)) {
      flags.push(flag);
      if (takesNextWord(program, flag)) flags.push(...words.slice(at + 1, ++at + 1));
    }
  }
  return { flags, names, rest: [] };
}

/** `-it` is `-i -t`. */
function longOf(word: string): readonly string[] {
  if (!/^-[a-z]+$/u.test(word)) return [word];
  return Array.from(word.slice(1), (letter) => short[`-${letter}`] ?? `-${letter}`);
}

function takesNextWord<Values extends object>(program: Program<Values>, flag: string): boolean {
  const row = rowsOf(program).find(([name]) => `--${kebab(name)}` === flag.replaceAll('_', '-'));
  return row !== undefined && !row[1].isToggle;
}
