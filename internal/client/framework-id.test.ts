import test from 'ava';
import type { Files } from '#internal/runtime/files.ts';
import { SimulatedDisk } from '#internal/runtime/simulated/disk.ts';
import { simulatedFiles } from '#internal/runtime/simulated/files.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { frameworkIdInFile } from './framework-id.ts';

const path = '/state/of/framework-id';

function machine(seed: number): {
  readonly world: SimulatedWorld;
  readonly boot: () => Files;
} {
  const world = new SimulatedWorld({ seed });
  const disk = new SimulatedDisk({ world }, { name: 'machine' });
  return { world, boot: () => simulatedFiles({ disk, life: world.boot('machine') }) };
}

test('an id that was kept is there after a power cut, and none before', async (t) => {
  for (let seed = 1; seed <= 30; seed++) {
    const { world, boot } = machine(seed);
    const first = frameworkIdInFile(boot(), path);
    t.is(await world.settle(first.load(), { withinMs: 1000 }), undefined);
    await world.settle(first.save('one'), { withinMs: 1000 });
    world.crash('machine', 'power');
    const second = frameworkIdInFile(boot(), path);
    t.is(await world.settle(second.load(), { withinMs: 1000 }), 'one', `SEED=${seed}`);
  }
});

test('a crash while an id is kept leaves the one before or the new one, whole', async (t) => {
  const found = new Set<string | undefined>();
  for (let seed = 1; seed <= 60; seed++) {
    const { world, boot } = machine(seed);
    const first = frameworkIdInFile(boot(), path);
    await world.settle(first.save('the first one'), { withinMs: 1000 });
    void first.save('the second').catch(() => {});
    await world.runFor(world.random('crash').below(20) / 2);
    world.crash('machine', 'power');
    const next = frameworkIdInFile(boot(), path);
    const id = await world.settle(next.load(), { withinMs: 1000 });
    t.true(id === 'the first one' || id === 'the second', `SEED=${seed}: ${id}`);
    found.add(id);
  }
  t.is(found.size, 2, 'no crash struck in between');
});

test('a file that holds no id is a fault, not a new framework', async (t) => {
  const { world, boot } = machine(1);
  const files = boot();
  const keeper = frameworkIdInFile(files, '/id');
  const file = await world.settle(files.open('/id', { create: true }), { withinMs: 1000 });
  await world.settle(file.write(0, [new TextEncoder().encode('\n')]), { withinMs: 1000 });
  await t.throwsAsync(world.settle(keeper.load(), { withinMs: 1000 }), { code: 'EINVAL' });
});
