import test from 'ava';
import type { Resource } from '#internal/resources/resource.ts';
import { SimulatedDisk } from '#internal/runtime/simulated/disk.ts';
import { simulatedFiles } from '#internal/runtime/simulated/files.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { volumeFolder, volumesIn } from './volumes.ts';

function volume(
  id: string,
  role: string,
  source?: NonNullable<Resource['disk']>['source'],
): Resource {
  return {
    name: 'disk',
    value: { kind: 'scalar', milli: 1000 },
    reservations: [{ kind: 'dynamic', role, principal: undefined, labels: undefined }],
    allocationRole: undefined,
    disk: { source, persistence: { id, principal: undefined }, volume: undefined },
    providerId: undefined,
    revocable: false,
    shared: false,
  };
}

const disk = (kind: 'path' | 'mount', root: string): NonNullable<Resource['disk']>['source'] => ({
  kind,
  root,
  id: undefined,
  vendor: undefined,
  profile: undefined,
  metadata: undefined,
});

test('a volume lies where people look for it', (t) => {
  t.is(volumeFolder('/work', volume('v', 'a')), '/work/volumes/roles/a/v');
  t.is(volumeFolder('/work', volume('v', 'a/b')), '/work/volumes/roles/a b/v');
  t.is(volumeFolder('/work', volume('v', 'a', disk('path', 'd'))), '/work/d/volumes/roles/a/v');
  t.is(volumeFolder('/work', volume('v', 'a', disk('path', '/d'))), '/d/volumes/roles/a/v');
  t.is(volumeFolder('/work', volume('v', 'a', disk('mount', '/m'))), '/m');
});

test('what was made is there after a power cut, and what was removed is not', async (t) => {
  for (const seed of seedsOf(20)) {
    const world = new SimulatedWorld({ seed });
    const machine = new SimulatedDisk({ world }, { name: 'm' });
    const open = () => simulatedFiles({ disk: machine, life: world.boot('m') });
    const settled = <T>(work: Promise<T>): Promise<T> => world.settle(work, { withinMs: 10_000 });
    const [one, other] = [volume('v1', 'a'), volume('v2', 'a/b')];
    const first = open();
    await settled(first.makeFolder('work'));
    await settled(first.syncFolder(''));
    let volumes = volumesIn(first, 'work');
    await settled(volumes.make([one, other]));
    world.crash('m', 'power');
    let files = open();
    for (const each of [one, other]) {
      t.is((await settled(files.stat(volumeFolder('work', each))))?.kind, 'folder', `SEED=${seed}`);
    }
    volumes = volumesIn(files, 'work');
    await settled(volumes.make([one]));
    await settled(volumes.remove([one, volume('never', 'z')]));
    world.crash('m', 'power');
    files = open();
    t.is(await settled(files.stat(volumeFolder('work', one))), undefined, `SEED=${seed}`);
    t.is((await settled(files.stat(volumeFolder('work', other))))?.kind, 'folder');
  }
});
