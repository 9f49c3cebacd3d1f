/** What stands by a container, without the agent that started it. */
import test from 'ava';
import { assert } from '#internal/base/assert.ts';
import { systemCommands } from '#internal/runtime/real/commands.ts';
import { systemFileTree } from '#internal/runtime/real/file-tree.ts';
import { systemProcesses } from '#internal/runtime/real/processes.ts';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { jobScript, supervisorScript } from './supervisor.ts';

const decoder = new TextDecoder();
/** Signal 13, as the kernel shows a set of signals. */
const sigpipe = 1n << 12n;

test('a command whose agent dies as it begins runs, and a pipe can break for it as for any', async (t) => {
  await using temp = await openTempFolder();
  const tree = systemFileTree();
  const processes = systemProcesses();
  const setsid = await processes.which('setsid');
  assert(setsid !== undefined, 'there is no setsid');
  const tools = { setsid, setpriv: undefined, prlimit: undefined, sync: undefined };
  const [folder, sandbox] = [`${temp.path}/meta`, `${temp.path}/sandbox`];
  for (const path of [folder, sandbox]) await tree.makeFolder(path, undefined);
  const job = jobScript(
    {
      containerId: 'c1',
      folder,
      sandbox,
      entrances: [],
      user: undefined,
      rlimits: [],
      environment: { PATH: '/usr/bin:/bin' },
      argv: ['/bin/sh', '-c', 'grep SigIgn /proc/self/status; exit 3'],
    },
    tools,
  );
  // Its reader is gone before it is told anything.
  const orphan = `cd "$1" && mkfifo in out
/bin/sh -s <in >out & exec 4>in; exec 3<out; exec 3<&-
printf '%s' "$2" >&4; exec 4>&-; wait`;
  const script = supervisorScript('boot', tools) + job;
  const ended = await systemCommands().run({
    path: '/bin/sh',
    arguments: ['-c', orphan, 'sh', temp.path, script],
    timeoutMs: 60_000,
  });
  t.is(ended.status, 0);
  const read = async (path: string): Promise<string> =>
    decoder.decode(await tree.read(path, { offset: 0, length: 4096 }));
  t.is(await read(`${folder}/status`), 'exited 3\n');
  const [, ignored] = /^SigIgn:\s+([0-9a-f]+)$/mu.exec(await read(`${sandbox}/stdout`)) ?? [];
  t.is(BigInt(`0x${ignored}`) & sigpipe, 0n);
});
