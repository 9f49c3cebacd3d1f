/**
 * The whole of Raft as a master runs it: three nodes with their logs in folders of the real disk and
 * gRPC between them, on the machine's own clock.
 */
import test from 'ava';
import { brand } from '#internal/base/brand.ts';
import { type GrpcServer, openGrpcServer } from '#internal/rpc/grpc-server.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import { findFreePort } from '#internal/testing/free-port.ts';
import { openTempFolder } from '#internal/testing/temp-folder.ts';
import type { LogStore } from '#raft/core/log-store.ts';
import type { NodeId } from '#raft/core/types.ts';
import type { PeerAddress } from '#raft/node/peer-transport.ts';
import { defaultRaftNodeOptions, RaftNode } from '#raft/node/raft-node.ts';
import { openWal } from '#storage/wal/wal.ts';
import { defaultGrpcPeersOptions, grpcPeers } from './grpc.ts';

const ids = [1, 2, 3].map((id) => brand<NodeId>(id));
const host = '127.0.0.1';
const clusterId = 'three';
const clock = systemClock();
const quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };

test('three nodes elect, decide, and survive the stop of one and of all', async (t) => {
  await using folder = await openTempFolder();
  const cluster = new Cluster(folder.path, await freeAddresses());
  for (const id of ids) await cluster.start(id);
  let expected = '';
  const write = async (word: string): Promise<void> => {
    expected += word;
    await cluster.write(word);
  };

  await write('all three;');
  await cluster.untilEverywhere(expected);

  const leader = await cluster.leader();
  await cluster.stop(leader);
  await write('without the first leader;');
  await cluster.start(leader);
  await cluster.untilEverywhere(expected);
  await write('and with it again;');
  await cluster.untilEverywhere(expected);

  for (const id of ids) await cluster.stop(id);
  for (const id of ids) await cluster.start(id);
  await write('after all stopped;');
  await cluster.untilEverywhere(expected);
  for (const id of ids) t.is(cluster.textOf(id), expected);

  for (const id of ids) await cluster.stop(id);
  t.deepEqual(cluster.faults, []);
});

type Running = {
  readonly node: RaftNode;
  readonly log: LogStore;
  readonly server: GrpcServer;
  readonly words: string[];
};

class Cluster {
  readonly faults: unknown[] = [];
  readonly #folder: string;
  readonly #addresses: ReadonlyMap<NodeId, PeerAddress>;
  readonly #running = new Map<NodeId, Running>();
  readonly #news = new Set<() => void>();

  constructor(folder: string, addresses: ReadonlyMap<NodeId, PeerAddress>) {
    this.#folder = folder;
    this.#addresses = addresses;
  }

  async start(id: NodeId): Promise<void> {
    const { port } = this.#addresses.get(id)!;
    const server = await openGrpcServer({ host, port });
    const bootstrap = {
      voters: ids,
      outgoing: [],
      learners: [],
      learnersNext: [],
      autoLeave: false,
    };
    const log = await openWal(
      { files: systemFiles(), clock, logger: quiet },
      { folder: `${this.#folder}/${id}`, clusterId, nodeId: id, bootstrap, segmentBytes: 1 << 20 },
    );
    const words: string[] = [];
    const random = systemRandom();
    const peers = new Map([...this.#addresses].filter(([peer]) => peer !== id));
    const node = new RaftNode(
      {
        clock,
        random,
        logger: quiet,
        log,
        machine: {
          apply: (entries) => {
            words.push(...entries.map(({ data }) => new TextDecoder().decode(data)));
            this.#tell();
          },
          appliedIndex: () => 0,
        },
        connect: grpcPeers(
          { clock, random, logger: quiet, server: server.server },
          { ...defaultGrpcPeersOptions, id, clusterId, peers },
        ),
        onFault: (fault) => void this.faults.push(fault),
      },
      // Faster than in production, since the machine's clock is waited for.
      { ...defaultRaftNodeOptions, id, tickMs: 30 },
    );
    node.watch(() => this.#tell());
    this.#running.set(id, { node, log, server, words });
  }

  async stop(id: NodeId): Promise<void> {
    const { node, log, server } = this.#running.get(id)!;
    this.#running.delete(id);
    await node.stop();
    await server[Symbol.asyncDispose]();
    await log.close();
  }

  async leader(): Promise<NodeId> {
    const find = (): NodeId | undefined =>
      [...this.#running].find(([, { node }]) => node.standing().ready)?.[0];
    await this.#until(() => find() !== undefined);
    return find()!;
  }

  /** Asks whoever leads, again while nobody accepts. What is `unknown` would have to be looked up. */
  async write(word: string): Promise<void> {
    for (;;) {
      const { node } = this.#running.get(await this.leader())!;
      const proposal = await node.propose(new TextEncoder().encode(word));
      if (proposal.kind === 'applied') return;
      if (proposal.reason === 'unknown') throw new Error('a leader fell without a reason');
    }
  }

  async untilEverywhere(text: string): Promise<void> {
    await this.#until(() => [...this.#running.keys()].every((id) => this.textOf(id) === text));
  }

  textOf(id: NodeId): string {
    return this.#running.get(id)!.words.join('');
  }

  /** Asked anew whenever a node applies something or its standing changes. */
  async #until(condition: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (condition()) resolve();
    };
    this.#news.add(look);
    look();
    await promise;
    this.#news.delete(look);
  }

  #tell(): void {
    // A node may say so in the middle of its turn: look when that is over.
    queueMicrotask(() => {
      for (const look of this.#news) look();
    });
  }
}

async function freeAddresses(): Promise<ReadonlyMap<NodeId, PeerAddress>> {
  const addresses = new Map<NodeId, PeerAddress>();
  for (const id of ids) {
    addresses.set(id, { host, port: await findFreePort(host, systemRandom()) });
  }
  return addresses;
}
