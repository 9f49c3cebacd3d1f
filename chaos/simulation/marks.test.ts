/** That each mark is where the list says, can be counted, and is named once. */
import { stripTypeScriptTypes } from 'node:module';
import test from 'ava';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { counting, figureOfMark, marksOf } from './marks.ts';

const root = new URL('../../', import.meta.url).pathname;
const files = systemFiles();

async function read(path: string): Promise<string> {
  const file = await files.open(`${root}${path}`);
  const bytes = await file.read(0, await file.size());
  await file.close();
  return new TextDecoder().decode(bytes);
}

async function sourcesOf(folder: string): Promise<readonly string[]> {
  const names = await files.list(`${root}${folder}`);
  const found = names.map(async (name): Promise<readonly string[]> => {
    const path = `${folder}/${name}`;
    if ((await files.stat(`${root}${path}`))?.kind === 'folder') return sourcesOf(path);
    return name.endsWith('.ts') ? [path] : [];
  });
  return (await Promise.all(found)).flat();
}

test('every mark in the code is in the list, and every one of the list is in the code', async (t) => {
  const rooms = await Promise.all(['cmd', 'internal', 'raft', 'storage'].map(sourcesOf));
  for (const path of rooms.flat()) {
    const found = [...(await read(path)).matchAll(/\/\/ mark: (.+)/g)].map(
      ([, name]) => name ?? '',
    );
    t.deepEqual(found.toSorted(), (marksOf[path] ?? []).toSorted(), path);
  }
  t.true(rooms.flat().length > 100, 'too few files: this reads the wrong place');
});

test('no mark has the name of another, and there are forty of them at least', (t) => {
  const figures = Object.values(marksOf).flat().map(figureOfMark);
  t.is(new Set(figures).size, figures.length);
  t.true(figures.length >= 40);
});

test('a file with marks in it compiles with a counter in the place of each', async (t) => {
  for (const [path, marks] of Object.entries(marksOf)) {
    const counted = counting(await read(path));
    t.is(counted.split('globalThis.altiplanoMark').length - 1, marks.length, path);
    t.notThrows(() => stripTypeScriptTypes(counted), path);
  }
});

test('a mark that is passed is counted, and does what it did', (t) => {
  const counted = counting('  // mark: it rains\n  // it pours\n');
  t.is(counted, '  ;globalThis.altiplanoMark?.("it rains");\n  // it pours\n');
});
