import test from 'ava';
import fc from 'fast-check';
import { accept, refuse } from '#internal/base/result.ts';
import { durationText, parseDurationMs } from './duration.ts';
import {
  choice,
  durationMs,
  integer,
  list,
  optionalText,
  port,
  repeated,
  text,
  toggle,
} from './flag.ts';
import { parseFlags, type Program } from './flags.ts';

type Values = {
  readonly workDir: string;
  readonly port: number;
  readonly pingTimeout: number;
  readonly masters: readonly string[];
  readonly env: readonly string[];
  readonly strict: boolean;
  readonly fast: boolean;
  readonly mode: 'fast' | 'safe';
  readonly hostname: string | undefined;
  readonly retries: number;
};

const program: Program<Values> = {
  name: 'demo',
  summary: 'shows what flags do',
  flags: {
    workDir: text({ meaning: 'where state lives' }),
    port: port({ meaning: 'where to listen', fallback: 5050 }),
    pingTimeout: durationMs({ meaning: 'patience', fallback: 15_000 }),
    masters: list({ meaning: 'whom to ask', fallback: [] }),
    env: repeated({ meaning: 'NAME=VALUE' }),
    strict: toggle({ meaning: 'refuse what is odd' }),
    fast: toggle({ meaning: 'as Mesos would', mesos: 'be_fast', fallback: true }),
    mode: choice({ meaning: 'how', fallback: 'fast', words: ['fast', 'safe'] }),
    hostname: optionalText({ meaning: 'the name to tell others' }),
    retries: integer({ meaning: 'how often', fallback: 3, min: 0, max: 10 }),
  },
  check: (values) =>
    values.strict && values.mode === 'fast' ? ['--strict and --mode=fast exclude each other'] : [],
};

const refusals = (...argv: string[]): readonly string[] => {
  const parsed = parseFlags(program, argv);
  return parsed.ok ? [] : parsed.refusal;
};

test('defaults hold until a flag says otherwise, and both spellings are one flag', (t) => {
  const parsed = parseFlags(program, ['--work_dir=/w', '--ping-timeout', '2mins', '--masters=a,b']);
  t.true(parsed.ok && parsed.value.kind === 'values');
  if (!parsed.ok || parsed.value.kind !== 'values') return;
  t.like(parsed.value.values, {
    workDir: '/w',
    port: 5050,
    pingTimeout: 120_000,
    strict: false,
    mode: 'fast',
    hostname: undefined,
  });
  t.deepEqual(parsed.value.values.masters, ['a', 'b']);
});

test('a value may hold an equals sign and an underscore', (t) => {
  const parsed = parseFlags(program, ['--work-dir=/w', '--env', 'A_B=c=d', '--env=E=_f']);
  t.true(parsed.ok && parsed.value.kind === 'values');
  if (!parsed.ok || parsed.value.kind !== 'values') return;
  t.deepEqual(parsed.value.values.env, ['A_B=c=d', 'E=_f']);
});

test('an unknown flag is one clear line', (t) => {
  t.deepEqual(refusals('--work-dir=/w', '--colour=red').length, 1);
  t.regex(refusals('--work-dir=/w', '--colour=red')[0]!, /unknown option '--colour=red'/);
  t.regex(refusals('--work-dir=/w', 'stray')[0]!, /too many arguments/);
});

test('a flag is never taken for the value of the one before it', (t) => {
  t.deepEqual(refusals('--work-dir', '--port=1'), ["option '--work-dir <text>' argument missing"]);
  t.deepEqual(refusals('--work_dir', '--strict'), ["option '--work-dir <text>' argument missing"]);
  t.deepEqual(refusals('--work-dir=--port', '--env', '--odd'), []);
});

test('everything wrong with the values is told at once', (t) => {
  t.deepEqual(refusals('--port=70000', '--mode=loud', '--ping-timeout=soon'), [
    '--work-dir is required',
    "--port: '70000' is not a number from 0 to 65535",
    "--ping-timeout: 'soon' is not a duration such as 500ms, 10secs or 2mins",
    "--mode: 'loud' is none of fast, safe",
  ]);
});

test('a contradiction and a flag given twice are refused', (t) => {
  t.deepEqual(refusals('--work-dir=/w', '--strict'), [
    '--strict and --mode=fast exclude each other',
  ]);
  t.deepEqual(refusals('--work-dir=/w', '--work-dir=/v'), ['--work-dir is given twice']);
});

test('help names every flag with its meaning and default', (t) => {
  const parsed = parseFlags(program, ['--help']);
  t.true(parsed.ok && parsed.value.kind === 'help');
  if (!parsed.ok || parsed.value.kind !== 'help') return;
  for (const part of ['--work-dir', '(required)', 'default: 5050', '--env', 'fast|safe']) {
    t.true(parsed.value.text.includes(part), part);
  }
});

test('help shows a default as one would type it, and none where there is nothing to type', (t) => {
  const parsed = parseFlags(program, ['--help']);
  t.true(parsed.ok && parsed.value.kind === 'help');
  if (!parsed.ok || parsed.value.kind !== 'help') return;
  t.regex(parsed.value.text, /patience \(default: 15secs\)/);
  t.notRegex(parsed.value.text, /default: \)/);
});

test('a duration that is written reads back as itself', (t) => {
  const anyMs = fc.oneof(
    fc.nat(),
    fc.nat(5000).map((n) => n * 60_000),
    fc.nat(50_000_000),
  );
  fc.assert(
    fc.property(anyMs, (ms) => {
      t.deepEqual(parseDurationMs(durationText(ms)), { ok: true, value: ms });
    }),
  );
  t.deepEqual([100, 15_000, 600_000].map(durationText), ['100ms', '15secs', '10mins']);
});

