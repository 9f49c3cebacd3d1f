import test from 'ava';
import fc from 'fast-check';
import { seedsOf } from '#internal/testing/seeds.ts';
import type { File, Files } from '../files.ts';
import { filesSuite } from '../files.suite.ts';
import { type DiskOptions, SimulatedDisk } from './disk.ts';
import { simulatedFiles } from './files.ts';
import type { CrashKind } from './life.ts';
import { SimulatedWorld } from './world.ts';

filesSuite(test, async () => {
  const { world, files } = newMachine({ seed: 1 });
  await world.settle(files.makeFolder('/work'), { withinMs: 1000 });
  return {
    files,
    folder: '/work',
    run: (promise) => world.settle(promise, { withinMs: 600_000 }),
    [Symbol.asyncDispose]: async () => {},
  };
});

const SYNCED = new Uint8Array(3000).fill(1);
const UNSYNCED = new Uint8Array(3000).fill(2);

/** Writes, syncs both file and name, overwrites without a sync, crashes, and reads what is left. */
async function crashed(seed: number, kind: CrashKind): Promise<Uint8Array> {
  const machine = newMachine({ seed });
  await machine.run(async (files) => {
    const file = await files.open('/f', { create: true });
    await file.write(0, [SYNCED]);
    await file.sync();
    await files.syncFolder('/');
    await file.write(0, [UNSYNCED, UNSYNCED]);
  });
  const files = machine.reboot(kind);
  return machine.world.settle(readAll(files, '/f'), { withinMs: 1000 });
}

test('a power cut keeps what was synced and keeps, loses or tears the rest', async (t) => {
  const seen = new Set<string>();
  for (const seed of seedsOf(100)) {
    const left = await crashed(seed, 'power');
    t.true(left.length >= SYNCED.length, `SEED=${seed}: a synced size shrank`);
    t.true(
      left.subarray(0, SYNCED.length).every((byte) => byte === 1 || byte === 2),
      `SEED=${seed}: a synced byte is neither the old one nor the new one`,
    );
    const fresh = left.filter((byte) => byte === 2).length;
    seen.add(fresh === 0 ? 'lost' : fresh === 2 * UNSYNCED.length ? 'kept' : 'torn');
  }
  if (process.env['SEED'] === undefined)
    t.deepEqual([...seen].toSorted(), ['kept', 'lost', 'torn']);
});

test('a name that the disk calls durable survives every power cut; others may not', async (t) => {
  let lost = 0;
  for (const seed of seedsOf(40)) {
    const machine = newMachine({ seed });
    await machine.run(async (files) => {
      await files.makeFolder('/a/b/c');
      for (const folder of ['/', '/a', '/a/b']) {
        t.false(machine.disk.names.isDurable('/a/b/c'));
        await files.syncFolder(folder);
      }
      await files.makeFolder('/a/b/d');
    });
    const { names } = machine.disk;
    t.deepEqual(
      ['/a/b/c', '/a/b/d', '/e'].map((path) => names.isDurable(path)),
      [true, false, false],
    );
    const files = machine.reboot('power');
    const left = await machine.world.settle(files.list('/a/b'), { withinMs: 1000 });
    t.true(left.includes('c'), `SEED=${seed}`);
    if (!left.includes('d')) lost++;
  }
  t.true(lost > 0 || process.env['SEED'] !== undefined);
});

test('what was written to a durable file survives a power cut, and only when it was', async (t) => {
  let torn = 0;
  for (const seed of seedsOf(60)) {
    const machine = newMachine({ seed });
    let isDone = false;
    await machine.run(async (files) => {
      const file = await files.open('/f', { create: true, durable: true });
      await files.syncFolder('/');
      await file.write(0, [SYNCED]);
      isDone = true;
      void file.write(0, [UNSYNCED]);
    });
    const files = machine.reboot('power');
    const left = await machine.world.settle(readAll(files, '/f'), { withinMs: 1000 });
    t.true(isDone && left.length === SYNCED.length, `SEED=${seed}`);
    t.true(
      left.every((byte) => byte === 1 || byte === 2),
      `SEED=${seed}`,
    );
    if (left.some((byte) => byte === 1)) torn++;
  }
  t.true(process.env['SEED'] !== undefined || torn > 10, 'a write that was cut off is at risk');
});

test('a killed process loses nothing that it wrote', async (t) => {
  for (const seed of seedsOf(20)) {
    const left = await crashed(seed, 'process');
    t.is(left.length, 6000, `SEED=${seed}`);
    t.true(left.every((byte) => byte === 2));
  }
});

test('a name without a folder sync may be forgotten, a synced one never, a rename never half', async (t) => {
  const seen = new Set<string>();
  for (const seed of seedsOf(100)) {
    const machine = newMachine({ seed });
    await machine.run(async (files) => {
      const file = await files.open('/a', { create: true });
      await files.syncFolder('/');
      await file.write(0, [SYNCED]);
      await file.sync();
      await files.rename('/a', '/b');
      await files.open('/c', { create: true });
    });
    const names = await machine.world.settle(machine.reboot('power').list('/'), { withinMs: 1000 });
    t.is(names.filter((name) => name !== 'c').length, 1, `SEED=${seed}: ${names.join()}`);
    seen.add(names.join());
  }
  if (process.env['SEED'] === undefined)
    t.deepEqual([...seen].toSorted(), ['a', 'a,c', 'b', 'b,c']);
});

