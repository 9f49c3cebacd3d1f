import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { filesSuite } from '../files.suite.ts';
import { systemFiles } from './files.ts';

filesSuite(test, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'altiplano-files-'));
  return {
    files: systemFiles(),
    folder,
    run: (promise) => promise,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
});

test('a lock of another process holds until that is killed', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'altiplano-files-'));
  const path = join(folder, 'LOCK');
  const program = `
    import { systemFiles } from ${JSON.stringify(new URL('files.ts', import.meta.url).href)};
    await systemFiles().lock(${JSON.stringify(path)});
    console.log('locked');
    process.stdin.resume();
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  await t.throwsAsync(() => systemFiles().lock(path), { name: 'FilesError', code: 'LOCKED' });
  child.kill('SIGKILL');
  await once(child, 'close');
  await using lock = await systemFiles().lock(path);
  t.truthy(lock);
  await rm(folder, { recursive: true });
});
