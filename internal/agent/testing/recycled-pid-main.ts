/**
 * Run as root in a pid namespace of its own (`posix-recycled-pid.test.ts`): a container's supervisor and
 * command die unseen, their pids are given to bystanders on purpose, and then an agent comes back. Prints
 * what it found, and whether the bystanders live, as a line of JSON.
 */
// oxlint-disable-next-line no-restricted-imports -- asks the kernel for a pid, which no port does.
import { writeFileSync } from 'node:fs';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemFileTree } from '#internal/runtime/real/file-tree.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { systemPipes } from '#internal/runtime/real/pipes.ts';
import { systemProcesses } from '#internal/runtime/real/processes.ts';
import { type ProcessIdentity, isSameProcess } from '#internal/runtime/processes.ts';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { readLine } from '../containers/container-folder.ts';
import { specFor } from '../containers/containerizer.suite.ts';
import { openPosixContainerizer } from '../containers/posix.ts';
import { parseClaim } from '../containers/supervisor-files.ts';

const attemptsMax = 200;

await using folder = await openTempFolder();
const workFolder = folder.path;
const clock = systemClock();
const processes = systemProcesses();
const doors = { clock, files: systemFiles(), fileTree: systemFileTree(), processes };
const open = async () =>
  await openPosixContainerizer(
    { ...doors, pipes: systemPipes(clock) },
    { workFolder, switchUser: false },
  );

// A child does not keep its parent running, so we do.
const waiting = clock.after(60_000, () => {});
const first = await open();
const spec = specFor({ kind: 'shell', line: 'sleep 500' });
const { process: leader, ended } = await first.launch(spec);
const claim = parseClaim(
  (await readLine({ ...doors, workFolder }, spec.containerId, 'supervisor')) ?? '',
);
if (claim === undefined) throw new Error('the supervisor has written nothing');
process.kill(claim.pid, 'SIGKILL');
await ended;
const pids = [Number(leader.pid), claim.pid];
while (pids.some((pid) => processes.find(pid) !== undefined)) await clock.sleep(5);
const bystanders: ProcessIdentity[] = [];
for (const pid of pids) bystanders.push(await processOf(pid));
const next = await open();
const found = await next.recover(spec);
await next.signal(spec.containerId, 'TERM');
await next.signal(spec.containerId, 'KILL');
await clock.sleep(100);
const alive = bystanders.map((one) => {
  const now = processes.find(one.pid);
  return now !== undefined && isSameProcess(now, one);
});
await next.release(spec.containerId);
process.stdout.write(
  `${JSON.stringify({
    found: found.kind,
    alive,
    isRecycled: bystanders.every(({ pid }, at) => pid === pids[at]),
  })}\n`,
);
for (const { pid } of bystanders) process.kill(pid, 'SIGKILL');
waiting.cancel();

/** A process of that pid, which was another's. Threads of ours may take a number first. */
async function processOf(wanted: number): Promise<ProcessIdentity> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    writeFileSync('/proc/sys/kernel/ns_last_pid', String(wanted - 1));
    const program = { path: '/bin/sleep', arguments: ['500'], environment: {}, folder: '/' };
    const { identity } = await processes.start({ ...program, user: undefined });
    if (identity.pid === wanted) return identity;
    process.kill(identity.pid, 'SIGKILL');
  }
  throw new Error(`the kernel gives pid ${wanted} to nobody`);
}
