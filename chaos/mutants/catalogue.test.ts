/** That each bug can be planted; `npm run sim -- --mutants` tries whether each is caught. */
import { stripTypeScriptTypes } from 'node:module';
import test from 'ava';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { catalogue } from './catalogue.ts';
import { clusterMutants } from './cluster-mutants.ts';
import { hunt } from './hunt.ts';
import { filesOf, isBrokenCode, type Mutant, mutated } from './mutant.ts';
import { parseTap } from './test-run.ts';
import { describeTrial, figuresOf } from './trials.ts';
import { tryBug } from './trial.ts';

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

for (const mutant of [...catalogue, ...clusterMutants]) {
  test(`the mutant ${mutant.name} fits, changes something, and compiles`, async (t) => {
    for (const path of filesOf(mutant)) {
      const source = await read(`${root}${path}`);
      const planted = mutated(source, mutant, path);
      t.not(planted, source);
      t.notThrows(() => stripTypeScriptTypes(planted));
    }
  });
}

test('the catalogue has each of its 48 numbers, and no name twice', (t) => {
  const numbers = new Set(catalogue.map(({ number }) => number));
  t.deepEqual(
    [...numbers].toSorted((one, other) => one - other),
    Array.from({ length: 48 }, (_, i) => i + 1),
  );
  const names = [...catalogue, ...clusterMutants].map(({ name }) => name);
  t.is(new Set(names).size, names.length);
  for (const { name, killers } of catalogue) {
    t.true(killers.seeds !== undefined || killers.tests !== undefined, `nothing kills ${name}`);
  }
});

test('a mutant that fits nowhere, or twice, is refused', (t) => {
  const mutant = newMutant({ file: 'f', find: 'a', replace: 'b' });
  t.is(mutated('cat', mutant, 'f'), 'cbt');
  t.is(mutated('dog', mutant, 'another'), 'dog');
  for (const source of ['dog', 'banana']) {
    t.throws(() => mutated(source, mutant, 'f'), { name: 'AssertionError' });
  }
});

test('what is shipped knows nothing of mutants', async (t) => {
  const rooms = ['cmd', 'internal', 'proto', 'raft', 'storage'];
  const sources = await Promise.all(rooms.map((room) => sourcesOf(`${root}${room}`)));
  t.true(sources.flat().length > 50, 'too few files: this reads the wrong place');
  for (const path of sources.flat()) {
    // `altiplano chaos` hurts a cluster of its own, also with bugs: nothing that runs one knows of it.
    if (path.startsWith(`${root}cmd/chaos/`)) continue;
    const source = await read(path);
    t.notRegex(source, /mutant/i, path);
    t.notRegex(source, /#chaos/, path);
  }
});

const majority = { file: 'raft/core/quorum/majority.ts', find: 'Math.floor(count / 2) + 1' };
const killers = {
  tests: [{ file: 'raft/core/quorum/majority.test.ts', title: 'any two majorities*' }],
};

test('a bug is caught by a test that fails with it, and by none that fails anyway', async (t) => {
  const mutant = newMutant({ ...majority, replace: 'Math.max(2, Math.floor(count / 2))' });
  const bug = { ...mutant, number: 1, kind: 'safety', killers } as const;
  const named = { ...bug, name: 'quorum-of-two' };
  const caught = await tryBug(named, { from: 0, failing: [] });
  t.like(caught, { by: { kind: 'test' } });
  t.regex(describeTrial(caught), /^caught 1 quorum-of-two \(safety\) by test "any two majorities/);
  const title = caught.by?.kind === 'test' ? caught.by.title : '';
  const excused = await tryBug(named, { from: 0, failing: [title] });
  t.is(excused.by, undefined);
  t.like(figuresOf([caught, excused]), { mutants: 1, mutantsCaught: 0, mutantVariantsCaught: 1 });
});

test('the simulation finds a bug, and nothing where there is none', async (t) => {
  const mutant = newMutant({ ...majority, replace: 'Math.max(1, Math.floor(count / 2))' });
  const { caught } = await hunt({ mutant, world: 'raft', from: 0, count: 20 });
  t.truthy(caught, 'the world is too kind');
  const sound = await hunt({
    mutant: undefined,
    world: 'raft',
    from: caught?.seed ?? 0,
    count: 1,
  });
  t.is(sound.caught, undefined);
});

test('code that cannot run, or was not loaded, catches nothing', async (t) => {
  const broken = newMutant({ ...majority, replace: 'nobodyKnows(count)' });
  await t.throwsAsync(hunt({ mutant: broken, world: 'raft', from: 0, count: 1 }), {
    message: /broken code/,
  });
  const elsewhere = newMutant({ file: 'cmd/build.js', find: 'a', replace: 'b' });
  await t.throwsAsync(hunt({ mutant: elsewhere, world: 'raft', from: 0, count: 1 }), {
    message: /not loaded/,
  });
  t.true(isBrokenCode(new Error('a run broke off', { cause: new ReferenceError('x') })));
  t.false(isBrokenCode(new Error('a promise is broken')));
});

test('what a run of tests says counts only when it ran to its end, with the bug in it', (t) => {
  const failing =
    'not ok 1 - a law\n  ---\n    name: AssertionError\n    assertion: t.is()\n  ...\n';
  const end = '\n1..1\n# tests 1\n# pass 0\n# fail 1\n';
  const planted = 'planted m\n';
  const mutant = newMutant({ ...majority, replace: '' });
  t.deepEqual(parseTap(`ok 1 - one\n${failing}${end}`, planted, mutant), {
    passed: ['one'],
    failed: [{ title: 'a law', message: 'assertion: t.is()' }],
    obstacle: undefined,
  });
  t.regex(parseTap(`${failing}${end}`, '', mutant).obstacle ?? '', /not loaded/);
  t.regex(parseTap(end, planted, mutant).obstacle ?? '', /no test/);
  t.regex(parseTap('ok 1 - one\n', planted, mutant).obstacle ?? '', /do not end/);
  const reference = failing.replace('AssertionError', 'ReferenceError');
  t.regex(parseTap(`${reference}${end}`, planted, mutant).obstacle ?? '', /broken code/);
});

const newMutant = (change: Mutant['edits'][number]): Mutant => ({
  name: 'm',
  about: '',
  edits: [change],
});