test('a duration is its number times its unit, and bare numbers are seconds', (t) => {
  fc.assert(
    fc.property(fc.nat(100_000), (n) => {
      t.deepEqual(parseDurationMs(`${n}ms`), { ok: true, value: n });
      t.deepEqual(parseDurationMs(`${n}`), { ok: true, value: n * 1000 });
      t.deepEqual(parseDurationMs(`${n}mins`), { ok: true, value: n * 60_000 });
    }),
  );
  for (const odd of ['', '-1s', '1parsec', 's', '1 2s', 'Infinity']) {
    t.false(parseDurationMs(odd).ok, odd);
  }
});

type Sources = NonNullable<Parameters<typeof parseFlags>[2]>;

/** What a command line, an environment and files together say. */
function valuesOf(
  argv: readonly string[],
  env: Sources['env'],
  files: Record<string, string> = {},
) {
  const readFile: Sources['readFile'] = (path) => {
    const content = files[path];
    return content === undefined ? refuse(`no file '${path}'`) : accept(content);
  };
  const read = parseFlags(program, argv, { env, readFile });
  if (!read.ok) return read.refusal;
  return read.value.kind === 'values' ? read.value.values : [];
}

test('what is on or off is said by its name, by its denial, or by a word', (t) => {
  const fastOf = (...argv: string[]): unknown => valuesOf(['--work-dir=/w', ...argv], {});
  t.like(fastOf(), { fast: true });
  for (const off of ['--no-fast', '--no-be_fast', '--fast=false', '--be_fast=0']) {
    t.like(fastOf(off), { fast: false }, off);
  }
  t.like(fastOf('--no-fast', '--strict', '--mode=safe'), { fast: false, strict: true });
  t.deepEqual(fastOf('--fast=maybe'), ["--fast: 'maybe' is neither true nor false"]);
  t.regex(String(fastOf('--no-mode')), /unknown option '--no-mode'/);
});

test('the command line outdoes the environment, and the environment the file of flags', (t) => {
  const files = { '/f': 'work_dir=/of-file\nport=1\nretries=1\n' };
  const env = { ALTIPLANO_FLAGS_FILE: '/f', ALTIPLANO_PORT: '2', ALTIPLANO_RETRIES: '2' };
  t.like(valuesOf(['--retries=3'], env, files), { workDir: '/of-file', port: 2, retries: 3 });
  t.like(valuesOf(['--flags_file=/f'], {}, files), { workDir: '/of-file', port: 1, retries: 1 });
  t.like(valuesOf(['--work-dir=/w'], { ALTIPLANO_HOSTNAME: '' }), { hostname: undefined });
  t.like(valuesOf(['--work-dir=/w'], { ALTIPLANO_MASTERS: 'a,b' }), { masters: ['a', 'b'] });
});

test('whatever is said anywhere, the strongest that speaks is heard', (t) => {
  const maybe = fc.option(fc.nat(10), { nil: undefined });
  fc.assert(
    fc.property(maybe, maybe, maybe, (onLine, inEnvironment, inFile) => {
      const argv = ['--work-dir=/w', '--flags-file=/f'];
      if (onLine !== undefined) argv.push(`--retries=${onLine}`);
      const env = inEnvironment === undefined ? {} : { ALTIPLANO_RETRIES: `${inEnvironment}` };
      const files = { '/f': inFile === undefined ? '' : `retries = ${inFile}` };
      const retries = onLine ?? inEnvironment ?? inFile ?? 3;
      t.like(valuesOf(argv, env, files), { retries });
    }),
  );
});

test('a file of flags has comments, empty lines, lists and Mesos names', (t) => {
  const lines = [
    '# ours',
    '',
    'work-dir = /w ',
    '--be_fast=false',
    'env=A=b c',
    'env=B=d',
    'strict',
    'mode=safe',
  ];
  t.like(valuesOf(['--flags-file=/f'], {}, { '/f': `${lines.join('\n')}\n` }), {
    workDir: '/w',
    fast: false,
    env: ['A=b c', 'B=d'],
    strict: true,
  });
});

test('a value may stand in a file of its own, wherever it is named', (t) => {
  const files = { '/name': 'secret\n', '/f': 'hostname=file:///name' };
  const named = 'file:///name';
  t.like(valuesOf(['--work-dir=/w', `--hostname=${named}`], {}, files), { hostname: 'secret' });
  t.like(valuesOf(['--work-dir=/w'], { ALTIPLANO_HOSTNAME: named }, files), { hostname: 'secret' });
  t.like(valuesOf(['--work-dir=/w', '--flags-file=/f'], {}, files), { hostname: 'secret' });
});

test('complaints name the place where the odd thing was said', (t) => {
  const files = { '/f': 'port=1\ncolour=red\n=x' };
  t.deepEqual(valuesOf(['--work-dir=/w'], { ALTIPLANO_PORT: 'x' }), [
    "ALTIPLANO_PORT: 'x' is not a number from 0 to 65535",
  ]);
  t.deepEqual(valuesOf(['--flags-file=/f'], {}, files), [
    "/f:2: there is no flag 'colour'",
    '/f:3: not name=value',
  ]);
  t.deepEqual(valuesOf(['--flags-file=/g'], {}, files), ["--flags-file: no file '/g'"]);
  t.deepEqual(valuesOf(['--work-dir=file:///g'], {}, files), ["--work-dir: no file '/g'"]);
  t.deepEqual(valuesOf(['--work-dir=/w', '--flags-file=/h'], {}, { '/h': 'port=9x' }), [
    "/h: port: '9x' is not a number from 0 to 65535",
  ]);
});
