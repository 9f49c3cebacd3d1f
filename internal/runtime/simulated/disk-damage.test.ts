import test from 'ava';
import { seedsOf } from '#internal/testing/seeds.ts';
import type { Files } from '../files.ts';
import { SimulatedDisk } from './disk.ts';
import { damageDisk, type DamageKind } from './disk-damage.ts';
import { simulatedFiles } from './files.ts';
import { SimulatedWorld } from './world.ts';

const kinds: readonly DamageKind[] = ['bit-rot', 'zeroed', 'misdirected', 'lost-file'];
const sizeBytes = 10_000;
const paths = ['/a', '/folder/b'];

/** Two files of bytes that are nowhere zero, synced with their names. */
async function written(seed: number) {
  const world = new SimulatedWorld({ seed });
  const disk = new SimulatedDisk({ world }, { name: 'm' });
  const run = async <T>(program: (files: Files) => Promise<T>): Promise<T> => {
    const files = simulatedFiles({ disk, life: world.boot('m') });
    const result = await world.settle(program(files), { withinMs: 10_000 });
    world.crash('m', 'power');
    return result;
  };
  await run(async (files) => {
    await files.makeFolder('/folder');
    for (const [place, path] of paths.entries()) {
      const file = await files.open(path, { create: true });
      await file.write(0, [new Uint8Array(sizeBytes).map((_, at) => 1 + ((at + place) % 251))]);
      await file.sync();
    }
    await files.syncFolder('/folder');
    await files.syncFolder('/');
  });
  const readAll = (): Promise<readonly (Uint8Array | undefined)[]> =>
    run((files) =>
      Promise.all(
        paths.map(async (path) =>
          (await files.stat(path)) === undefined
            ? undefined
            : (await files.open(path)).read(0, sizeBytes),
        ),
      ),
    );
  return { world, disk, readAll };
}

for (const kind of kinds) {
  test(`${kind}: what was synced is not what is read, in one place and no other`, async (t) => {
    for (const seed of seedsOf(10)) {
      const { world, disk, readAll } = await written(seed);
      const before = await readAll();
      const done = damageDisk(disk, kind, world.random('damage'));
      const after = await readAll();
      const hurt = paths.filter((_, i) => differs(before[i], after[i]) !== 0);
      t.deepEqual(hurt, done === undefined ? [] : [done.path], `SEED=${seed}`);
      if (done === undefined) continue;
      const at = paths.indexOf(done.path);
      const changed = differs(before[at], after[at]);
      const most = kind === 'bit-rot' ? 1 : kind === 'lost-file' ? Infinity : 4096;
      t.true(changed > 0 && changed <= most, `SEED=${seed}: ${changed} bytes`);
    }
  });
}

test('an empty disk cannot be damaged', (t) => {
  const world = new SimulatedWorld({ seed: 1 });
  const disk = new SimulatedDisk({ world }, { name: 'm' });
  for (const kind of kinds) t.is(damageDisk(disk, kind, world.random('damage')), undefined);
});

test('a disk that hangs does what it was asked for later, and as it was asked', async (t) => {
  const world = new SimulatedWorld({ seed: 1 });
  const disk = new SimulatedDisk({ world }, { name: 'm' });
  const files = simulatedFiles({ disk, life: world.boot('m') });
  disk.hang(5000);
  const file = await world.settle(files.open('/f', { create: true }), { withinMs: 6000 });
  t.true(world.nowMs >= 5000);
  await world.settle(file.write(0, [Uint8Array.of(7)]), { withinMs: 10 });
  await world.settle(file.sync(), { withinMs: 10 });
  disk.hang(60_000);
  const sync = file.sync();
  await world.runFor(1000);
  disk.hang(0);
  await world.settle(sync, { withinMs: 10 });
  t.is(disk.counts.hung, 2);
});

/** How many bytes differ; all of them when one is gone. */
function differs(one: Uint8Array | undefined, other: Uint8Array | undefined): number {
  if (one === undefined || other === undefined) return one === other ? 0 : Infinity;
  return one.filter((byte, at) => byte !== other[at]).length;
}
