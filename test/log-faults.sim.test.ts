/**
 * A real node on a real disk that fails: killed at each of its syncs, before and after; each of its
 * syncs refused; the power cut; the disk full. Whatever was acknowledged is there afterwards, once
 * and in its place, and the node that wrote it has said why it stopped.
 *
 * `SEED=n npx ava --config ava.soak.config.js test/log-faults.sim.test.ts` draws the same lots.
 */
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import test from 'ava';
import { randomFromSeed } from '#internal/base/random.ts';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { LoopDisk } from '#chaos/nemesis/loop-disk.ts';
import { compileLibrary, compilerObstacle } from '#chaos/nemesis/native.ts';
import { isBeginning, live, serialsIn } from './log-faults/life.ts';
import { lifeOfMaster } from './log-faults/master-life.ts';

const seed = Number(process.env['SEED'] ?? 1);
const segmentBytes = 16 * 1024;
/** Three segments and as many snapshots. */
const count = 60;
const syncsMax = 1000;

const noCompiler = compilerObstacle();
const noDisks = noCompiler ?? LoopDisk.obstacle();
const withCompiler = noCompiler === undefined ? test.serial : test.serial.skip;
const withDisks = noDisks === undefined ? test.serial : test.serial.skip;
/** Why a test is skipped, for its title. */
const because = (why: string | undefined): string => (why === undefined ? '' : ` (${why})`);

for (const fault of ['kill-before', 'kill-after', 'fail'] as const) {
  withCompiler(
    `${fault} at each sync: nothing acknowledged is lost${because(noCompiler)}`,
    async (t) => {
      t.timeout(15 * 60_000);
      await using folder = await openTempFolder();
      const library = compileLibrary('sync-faults.c', folder.path);
      const compiled = `${folder.path}/compiled`;
      await live({ folder: `${folder.path}/first`, segmentBytes, count: 1, compiled });
      let [struck, acked, kept] = [0, 0, 0];
      for (let sync = 1; sync <= syncsMax; sync++) {
        const home = `${folder.path}/${sync}`;
        await mkdir(home);
        const env = { LD_PRELOAD: library, SYNC_FAULT: `${fault} ${sync}` };
        const ended = await live({ folder: home, segmentBytes, count, env, compiled });
        if (ended.code === 0 && ended.refused === undefined) break;
        struck++;
        if (fault === 'fail') {
          t.is(ended.code, 70, `sync ${sync}: ${ended.words}`);
          t.regex(ended.words, /Cannot (open|write|keep).*EIO/s, `sync ${sync}`);
        } else t.is(ended.signal, 'SIGKILL', `sync ${sync}: ${ended.words}`);
        const serials = await serialsIn(home, segmentBytes);
        t.true(isBeginning(serials), `sync ${sync}: ${serials.join(' ')}`);
        t.true(serials.length >= ended.acked, `sync ${sync}: ${ended.acked} was acknowledged`);
        acked += ended.acked;
        kept += serials.length - ended.acked;
        await rm(home, { recursive: true });
      }
      t.log(`${struck} syncs; ${acked} acknowledged; ${kept} more were there`);
      t.true(struck > 30 && struck < syncsMax, 'the sweep came to its end');
      t.true(acked > 10 * struck, 'most had something to lose');
    },
  );
}

withCompiler(`a master that idles ends when its log fails${because(noCompiler)}`, async (t) => {
  t.timeout(10 * 60_000);
  await using folder = await openTempFolder();
  const library = compileLibrary('sync-faults.c', folder.path);
  let [early, idle] = [0, 0];
  // The first segment and the one made ahead take most syncs: 64, and 1024 smaller ones.
  for (let sync = 1; sync <= 2 * syncsMax; sync += sync < 70 ? 23 : sync < 1000 ? 150 : 15) {
    const home = `${folder.path}/${sync}`;
    const env = { LD_PRELOAD: library, SYNC_FAULT: `fail ${sync} /log` };
    const ended = await lifeOfMaster({ folder: home, env });
    await rm(home, { recursive: true });
    if (!ended.isStruck) break;
    t.regex(ended.words, /^altiplano master: Cannot (open|write) the Raft log in .*EIO/m);
    // One that does not come as far as to vote has not begun.
    const isEarly = ended.status === 1 && !ended.isListening;
    t.true(ended.status === 70 || isEarly, `sync ${sync}: ${ended.status}: ${ended.words}`);
    if (ended.isListening) idle++;
    else early++;
  }
  t.log(`${early} failed before it listened, ${idle} while it idled`);
  t.true(early >= 3 && idle >= 5);
});

