import test from 'ava';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import type { TextPattern } from '#internal/model/offer-constraints.ts';
import { compilePattern, patternLimitsDefault } from './constraints-pattern.ts';

function compiled(source: string): TextPattern {
  const pattern = compilePattern(source);
  if (!pattern.ok) throw new Error(pattern.refusal);
  return pattern.value;
}

function refusal(source: string, limits = patternLimitsDefault): string {
  const pattern = compilePattern(source, limits);
  return pattern.ok ? 'none' : pattern.refusal;
}

const anyPattern: fc.Arbitrary<string> = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\.', '\\d'),
    fc.tuple(tie('pattern'), tie('pattern')).map(([one, two]) => one + two),
    fc.tuple(tie('pattern'), tie('pattern')).map(([one, two]) => `(?:${one}|${two})`),
    fc
      .tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '{1,2}'))
      .map(([one, times]) => `(?:${one})${times}`),
  ),
})).pattern;

const anyText = fc.array(fc.constantFrom('a', 'b', '.', '7'), { maxLength: 8 });

/** On such short texts the engine of the language is a fair judge, even though it backtracks. */
test('a text matches as a whole or not at all, as everywhere else', (t) => {
  let matched = 0;
  fc.assert(
    fc.property(anyPattern, fc.array(anyText, { minLength: 4, maxLength: 4 }), (source, texts) => {
      const pattern = compilePattern(source, { bytesMax: 1e6, instructionsMax: 1e5 });
      t.true(pattern.ok);
      if (!pattern.ok) return;
      for (const chars of texts) {
        const text = chars.join('');
        const isMatch = new RegExp(`^(?:${source})$`, 'u').test(text);
        t.is(pattern.value.matches(text), isMatch, `${source} on ${text}`);
        if (isMatch) matched++;
      }
    }),
    { numRuns: 1000 },
  );
  t.true(matched > 100, `only ${matched} matched: the texts prove nothing`);
});

/** Each makes an engine that backtracks work for longer than the sun will shine. */
const hostile = ['(a*)*b', '(a|aa)+b', '(a|a)*b', '(.*.*.*)*b', '(a+)+(b+)+c', '(a?){20}(a*)*b'];

/** As a list of characters that counts how often it is looked at. */
function counted(length: number): { readonly text: number[]; readonly looks: () => number } {
  let looks = 0;
  const text = new Proxy(Array<number>(length).fill(97), {
    get: (target, key, receiver) => {
      if (typeof key === 'string' && /^\d+$/.test(key)) looks++;
      return Reflect.get(target, key, receiver) as unknown;
    },
  });
  return { text, looks: () => looks };
}

test('twice the text is twice the work, whatever the pattern', (t) => {
  for (const source of hostile) {
    const [small = 0, large = 0] = [2000, 4000].map((length) => {
      const { text, looks } = counted(length);
      RE2JS.compile(source).testExact(text);
      return looks();
    });
    t.true(small >= 2000, `${source}: ${small} looks at 2000 characters`);
    t.true(large <= 2.1 * small, `${source}: ${small}, then ${large}`);
  }
});

test('a pattern made to hang others is matched against a very long text', (t) => {
  for (const source of hostile) {
    t.false(compiled(source).matches('a'.repeat(100_000)), source);
  }
});

test('matching goes on as before when what the engine remembered was dropped', (t) => {
  const pattern = compiled('(a|b)*a(a|b){10}');
  for (let i = 0; i < 3000; i++) {
    const text = (i % 1024).toString(2).padStart(12, '0').replaceAll('0', 'a').replaceAll('1', 'b');
    t.is(pattern.matches(text), text.at(-11) === 'a', text);
  }
});

test('what is no pattern is refused in the words of RE2', (t) => {
  const wrong = {
    '(abc': 'missing ): (abc',
    '[a': 'missing ]: [a',
    '*a': 'no argument for repetition operator: *',
    'a**': 'bad repetition operator: **',
    'a{1001}': 'invalid repetition size: {1001}',
    '\\8': 'invalid escape sequence: \\8',
    '[b-a]': 'invalid character class range: b-a',
    '(?=a)': 'invalid perl operator: (?=',
    'a\\': 'trailing \\',
  };
  for (const [source, why] of Object.entries(wrong)) {
    t.is(refusal(source), `Failed to construct regex from pattern '${source}': ${why}`);
  }
});

test('what costs too much is refused before it is matched, and the longest before it is parsed', (t) => {
  t.is(
    refusal('a{99}'),
    "Regex 'a{99}' is too complex: program size of 101 is larger than maximum of 100 allowed",
  );
  t.is(refusal('a{98}'), 'none');
  t.regex(refusal('a{500}'), /: pattern too large - compile failed$/);
  t.regex(refusal('('.repeat(5000)), /: pattern too large - compile failed$/);
  t.regex(refusal('abc', { bytesMax: 64, instructionsMax: 100 }), /too large/);
  t.is(refusal('abc', { bytesMax: 80, instructionsMax: 5 }), 'none');
});
