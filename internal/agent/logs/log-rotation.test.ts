// oxlint-disable-next-line no-restricted-imports -- plays the task that writes.
import {
  lstat,
  link,
  mkdir,
  open,
  readFile,
  readdir,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import test from 'ava';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { systemGuardedFolders } from '#internal/runtime/real/guarded-folder.ts';
import { openLogBook } from '#internal/runtime/simulated/logger.ts';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { stateWith } from '../testing/agent-states.ts';
import { LogRotation } from './log-rotation.ts';

const clock = systemClock();

async function openRig(stdoutBytes: number) {
  const folder = await openTempFolder();
  const workFolder = folder.path;
  const sandbox = `${workFolder}/slaves/a-1/frameworks/f-1/executors/t/runs/c-1`;
  await mkdir(sandbox, { recursive: true });
  const { logger, lines } = openLogBook({ nowMs: () => clock.now() });
  const rotation = new LogRotation(
    {
      logger,
      files: systemFiles(),
      folders: systemGuardedFolders(),
      view: () => stateWith({ containerId: 'c-1' }),
    },
    {
      workFolder,
      bytesMax: { stdout: stdoutBytes, stderr: 1_000_000 },
      keep: 3,
    },
  );
  return {
    workFolder,
    sandbox,
    rotation,
    lines,
    read: (name: string) => readFile(`${sandbox}/${name}`, 'utf8'),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

test('every line of a task that appends is there, in order, in few enough files', async (t) => {
  await using rig = await openRig(1000);
  await using file = await open(`${rig.sandbox}/stdout`, 'a');
  let written = 0;
  for (let round = 0; round < 8; round++) {
    for (let lines = 0; lines < 100; lines++) await file.write(`line ${written++}\n`);
    await rig.rotation.rotate();
  }
  await file.write('the end\n');
  t.deepEqual(await readdir(rig.sandbox), ['stdout', 'stdout.1', 'stdout.2', 'stdout.3']);
  t.is(await rig.read('stdout'), 'the end\n');
  const kept = [await rig.read('stdout.3'), await rig.read('stdout.2'), await rig.read('stdout.1')];
  for (const text of kept) t.true(text.length > 1000 && text.length <= 2000);
  const found = kept.join('').trimEnd().split('\n');
  t.true(found.length > 300);
  // None is missing between them, and the oldest ones went as a whole.
  t.deepEqual(
    found,
    found.map((_, at) => `line ${written - found.length + at}`),
  );
  t.deepEqual(rig.lines, []);
});

test('a file within its limit is left alone, and nothing of it is lost when it is cut', async (t) => {
  await using rig = await openRig(100);
  await writeFile(`${rig.sandbox}/stdout`, 'x'.repeat(100));
  await rig.rotation.rotate();
  t.deepEqual(await readdir(rig.sandbox), ['stdout']);
  await writeFile(`${rig.sandbox}/stdout`, `lost${'x'.repeat(196)}kept`);
  await rig.rotation.rotate();
  t.is(await rig.read('stdout'), '');
  t.is(await rig.read('stdout.1'), `${'x'.repeat(196)}kept`);
});

test('a link, another name of a file, a folder or a pipe is not cut', async (t) => {
  await using rig = await openRig(10);
  const victim = `${rig.workFolder}/victim`;
  await writeFile(victim, 'x'.repeat(1000));
  const tricks = [
    () => symlink(victim, `${rig.sandbox}/stdout`),
    () => link(victim, `${rig.sandbox}/stdout`),
    () => mkdir(`${rig.sandbox}/stdout`),
    () => symlink('/dev/zero', `${rig.sandbox}/stdout`),
  ];
  for (const trick of tricks) {
    await trick();
    await rig.rotation.rotate();
    t.is((await lstat(victim)).size, 1000);
    t.deepEqual(await readdir(rig.sandbox), ['stdout']);
    await rm(`${rig.sandbox}/stdout`, { recursive: true });
  }
  // What was kept before may be bent as well: it is replaced or moved, never written through.
  await writeFile(`${rig.sandbox}/stdout`, 'y'.repeat(1000));
  await symlink(victim, `${rig.sandbox}/stdout.1`);
  await mkdir(`${rig.sandbox}/stdout.3/deep`, { recursive: true });
  await rig.rotation.rotate();
  t.is((await lstat(victim)).size, 1000);
  t.is(await rig.read('stdout.1'), 'y'.repeat(20));
  t.true((await lstat(`${rig.sandbox}/stdout.2`)).isSymbolicLink());
});

test('a sandbox that was bent is not followed', async (t) => {
  await using rig = await openRig(10);
  const { sandbox, workFolder } = rig;
  await mkdir(`${workFolder}/elsewhere`);
  await writeFile(`${workFolder}/elsewhere/stdout`, 'x'.repeat(1000));
  await rm(sandbox, { recursive: true });
  await symlink(`${workFolder}/elsewhere`, sandbox);
  await rig.rotation.rotate();
  t.is((await lstat(`${workFolder}/elsewhere/stdout`)).size, 1000);
  t.is(rig.lines.length, 1);
});
