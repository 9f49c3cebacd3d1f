/** What all programs of one simulated cluster stand on, and where they find each other. */
import type { Logger } from '#internal/runtime/logger.ts';
import { SimulatedDatagrams } from '#internal/runtime/simulated/datagrams.ts';
import { SimulatedHttp } from '#internal/runtime/simulated/http.ts';
import { type LogBook, openLogBook } from '#internal/runtime/simulated/logger.ts';
import { SimulatedNetwork } from '#internal/runtime/simulated/network.ts';
import { SimulatedStreams } from '#internal/runtime/simulated/streams.ts';
import type { SimulatedWorld } from '#internal/runtime/simulated/world.ts';
import type { Datagram } from '#raft/transport/memory.ts';
import type { SnapshotDatagram } from '#raft/transport/memory-snapshots.ts';
import type { ClusterWitness } from './cluster-witness.ts';

export type Ground = {
  readonly world: SimulatedWorld;
  readonly network: SimulatedNetwork;
  readonly datagrams: SimulatedDatagrams<Datagram>;
  readonly snapshots: SimulatedDatagrams<SnapshotDatagram>;
  /** Between agents and masters. */
  readonly links: SimulatedStreams<Uint8Array>;
  readonly http: SimulatedHttp;
  readonly book: LogBook;
  readonly logger: Logger;
  readonly witness: ClusterWitness;
};

export const httpPort = 5050;
export const linkPort = 5060;
export const agentPort = 5051;
export const linkBacklogBytesMax: number = 1 << 20;

/** Machines are named as they are addressed: the names serve as IP addresses too. */
export const masterName = (nodeId: number): string => `m${nodeId}`;

export function newGround(world: SimulatedWorld, witness: ClusterWitness): Ground {
  const network = new SimulatedNetwork({ world });
  const book = openLogBook({ nowMs: () => world.nowMs });
  return {
    world,
    network,
    datagrams: new SimulatedDatagrams<Datagram>({ network }, { name: 'raft' }),
    snapshots: new SimulatedDatagrams<SnapshotDatagram>({ network }, { name: 'snapshots' }),
    links: new SimulatedStreams<Uint8Array>({ network }, { name: 'link' }),
    http: new SimulatedHttp({ network }),
    book,
    logger: book.logger,
    witness,
  };
}

/** As a machine has it: what it logs is told as its own. */
export const groundOf = (ground: Ground, machine: string): Ground => ({
  ...ground,
  logger: ground.logger.child({ machine }),
});
