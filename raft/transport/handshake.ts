/**
 * What two nodes tell each other before the first message, as gRPC metadata: who calls whom, in which
 * cluster, in which versions of the protocol. Strangers are refused with words that an operator
 * understands: a misdirected node must never get as far as a vote.
 */
import { Metadata } from '@grpc/grpc-js';
import { brand } from '#internal/base/brand.ts';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { addressOf } from '#internal/rpc/grpc-server.ts';
import type { NodeId } from '#raft/core/types.ts';
import type { Acquaintances } from '#raft/node/peer-book.ts';
import type { PeerAddress } from '#raft/node/peer-transport.ts';

/** The versions of `message-codec.ts` that a program speaks; two nodes need one in common. */
export type ProtocolVersions = { readonly min: number; readonly max: number };
export const protocolVersions: ProtocolVersions = { min: 1, max: 1 };

const keys = {
  cluster: 'altiplano-cluster',
  from: 'altiplano-from',
  to: 'altiplano-to',
  min: 'altiplano-version-min',
  max: 'altiplano-version-max',
  birth: 'altiplano-birth',
  address: 'altiplano-address',
  machine: 'altiplano-machine-version',
} as const;

export type Hello = {
  readonly clusterId: string;
  readonly from: NodeId;
  readonly to: NodeId;
  readonly versions: ProtocolVersions;
  /** The mark of our disk (`#raft/node/peer-book.ts`). */
  readonly birth: string;
  /** Where the caller can be called back. */
  readonly address?: PeerAddress | undefined;
  /** The newest version that our state machine knows; those who decide for all need everybody's. */
  readonly machineVersion?: number | undefined;
};

export type Host = {
  readonly clusterId: string;
  readonly id: NodeId;
  readonly versions: ProtocolVersions;
  readonly acquaintances: Acquaintances;
};

/** Somebody whom we talk to. */
export type Guest = {
  readonly id: NodeId;
  /** The newest version that both speak. */
  readonly version: number;
  readonly address: PeerAddress | undefined;
  /** Undefined for one that does not say. */
  readonly machineVersion: number | undefined;
};

export function metadataFromHello(hello: Hello): Metadata {
  const { clusterId, from, to, versions, birth, address, machineVersion } = hello;
  const metadata = new Metadata();
  // Metadata carries visible ASCII only; a cluster's name may be anything.
  metadata.set(keys.cluster, encodeURIComponent(clusterId));
  metadata.set(keys.from, String(from));
  metadata.set(keys.to, String(to));
  metadata.set(keys.min, String(versions.min));
  metadata.set(keys.max, String(versions.max));
  metadata.set(keys.birth, birth);
  if (address !== undefined) metadata.set(keys.address, addressOf(address.host, address.port));
  if (machineVersion !== undefined) metadata.set(keys.machine, String(machineVersion));
  return metadata;
}

/** Who calls, or why we will not talk to them. The other side answers with a hello of its own. */
export function welcome(metadata: Metadata, host: Host): Result<Guest, string> {
  const text = (key: string): string => String(metadata.get(key)[0] ?? '');
  const from = brand<NodeId>(Number(text(keys.from)));
  if (!Number.isSafeInteger(from) || from <= 0) return refuse('The caller names no node id');
  const cluster = text(keys.cluster);
  if (cluster !== encodeURIComponent(host.clusterId)) {
    return refuse(`Node ${from} is of cluster "${cluster}", this is "${host.clusterId}"`);
  }
  if (text(keys.to) !== String(host.id)) {
    return refuse(`Node ${from} looks for node ${text(keys.to)}, this is ${host.id}`);
  }
  if (from === host.id) return refuse(`Node ${from} calls itself: two nodes have one id`);
  const [min, max] = [Number(text(keys.min)), Number(text(keys.max))];
  const { versions } = host;
  if (!(min <= versions.max && max >= versions.min)) {
    const ours = `${versions.min} to ${versions.max}`;
    return refuse(
      `Node ${from} speaks versions ${min} to ${max} of the protocol, this one ${ours}`,
    );
  }
  const birth = text(keys.birth);
  if (birth === '') return refuse(`Node ${from} does not say which disk it has`);
  const whyNot = host.acquaintances.acquaint(from, birth);
  if (whyNot !== undefined) return refuse(whyNot);
  const version = Math.min(max, versions.max);
  const machine = Number(text(keys.machine));
  const machineVersion = Number.isSafeInteger(machine) && machine > 0 ? machine : undefined;
  return accept({ id: from, version, address: parseAddress(text(keys.address)), machineVersion });
}

function parseAddress(text: string): PeerAddress | undefined {
  const [, host = '', portText = ''] = /^\[?([^\]]+)\]?:(\d+)$/.exec(text) ?? [];
  const port = Number(portText);
  return host !== '' && port >= 1 && port <= 65_535 ? { host, port } : undefined;
}
