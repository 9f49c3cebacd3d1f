/** Runs some of the project's tests in a process of their own, with a mutant planted or without. */
// oxlint-disable-next-line no-restricted-imports -- a tool that starts another tool.
import { spawn } from 'node:child_process';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { TestKiller } from './bug.ts';
import { brokenNames, type Mutant } from './mutant.ts';

export type TestRun = {
  readonly passed: readonly string[];
  /** By what the tests themselves check. */
  readonly failed: readonly Failure[];
  /** Why the run says nothing; undefined when it does. */
  readonly obstacle: string | undefined;
};

export type Failure = { readonly title: string; readonly message: string };

const root = fileURLToPath(new URL('../../', import.meta.url));
const ava = `${root}node_modules/.bin/ava`;
const planting = new URL('planting.ts', import.meta.url).href;

export async function runTests(
  tests: readonly TestKiller[],
  mutant: Mutant | undefined,
): Promise<TestRun> {
  const files = new Set(tests.map(({ file }) => file));
  const titles = new Set(tests.map(({ title }) => title));
  const child = spawn(
    process.execPath,
    [
      ava,
      ...files,
      ...[...titles].flatMap((title) => ['--match', title]),
      '--tap',
      '--timeout=60s',
      ...(mutant === undefined ? [] : [`--node-arguments=--import=${planting}`]),
    ],
    { cwd: root, env: { ...process.env, MUTANT: mutant?.name }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return parseTap(output, errors, mutant);
}

/** `output` as the Test Anything Protocol has it. */
export function parseTap(output: string, errors: string, mutant: Mutant | undefined): TestRun {
  const passed = [...output.matchAll(/^ok \d+ - (.*)$/gm)].map(([, title = '']) => title);
  const failures = [...output.matchAll(/^not ok \d+ - (.*)\n((?: .*\n|\n(?= ))*)/gm)];
  const failed = failures.map(([, title = '', why = '']) => ({ title, message: gistOf(why) }));
  const isPlanted = mutant === undefined || errors.includes(`planted ${mutant.name}\n`);
  const isBroken = failures.some(([, , why = '']) =>
    brokenNames.some((name) => why.includes(name)),
  );
  const run = { passed, failed };
  if (!isPlanted) return { ...run, obstacle: `the mutant was not loaded: ${errors.trim()}` };
  if (isBroken) return { ...run, obstacle: `the mutant is broken code: ${failures[0]?.[0]}` };
  if (!/^# fail \d+$/m.test(output)) return { ...run, obstacle: 'the tests do not end' };
  if (passed.length + failed.length === 0) return { ...run, obstacle: 'no test has this title' };
  return { ...run, obstacle: undefined };
}

/** The line of a failure's account that says most. */
function gistOf(why: string): string {
  const lines = why.split('\n').map((line) => line.trim());
  const told = lines.find((line) => /^message: (?!'')/.test(line));
  return told ?? lines.find((line) => line.startsWith('assertion:')) ?? '';
}
