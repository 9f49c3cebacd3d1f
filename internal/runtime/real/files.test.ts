import { spawn } from 'node:child_process';
import { once } from 'node:events';
// oxlint-disable-next-line no-restricted-imports -- makes on the real disk what the port never would.
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { FilesError } from '../files.ts';
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

test('what is removed goes with names that are no text and with links, but not what those lead to', async (t) => {
  await using folder = await openTempFolder();
  const tree = join(folder.path, 'tree');
  const kept = join(folder.path, 'kept');
  await mkdir(join(tree, 'below'), { recursive: true });
  await mkdir(kept);
  await writeFile(join(kept, 'precious'), 'x');
  await symlink(kept, join(tree, 'below', 'link'));
  await symlink(join(kept, 'precious'), join(tree, 'file-link'));
  await writeFile(Buffer.concat([Buffer.from(`${tree}/below/`), Buffer.from([0x66, 0xff])]), 'x');
  for (let n = 0; n < 100; n++) await writeFile(join(tree, `f${n}`), 'x');
  await systemFiles().remove(tree);
  t.deepEqual(await readdir(folder.path), ['kept']);
  await symlink(kept, join(folder.path, 'link'));
  await systemFiles().remove(join(folder.path, 'link'));
  t.deepEqual(await readdir(kept), ['precious']);
  t.deepEqual(await readdir(folder.path), ['kept']);
});

test('what cannot be removed is refused with the reason of the system', async (t) => {
  const refused = await t.throwsAsync(systemFiles().remove('/proc/self/status'));
  t.like(refused, { name: 'FilesError' });
  t.true(refused instanceof FilesError && refused.code !== 'ENOTDIR');
});
