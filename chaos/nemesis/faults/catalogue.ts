/** All faults, under the names by which scenarios ask for them. */
import { flood, nonsense, slowClients } from './clients.ts';
import { clock } from './clocks.ts';
import { bitFlip, diskFull, powerCut, slowDisk, sync } from './disks.ts';
import type { Fault } from './fault.ts';
import { bandwidth, bridge, delay, loss, partition, reset, ring } from './networks.ts';
import { revenant } from './revenant.ts';
import { descriptors, freeze, kill, memory, stop } from './processes.ts';

export const faults: Readonly<Record<string, Fault>> = {
  bandwidth,
  'bit-flip': bitFlip,
  bridge,
  clock,
  delay,
  descriptors,
  'disk-full': diskFull,
  flood,
  freeze,
  kill,
  loss,
  memory,
  nonsense,
  partition,
  'power-cut': powerCut,
  reset,
  revenant,
  ring,
  'slow-clients': slowClients,
  'slow-disk': slowDisk,
  stop,
  sync,
};
