/**
 * A whole node with nobody beside it: Raft, log, snapshots and a state machine that remembers serials
 * in the order in which they came. On the machine's own disk and clock, with everything small, so
 * that segments end, snapshots are made and logs are compacted all the time.
 */
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { systemRandom } from '#internal/runtime/real/random.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import { nodeId } from '#raft/core/types.ts';
import { defaultRaftNodeOptions, openRaftNode, type RaftNode } from '#raft/node/raft-node.ts';
import type { StateMachine } from '#raft/node/replicated-log.ts';
import { openSnapshotStore } from '#storage/snapshot/snapshot-store.ts';
import { openWal } from '#storage/wal/wal.ts';

export type OneVoter = AsyncDisposable & {
  readonly node: RaftNode;
  /** As applied so far. */
  readonly serials: readonly number[];
};

type OneVoterOptions = {
  readonly folder: string;
  readonly segmentBytes: number;
  readonly onFault: (fault: unknown) => void;
};

const id = nodeId(1);
const clusterId = 'one-voter';
const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const entryBytes = 600;

/** An entry for the log: a serial, and ballast behind it. */
export function entryOf(serial: number): Uint8Array {
  const bytes = new Uint8Array(entryBytes).fill(serial % 251);
  new DataView(bytes.buffer).setUint32(0, serial);
  return bytes;
}

/** Resolves when it leads and has applied all that it decided before. */
export async function openOneVoter(options: OneVoterOptions): Promise<OneVoter> {
  const { folder, segmentBytes, onFault } = options;
  const [clock, random, files] = [systemClock(), systemRandom(), systemFiles()];
  const bootstrap = {
    voters: [id],
    outgoing: [],
    learners: [],
    learnersNext: [],
    autoLeave: false,
  };
  const log = await openWal(
    { files, clock, logger: quiet, onFault },
    { folder: `${folder}/log`, clusterId, nodeId: id, bootstrap, segmentBytes },
  );
  const store = await openSnapshotStore(
    { files, logger: quiet },
    { folder: `${folder}/snapshots`, clusterId, chunkBytes: 4096 },
  );
  const serials: number[] = [];
  const nobody = { send() {}, retire() {}, async [Symbol.asyncDispose]() {} };
  const noSnapshots = {
    ask: () => Promise.reject(new Error('there is nobody to send a snapshot to')),
    async [Symbol.asyncDispose]() {},
  };
  const node = await openRaftNode(
    {
      clock,
      random,
      logger: quiet,
      log,
      onFault,
      machine: serialMachine(serials),
      connect: () => nobody,
      snapshots: { store, connect: () => noSnapshots },
    },
    {
      ...defaultRaftNodeOptions,
      id,
      tickMs: 2,
      // A slow disk is not what is tried here.
      stallTicks: 10_000,
      snapshots: {
        ...defaultRaftNodeOptions.snapshots,
        everyBytes: segmentBytes,
        tailBytes: segmentBytes / 4,
      },
    },
  );
  await leading(node);
  return {
    node,
    serials,
    async [Symbol.asyncDispose]() {
      await node.stop();
      await store.close();
      await log.close();
    },
  };
}

function serialMachine(serials: number[]): StateMachine {
  let applied = 0;
  return {
    apply(entries) {
      for (const { index, data } of entries) {
        serials.push(new DataView(data.buffer, data.byteOffset).getUint32(0));
        applied = index;
      }
    },
    appliedIndex: () => applied,
    snapshot() {
      return { index: applied, chunks: inChunks(Uint32Array.from(serials)) };
    },
    async restore({ index, chunks }) {
      const parts: Uint8Array[] = [];
      for await (const chunk of chunks) parts.push(chunk);
      const bytes = Uint8Array.from(Buffer.concat(parts));
      serials.splice(0, serials.length, ...new Uint32Array(bytes.buffer));
      applied = index;
    },
  };
}

async function* inChunks(serials: Uint32Array): AsyncIterable<Uint8Array> {
  const bytes = new Uint8Array(serials.buffer);
  for (let from = 0; from < bytes.length; from += 1000) yield bytes.slice(from, from + 1000);
}

function leading(node: RaftNode): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = ({ ready }: { readonly ready: boolean }): void => {
    if (ready) resolve();
  };
  const watching = node.watch(look);
  look(node.standing());
  return promise.finally(() => watching[Symbol.dispose]());
}
