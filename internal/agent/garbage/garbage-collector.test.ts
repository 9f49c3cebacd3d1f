// oxlint-disable-next-line no-restricted-imports -- plays the tasks that left these files.
import { lstat, mkdir, readdir, symlink, utimes, writeFile } from 'node:fs/promises';
import test from 'ava';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemFileTree } from '#internal/runtime/real/file-tree.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { systemFilters } from '#internal/runtime/real/filters.ts';
import { systemProcesses } from '#internal/runtime/real/processes.ts';
import { openLogBook } from '#internal/runtime/simulated/logger.ts';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { stateWith } from '../testing/agent-states.ts';
import { GarbageCollector } from './garbage-collector.ts';
import { sandboxesIn } from './sandboxes.ts';

const clock = systemClock();
const weekMs = 7 * 86_400_000;

async function openRig(more: { readonly usedShare?: number; readonly isRecovering?: boolean }) {
  const folder = await openTempFolder();
  const work = folder.path;
  const sandboxes = sandboxesIn(
    {
      files: systemFiles(),
      fileTree: systemFileTree(),
      filters: systemFilters(),
      processes: systemProcesses(),
    },
    work,
  );
  const { logger, lines } = openLogBook({ nowMs: () => clock.now() });
  const collector = new GarbageCollector(
    {
      clock,
      logger,
      sandboxes: { ...sandboxes, usedShare: () => Promise.resolve(more.usedShare ?? 0) },
      view: () => (more.isRecovering === true ? undefined : stateWith({ containerId: 'live' })),
    },
    { delayMs: weekMs, headroom: 0.1 },
  );
  return {
    work,
    lines,
    collector,
    async makeRun(executor: string, containerId: string, ageMs: number): Promise<string> {
      const runs = `${work}/slaves/a-1/frameworks/f-1/executors/${executor}/runs`;
      await mkdir(`${runs}/${containerId}/deep/er`, { recursive: true });
      await writeFile(`${runs}/${containerId}/deep/er/file`, 'x');
      await symlink(`${runs}/${containerId}`, `${runs}/latest`).catch(() => {});
      const at = (clock.now() - ageMs) / 1000;
      await utimes(`${runs}/${containerId}`, at, at);
      return `${runs}/${containerId}`;
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

const isThere = async (path: string): Promise<boolean> =>
  await lstat(path).then(
    () => true,
    () => false,
  );

test('old sandboxes go with what they alone were in, and the others stay', async (t) => {
  await using rig = await openRig({});
  const { work } = rig;
  const live = await rig.makeRun('e1', 'live', 2 * weekMs);
  const beside = await rig.makeRun('e1', 'old', 2 * weekMs);
  const young = await rig.makeRun('e2', 'young', 1000);
  const old = await rig.makeRun('e3', 'old-too', 2 * weekMs);
  await rig.collector.collect();
  t.deepEqual(
    [await isThere(live), await isThere(beside), await isThere(young), await isThere(old)],
    [true, false, true, false],
  );
  t.deepEqual(await readdir(`${work}/slaves/a-1/frameworks/f-1/executors`), ['e1', 'e2']);
  t.like(rig.collector.figures, { succeeded: 2, failed: 0, pending: 1 });
  // The mark of the live one outlives the agent.
  t.true(clock.now() - (await lstat(live)).mtimeMs < 60_000);
});

test('a full disk leaves only what is used', async (t) => {
  await using rig = await openRig({ usedShare: 0.95 });
  const live = await rig.makeRun('e1', 'live', 0);
  const young = await rig.makeRun('e2', 'young', 1000);
  await rig.collector.collect();
  t.deepEqual([await isThere(live), await isThere(young)], [true, false]);
  t.is(rig.collector.figures.allowedAgeMs, 0);
});

test('links and volumes lead nowhere, and forgotten containers go', async (t) => {
  await using rig = await openRig({});
  const { work } = rig;
  await mkdir(`${work}/volumes/roles/r/v`, { recursive: true });
  await writeFile(`${work}/volumes/roles/r/v/data`, 'precious');
  const old = await rig.makeRun('e1', 'old', 2 * weekMs);
  await symlink(`${work}/volumes/roles/r/v`, `${old}/data`);
  const at = (clock.now() - 2 * weekMs) / 1000;
  await utimes(old, at, at);
  for (const [name, isEnded] of [
    ['ended', true],
    ['runs', false],
    ['live', true],
  ] as const) {
    await mkdir(`${work}/meta/containers/${name}`, { recursive: true });
    if (!isEnded) continue;
    await writeFile(`${work}/meta/containers/${name}/status`, 'exited 0\n');
    await utimes(`${work}/meta/containers/${name}/status`, at, at);
  }
  await rig.collector.collect();
  t.false(await isThere(old));
  t.deepEqual(await readdir(`${work}/slaves`), ['a-1']);
  t.deepEqual(await readdir(`${work}/slaves/a-1/frameworks`), []);
  t.true(await isThere(`${work}/volumes/roles/r/v/data`));
  t.deepEqual(await readdir(`${work}/meta/containers`), ['live', 'runs']);
});

test('nothing goes while the agent does not know what it runs', async (t) => {
  await using rig = await openRig({ usedShare: 1, isRecovering: true });
  const old = await rig.makeRun('e1', 'old', 2 * weekMs);
  await rig.collector.collect();
  t.true(await isThere(old));
});
