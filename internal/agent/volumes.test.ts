import test from 'ava';
import type { Resource } from '#internal/resources/resource.ts';
import { SimulatedDisk } from '#internal/runtime/simulated/disk.ts';
import { simulatedFiles } from '#internal/runtime/simulated/files.ts';
import { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import { seedsOf } from '#internal/testing/seeds.ts';
import { VolumeError } from './volume-manifest.ts';
import { type NewVolume, volumeFolder, volumesIn } from './volumes.ts';

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

const by = { agentId: 'a', clusterId: 'c', nowMs: 7 };
const fresh = (one: Resource, origin = 'o'): NewVolume => ({
  volume: one,
  origin,
  frameworkId: 'f',
  isNew: true,
});

/** One machine, whose power fails between the steps of a test. */
function openMachine(seed: number) {
  const world = new SimulatedWorld({ seed });
  const machine = new SimulatedDisk({ world }, { name: 'm' });
  let files = simulatedFiles({ disk: machine, life: world.boot('m') });
  const settled = <T>(work: Promise<T>): Promise<T> => world.settle(work, { withinMs: 10_000 });
  return {
    settled,
    files: () => files,
    volumes: () => volumesIn(files, 'work'),
    async prepare() {
      await settled(files.makeFolder('work'));
      await settled(files.syncFolder(''));
    },
    cutPower() {
      world.crash('m', 'power');
      files = simulatedFiles({ disk: machine, life: world.boot('m') });
    },
    async write(path: string) {
      const file = await settled(files.open(path, { create: true }));
      await settled(file.write(0, [new TextEncoder().encode('bytes')]));
      await settled(file.sync());
      await settled(file.close());
      await settled(files.syncFolder(path.slice(0, path.lastIndexOf('/'))));
    },
    async found(): Promise<readonly string[]> {
      const { manifests, problems } = await settled(volumesIn(files, 'work').survey([]));
      return [...manifests.map(({ origin, epoch }) => `${origin} ${epoch}`), ...problems];
    },
  };
}

test('what was made is there after a power cut, and what was discarded is not', async (t) => {
  for (const seed of seedsOf(20)) {
    const machine = openMachine(seed);
    await machine.prepare();
    const [one, other] = [volume('v1', 'a'), volume('v2', 'a/b')];
    await machine.settled(machine.volumes().make([fresh(one, 'o1'), fresh(other, 'o2')], by));
    machine.cutPower();
    t.deepEqual(await machine.found(), ['o1 1', 'o2 1'], `SEED=${seed}`);
    for (const each of [one, other]) {
      const stat = await machine.settled(machine.files().stat(volumeFolder('work', each)));
      t.is(stat?.kind, 'folder', `SEED=${seed}`);
    }
    await machine.settled(machine.volumes().make([fresh(one, 'o1')], by));
    await machine.settled(machine.volumes().discard([one, volume('never', 'z')], by));
    machine.cutPower();
    const gone = await machine.settled(machine.files().stat(volumeFolder('work', one)));
    t.is(gone, undefined, `SEED=${seed}`);
    t.deepEqual(await machine.found(), ['o2 1'], `SEED=${seed}`);
    await machine.settled(machine.volumes().purge([]));
    t.deepEqual(await machine.settled(machine.files().list('work/volumes/trash')), []);
  }
});

test('what another agent has adopted is not destroyed with the name that it had here', async (t) => {
  const machine = openMachine(5);
  await machine.prepare();
  const { volumes, settled } = machine;
  const whole = volume('v2', 'a', disk('mount', 'disk'));
  await settled(machine.files().makeFolder('work/disk'));
  const heir = { ...by, agentId: 'heir' };
  for (const one of [volume('v1', 'a'), whole]) {
    const data = `${volumeFolder('work', one)}/data`;
    await settled(volumes().make([fresh(one)], heir));
    await machine.write(data);
    await settled(volumes().discard([one], by));
    await settled(volumes().purge([whole]));
    t.is((await settled(machine.files().stat(data)))?.kind, 'file');
    await settled(volumes().discard([one], heir));
    t.is(await settled(machine.files().stat(data)), undefined);
  }
});

test('data that nobody knows are never taken for a new volume, and never removed', async (t) => {
  const machine = openMachine(1);
  await machine.prepare();
  const one = volume('v1', 'a');
  await machine.settled(machine.volumes().make([fresh(one, 'mine')], by));
  const data = `${volumeFolder('work', one)}/data`;
  await machine.write(data);
  const make = (origin: string, more: readonly NewVolume[] = []): Promise<unknown> =>
    machine.settled(machine.volumes().make([...more, fresh(one, origin)], by));
  await t.throwsAsync(make('other'), { instanceOf: VolumeError, message: /already: mine/u });
  // What the same operation has made before is taken back, so that it can be tried again.
  const second = volume('v2', 'a');
  await t.throwsAsync(make('other', [fresh(second, 'other')]), { instanceOf: VolumeError });
  t.deepEqual(await machine.found(), ['mine 1']);
  await machine.settled(machine.files().remove('work/volumes/manifests/a/v1.json'));
  await t.throwsAsync(make('other'), { instanceOf: VolumeError, message: /nobody knows/u });
  t.is((await machine.settled(machine.files().stat(data)))?.kind, 'file');
});

test('each use raises the epoch, and an agent that lost a volume to another is refused', async (t) => {
  const machine = openMachine(2);
  await machine.prepare();
  const one = volume('v1', 'a');
  const { volumes, settled } = machine;
  await t.throwsAsync(settled(volumes().use([one], by)), { message: /There is no volume/u });
  await settled(volumes().make([fresh(one)], by));
  t.like((await settled(volumes().use([one], by)))[0], { epoch: 2, usedMs: 7, origin: 'o' });
  t.like((await settled(volumes().use([one], by)))[0], { epoch: 3 });
  const next = { agentId: 'b', clusterId: 'd', nowMs: 9 };
  const asked = { volume: one, origin: 'o', foundEpoch: 3, epoch: 6 };
  await t.throwsAsync(settled(volumes().adopt({ ...asked, foundEpoch: 2 }, next)), {
    message: /was used since it was found: its epoch is 3/u,
  });
  await t.throwsAsync(settled(volumes().adopt({ ...asked, origin: 'x' }, next)), {
    message: /is not at .* any more/u,
  });
  t.like(await settled(volumes().adopt(asked, next)), { epoch: 6, clusterId: 'd' });
  machine.cutPower();
  t.like(await settled(volumes().adopt(asked, next)), { epoch: 6 }, 'asked again, it is done');
  await t.throwsAsync(settled(volumes().use([one], by)), {
    instanceOf: VolumeError,
    message: /is that of agent b since epoch 6/u,
  });
  t.like((await settled(volumes().use([one], next)))[0], { epoch: 7 });
});

test('a manifest that is damaged is told of, and keeps its volume from being used', async (t) => {
  const machine = openMachine(3);
  await machine.prepare();
  const one = volume('v1', 'a');
  const { volumes, settled } = machine;
  await settled(volumes().make([fresh(one)], by));
  const file = await settled(machine.files().open('work/volumes/manifests/a/v1.json'));
  await settled(file.write(0, [new TextEncoder().encode('?')]));
  await settled(file.close());
  t.regex((await machine.found()).join(), /v1\.json is no manifest of a volume/u);
  await t.throwsAsync(settled(volumes().use([one], by)), { instanceOf: VolumeError });
});

test('a disk that is a volume is cleaned when it is destroyed, and stays', async (t) => {
  const machine = openMachine(4);
  await machine.prepare();
  const { volumes, settled } = machine;
  const whole = volume('v1', 'a', disk('mount', 'disk'));
  await settled(machine.files().makeFolder('work/disk'));
  await settled(volumes().make([fresh(whole)], by));
  await machine.write('work/disk/data');
  t.deepEqual(
    (await settled(volumes().survey([whole]))).manifests.map(({ origin }) => origin),
    ['o'],
  );
  t.deepEqual((await settled(volumes().survey([]))).manifests, [], 'the disk is not ours any more');
  await settled(volumes().discard([whole], by));
  t.deepEqual(await settled(machine.files().list('work/disk')), []);
  t.deepEqual(await settled(machine.files().list('work/volumes/trash')), []);
  await settled(volumes().make([fresh(whole, 'next')], by));
  t.like((await settled(volumes().survey([whole]))).manifests, [{ origin: 'next' }]);
});
