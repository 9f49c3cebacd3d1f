/** The log of a key-value node in a thread of its own, as a master has it. */
import { systemClock } from '#internal/runtime/real/clock.ts';
import { openLogger } from '#internal/runtime/real/logger.ts';
import { threadPort, threadSettings } from '#internal/runtime/real/thread.ts';
import type { ToMachine, ToNode } from '#raft/thread/messages.ts';
import { defaultNodeHostOptions, NodeHost } from '#raft/thread/node-host.ts';
import { sharedDiskCounts } from './counting-files.ts';
import { openKvLog } from './kv-log.ts';
import type { KvNodeOptions } from './kv-node-options.ts';

export type KvThreadSettings = {
  readonly options: KvNodeOptions;
  readonly disk: SharedArrayBuffer;
};

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends are ours.
const { options, disk } = threadSettings() as KvThreadSettings;
const log = await openKvLog(
  { disk: sharedDiskCounts(disk), onFault: (fault) => host.fail(fault) },
  options,
);
const host = new NodeHost(
  {
    port: threadPort<readonly ToMachine[], readonly ToNode[]>(),
    clock: systemClock(),
    logger: openLogger({ level: 'warn' }),
    defer: queueMicrotask,
    open: async (machine) => await log.begin(machine),
    close: async () => await log.close(),
  },
  defaultNodeHostOptions,
);