withDisks(`after a power cut all that was acknowledged is there${because(noDisks)}`, async (t) => {
  t.timeout(10 * 60_000);
  await using folder = await openTempFolder();
  await using disk = await LoopDisk.open(folder.path, { sizeMib: 32 });
  const random = randomFromSeed(`power ${seed}`);
  const home = `${disk.path}/node`;
  const compiled = `${folder.path}/compiled`;
  await live({ folder: `${folder.path}/first`, segmentBytes, count: 1, compiled });
  let [acked, lost] = [0, 0];
  for (let cut = 0; cut < 30; cut++) {
    const after = random.below(150);
    let lines = 0;
    const ended = await live({
      folder: home,
      segmentBytes,
      count: 10_000,
      compiled,
      onLine(line, child) {
        if (!line.startsWith('acked') || ++lines !== after + 1) return;
        disk.cutPower();
        child.kill('SIGKILL');
      },
    });
    t.true((ended.had ?? acked) >= acked, `SEED=${seed}: cut ${cut}: ${acked} were acknowledged`);
    acked = Math.max(acked, ended.acked);
    disk.restore();
    const serials = await serialsIn(home, segmentBytes);
    t.true(isBeginning(serials), `SEED=${seed}: cut ${cut}`);
    t.true(serials.length >= acked, `SEED=${seed}: cut ${cut}: ${serials.length} of ${acked}`);
    lost += serials.length > acked ? 0 : 1;
  }
  t.log(`SEED=${seed}: 30 cuts, ${acked} acknowledged, ${lost} times nothing else was there`);
  t.true(acked > 500, 'there was little to lose');
});

withDisks(`a power cut does lose what was not synced${because(noDisks)}`, async (t) => {
  await using folder = await openTempFolder();
  await using disk = await LoopDisk.open(folder.path, { sizeMib: 8 });
  await writeFile(`${disk.path}/synced`, 'x', { flush: true });
  await writeFile(`${disk.path}/unsynced`, 'x');
  disk.cutPower();
  await t.throwsAsync(writeFile(`${disk.path}/later`, 'x', { flush: true }));
  disk.restore();
  const voices = await Promise.allSettled(
    ['synced', 'unsynced'].map((name) => statfs(`${disk.path}/${name}`)),
  );
  t.deepEqual(
    voices.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
});

withDisks(`a full disk refuses with a reason and loses nothing${because(noDisks)}`, async (t) => {
  t.timeout(10 * 60_000);
  await using folder = await openTempFolder();
  await using disk = await LoopDisk.open(folder.path, { sizeMib: 8 });
  const ballast = `${disk.path}/ballast`;
  const compiled = `${folder.path}/compiled`;
  /** More than the least disk has room for, and than the largest must forget. */
  const many = 600;
  let [refused, enough, ends] = [0, 0, 0];
  for (let freeKib = 4; freeKib <= 116; freeKib += 8) {
    const home = `${disk.path}/${freeKib}`;
    const begun = await live({ folder: home, segmentBytes, count: 5, compiled });
    t.is(begun.code, 0, begun.words);
    const { bavail, bsize } = await statfs(disk.path);
    await writeFile(ballast, new Uint8Array(Math.max(0, bavail * bsize - freeKib * 1024)));
    const full = await live({ folder: home, segmentBytes, count: many, compiled });
    // With a little more room, snapshots let the log forget as fast as it grows.
    const isEnough = full.acked === begun.acked + many;
    if (full.code === 0) t.true(full.refused === 'full' || isEnough, `${freeKib} KiB`);
    else t.regex(full.words, /make room and start the node again/, `${freeKib} KiB`);
    refused += full.refused === 'full' ? 1 : 0;
    enough += isEnough ? 1 : 0;
    ends += full.code === 70 ? 1 : 0;
    const acked = Math.max(begun.acked, full.acked);
    // Started anew, still full: it leads, answers, and takes nothing.
    const again = await live({ folder: home, segmentBytes, count: many, compiled });
    t.true((again.had ?? acked) >= acked, `${freeKib} KiB`);
    if (again.code !== 0)
      t.regex(again.words, /make room and start the node again/, `${freeKib} KiB`);
    await rm(ballast);
    const serials = await serialsIn(home, segmentBytes);
    t.true(isBeginning(serials), `${freeKib} KiB`);
    t.true(serials.length >= Math.max(acked, again.acked), `${freeKib} KiB`);
    const healed = await live({ folder: home, segmentBytes, count: 30, compiled });
    t.is(healed.acked, serials.length + 30, `${freeKib} KiB: ${JSON.stringify(healed)}`);
    await rm(home, { recursive: true });
  }
  t.log(`refused: ${refused}, room enough: ${enough}, reserve used up: ${ends}`);
  t.true(refused >= 7, 'a node that stops for want of room is the exception');
});
