// oxlint-disable-next-line no-restricted-imports -- looks at what came to the real disk.
import {
  chmod,
  lstat,
  mkdir,
  readFile,
  readdir,
  readlink,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { deflateRawSync, gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import type { HttpHandler } from '#internal/runtime/http.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemProcesses } from '#internal/runtime/real/processes.ts';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { ContainerError } from '../containerizer.ts';
import { tarOf, type TarEntry, type ZipEntry, zipOf } from '../testing/archives.ts';
import { type FetchRig, openFetchRig } from '../testing/fetch-rig.ts';
import type { FetcherOptions } from './fetcher.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const clock = systemClock();
const processes = systemProcesses();
const nobody = processes.self.uid === 0 ? await processes.user('nobody') : undefined;

type Rig = FetchRig & { readonly folder: string };

async function withRig(
  check: (rig: Rig) => Promise<void>,
  more: Partial<FetcherOptions> = {},
): Promise<void> {
  await using folder = await openTempFolder();
  // Users of tasks have to get to their sandboxes.
  await chmod(folder.path, 0o755);
  await using rig = await openFetchRig(`${folder.path}/work`, more);
  await check({ ...rig, folder: folder.path });
}

const text = async (sandbox: string, name: string): Promise<string> =>
  await readFile(`${sandbox}/${name}`, 'utf8');

const modeOf = async (path: string): Promise<number> => (await lstat(path)).mode & 0o7777;

/** Refused with these words, and nothing has come to the sandbox but the fetcher's own. */
async function isRefused(
  t: ExecutionContext,
  rig: Rig,
  uri: Parameters<FetchRig['fetch']>[0][number],
  why: RegExp,
): Promise<void> {
  const before = rig.fetcher.figures().failed;
  const sandboxFolder = await rig.makeSandbox('refused');
  const job = { containerId: 'refused', sandboxFolder, user: undefined, uris: [uri] };
  const error = await t.throwsAsync(rig.fetcher.fetch(job), { instanceOf: ContainerError });
  const head = "Failed to launch container: Failed to fetch all URIs for container 'refused': ";
  t.true(error?.message.startsWith(head), error?.message);
  t.regex(error?.message ?? '', why);
  t.deepEqual(await readdir(sandboxFolder), ['stderr'], uri.value);
  t.regex(await text(sandboxFolder, 'stderr'), /Failed to fetch/u);
  t.deepEqual(await readdir(`${rig.options.workFolder}/meta/fetch`), []);
  t.is(rig.fetcher.figures().failed, before + 1);
}

test('files come by http, by redirects, from this machine, and under other names', async (t) => {
  await withRig(async (rig) => {
    const { url, folder } = rig;
    rig.pages.set('/a/data.txt', bytes('over http'));
    rig.pages.set('/moved', redirectTo('/a/data.txt'));
    await writeFile(`${folder}/local`, 'of this machine');
    const sandbox = await rig.fetch([
      { value: `${url}/a/data.txt` },
      { value: `${url}/moved`, output_file: 'deep/er/moved' },
      { value: `file://${folder}/local`, executable: true },
      { value: `${folder}/local`, output_file: 'again' },
    ]);
    t.is(await text(sandbox, 'data.txt'), 'over http');
    t.is(await text(sandbox, 'deep/er/moved'), 'over http');
    t.is(await text(sandbox, 'local'), 'of this machine');
    t.is(await text(sandbox, 'again'), 'of this machine');
    t.is(await modeOf(`${sandbox}/local`), 0o755);
    t.is(await modeOf(`${sandbox}/again`), 0o644);
    t.regex(
      await text(sandbox, 'stderr'),
      /Fetching URI .*\n(.*\n)*Successfully fetched all URIs/u,
    );
    t.like(rig.fetcher.figures(), { succeeded: 1, failed: 0, pending: [] });
  });
});

test('archives are unpacked beside themselves, unless that is not wanted', async (t) => {
  const tar = tarOf([
    { name: 'd/', type: '5', mode: 0o755 },
    { name: 'd/run', content: 'run', mode: 0o6755 },
    { name: 'd/again', type: '1', target: 'd/run' },
    { name: 'to-run', type: '2', target: './d/run' },
  ]);
  const zip = zipOf([
    { name: 'z/plain', content: 'stored' },
    { name: 'z/packed', content: 'x'.repeat(5000), deflated: deflateRawSync('x'.repeat(5000)) },
    { name: 'z/link', content: 'plain', mode: 0o120777 },
    { name: 'z/run', content: 'run', mode: 0o104755 },
  ]);
  await withRig(async (rig) => {
    const { url } = rig;
    for (const name of ['a.tar', 'b.tgz', 'c.tar.gz']) {
      rig.pages.set(`/${name}`, name === 'a.tar' ? tar : gzipSync(tar));
      const sandbox = await rig.fetch([{ value: `${url}/${name}` }]);
      t.deepEqual(await readdir(sandbox), [name, 'd', 'stderr', 'to-run'].toSorted());
      t.is(await text(sandbox, 'to-run'), 'run');
      t.is(await text(sandbox, 'd/again'), 'run');
      t.is(await modeOf(`${sandbox}/d/run`), 0o755, 'set-uid bits are dropped');
    }
    rig.pages.set('/a.zip', zip);
    rig.pages.set('/one.gz', gzipSync('one'));
    const sandbox = await rig.fetch([{ value: `${url}/a.zip` }, { value: `${url}/one.gz` }]);
    t.is(await text(sandbox, 'z/plain'), 'stored');
    t.is(await text(sandbox, 'z/packed'), 'x'.repeat(5000));
    t.is(await text(sandbox, 'one'), 'one');
    t.is(await readlink(`${sandbox}/z/link`), 'plain');
    t.is(await modeOf(`${sandbox}/z/run`), 0o755);
    const whole = await rig.fetch([
      { value: `${url}/a.tar`, extract: false },
      { value: `${url}/b.tgz`, executable: true },
    ]);
    t.deepEqual(await readdir(whole), ['a.tar', 'b.tgz', 'stderr']);
  });
});

test('what programs of this machine pack is unpacked', async (t) => {
  await withRig(async (rig) => {
    await mkdir(`${rig.folder}/src/sub`, { recursive: true });
    const long = 'n'.repeat(180);
    await writeFile(`${rig.folder}/src/sub/${long}`, 'a long name');
    const packed: string[] = [];
    for (const [ending, option] of [
      ['tar.xz', '-J'],
      ['tar.bz2', '-j'],
      ['tgz', '-z'],
    ] as const) {
      for (const format of ['gnu', 'pax']) {
        const path = `${rig.folder}/${format}.${ending}`;
        const options = ['-C', `${rig.folder}/src`, `--format=${format}`, option, '-cf', path];
        if (await ran(rig, 'tar', [...options, '.'])) packed.push(path);
      }
    }
    t.true(packed.length > 0, 'this machine packs nothing');
    for (const value of packed) {
      const sandbox = await rig.fetch([{ value }]);
      t.is(await text(sandbox, `sub/${long}`), 'a long name', value);
    }
  });
});

async function ran(rig: Rig, name: string, rest: readonly string[]): Promise<boolean> {
  const path = await processes.which(name);
  if (path === undefined) return false;
  const { systemFilters } = await import('#internal/runtime/real/filters.ts');
  const program = { path, arguments: rest, user: undefined };
  try {
    for await (const line of systemFilters().run(program)) if (line.length > 1e9) return false;
    return true;
  } catch {
    // A machine without that packer has no archives of its kind either.
    return !(await readdir(rig.folder)).includes(name);
  }
}

const redirectTo =
  (location: string): HttpHandler =>
  () => ({ kind: 'whole', status: 302, headers: { location }, body: bytes('moved') });

/** Says something for ever, or nothing. */
const endless =
  (word: Uint8Array | undefined): HttpHandler =>
  () => ({
    kind: 'stream',
    status: 200,
    headers: {},
    open: (sink) => {
      if (word === undefined) sink.write(bytes('a'));
      const more = (): void => {
        if (word === undefined || sink.closed.aborted) return;
        for (let times = 0; times < 8; times++) sink.write(word);
        clock.after(0, more);
      };
      more();
    },
  });

const archiveAttacks: readonly (readonly [string, RegExp, readonly TarEntry[]])[] = [
  ['a name above the sandbox', /leads out of the sandbox/u, [{ name: '../evil' }]],
  ['a name that climbs later', /leads out of the sandbox/u, [{ name: 'a/../../evil' }]],
  ['an absolute name', /is absolute/u, [{ name: '/etc/cron.d/evil' }]],
  ['an absolute link', /leads out/u, [{ name: 'l', type: '2', target: '/etc' }]],
  ['a link above', /leads out/u, [{ name: 'l', type: '2', target: '../..' }]],
  [
    'a link that climbs behind a name',
    /leads out/u,
    [{ name: 'a/l', type: '2', target: 'b/../../..' }],
  ],
  [
    'a file through a link',
    /leads through 'l'/u,
    [
      { name: 'l', type: '2', target: 'd' },
      { name: 'l/evil', content: 'x' },
    ],
  ],
  [
    'a link in the place of a folder',
    /is there twice/u,
    [
      { name: 'd/file', content: 'x' },
      { name: 'd', type: '2', target: 'e' },
    ],
  ],
  [
    'a hard link elsewhere',
    /no file of the archive/u,
    [{ name: 'h', type: '1', target: 'etc/passwd' }],
  ],
  ['a hard link above', /leads out/u, [{ name: 'h', type: '1', target: '../stdout' }]],
  ['a device', /a device/u, [{ name: 'sda', type: '4' }]],
  ['a pipe', /a pipe/u, [{ name: 'p', type: '6' }]],
  [
    'too many files',
    /more than 500 files/u,
    Array.from({ length: 501 }, (_, at) => ({ name: `f${at}` })),
  ],
  ['a tree without a floor', /more than 64 parts/u, [{ name: 'a/'.repeat(70) }]],
];

for (const [what, why, entries] of archiveAttacks) {
  test(`a tar archive with ${what} is refused`, async (t) => {
    await withRig(async (rig) => {
      // Tar's own field for names holds a hundred bytes.
      if (entries.every(({ name }) => name.length <= 100)) {
        rig.pages.set('/x.tar', tarOf(entries));
        await isRefused(t, rig, { value: `${rig.url}/x.tar` }, why);
        await isRefused(t, rig, { value: `${rig.url}/x.tar`, cache: true }, why);
      }
      if (entries.some(({ type = '0' }) => type !== '0')) return;
      rig.pages.set('/x.zip', zipOf(entries));
      await isRefused(t, rig, { value: `${rig.url}/x.zip` }, why);
    });
  });
}

const zipAttacks: readonly (readonly [string, RegExp, readonly ZipEntry[]])[] = [
  ['a link that leads out', /leads out/u, [{ name: 'l', content: '/etc', mode: 0o120777 }]],
  ['a device', /no sandbox gets/u, [{ name: 'd', mode: 0o060600 }]],
  [
    'a bomb',
    /more than 200 times its size/u,
    [{ name: 'b', content: new Uint8Array(70e6), deflated: deflateRawSync(new Uint8Array(70e6)) }],
  ],
  [
    'a member longer than it says',
    /damaged/u,
    [
      {
        name: 'b',
        content: 'x'.repeat(900),
        deflated: deflateRawSync('x'.repeat(900)),
        claimedBytes: 9,
      },
    ],
  ],
];

for (const [what, why, entries] of zipAttacks) {
  test(`a zip archive with ${what} is refused`, async (t) => {
    await withRig(async (rig) => {
      rig.pages.set('/x.zip', zipOf(entries));
      await isRefused(t, rig, { value: `${rig.url}/x.zip` }, why);
    });
  });
}

test('a gzip bomb, what is damaged, and what is too much, is refused', async (t) => {
  await withRig(async (rig) => {
    const bomb = gzipSync(new Uint8Array(70e6));
    rig.pages.set('/bomb.gz', bomb);
    await isRefused(t, rig, { value: `${rig.url}/bomb.gz` }, /more than 200 times its size/u);
    rig.pages.set('/bomb.tgz', gzipSync(tarOf([{ name: 'b', content: new Uint8Array(70e6) }])));
    await isRefused(t, rig, { value: `${rig.url}/bomb.tgz` }, /more than 200 times its size/u);
    const whole = gzipSync(tarOf([{ name: 'f', content: 'x'.repeat(5000) }]));
    for (const name of [
      'cut.tgz',
      'noise.tgz',
      'noise.tar',
      'noise.zip',
      'empty.zip',
      'cut.tar.xz',
    ]) {
      const cut = whole.subarray(0, whole.length - 20);
      const page = { cut, noise: bytes('noise'.repeat(500)), empty: bytes('') }[
        name.split('.')[0] ?? ''
      ];
      rig.pages.set(`/${name}`, page ?? cut);
      await isRefused(t, rig, { value: `${rig.url}/${name}` }, /Failed to fetch/u);
    }
  });
});

const uriAttacks: readonly (readonly [string, RegExp])[] = [
  ['URL/elsewhere', /redirected to 'file:\/\/\/etc\/passwd'/u],
  ['URL/ftp', /redirected to 'ftp:/u],
  ['URL/loop', /more than 10 times/u],
  ['URL/nowhere', /which is no URL/u],
  ['URL/missing', /HTTP return code 404/u],
  ['URL/', /no base name/u],
  ['URL', /no base name/u],
  ['URL/..', /leads out of the sandbox/u],
  ['http://127.0.0.1:1/x', /ECONNREFUSED/u],
  ['hdfs://h/x', /nothing here fetches by 'hdfs'/u],
  ['file://elsewhere/etc/passwd', /names no other host/u],
  ['relative/path', /framework home was not specified/u],
  ["/tmp/it's", /illegal characters/u],
  ['/tmp/back\\slash', /illegal characters/u],
  ['/no/such/file', /No such file/u],
  ['/tmp', /directory/iu],
  ['', /home was not specified/u],
];

for (const [value, why] of uriAttacks) {
  test(`'${value}' cannot be fetched`, async (t) => {
    await withRig(async (rig) => {
      rig.pages.set('/elsewhere', redirectTo('file:///etc/passwd'));
      rig.pages.set('/ftp', redirectTo('ftp://127.0.0.1/x'));
      rig.pages.set('/loop', redirectTo('/loop'));
      rig.pages.set('/nowhere', redirectTo('http://:::'));
      await isRefused(t, rig, { value: value.replace('URL', rig.url) }, why);
    });
  });
}

test('an output file stays in the sandbox', async (t) => {
  await withRig(async (rig) => {
    rig.pages.set('/x', bytes('x'));
    const names = ['../evil', '/etc/evil', 'a/../../b', 'folder/', 'nul\0', '.', 'n'.repeat(300)];
    for (const output_file of names) {
      const why = /leads out|absolute|base name|NUL|255/u;
      await isRefused(t, rig, { value: `${rig.url}/x`, output_file }, why);
    }
  });
});

test('an endless stream, one that stalls and one that takes too long are cut', async (t) => {
  const small = { limits: { bytesMax: 1e6, membersMax: 9 } };
  await withRig(async (rig) => {
    rig.pages.set('/endless', endless(new Uint8Array(65536)));
    for (const cache of [false, true]) {
      await isRefused(t, rig, { value: `${rig.url}/endless`, cache }, /more than 1000000 bytes/u);
      await isRefused(t, rig, { value: '/dev/zero', cache }, /more than 1000000 bytes/u);
    }
  }, small);
  // What sends is not called stalled because the machine is slow: it has limits of its own.
  await withRig(
    async (rig) => {
      rig.pages.set('/stalls', endless(undefined));
      for (const cache of [false, true]) {
        const stalls = { value: `${rig.url}/stalls`, cache };
        await isRefused(t, rig, stalls, /Less than a byte a second/u);
      }
    },
    { ...small, stallMs: 1000 },
  );
  await withRig(
    async (rig) => {
      rig.pages.set('/stalls', endless(undefined));
      await isRefused(t, rig, { value: `${rig.url}/stalls` }, /longer than 0.5 seconds/u);
    },
    { timeMsMax: 500 },
  );
});

test('a file of this machine is read with the rights of the user of the task', async (t) => {
  if (nobody === undefined) {
    t.not(processes.self.uid, 0, 'skipped: to become another user takes root');
    return;
  }
  await withRig(async (rig) => {
    const uri = { value: 'file:///etc/shadow' };
    const error = await t.throwsAsync(rig.fetch([uri], nobody), { instanceOf: ContainerError });
    t.regex(error?.message ?? '', /Permission denied/u);
    await t.throwsAsync(rig.fetch([{ ...uri, cache: true }], nobody), {
      instanceOf: ContainerError,
    });
    const sandbox = await rig.fetch([{ value: '/etc/passwd', output_file: 'a/b' }], nobody);
    for (const name of ['a', 'a/b', 'stderr']) {
      t.is((await lstat(`${sandbox}/${name}`)).uid, nobody.uid, name);
    }
  });
});

test('what another user may read is not given out by the cache', async (t) => {
  if (nobody === undefined) {
    t.not(processes.self.uid, 0, 'skipped: to become another user takes root');
    return;
  }
  await withRig(async (rig) => {
    const uri = { value: '/etc/shadow', cache: true };
    t.true((await text(await rig.fetch([uri]), 'shadow')).length > 0);
    await t.throwsAsync(rig.fetch([uri], nobody), { instanceOf: ContainerError });
  });
});

test('a sandbox that was bent meanwhile gets nothing', async (t) => {
  await withRig(async (rig) => {
    const { folder } = rig;
    const pod = await rig.makeSandbox('pod');
    await mkdir(`${folder}/elsewhere/nested`, { recursive: true });
    await symlink(`${folder}/elsewhere`, `${pod}/containers`);
    await writeFile(`${folder}/local`, 'x');
    const job = { user: undefined, uris: [{ value: `${folder}/local` }] };
    const sandboxFolder = `${pod}/containers/nested`;
    await t.throwsAsync(rig.fetcher.fetch({ ...job, containerId: 'nested', sandboxFolder }), {
      instanceOf: ContainerError,
    });
    t.deepEqual(await readdir(`${folder}/elsewhere/nested`), []);
    // Links of the task's own in a sandbox that is there already are replaced, never followed.
    await symlink(`${folder}/elsewhere/victim`, `${pod}/local`);
    await symlink(`${folder}/elsewhere/log`, `${pod}/stderr`);
    await rig.fetcher.fetch({ ...job, containerId: 'pod', sandboxFolder: pod });
    t.is(await text(pod, 'local'), 'x');
    t.deepEqual(await readdir(`${folder}/elsewhere`), ['nested']);
  });
});

test('a digest is compared, and never sent', async (t) => {
  await withRig(async (rig) => {
    rig.pages.set('/x', bytes('x'));
    for (const algorithm of ['sha256', 'sha512']) {
      const digest = createHash(algorithm).update('x').digest('hex');
      const sandbox = await rig.fetch([{ value: `${rig.url}/x#${algorithm}=${digest}` }]);
      t.is(await text(sandbox, 'x'), 'x');
      const wrong = digest.replace(/^./u, (first) => (first === '0' ? '1' : '0'));
      for (const hex of [wrong, digest.slice(1)]) {
        for (const cache of [false, true]) {
          const value = `${rig.url}/x#${algorithm}=${hex}`;
          await isRefused(t, rig, { value, cache }, new RegExp(`Its ${algorithm} is`, 'u'));
        }
      }
    }
    t.deepEqual([...new Set(rig.asked)], ['/x']);
  });
});

test('one that is not wanted any more ends, and the others go on', async (t) => {
  await withRig(
    async (rig) => {
      rig.pages.set('/slow', endless(undefined));
      rig.pages.set('/x', bytes('x'));
      for (const cache of [false, true]) {
        const sandboxFolder = await rig.makeSandbox('c');
        const uris = [{ value: `${rig.url}/slow`, cache }];
        const fetching = rig.fetcher.fetch({
          containerId: 'c',
          sandboxFolder,
          user: undefined,
          uris,
        });
        t.deepEqual(rig.fetcher.figures().pending, ['c']);
        await rig.fetch([{ value: `${rig.url}/x` }]);
        rig.fetcher.stop('c');
        rig.fetcher.stop('nobody');
        await t.throwsAsync(fetching, { message: /not wanted any more/u });
        t.deepEqual(rig.fetcher.figures().pending, []);
      }
    },
    { jobsAtOnce: 2 },
  );
});
