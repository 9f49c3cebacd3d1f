// oxlint-disable-next-line no-restricted-imports -- looks at what was made on the real disk.
import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { systemFileTree } from './file-tree.ts';

test('links of one name that are made at the same time all succeed, and one of them stays', async (t) => {
  await using folder = await openTempFolder();
  const tree = systemFileTree();
  const path = join(folder.path, 'latest');
  const targets = Array.from({ length: 20 }, (_, n) => `/target-${n}`);
  await Promise.all(targets.map((target) => tree.link(path, target)));
  t.true(targets.includes(await readlink(path)));
  t.deepEqual(await readdir(folder.path), ['latest']);
});

test('a link is pointed anew, and takes the place of a link alone', async (t) => {
  await using folder = await openTempFolder();
  const tree = systemFileTree();
  const path = join(folder.path, 'latest');
  for (const target of ['/one', '/two', '/two']) {
    await tree.link(path, target);
    t.is(await readlink(path), target);
  }
  await tree.makePath(join(folder.path, 'a', 'b', 'c'), undefined);
  await tree.makePath(join(folder.path, 'a', 'b', 'c'), undefined);
  t.deepEqual(await readdir(folder.path), ['a', 'latest']);
  const refused = await t.throwsAsync(tree.link(join(folder.path, 'a'), '/one'));
  t.is(refused?.name, 'FilesError');
});