test('a sync covers what was written before it began, and no more', async (t) => {
  const kept = new Set<boolean>();
  for (const seed of seedsOf(50)) {
    const machine = newMachine({ seed });
    await machine.run(async (files) => {
      const file = await files.open('/f', { create: true });
      await files.syncFolder('/');
      const before = file.write(0, [SYNCED]);
      const sync = file.sync();
      const after = file.write(SYNCED.length, [UNSYNCED]);
      await Promise.all([before, sync, after]);
    });
    const left = await machine.world.settle(readAll(machine.reboot('power'), '/f'), {
      withinMs: 1000,
    });
    t.true(left.length >= SYNCED.length && left.subarray(0, 3000).every((byte) => byte === 1));
    kept.add(left.length === 6000);
  }
  t.true(kept.size === 2 || process.env['SEED'] !== undefined);
});

test('a synced folder has after a power cut the names that it had, and no file has two', async (t) => {
  const name = fc.constantFrom('x/a', 'x/b', 'x/c', 'y/a', 'y/b');
  const change = fc.oneof(
    fc.record({ kind: fc.constant('create' as const), name }),
    fc.record({ kind: fc.constant('remove' as const), name }),
    fc.record({ kind: fc.constant('rename' as const), name, to: name }),
    fc.record({ kind: fc.constant('sync' as const), name }),
  );
  const changes = fc.array(change, { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(fc.nat(), changes, fc.constantFrom('x', 'y'), async (seed, list, folder) => {
      const machine = newMachine({ seed });
      let expected: readonly string[] = [];
      let created = 0;
      await machine.run(async (files) => {
        for (const made of ['x', 'y']) await files.makeFolder(`/${made}`);
        await files.syncFolder('/');
        for (const step of list) {
          const path = `/${step.name}`;
          if (step.kind === 'create') await create(files, path, ++created);
          else if (step.kind === 'remove') await files.remove(path);
          else if (step.kind === 'sync') await files.syncFolder(path.slice(0, 2));
          else await files.rename(path, `/${step.to}`).catch(() => {});
        }
        await files.syncFolder(`/${folder}`);
        expected = await files.list(`/${folder}`);
      });
      const files = machine.reboot('power');
      const names = files.list(`/${folder}`);
      t.deepEqual(await machine.world.settle(names, { withinMs: 1000 }), expected);
      const sizes = await machine.world.settle(sizesBelow(files, ['/x', '/y']), { withinMs: 1000 });
      t.is(new Set(sizes).size, sizes.length, `a file is in two places: ${sizes.join()}`);
    }),
    { numRuns: 300 },
  );
});

test('a failed sync is told once; what it did not write is lost by the next power cut', async (t) => {
  const machine = newMachine({ seed: 1 });
  machine.disk.failNextSync();
  await machine.run(async (files) => {
    const file = await files.open('/f', { create: true });
    await files.syncFolder('/').catch(() => files.syncFolder('/'));
    machine.disk.failNextSync();
    await file.write(0, [SYNCED]);
    await t.throwsAsync(file.sync(), { name: 'FilesError', code: 'EIO' });
    await file.sync();
    t.is((await readAll(files, '/f')).length, SYNCED.length);
  });
  t.is(machine.disk.counts.syncsFailed, 2);
  const left = await machine.world.settle(readAll(machine.reboot('power'), '/f'), {
    withinMs: 1000,
  });
  t.is(left.length, 0);
});

test('a full disk takes what fits and says so, until something is removed', async (t) => {
  const machine = newMachine({ seed: 1, capacityBytes: 4000 });
  await machine.run(async (files) => {
    const first = await files.open('/a', { create: true });
    await first.write(0, [SYNCED]);
    const second = await files.open('/b', { create: true });
    const full = second.write(0, [SYNCED]);
    await t.throwsAsync(full, { name: 'FilesError', code: 'ENOSPC' });
    t.is(await second.size(), 1000);
    t.is(await files.freeBytes('/'), 0);
    await files.remove('/a');
    await second.write(0, [SYNCED]);
  });
  t.is(machine.disk.counts.full, 1);
});

test('a crash silences a write that is under way, and its lock ends', async (t) => {
  const machine = newMachine({ seed: 1 });
  const { files } = machine;
  await machine.run((disk) => disk.lock('/LOCK'));
  void files.open('/f', { create: true }).then(() => t.fail('heard of it after the crash'));
  const again = machine.reboot('process');
  await t.notThrowsAsync(machine.world.settle(again.lock('/LOCK'), { withinMs: 1000 }));
});

type Machine = {
  readonly world: SimulatedWorld;
  readonly disk: SimulatedDisk;
  readonly files: Files;
  run(program: (files: Files) => Promise<unknown>): Promise<void>;
  reboot(kind: CrashKind): Files;
};

function newMachine({ seed, ...options }: { seed: number } & Omit<DiskOptions, 'name'>): Machine {
  const world = new SimulatedWorld({ seed });
  const disk = new SimulatedDisk({ world }, { name: 'm', ...options });
  const files = simulatedFiles({ disk, life: world.boot('m') });
  return {
    world,
    disk,
    files,
    async run(program) {
      await world.settle(program(files), { withinMs: 60_000 });
    },
    reboot(kind) {
      world.crash('m', kind);
      return simulatedFiles({ disk, life: world.boot('m') });
    },
  };
}

/** A file that is known by its size, which is durable. */
async function create(files: Files, path: string, sizeBytes: number): Promise<void> {
  const file = await files.open(path, { create: true });
  await file.truncate(sizeBytes);
  await file.sync();
}

async function sizesBelow(files: Files, folders: readonly string[]): Promise<number[]> {
  const sizes: number[] = [];
  for (const folder of folders) {
    for (const name of await files.list(folder)) {
      sizes.push((await files.stat(`${folder}/${name}`))?.sizeBytes ?? -1);
    }
  }
  return sizes;
}

async function readAll(files: Files, path: string): Promise<Uint8Array> {
  const file: File = await files.open(path);
  return file.read(0, await file.size());
}
