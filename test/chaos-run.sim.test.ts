/**
 * `altiplano chaos` as people run it: a scenario on a cluster of real processes; the same with a bug in
 * it; and a run that is killed in the middle of a partition, after which the machine is as it was.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { groupsOf, processesIn } from '#chaos/nemesis/undo.ts';
import { Network } from '#chaos/nemesis/network.ts';
import type { RunRecord } from '#chaos/report/run-record.ts';
import { startProgram } from '#internal/runtime/real/program.ts';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { altiplano, isAlive, until } from './cluster.ts';

const withinMs = 60_000;
const why = Network.obstacle();
const chaos = why === undefined ? test.serial : test.serial.skip;
const because = why === undefined ? '' : ` (skipped: ${why})`;

const recordIn = (folder: string): RunRecord =>
  JSON.parse(readFileSync(`${folder}/out/record.json`, 'utf8'));

chaos(`a cluster that is hurt for a while keeps its promises${because}`, async (t) => {
  t.timeout(5 * withinMs);
  await using folder = await openTempFolder();
  const flags = [`--out=${folder.path}/out`, `--journals=${folder.path}/journals`, '--for=10s'];
  const { status, stdout, stderr } = await altiplano(['chaos', 'run', 'leader-kills', ...flags]);
  t.is(status, 0, `${stdout}${stderr}`);
  const { verdict, violations, events, figures } = recordIn(folder.path);
  t.is(verdict, 'held');
  t.deepEqual(violations, []);
  t.true(events.some(({ kind, text }) => kind === 'fault' && text === 'killed'));
  const figure = (name: string): number => figures.find((one) => one.name === name)?.value ?? 0;
  t.true(figure('tasks launched') > 0);
  t.is(figure('tasks ended'), figure('tasks launched'));
  t.true(figure('reads and writes answered') > 0);
  t.deepEqual(readdirSync(`${folder.path}/journals`), []);
});

chaos(
  `a run that is killed in a partition leaves nothing that heal does not undo${because}`,
  async (t) => {
    t.timeout(5 * withinMs);
    await using folder = await openTempFolder();
    const journals = `--journals=${folder.path}/journals`;
    const lines: string[] = [];
    const pids = new Set<number>();
    const command = ['chaos', 'run', 'rolling-partitions', `--out=${folder.path}/out`, journals];
    const guard = startProgram({
      command: process.execPath,
      args: ['cmd/altiplano.js', ...command],
      onLine: (_, line) => void lines.push(line),
    });
    const namespaces = (): readonly string[] => namesIn(`${folder.path}/journals`);
    try {
      const isCut = (): boolean => lines.some((line) => / fault .*cut off/.test(line));
      await until(isCut, 2 * withinMs, () => lines.join('\n'));
      // Both at once: the guard would heal what the run has left.
      guard.signal('SIGKILL');
      for (const name of namespaces()) {
        for (const pid of processesIn(name)) {
          pids.add(pid);
          if (name.endsWith('-client')) process.kill(pid, 'SIGKILL');
        }
      }
      await guard.ended;
    } finally {
      guard.signal('SIGKILL');
      const left = namespaces();
      t.true(left.length >= 7, `the run has named ${left.join(' ')}`);
      const { status, stdout, stderr } = await altiplano(['chaos', 'heal', journals]);
      t.is(status, 0, `${stdout}${stderr}`);
      t.regex(stdout, /^healed what run/m);
      const known = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout;
      for (const name of left) t.false(known.includes(name), `${name} is still there`);
      const [run = ''] = left.flatMap((name) => /^altiplano-.+-inside-/.exec(name)?.[0] ?? []);
      t.deepEqual(groupsOf(run), []);
    }
    const isOver = (): boolean => [...pids].every((pid) => !isAlive(pid));
    await until(isOver, withinMs, () => `of ${[...pids].join(' ')} some live`);
    t.true(pids.size >= 6);
    t.false(readFileSync('/proc/self/mounts', 'utf8').includes(folder.path));
    t.deepEqual(readdirSync(`${folder.path}/journals`), []);
    const again = await altiplano(['chaos', 'heal', journals]);
    t.is(again.stdout, 'there is nothing to heal\n');
  },
);

/** Of all namespaces that journals speak of. */
function namesIn(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((file) =>
    [
      ...readFileSync(`${folder}/${file}`, 'utf8').matchAll(/"kind":"namespace","name":"([^"]+)"/g),
    ].map(([, name = '']) => name),
  );
}
