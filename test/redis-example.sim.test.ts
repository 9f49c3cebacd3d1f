/** The Redis of `examples/`: what it has confirmed is there when its task was killed, and its agent. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import test from 'ava';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { until } from './cluster.ts';
import { free, onHost, ServiceCluster, withinMs } from './service-cluster.ts';

const hasRedis = existsSync('/usr/bin/redis-server') && existsSync('/usr/bin/redis-cli');
const skipped = hasRedis ? '' : ' (skipped: there is no Redis: apt-get install redis-server)';

(hasRedis ? test : test.skip)(
  `values that Redis confirmed outlive its task, its agent, and both at once${skipped}`,
  async (t) => {
    t.timeout(6 * withinMs);
    await using folder = await openTempFolder();
    const agent = [
      ...onHost('127.0.0.1'),
      '--resources=cpus:2;mem:1024;disk:4096;ports:[10000-32000]',
    ];
    await using cluster = await ServiceCluster.open(folder.path, [agent]);
    await cluster.addFramework('framework-1');
    const port = await free();
    const text = await readFile('examples/redis/redis.yaml', 'utf8');
    await writeFile(`${folder.path}/redis.yaml`, text.replaceAll('31379', String(port)));
    await cluster.service('run', `${folder.path}/redis.yaml`, '--yes');

    const told = (): string => cluster.tail();
    const isSet = async (key: string): Promise<boolean> =>
      (await redis(port, 'set', key, `value of ${key}`)) === 'OK';
    const isThere = async (key: string): Promise<boolean> =>
      (await redis(port, 'get', key)) === `value of ${key}`;
    const taskAfter = async (before: string): Promise<string> => {
      const { instances } = await cluster.sees(
        'redis',
        (service) => service.isSettled && service.instances[0]?.task !== before,
      );
      return instances[0]?.task ?? '';
    };
    await until(async () => await isSet('first'), withinMs, told);

    const first = await taskAfter('');
    await killServer(port);
    const second = await taskAfter(first);
    await until(async () => await isThere('first'), withinMs, told);

    // The server runs on while nobody looks after it.
    await cluster.kill('agent-1');
    t.true(await isSet('second'));
    cluster.start('agent-1');
    t.is(await taskAfter(''), second, 'the task was to outlive its agent');

    await cluster.kill('agent-1');
    await killServer(port);
    t.false(await isThere('second'), 'the server was to be dead');
    cluster.start('agent-1');
    await taskAfter(second);
    await until(async () => await isThere('second'), withinMs, told);
    t.true(await isThere('first'));
    await cluster.service('destroy', 'redis', '--yes');
  },
);

/** What `redis-cli` prints; nothing when the server does not answer. */
async function redis(port: number, ...command: readonly string[]): Promise<string> {
  const asked = ['-p', String(port), '-a', 'change-me', '--no-auth-warning', ...command];
  const printed = await promisify(execFile)('redis-cli', asked, { timeout: 5000 }).catch(
    () => undefined,
  );
  return printed?.stdout.trim() ?? '';
}

/** It knows its own number. What it was started with it writes over, so nobody else can tell. */
async function killServer(port: number): Promise<void> {
  const [, pid] = /process_id:(\d+)/.exec(await redis(port, 'info', 'server')) ?? [];
  if (pid === undefined) throw new Error('the server does not answer');
  process.kill(Number(pid), 'SIGKILL');
}
