/** A pid that the kernel has really given to another process, in a pid namespace of the test's own. */
// oxlint-disable-next-line no-restricted-imports -- no port makes a namespace.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';

const program = join(import.meta.dirname, '../testing/recycled-pid-main.ts');
// A shell is the namespace's first process: it collects what loses its parent.
const inNamespace = (line: string, ...words: readonly string[]) =>
  spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'sh', '-c', line, ...words], {
    encoding: 'utf8',
  });
const isAble = inNamespace('test -w /proc/sys/kernel/ns_last_pid; exit $?').status === 0;

test('a recycled pid is not adopted and not killed', (t) => {
  if (!isAble) {
    t.log('not tested: this takes root, `unshare` and a kernel with checkpoint/restore');
    t.pass();
    return;
  }
  const { stdout, stderr } = inNamespace('"$0" "$1"; exit $?', process.execPath, program);
  t.true(stdout.startsWith('{'), stderr);
  const told: unknown = JSON.parse(stdout);
  t.like(told, { found: 'ended', alive: [true, true], isRecycled: true });
});
