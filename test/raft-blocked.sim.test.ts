/**
 * A leading process whose main loop is held up, for real: three processes with their logs in threads
 * of their own, as masters have them, under load. Its peers must not notice.
 */
import test from 'ava';
import { setTimeout as pause } from 'node:timers/promises';
import { temporaryFolder } from './cluster.ts';
import { type Cluster, electionMs, ownCluster, productionOptions } from '../bench/raft/clusters.ts';
import { encodePut, paths } from '../bench/raft/kv-messages.ts';

/** As asked for, and then once so long that a node in the main loop would have lost its office. */
const blocksMs = [...Array.from({ length: 20 }, () => 500), 3 * electionMs];
const writers = 8;

test('holding up the main loop of the leading process for half a second and more costs no election', async (t) => {
  t.timeout(180_000);
  const folder = await temporaryFolder(t);
  const options = { ...productionOptions, threaded: true };
  await using cluster = await ownCluster(folder, (command) => command, options);
  cluster.startAll();
  const leader = await cluster.leader();
  const { term } = (await cluster.status(leader)).header;
  const load = new Load(cluster, leader);
  for (const blockMs of blocksMs) {
    const before = load.puts;
    const start = performance.now();
    await cluster.client(leader).call(paths.block, Buffer.from(`${blockMs}`), 10_000);
    t.true(performance.now() - start >= blockMs);
    while (load.puts < before + writers && load.failures.length === 0) await pause(10);
  }
  await load.stop();
  for (const node of cluster.addresses.keys()) {
    const { header } = await cluster.status(node);
    t.is(header.term, term, `node ${node} saw an election`);
  }
  t.is(await cluster.leader(), leader);
  t.deepEqual(load.failures, []);
  t.log(`${load.puts} writes beside ${blocksMs.length} blocks`);
});

/** Writers that each put again as soon as they have their answer. */
class Load {
  puts = 0;
  readonly failures: string[] = [];
  readonly #loops: readonly Promise<void>[];
  #isOver = false;

  constructor(cluster: Cluster, node: number) {
    this.#loops = Array.from({ length: writers }, (_, writer) =>
      this.#write(cluster, node, writer),
    );
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#loops);
  }

  async #write(cluster: Cluster, node: number, writer: number): Promise<void> {
    const put = encodePut({ key: Buffer.from(`key-${writer}`), value: Buffer.alloc(256) });
    while (!this.#isOver) {
      try {
        await cluster.client(node).call(paths.put, put, 10_000);
        this.puts++;
      } catch (fault) {
        this.failures.push(String(fault));
        return;
      }
    }
  }
}
