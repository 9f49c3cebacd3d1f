/**
 * The store of images on a real disk, with images that are made here. Takes root and the tools of
 * images, and says so where they are missing.
 */
// oxlint-disable-next-line no-restricted-imports -- looks at, and damages, what lies on the real disk.
import { appendFile, lstat, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import test from 'ava';
import type { Commands } from '#internal/runtime/commands.ts';
import { systemCommands } from '#internal/runtime/real/commands.ts';
import { systemFileTree } from '#internal/runtime/real/file-tree.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { ContainerError } from '../containerizer.ts';
import {
  type ImageStep,
  addToImage,
  busybox,
  makeImage,
  missingForImages,
  must,
} from '../testing/oci-rig.ts';
import type { Image } from './image.ts';
import { type ImageName, parseImageName } from './image-name.ts';
import { type ImageStore, openImageStore } from './image-store.ts';

const missing = await missingForImages();
const here = missing === undefined ? test : test.skip;

test('this machine can lay out images, or the tests of it are left out', async (t) => {
  if (missing !== undefined) t.log(`not tested: ${missing}`);
  t.is(await missingForImages(), missing);
});

type Rig = AsyncDisposable & {
  /** Where images come from. */
  readonly source: string;
  readonly folder: string;
  /** A store as an agent gets it that was just started. */
  restart(): Promise<ImageStore>;
  /** How often images were copied from where they come. */
  pulls(): number;
};

async function openRig(): Promise<Rig> {
  const temp = await openTempFolder();
  const source = `${temp.path}/images`;
  const folder = `${temp.path}/store`;
  let pulls = 0;
  const commands = systemCommands();
  const counted: Commands = {
    run: (command) => {
      if (command.path === 'skopeo') pulls++;
      return commands.run(command);
    },
  };
  const dependencies = { commands: counted, files: systemFiles(), fileTree: systemFileTree() };
  return {
    source,
    folder,
    pulls: () => pulls,
    restart: () => openImageStore(dependencies, { folder, registry: source, pullMs: 60_000 }),
    [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose](),
  };
}

const named = (text: string, mayBeCached = true): ImageName => ({
  ...parseImageName(text),
  mayBeCached,
});

const file = (path: string, text: string): ImageStep => ({ kind: 'file', path, text });

/** What a line says that sees the image as a container would. */
async function look({ folder }: Rig, { layers }: Image, line: string): Promise<string> {
  // An overlay takes two folders or more.
  const lower = [...layers, '../staging'].join(':');
  const script = `cd "$1" && mount -t overlay overlay -o "lowerdir=$2" /mnt && cd /mnt && ${line}`;
  const words = ['--mount', 'sh', '-c', script, 'look', `${folder}/layers`, lower];
  return await must('unshare', words);
}

const listed = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder)).toSorted();

here('a layer that two images have is kept once', async (t) => {
  await using rig = await openRig();
  await makeImage(`${rig.source}/one`, [busybox, file('/a', 'of one')]);
  await must('cp', ['-r', `${rig.source}/one`, `${rig.source}/two`]);
  await addToImage(`${rig.source}/two:latest`, [file('/b', 'of two')]);
  const store = await rig.restart();
  const one = await store.provision(named('one'), 'c-1');
  t.is(one.layers.length, 2);
  t.deepEqual(await listed(store.folder), [...one.layers].toSorted());
  const two = await store.provision(named('two'), 'c-2');
  t.deepEqual(two.layers.slice(1), one.layers);
  t.is((await listed(store.folder)).length, 3);
  t.is(await look(rig, two, 'cat a b'), 'of oneof two');
  t.deepEqual(await readdir(`${rig.folder}/staging`), []);
});

