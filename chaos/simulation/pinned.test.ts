import test from 'ava';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { pinned } from './pinned.ts';
import { loadWorld } from './worlds.ts';

for (const { world: name, seed, faults, hostileMs, size, found } of pinned) {
  test(`seed ${seed} of the world "${name}" does not find again: ${found}`, async (t) => {
    const { run } = await loadWorld(name);
    const { violation } = await run(seed, {
      ...(faults === undefined ? {} : { faults }),
      ...(hostileMs === undefined ? {} : { hostileMs }),
      ...(size === undefined ? {} : { sizes: [size] }),
    });
    t.is(violation, undefined, `SEED=${seed}: ${violation?.message}`);
  });
}

test('what a pinned seed has found is held down by a test of its own', async (t) => {
  const root = new URL('../../', import.meta.url).pathname;
  for (const { seed, test: path } of pinned) {
    t.is((await systemFiles().stat(`${root}${path}`))?.kind, 'file', `SEED=${seed}: ${path}`);
  }
  t.pass();
});
