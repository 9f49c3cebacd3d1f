/** What serves the keys and values: a node in this thread, or in one of its own. */
import { systemClock } from '#internal/runtime/real/clock.ts';
import { startThread } from '#internal/runtime/real/thread.ts';
import { afterTurn } from '#internal/runtime/real/turn.ts';
import type { NodeId } from '#raft/core/types.ts';
import { type HandOver, handOver, leave } from '#raft/node/hand-over.ts';
import type { Figure } from '#raft/node/meter.ts';
import type { Proposal, Standing, StateMachine } from '#raft/node/replicated-log.ts';
import type { ToMachine, ToNode } from '#raft/thread/messages.ts';
import {
  defaultThreadedNodeOptions,
  logYoungMebibytes,
  ThreadedNode,
} from '#raft/thread/threaded-node.ts';
import { type DiskCounts, sharedDiskCounts } from './counting-files.ts';
import { openKvLog } from './kv-log.ts';
import type { KvThreadSettings } from './kv-log-thread.ts';
import type { KvNodeOptions } from './kv-node-options.ts';

export type KvBack = {
  readonly disk: DiskCounts;
  propose(entry: Uint8Array): Promise<Proposal>;
  standing(): Standing;
  watch(listener: (standing: Standing) => void): Disposable;
  figures(): readonly Figure[];
  handOver(to: NodeId): Promise<HandOver>;
  leave(): Promise<void>;
};

export async function openKvBack(machine: StateMachine, options: KvNodeOptions): Promise<KvBack> {
  return await (options.threaded === true ? openThread : openHere)(machine, options);
}

async function openHere(machine: StateMachine, options: KvNodeOptions): Promise<KvBack> {
  const disk = sharedDiskCounts();
  const log = await openKvLog({ disk, onFault: endOnFault }, options);
  const node = await log.begin(machine);
  return {
    disk,
    propose: (entry) => node.propose(entry),
    standing: () => node.standing(),
    watch: (listener) => node.watch(listener),
    figures: () => node.figures(),
    handOver: async (to) => await handOver(node, { to }),
    async leave() {
      await leave(node);
      await log.close();
    },
  };
}

async function openThread(machine: StateMachine, options: KvNodeOptions): Promise<KvBack> {
  const disk = sharedDiskCounts();
  const settings: KvThreadSettings = { options, disk: disk.shared };
  const file = new URL('kv-log-thread.ts', import.meta.url);
  const { port, ended } = startThread<readonly ToNode[], readonly ToMachine[]>(file, {
    settings,
    youngMebibytes: logYoungMebibytes,
  });
  const clock = systemClock();
  const node = new ThreadedNode(
    { port, clock, defer: afterTurn, onFault: endOnFault },
    defaultThreadedNodeOptions,
  );
  ended.catch((fault: unknown) => node.fail(fault));
  await node.opened;
  await node.begin(machine);
  return {
    disk,
    propose: (entry) => node.propose(entry),
    standing: () => node.standing(),
    watch: (listener) => node.watch(listener),
    figures: () => node.figures(),
    handOver: (to) => node.handOver({ to }),
    leave: () => node.leave(),
  };
}

function endOnFault(fault: unknown): never {
  console.error(fault);
  process.exit(70);
}