here('a layout, an archive of it and one of Docker hold the same image', async (t) => {
  await using rig = await openRig();
  const config: ImageStep = { kind: 'config', options: ['--config.env=A=b', '--config.user=7:8'] };
  await makeImage(`${rig.source}/own/layout`, [file('/a', 'same'), config], 'v1');
  const from = `oci:${rig.source}/own/layout:v1`;
  const copy = async (to: string): Promise<void> =>
    void (await must('skopeo', ['--insecure-policy', 'copy', '--quiet', from, to]));
  await copy(`oci-archive:${rig.source}/own/archive.tar`);
  await copy(`docker-archive:${rig.source}/docker.tar`);
  const store = await rig.restart();
  const images = [
    await store.provision(named('own/layout:v1'), 'c-1'),
    await store.provision(named('own/archive:any'), 'c-2'),
    await store.provision(named('docker'), 'c-3'),
  ];
  for (const image of images) {
    t.deepEqual(image.layers, images[0]!.layers);
    t.like(image.config, { environment: { A: 'b' }, user: '7:8' });
    t.is(await look(rig, image, 'cat a'), 'same');
  }
  for (const name of ['own/layout:v2', 'nowhere', '../own/layout']) {
    await t.throwsAsync(async () => await store.provision(named(name), 'c-4'), {
      instanceOf: ContainerError,
    });
  }
  const byDigest = named(`own/layout@sha256:${'0'.repeat(64)}`);
  const error = await t.throwsAsync(store.provision(byDigest, 'c-4'));
  t.regex(error.message, /^Failed to provision image '.*': a folder .* by digest$/u);
});

here('what an image removes is gone, and a folder that it starts anew begins empty', async (t) => {
  await using rig = await openRig();
  await makeImage(`${rig.source}/removes`, [
    file('/kept', 'k'),
    file('/gone', 'g'),
    file('/folder/old', 'o'),
    file('/folder/deep/old', 'o'),
    file('/other/gone', 'g'),
    { kind: 'remove', path: '/gone' },
    { kind: 'remove', path: '/other' },
    { kind: 'opaque', path: '/folder', file: 'new' },
    file('/other/again', 'a'),
  ]);
  const store = await rig.restart();
  const image = await store.provision(named('removes'), 'c-1');
  const found = await look(rig, image, 'find . -type f | sort');
  t.is(found, './folder/new\n./kept\n./other/again\n');
  t.is(await look(rig, image, 'find . -name ".wh*"'), '');
  const gone = await Promise.all(
    image.layers.map((layer) => lstat(`${store.folder}/${layer}/gone`).catch(() => undefined)),
  );
  t.deepEqual(
    gone.filter((entry) => entry?.isCharacterDevice()).map((entry) => entry!.rdev),
    [0],
  );
});

here('a layer that is not what its image says is refused, and nothing of it is kept', async (t) => {
  await using rig = await openRig();
  await makeImage(`${rig.source}/damaged`, [busybox, file('/a', 'a')]);
  await makeImage(`${rig.source}/lying`, [file('/a', 'a'), file('/b', 'b')]);
  const blobs = `${rig.source}/damaged/blobs/sha256`;
  const sizes = await Promise.all(
    (await listed(blobs)).map(async (name) => ({
      name,
      size: (await lstat(`${blobs}/${name}`)).size,
    })),
  );
  const [largest] = sizes.toSorted((a, b) => b.size - a.size);
  const bytes = await readFile(`${blobs}/${largest!.name}`);
  bytes[Math.floor(bytes.length / 2)]! ^= 1;
  await writeFile(`${blobs}/${largest!.name}`, bytes);
  await lie(`${rig.source}/lying`);
  const store = await rig.restart();
  for (const name of ['damaged', 'lying']) {
    const error = await t.throwsAsync(store.provision(named(name), 'c-1'), {
      instanceOf: ContainerError,
    });
    t.regex(error.message, new RegExp(`^Failed to provision image '${name}': .*sha256`, 'u'));
    for (const kept of ['layers', 'images', 'names', 'staging']) {
      t.deepEqual(await readdir(`${rig.folder}/${kept}`), [], `${kept} of ${name}`);
    }
  }
});

/** Every digest of the layout is right, but the configuration names its layers in the wrong order. */
async function lie(layout: string): Promise<void> {
  const blob = (digest: string): string => `${layout}/blobs/${digest.replace(':', '/')}`;
  const put = async (text: string): Promise<{ digest: string; size: number }> => {
    await writeFile(`${layout}/new`, text);
    const sum = (await must('sha256sum', [`${layout}/new`])).slice(0, 64);
    await must('mv', [`${layout}/new`, blob(`sha256:${sum}`)]);
    return { digest: `sha256:${sum}`, size: Buffer.byteLength(text) };
  };
  const index = JSON.parse(await readFile(`${layout}/index.json`, 'utf8'));
  const manifest = JSON.parse(await readFile(blob(index.manifests[0].digest), 'utf8'));
  const config = JSON.parse(await readFile(blob(manifest.config.digest), 'utf8'));
  config.rootfs.diff_ids.reverse();
  Object.assign(manifest.config, await put(JSON.stringify(config)));
  Object.assign(index.manifests[0], await put(JSON.stringify(manifest)));
  await writeFile(`${layout}/index.json`, JSON.stringify(index));
}

