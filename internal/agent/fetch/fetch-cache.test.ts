// oxlint-disable-next-line no-restricted-imports -- looks at what is kept on the real disk.
import { readFile, readdir, writeFile } from 'node:fs/promises';
import test from 'ava';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { openFetchRig } from '../testing/fetch-rig.ts';
import { FetchCache, type Held } from './fetch-cache.ts';

const files = systemFiles();

async function withCache(
  bytesMax: number,
  check: (cache: FetchCache, folder: string) => Promise<void>,
): Promise<void> {
  await using temp = await openTempFolder();
  const folder = `${temp.path}/cache`;
  await check(await FetchCache.open({ files }, { folder, bytesMax }), folder);
}

const filled =
  (text: string) =>
  async (path: string): Promise<number> => {
    await writeFile(path, text);
    return text.length;
  };

const never = (): Promise<number> => Promise.reject(new Error('filled again'));

test('what was used least recently goes first, and what is held never', async (t) => {
  await withCache(20, async (cache, folder) => {
    const held = await cache.hold('held', filled('x'.repeat(10)));
    for (const name of ['a', 'b', 'a']) {
      await (await cache.hold(name, filled('y'.repeat(5)))).release();
    }
    // `b` goes, the others are there still.
    await (await cache.hold('c', filled('z'.repeat(5)))).release();
    await (await cache.hold('a', never)).release();
    await (await cache.hold('c', never)).release();
    t.is(cache.usedBytes, 20);
    // More than may be, as long as it is held.
    const large = await cache.hold('large', filled('l'.repeat(100)));
    t.is(cache.usedBytes, 110);
    t.is((await readFile(large.path)).length, 100);
    t.is((await readFile(held.path)).length, 10);
    await large.release();
    t.is(cache.usedBytes, 10);
    await held.release();
    t.is((await readdir(folder)).length, 1);
  });
});

test('at the same time one is made for all, and what failed is made anew', async (t) => {
  await withCache(100, async (cache, folder) => {
    let made = 0;
    const gate = Promise.withResolvers<void>();
    const slow = async (path: string): Promise<number> => {
      made++;
      await gate.promise;
      return await filled('x')(path);
    };
    const holders = Array.from({ length: 20 }, () => cache.hold('one', slow));
    const failing = Array.from({ length: 5 }, () => cache.hold('bad', never));
    for (const each of failing) await t.throwsAsync(each, { message: 'filled again' });
    gate.resolve();
    const all = await Promise.all(holders);
    t.deepEqual([made, new Set(all.map(({ path }) => path)).size], [1, 1]);
    for (const held of all) await held.release();
    await (await cache.hold('bad', filled('good'))).release();
    t.is((await readdir(folder)).length, 2);
  });
});

test('many at once under pressure: every holder reads what he asked for', async (t) => {
  await withCache(30, async (cache) => {
    const use = async (number: number): Promise<void> => {
      const text = `${number % 7}`.repeat(10);
      const held: Held = await cache.hold(text, filled(text));
      await files.stat(held.path);
      t.is(await readFile(held.path, 'utf8'), text);
      await held.release();
    };
    await Promise.all(Array.from({ length: 200 }, (_, number) => use(number)));
    t.true(cache.usedBytes <= 30);
  });
});

test('many containers that want one file ask for it once, and each gets it', async (t) => {
  await using temp = await openTempFolder();
  await using rig = await openFetchRig(temp.path, { cacheBytesMax: 1000 });
  const body = new TextEncoder().encode('cached');
  rig.pages.set('/x', body);
  rig.pages.set('/y', body);
  const uri = (name: string) => ({ value: `${rig.url}/${name}`, cache: true, executable: true });
  const boxes = await Promise.all(
    Array.from({ length: 24 }, (_, at) => rig.fetch([uri(at % 2 === 0 ? 'x' : 'y')])),
  );
  for (const [at, box] of boxes.entries()) {
    t.is(await readFile(`${box}/${at % 2 === 0 ? 'x' : 'y'}`, 'utf8'), 'cached');
  }
  t.deepEqual(rig.asked.toSorted(), ['/x', '/y']);
  t.is(rig.fetcher.figures().cacheBytes, 12);
  // What a task does to its copy is nobody else's business.
  await writeFile(`${boxes[0]}/x`, 'changed');
  t.is(await readFile(`${await rig.fetch([uri('x')])}/x`, 'utf8'), 'cached');
});
