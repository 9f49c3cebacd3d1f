import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import test from 'ava';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { filesSuite } from '../files.suite.ts';
import { systemFiles } from './files.ts';

filesSuite(test, async () => {
  const folder = await openTempFolder();
  return {
    files: systemFiles(),
    folder: folder.path,
    run: (promise) => promise,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
});

test('a lock of another process holds until that is killed', async (t) => {
  await using folder = await openTempFolder();
  const path = join(folder.path, 'LOCK');
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
});

test('a folder that the system will not make is refused, not tried for ever', async (t) => {
  const refused = await t.throwsAsync(systemFiles().makeFolder('/proc/altiplano/state'));
  t.is(refused?.name, 'FilesError');
});