here('an image that is there is not pulled again, and pulls of one name are one', async (t) => {
  await using rig = await openRig();
  await makeImage(`${rig.source}/often`, [file('/a', '1')]);
  const store = await rig.restart();
  const all = await Promise.all(
    ['c-1', 'c-2', 'c-3'].map((id) => store.provision(named('often'), id)),
  );
  t.is(rig.pulls(), 1);
  t.is(new Set(all.map(({ digest }) => digest)).size, 1);
  await (await rig.restart()).provision(named('often'), 'c-4');
  t.is(rig.pulls(), 1, 'also after a restart');
  await addToImage(`${rig.source}/often:latest`, [file('/a', '2')]);
  const old = await store.provision(named('often'), 'c-5');
  t.is(await look(rig, old, 'cat a'), '1');
  const fresh = await store.provision(named('often', false), 'c-6');
  t.is(await look(rig, fresh, 'cat a'), '2', 'unless what lies ready is not good enough');
});

here('damage of the store itself heals with the next pull', async (t) => {
  await using rig = await openRig();
  await makeImage(`${rig.source}/healed`, [file('/a', 'a'), file('/b', 'b')]);
  const store = await rig.restart();
  const image = await store.provision(named('healed'), 'c-1');
  const [name] = await listed(`${rig.folder}/names`);
  const [digest] = await listed(`${rig.folder}/images`);
  const harms: readonly (() => Promise<void>)[] = [
    () => appendFile(`${rig.folder}/names/${name}`, '}'),
    () => writeFile(`${rig.folder}/images/${digest}`, ''),
    () => rm(`${store.folder}/${image.layers[1]}`, { recursive: true }),
  ];
  for (const [n, harm] of harms.entries()) {
    await harm();
    const again = await store.provision(named('healed'), `c-${n + 2}`);
    t.deepEqual(again, image);
    t.is(await look(rig, again, 'cat a b'), 'ab');
    t.is(rig.pulls(), n + 2);
  }
});

here('what no container has goes when it is told to, but for what is excluded', async (t) => {
  await using rig = await openRig();
  await makeImage(`${rig.source}/base`, [file('/a', 'a')]);
  for (const name of ['used', 'wanted', 'useless']) {
    await must('cp', ['-r', `${rig.source}/base`, `${rig.source}/${name}`]);
    await addToImage(`${rig.source}/${name}:latest`, [file('/own', name)]);
  }
  const first = await rig.restart();
  const used = await first.provision(named('used'), 'c-1');
  const wanted = await first.provision(named('wanted'), 'c-2');
  await first.provision(named('useless'), 'c-3');
  first.leave('c-2');
  first.leave('c-3');
  // The next agent knows from its containers which images they have.
  const store = await rig.restart();
  store.hold('c-1', used.digest);
  await store.prune(['wanted:latest', 'unknown', 'no name at all ::']);
  const kept = new Set([...used.layers, ...wanted.layers]);
  t.is(kept.size, 3);
  t.deepEqual(await listed(store.folder), [...kept].toSorted());
  t.deepEqual(await listed(`${rig.folder}/names`), ['used', 'wanted']);
  t.is(await look(rig, used, 'cat a own'), 'aused');
  await store.prune([]);
  t.deepEqual(await listed(store.folder), [...used.layers].toSorted());
  const pulls = rig.pulls();
  await store.provision(named('used'), 'c-4');
  t.is(rig.pulls(), pulls);
  store.leave('c-1');
  store.leave('c-4');
  await store.prune([]);
  for (const name of ['layers', 'images', 'names', 'staging']) {
    t.deepEqual(await readdir(`${rig.folder}/${name}`), [], name);
  }
  t.is(await look(rig, await store.provision(named('useless'), 'c-5'), 'cat own'), 'useless');
});
