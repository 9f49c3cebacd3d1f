/** What every `Files` promises, whichever disk is below. */
import type { ExecutionContext, TestFn } from 'ava';
import fc from 'fast-check';
import type { Files, FilesError } from './files.ts';

export type FilesRig = AsyncDisposable & {
  readonly files: Files;
  /** An empty folder that exists. */
  readonly folder: string;
  /** Lets the world move until the promise settles. */
  readonly run: <T>(promise: Promise<T>) => Promise<T>;
};

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (content: Uint8Array): string => new TextDecoder().decode(content);

export function filesSuite(test: TestFn, openRig: () => Promise<FilesRig>): void {
  const law = (
    title: string,
    check: (t: ExecutionContext, rig: Pick<FilesRig, 'files' | 'folder'>) => Promise<void>,
  ): void => {
    test(title, async (t) => {
      await using rig = await openRig();
      await rig.run(check(t, rig));
    });
  };

  law(
    'what was written is read back, at any offset and in any parts',
    async (t, { files, folder }) => {
      const writes = fc.array(
        fc.record({ offset: fc.nat(3000), parts: fc.array(fc.uint8Array({ maxLength: 700 })) }),
        { maxLength: 8 },
      );
      await fc.assert(
        fc.asyncProperty(writes, async (list) => {
          await files.remove(`${folder}/f`);
          const file = await files.open(`${folder}/f`, { create: true, exclusive: true });
          let model = new Uint8Array(0);
          for (const { offset, parts } of list) {
            await file.write(offset, parts);
            const whole = Buffer.concat(parts);
            if (whole.length === 0) continue;
            const grown = new Uint8Array(Math.max(model.length, offset + whole.length));
            grown.set(model);
            grown.set(whole, offset);
            model = grown;
          }
          await file.sync();
          t.is(await file.size(), model.length);
          t.deepEqual(Buffer.from(await file.read(0, model.length + 10)), Buffer.from(model));
          await file.close();
        }),
        { numRuns: 30 },
      );
    },
  );

  law('a read ends where the file ends', async (t, { files, folder }) => {
    const file = await files.open(`${folder}/f`, { create: true });
    await file.write(0, [bytes('hello')]);
    t.is(textOf(await file.read(3, 10)), 'lo');
    t.is(textOf(await file.read(5, 10)), '');
    t.is(textOf(await file.read(50, 10)), '');
    await file.close();
  });

  law(
    'a truncated file forgets its end, and one that grows again reads zeros there',
    async (t, { files, folder }) => {
      const file = await files.open(`${folder}/f`, { create: true });
      await file.write(0, [bytes('hello')]);
      await file.truncate(2);
      t.is(textOf(await file.read(0, 10)), 'he');
      await file.truncate(4);
      t.is(textOf(await file.read(0, 10)), 'he\0\0');
      await file.close();
    },
  );

  law('names that are not there are said so', async (t, { files, folder }) => {
    const path = `${folder}/missing`;
    t.is(await files.stat(path), undefined);
    t.is(await files.stat(`${path}/below`), undefined);
    for (const act of [
      () => files.open(path),
      () => files.open(`${path}/below`, { create: true }),
      () => files.list(path),
      () => files.rename(path, `${path}2`),
      () => files.syncFolder(path),
    ]) {
      await t.throwsAsync(act, { name: 'FilesError', code: 'ENOENT' });
    }
    await t.notThrowsAsync(files.remove(path));
  });

  law('an exclusive name is new', async (t, { files, folder }) => {
    const file = await files.open(`${folder}/f`, { create: true, exclusive: true });
    await file.close();
    const again = files.open(`${folder}/f`, { create: true, exclusive: true });
    await t.throwsAsync(again, { name: 'FilesError', code: 'EEXIST' });
  });

  law(
    'a folder lists its names in order, and goes with all below it',
    async (t, { files, folder }) => {
      await files.makeFolder(`${folder}/x/y/z`);
      await files.makeFolder(`${folder}/x/y`);
      for (const name of ['b', 'a', 'c']) {
        const file = await files.open(`${folder}/x/${name}`, { create: true });
        await file.write(0, [bytes('123')]);
        await file.close();
      }
      t.deepEqual(await files.list(`${folder}/x`), ['a', 'b', 'c', 'y']);
      t.deepEqual(await files.stat(`${folder}/x/a`), { kind: 'file', sizeBytes: 3 });
      t.is((await files.stat(`${folder}/x/y`))?.kind, 'folder');
      await files.syncFolder(`${folder}/x`);
      await files.remove(`${folder}/x`);
      t.deepEqual(await files.list(folder), []);
    },
  );

  law('a rename replaces a file, and an open file stays itself', async (t, { files, folder }) => {
    const old = await files.open(`${folder}/f`, { create: true });
    await old.write(0, [bytes('old')]);
    const fresh = await files.open(`${folder}/new`, { create: true });
    await fresh.write(0, [bytes('new')]);
    await files.rename(`${folder}/new`, `${folder}/f`);
    t.deepEqual(await files.list(folder), ['f']);
    const found = await files.open(`${folder}/f`);
    t.is(textOf(await found.read(0, 10)), 'new');
    t.is(textOf(await old.read(0, 10)), 'old');
    for (const file of [old, fresh, found]) await file.close();
  });

  law('a closed file refuses to work', async (t, { files, folder }) => {
    const file = await files.open(`${folder}/f`, { create: true });
    await file.close();
    await t.throwsAsync(() => file.read(0, 1), { name: 'FilesError', code: 'EBADF' });
    await t.throwsAsync(() => file.sync(), { name: 'FilesError', code: 'EBADF' });
  });

  law('a lock has one holder at a time', async (t, { files, folder }) => {
    const path = `${folder}/LOCK`;
    const first = await files.lock(path);
    const refused = await t.throwsAsync<FilesError>(() => files.lock(path), { name: 'FilesError' });
    t.is(refused.code, 'LOCKED');
    await (await files.lock(`${folder}/OTHER`))[Symbol.asyncDispose]();
    await first[Symbol.asyncDispose]();
    await using again = await files.lock(path);
    t.truthy(again);
  });

  law('free space is counted in bytes', async (t, { files, folder }) => {
    t.true((await files.freeBytes(folder)) > 1_000_000);
  });
}
