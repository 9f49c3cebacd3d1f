import test from 'ava';
import { systemCommands } from './commands.ts';

const commands = systemCommands();

test('a program that ends is told with its status and what it said', async (t) => {
  const line = 'echo out; echo err >&2; exit 7';
  const end = await commands.run({ path: '/bin/sh', arguments: ['-c', line], timeoutMs: 60_000 });
  t.deepEqual(end, { status: 7, stdout: 'out\n', stderr: 'err\n' });
});

test('a program that is missing, takes too long or says too much has no status', async (t) => {
  const missing = await commands.run({
    path: '/no/such/program',
    arguments: [],
    timeoutMs: 60_000,
  });
  t.is(missing.status, undefined);
  t.regex(missing.stderr, /ENOENT/);
  const slow = await commands.run({ path: '/bin/sleep', arguments: ['500'], timeoutMs: 50 });
  t.is(slow.status, undefined);
  const line = 'while :; do echo many words; done';
  const loud = await commands.run({ path: '/bin/sh', arguments: ['-c', line], timeoutMs: 60_000 });
  t.is(loud.status, undefined);
  t.true(loud.stdout.length <= 1024 * 1024);
});
