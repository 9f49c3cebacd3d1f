import { join } from 'node:path';
import test from 'ava';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { keyValueStoreSuite } from '../key-value-store.suite.ts';
import { openLevelStore } from './level-store.ts';

keyValueStoreSuite(test, async () => {
  const folder = await openTempFolder();
  return {
    open: () => openLevelStore({ path: join(folder.path, 'a', 'store') }),
    run: (promise) => promise,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
});

async function writeNonsense(path: string): Promise<void> {
  const file = await systemFiles().open(path, { create: true });
  await file.truncate(0);
  await file.write(0, [new TextEncoder().encode('nonsense')]);
  await file.close();
}

test('a store that cannot be read says so', async (t) => {
  await using folder = await openTempFolder();
  const { path } = folder;
  await (await openLevelStore({ path }))[Symbol.asyncDispose]();
  const manifests = (await systemFiles().list(path)).filter((name) => name.startsWith('MANIFEST'));
  t.is(manifests.length, 1);
  for (const name of manifests) await writeNonsense(join(path, name));
  await t.throwsAsync(openLevelStore({ path }), { name: 'StoreError', code: 'CORRUPT' });
});

test('a path that is no folder is a fault with a reason', async (t) => {
  await using folder = await openTempFolder();
  const path = join(folder.path, 'file');
  await writeNonsense(path);
  const error = await t.throwsAsync(openLevelStore({ path }), { name: 'StoreError', code: 'IO' });
  t.regex(error?.message ?? '', /file/);
});
