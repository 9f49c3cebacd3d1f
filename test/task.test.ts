/** `altiplano task` against real processes: what one looks for when a task does not do what it should. */
import test from 'ava';
import { altiplano, type Outcome, startCluster } from './cluster.ts';

test('a task is looked into while it runs, and after', async (t) => {
  const cluster = await startCluster(t, { firstPort: 7310 });
  const masters = `--masters=${cluster.masters.join(',')}`;
  const task = async (...words: string[]): Promise<Outcome> => {
    const [verb = '', ...rest] = words;
    return await altiplano(['task', verb, masters, ...rest]);
  };
  const begun = Promise.withResolvers<string>();
  const line =
    'echo $MESOS_TASK_ID; echo odd >&2; mkdir sub; echo kept >sub/file;' +
    ' until [ -e go ]; do sleep 0.1; done; echo last; exit 5';
  const running = cluster.run(['--command', line, '--name', 'watched'], begun.resolve);
  const id = await begun.promise;

  const inside = await task(
    'exec',
    'watched',
    '--',
    'sh',
    '-c',
    'cat sub/file; echo e >&2; exit 3',
  );
  t.deepEqual(inside, { status: 3, stdout: 'kept\n', stderr: 'e\n' });
  const killed = await task('exec', id, 'sh', '-c', 'kill -TERM $$');
  t.is(killed.status, 143, killed.stderr);
  const ended = await task('exec', id, 'cat');
  t.is(ended.status, 0, 'without -i it reads the end of its input at once');
  const terminal = await task('exec', '-t', id, 'sh', '-c', '[ -t 1 ] && stty size');
  t.is(terminal.stdout.trim(), '24 80', terminal.stderr);

  t.is((await task('cat', id, 'sub/file')).stdout, 'kept\n');
  const listed = await task('ls', id);
  t.deepEqual(listed.stdout.split('\n'), ['stderr', 'stdout', 'sub', '']);
  t.regex((await task('ls', '-l', id, 'sub')).stdout, /^-rw\S+ .* 5 \d{4}-\d\d-\d\d .* file\n$/u);
  t.deepEqual(await task('logs', id), { status: 0, stdout: `${id}\n`, stderr: 'odd\n' });

  const attached = await task('attach', id);
  t.is(attached.status, 1);
  t.regex(attached.stderr, /^altiplano task attach: it has no terminal to attach to;/u);
  const missing = await task('cat', id, '../../x');
  t.is(missing.status, 1);
  t.regex(missing.stderr, /^altiplano task cat: /u);
  const nobody = await task('exec', 'nobody', 'true');
  t.is(nobody.stderr, "altiplano task exec: there is no task 'nobody'\n");
  t.is((await task('exec', id)).status, 2);

  const followed = task('logs', '-f', id);
  t.is((await task('exec', id, 'touch', 'go')).status, 0);
  t.is((await running).status, 5);
  t.deepEqual(await followed, { status: 0, stdout: `${id}\nlast\n`, stderr: 'odd\n' });
  t.is((await task('logs', id)).stdout, `${id}\nlast\n`);
  const over = await task('exec', id, 'true');
  t.is(over.stderr, `altiplano task exec: task '${id}' does not run: it is TASK_FAILED\n`);
});
