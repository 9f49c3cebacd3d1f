/**
 * What becomes of a checkpoint in LevelDB when its newest log is damaged: LevelDB itself opens without a
 * word and lacks what it could not read, from the middle or the end.
 */
// oxlint-disable-next-line no-restricted-imports -- whole folders are copied and damaged
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { TestFn } from 'ava';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { StoreError } from '../key-value-store.ts';
import { openLevelStore } from '../level/level-store.ts';
import { CheckpointError, type OpenedCheckpoint, openCheckpoint } from './checkpoint.ts';
import type { CheckpointWrite } from './records.ts';

const name = { frameworkId: 'f', taskId: 't' };
const info = { name: 'task', task_id: { value: 't' }, agent_id: { value: 'a' } };
const status = { task_id: { value: 't' }, state: 'TASK_RUNNING' } as const;

/** A short life: a task that was launched, reported and acknowledged; another one that was forgotten. */
const batches: readonly (readonly CheckpointWrite[])[] = [
  [{ kind: 'identity', record: { registration_uuid: 'r', agent_id: 'a' } }],
  [
    { kind: 'term', term: 3n },
    { kind: 'task', name, record: { framework_id: 'f', info, container_id: 'c' } },
    { kind: 'progress', name, record: { state: 'TASK_STAGING', next_update: 1n } },
  ],
  [
    { kind: 'update', name, update: { number: 1, record: { status } } },
    { kind: 'progress', name, record: { state: 'TASK_RUNNING', next_update: 2n } },
  ],
  [{ kind: 'remove-update', name, number: 1 }],
];

type Verdict = 'whole' | 'restored' | 'refused';

export type Ground = {
  readonly folder: string;
  readonly whole: OpenedCheckpoint['recovered'];
};

async function openAt<T>(folder: string, use: (opened: OpenedCheckpoint) => T): Promise<T> {
  await using store = await openLevelStore({ path: join(folder, 'store') });
  const journal = { files: systemFiles(), folder: join(folder, 'journal') };
  const opened = await openCheckpoint({ store, journal });
  try {
    return await use(opened);
  } finally {
    await opened.checkpoint.close();
  }
}

/** The machine's power failed right after the last batch: nothing was closed. */
async function live(folder: string): Promise<Ground> {
  const place = join(folder, 'living');
  await openAt(place, async ({ checkpoint }) => {
    for (const batch of batches) await checkpoint.write(batch);
    await cp(place, join(folder, 'left'), { recursive: true });
  });
  const check = join(folder, 'check');
  await cp(join(folder, 'left'), check, { recursive: true });
  return { folder, whole: await openAt(check, ({ recovered }) => recovered) };
}

/** Opens what was left with `bytes` in the place of the file. A silent loss throws. */
async function judge({ folder, whole }: Ground, file: string, bytes: Uint8Array): Promise<Verdict> {
  const place = join(folder, 'damaged');
  await rm(place, { recursive: true, force: true });
  await cp(join(folder, 'left'), place, { recursive: true });
  await writeFile(join(place, file), bytes);
  try {
    return await openAt(place, ({ recovered, findings }): Verdict => {
      if (!isDeepStrictEqual(recovered, whole)) throw new Error(`${file}: something is missing`);
      return findings.restored.length > 0 ? 'restored' : 'whole';
    });
  } catch (error) {
    const isNamed =
      error instanceof StoreError ||
      (error instanceof CheckpointError && /"[a-z]|batches after \d/u.test(error.message));
    if (!isNamed) throw error;
    return 'refused';
  }
}

/** In memory where the machine has such a place: thousands of openings sync a lot. */
async function openFastFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const memory = '/dev/shm';
  const isThere = (await systemFiles().stat(memory))?.kind === 'folder';
  const path = await mkdtemp(join(isThere ? memory : tmpdir(), 'altiplano-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

async function newestLog(folder: string): Promise<string> {
  const logs = (await readdir(join(folder, 'left', 'store'))).filter((each) =>
    each.endsWith('.log'),
  );
  return join('store', logs.toSorted().at(-1) ?? '');
}

async function newestJournal(folder: string): Promise<string> {
  const names = await readdir(join(folder, 'left', 'journal'));
  return join('journal', names.toSorted().at(-1) ?? '');
}

/** `stride`: only one byte of so many. */
export function levelDamageSuite(test: TestFn, { stride }: { readonly stride: number }): void {
  for (const [what, newest] of [
    ["LevelDB's newest log", newestLog],
    ["the journal's newest file", newestJournal],
  ] as const) {
    test(`nothing is silently missing, whichever byte of ${what} is wrong or the last`, async (t) => {
      await using temporary = await openFastFolder();
      const ground = await live(temporary.path);
      const file = await newest(temporary.path);
      const sound = await readFile(join(temporary.path, 'left', file));
      const counts = { whole: 0, restored: 0, refused: 0 };
      const used = sound.findLastIndex((byte) => byte !== 0) + 1;
      t.true(used > 400);
      for (let at = 0; at < used; at += stride) {
        const flipped = Uint8Array.from(sound);
        flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
        counts[await judge(ground, file, flipped)]++;
        counts[await judge(ground, file, sound.subarray(0, at))]++;
      }
      t.log({ bytes: used, ...counts });
      t.true(counts.whole + counts.restored > counts.refused);
    });
  }

  test('a log of LevelDB that is gone is made up for', async (t) => {
    await using temporary = await openFastFolder();
    const ground = await live(temporary.path);
    const log = await newestLog(temporary.path);
    await rm(join(temporary.path, 'left', log));
    const verdict = await judge(ground, 'unrelated', new Uint8Array());
    t.is(verdict, 'restored');
  });
}
