/**
 * The generator of load, a process of its own: for each line of JSON on its input (`LoadOrder`) it
 * puts values to one address for a while, and answers with a line (`LoadReport`). The same process
 * serves every competitor.
 */
import { createInterface } from 'node:readline';
import { KvClient } from './kv-client.ts';
import { encodePut, paths } from './kv-messages.ts';
import { closedLoop, type Latencies } from './latencies.ts';

export type LoadOrder = {
  readonly address: string;
  /** Each has one Put on its way at a time; they share a connection. */
  readonly clients: number;
  readonly durationMs: number;
  readonly valueBytes: number;
};

export type LoadReport = Latencies & { readonly cpuMs: number };

const keys = 10_000;
const warmUpMs = 400;

async function load(order: LoadOrder): Promise<LoadReport> {
  using client = new KvClient(order.address);
  const value = Buffer.alloc(order.valueBytes, 'v');
  let serial = 0;
  const put = async (): Promise<void> => {
    const key = Buffer.from(`bench-${String(serial++ % keys).padStart(8, '0')}`);
    await client.call(paths.put, encodePut({ key, value }));
  };
  await closedLoop(order.clients, warmUpMs, put);
  const before = process.cpuUsage();
  const latencies = await closedLoop(order.clients, order.durationMs, put);
  const { user, system } = process.cpuUsage(before);
  return { ...latencies, cpuMs: (user + system) / 1000 };
}

for await (const line of createInterface({ input: process.stdin })) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends are ours.
  console.log(JSON.stringify(await load(JSON.parse(line) as LoadOrder)));
}
