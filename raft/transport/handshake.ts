/**
 * What two nodes tell each other before the first message, as gRPC metadata: who calls whom, in which
 * cluster, in which versions of the protocol. Strangers are refused with words that an operator
 * understands: a misdirected node must never get as far as a vote.
 */
import { Metadata } from '@grpc/grpc-js';
import { brand } from '#internal/base/brand.ts';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { NodeId } from '#raft/core/types.ts';

/** The versions of `message-codec.ts` that this program speaks. */
const versions = { min: 1, max: 1 } as const;

const keys = {
  cluster: 'altiplano-cluster',
  from: 'altiplano-from',
  to: 'altiplano-to',
  min: 'altiplano-version-min',
  max: 'altiplano-version-max',
} as const;

export type Hello = { readonly clusterId: string; readonly from: NodeId; readonly to: NodeId };

export type Host = {
  readonly clusterId: string;
  readonly id: NodeId;
  readonly isMember: (id: NodeId) => boolean;
};

export function metadataFromHello({ clusterId, from, to }: Hello): Metadata {
  const metadata = new Metadata();
  // Metadata carries visible ASCII only; a cluster's name may be anything.
  metadata.set(keys.cluster, encodeURIComponent(clusterId));
  metadata.set(keys.from, String(from));
  metadata.set(keys.to, String(to));
  metadata.set(keys.min, String(versions.min));
  metadata.set(keys.max, String(versions.max));
  return metadata;
}

/** Who calls, or why we will not talk to them. */
export function welcome(metadata: Metadata, host: Host): Result<NodeId, string> {
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
  if (!host.isMember(from)) return refuse(`Node ${from} is no member that node ${host.id} knows`);
  const [min, max] = [Number(text(keys.min)), Number(text(keys.max))];
  if (!(min <= versions.max && max >= versions.min)) {
    const ours = `${versions.min} to ${versions.max}`;
    return refuse(
      `Node ${from} speaks versions ${min} to ${max} of the protocol, this one ${ours}`,
    );
  }
  return accept(from);
}
