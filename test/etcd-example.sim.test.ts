/** The etcd of `examples/` on three agents: it answers with one of them dead, and heals when it returns. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import test from 'ava';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import { until } from './cluster.ts';
import { free, onHost, ServiceCluster, withinMs } from './service-cluster.ts';

const hosts = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];
const hasEtcd = existsSync('/usr/bin/etcd');
const skipped = hasEtcd ? '' : ' (skipped: there is no etcd: apt-get install etcd-server)';

(hasEtcd ? test : test.skip)(
  `three members of etcd answer with one agent dead, and are three again when it returns${skipped}`,
  async (t) => {
    t.timeout(6 * withinMs);
    await using folder = await openTempFolder();
    const agents = hosts.map((ip) => [
      ...onHost(ip),
      '--resources=cpus:2;mem:1024;disk:4096;ports:[10000-32000]',
    ]);
    await using cluster = await ServiceCluster.open(folder.path, agents);
    await cluster.addFramework('framework-1');
    const [client, peer] = [await free(), await free()];
    const text = await readFile('examples/etcd/etcd.yaml', 'utf8');
    const own = text.replaceAll('31379', String(client)).replaceAll('31380', String(peer));
    await writeFile(`${folder.path}/etcd.yaml`, own);
    await cluster.service('run', `${folder.path}/etcd.yaml`, '--yes');

    const placed = (await cluster.status('etcd')).instances.map(({ host }) => host ?? '');
    t.deepEqual(placed.toSorted(), hosts);
    const told = (): string => cluster.tail();
    const ask = async (host: string, path: string, body: object): Promise<unknown> => {
      const url = `http://${host}:${client}/v3/${path}`;
      const signal = AbortSignal.timeout(5000);
      const reply = await fetch(url, { method: 'POST', body: JSON.stringify(body), signal });
      return reply.ok ? await reply.json() : undefined;
    };
    const base64 = (word: string): string => Buffer.from(word).toString('base64');
    const reads = async (host: string, value: string): Promise<boolean> => {
      const found = await ask(host, 'kv/range', { key: base64('k') }).catch(() => undefined);
      return JSON.stringify(found ?? {}).includes(base64(value));
    };
    const writes = async (host: string, value: string): Promise<boolean> => {
      const put = { key: base64('k'), value: base64(value) };
      return (await ask(host, 'kv/put', put).catch(() => undefined)) !== undefined;
    };
    await until(async () => await writes('127.0.0.1', 'one'), withinMs, told);

    // The agent and the member with it: a machine without power.
    const lost = (await cluster.status('etcd')).instances.find(({ host }) => host === '127.0.0.3');
    await cluster.kill('agent-3');
    killTask(lost?.task ?? '');
    await until(async () => await writes('127.0.0.1', 'two'), withinMs, told);
    t.true(await reads('127.0.0.2', 'two'));
    t.false(await reads('127.0.0.3', 'two'), 'the third member was to be dead');

    cluster.start('agent-3');
    await until(async () => await reads('127.0.0.3', 'two'), 2 * withinMs, told);
    const { ready, instances } = await cluster.sees('etcd', ({ isSettled }) => isSettled);
    t.is(ready, 3);
    t.deepEqual(
      instances.map(({ host }) => host ?? ''),
      placed,
      'no member changed its host',
    );
  },
);

/** Every process of the task, which its environment tells. */
function killTask(task: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'utf8').includes(task)) continue;
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It ended meanwhile.
    }
  }
}
