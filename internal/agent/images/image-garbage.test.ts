import test from 'ava';
import { FilesError } from '#internal/runtime/files.ts';
import { openLogBook } from '#internal/runtime/simulated/logger.ts';
import { collectImages, imageGcConfigText, parseImageGcConfig } from './image-garbage.ts';

test("Mesos's configuration is read, and what it leaves out is Mesos's default", (t) => {
  t.deepEqual(parseImageGcConfig('{}'), {
    ok: true,
    value: { headroom: 0.1, watchMs: 3_600_000, excluded: [] },
  });
  const full = {
    image_disk_headroom: 0.25,
    image_disk_watch_interval: { nanoseconds: 60_000_000_000 },
    excluded_images: [{ type: 'DOCKER', docker: { name: 'alpine:3' } }],
  };
  const read = parseImageGcConfig(JSON.stringify(full));
  t.deepEqual(read, {
    ok: true,
    value: { headroom: 0.25, watchMs: 60_000, excluded: ['alpine:3'] },
  });
  if (!read.ok) return;
  t.deepEqual(JSON.parse(imageGcConfigText(read.value)), full, 'and told as it was written');
});

test('what is no such configuration is refused in words', (t) => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['', /not a JSON object/],
    ['[]', /not a JSON object/],
    ['null', /not a JSON object/],
    ['{"headroom":1}', /no field 'headroom'/],
    ['{"image_disk_headroom":2}', /from 0 to 1/],
    ['{"image_disk_headroom":"0.1"}', /from 0 to 1/],
    ['{"image_disk_watch_interval":3600}', /nanoseconds/],
    ['{"image_disk_watch_interval":{"nanoseconds":0}}', /nanoseconds/],
    ['{"excluded_images":"alpine"}', /excluded_images/],
    ['{"excluded_images":[{"type":"APPC","appc":{"name":"a"}}]}', /excluded_images/],
  ];
  for (const [json, words] of refused) {
    const read = parseImageGcConfig(json);
    t.false(read.ok, json);
    if (!read.ok) t.regex(read.refusal, words);
  }
});

test('images go when the disk is fuller than it should be, and only then', async (t) => {
  const settings = { headroom: 0.1, watchMs: 1000, excluded: ['alpine'] };
  const { logger } = openLogBook({ nowMs: () => 0 });
  const pruned: (readonly string[])[] = [];
  const look = async (usedShare: number): Promise<void> => {
    await collectImages(
      {
        logger,
        fileTree: { usedShare: async (path) => (path === '/store/layers' ? usedShare : 1) },
        images: {
          folder: '/store/layers',
          prune: async (excluded) => void pruned.push(excluded),
        },
      },
      settings,
    );
  };
  await look(0.5);
  await look(0.9);
  t.deepEqual(pruned, []);
  await look(0.91);
  t.deepEqual(pruned, [['alpine']]);
});

test('a disk that cannot be looked at is looked at again, and a warning is left', async (t) => {
  const book = openLogBook({ nowMs: () => 0 });
  const usedShare = async (): Promise<number> => {
    throw new FilesError('EIO', 'the disk does not answer');
  };
  const images = { folder: '/store', prune: async (): Promise<void> => t.fail() };
  const settings = { headroom: 0.1, watchMs: 1000, excluded: [] };
  await t.notThrowsAsync(
    collectImages({ logger: book.logger, fileTree: { usedShare }, images }, settings),
  );
  t.deepEqual(
    book.lines.map(({ message }) => message),
    ['images not collected'],
  );
});
