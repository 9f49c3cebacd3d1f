import test from 'ava';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { hunt } from './hunt.ts';
import { type Mutant, mutated } from './mutant.ts';
import { raftMutants } from './raft-mutants.ts';

const root = new URL('../../', import.meta.url).pathname;
const files = systemFiles();

async function read(path: string): Promise<string> {
  const file = await files.open(path);
  const bytes = await file.read(0, await file.size());
  await file.close();
  return new TextDecoder().decode(bytes);
}

/** Sources below a folder that are no tests. */
async function sourcesOf(folder: string): Promise<readonly string[]> {
  const names = await files.list(folder);
  const found = names.map(async (name): Promise<readonly string[]> => {
    const path = `${folder}/${name}`;
    if ((await files.stat(path))?.kind === 'folder') return sourcesOf(path);
    return /\.[jt]s$/.test(name) && !/\.(?:test|suite)\.ts$/.test(name) ? [path] : [];
  });
  return (await Promise.all(found)).flat();
}

for (const mutant of raftMutants) {
  test(`the mutant ${mutant.name} still fits, and changes something`, async (t) => {
    const source = await read(`${root}${mutant.file}`);
    t.not(mutated(source, mutant), source);
  });

  test(`the simulation finds the mutant ${mutant.name} within 200 seeds`, async (t) => {
    const { caught } = await hunt({ mutant, world: 'raft', from: 0, count: 200 });
    t.truthy(caught, 'the world is too kind');
  });
}

test('a mutant that fits nowhere, or twice, is refused', (t) => {
  const mutant: Mutant = { name: 'm', about: '', file: 'f', find: 'a', replace: 'b' };
  t.is(mutated('cat', mutant), 'cbt');
  for (const source of ['dog', 'banana']) {
    t.throws(() => mutated(source, mutant), { name: 'AssertionError' });
  }
});

test('what is shipped knows nothing of mutants', async (t) => {
  const rooms = ['cmd', 'internal', 'proto', 'raft', 'storage'];
  const sources = await Promise.all(rooms.map((room) => sourcesOf(`${root}${room}`)));
  t.true(sources.flat().length > 50, 'too few files: this reads the wrong place');
  for (const path of sources.flat()) {
    const source = await read(path);
    t.notRegex(source, /mutant/i, path);
    t.notRegex(source, /#chaos/, path);
  }
});
