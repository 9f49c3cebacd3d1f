/**
 * One node of a key-value service, as a process: our log, our Raft, our peers over gRPC, and on a port
 * beside them a part of etcd's API. Its argument is JSON (`KvNodeOptions`); it says `listening`, and
 * its standing at each change, as lines of JSON. It ends on SIGTERM, and with whoever holds its input.
 */
import { openKvBack } from './kv-back.ts';
import { KvMachine } from './kv-machine.ts';
import type { KvNodeOptions } from './kv-node-options.ts';
import { serveKv } from './kv-service.ts';

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends are ours.
const options = JSON.parse(process.argv[2] ?? '{}') as KvNodeOptions;
const { id, peers } = options;
const own = peers.find((peer) => peer.id === id);
if (own === undefined) throw new Error(`node ${id} is none of the peers`);
const say = (line: object): void => console.log(JSON.stringify(line));

const machine = new KvMachine(id);
const back = await openKvBack(machine, options);
back.watch((standing) => say({ kind: 'standing', standing }));
await serveKv({ back, machine }, { host: own.host, port: own.kvPort });
say({ kind: 'listening' });

process.stdin.resume().on('end', () => process.exit(1));
process.once('SIGTERM', () => void stop());

async function stop(): Promise<void> {
  await back.leave();
  process.exit(0);
}
