/**
 * Regular expressions of offer constraints (contract 3.10). The syntax is RE2's and so is the promise:
 * matching takes time linear in the text, whatever the pattern, because nothing ever backtracks.
 * What compiling may cost, and what a pattern may keep in memory, is bounded before it is accepted.
 */
import { RE2JS, RE2JSException } from 're2js';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { TextPattern } from '#internal/model/offer-constraints.ts';

export type PatternLimits = {
  /** Of a pattern as it is written, and of its program at 16 bytes an instruction. */
  readonly bytesMax: number;
  readonly instructionsMax: number;
};

/** `--offer_constraints_re2_max_mem` and `--offer_constraints_re2_max_program_size` of Mesos. */
export const patternLimitsDefault: PatternLimits = { bytesMax: 4096, instructionsMax: 100 };

const instructionBytes = 16;

/**
 * The engine remembers the states that it met while matching, at most one a character. After so many
 * characters it is made anew: else a pattern that is made for it could hold megabytes.
 */
const charsRememberedMax = 1024;

/** Refuses in the words of the contract. */
export function compilePattern(
  source: string,
  { bytesMax, instructionsMax }: PatternLimits = patternLimitsDefault,
): Result<TextPattern, string> {
  const parsed = parse(source, bytesMax);
  if (!parsed.ok) {
    return refuse(`Failed to construct regex from pattern '${source}': ${parsed.refusal}`);
  }
  const size = parsed.value.programSize();
  if (size > instructionsMax) {
    return refuse(
      `Regex '${source}' is too complex: ` +
        `program size of ${size} is larger than maximum of ${instructionsMax} allowed`,
    );
  }
  return accept(patternOf(source, parsed.value));
}

function parse(source: string, bytesMax: number): Result<RE2JS, string> {
  const tooLarge = refuse('pattern too large - compile failed');
  // The length comes first: what is too long is not even parsed.
  if (source.length > bytesMax) return tooLarge;
  try {
    const compiled = RE2JS.compile(source);
    return compiled.programSize() * instructionBytes > bytesMax ? tooLarge : accept(compiled);
  } catch (error) {
    if (error instanceof RE2JSException) return refuse(inWordsOfRe2(error.message));
    throw error;
  }
}

function patternOf(source: string, compiled: RE2JS): TextPattern {
  let engine = compiled;
  let charsSeen = 0;
  return {
    source,
    matches: (text) => {
      if (charsSeen > 0 && charsSeen + text.length > charsRememberedMax) {
        engine = RE2JS.compile(source);
        charsSeen = 0;
      }
      charsSeen += text.length;
      return engine.testExact(text);
    },
  };
}

/** The engine speaks as Go's does; clients of Mesos know the words of the C++ library. */
const words: readonly (readonly [string, string])[] = [
  ['missing closing ]', 'missing ]'],
  ['missing closing )', 'missing )'],
  ['missing argument to repetition operator', 'no argument for repetition operator'],
  ['trailing backslash at end of expression', 'trailing \\'],
  ['invalid nested repetition operator', 'bad repetition operator'],
  ['invalid or unsupported Perl syntax', 'invalid perl operator'],
  ['invalid named capture', 'invalid named capture group'],
  ['invalid repeat count', 'invalid repetition size'],
];

function inWordsOfRe2(message: string): string {
  const text = message.replace(/^error parsing regexp: /, '');
  const [, about = text, piece] = /^(.*?): `(.*)`$/s.exec(text) ?? [];
  const ours = words.find(([theirs]) => theirs === about)?.[1] ?? about;
  return piece === undefined || piece === '' ? ours : `${ours}: ${piece}`;
}
