/**
 * Persistent volumes as things of their own: what their manifests say of them, and what the masters
 * know. A volume is told by its origin, whatever agent or cluster has it. Its epoch rises whenever it
 * is used or taken on, so that a copy that was left behind shows as older than what became of it.
 */
import type { Resource } from '#internal/resources/resource.ts';
import type { AgentId } from './ids.ts';

/** What lies beside the data of a volume. */
export type FoundVolume = {
  /** Unallocated: size, reservations, id and disk. */
  readonly volume: Resource;
  /** The uuid of the operation that made it; drawn for one that is older than manifests. */
  readonly origin: string;
  readonly epoch: number;
  /** Undefined for one that was made before clusters had names. */
  readonly clusterId: string | undefined;
  /** Undefined when an operator made it. */
  readonly frameworkId: string | undefined;
  readonly madeMs: number;
  /** Undefined before a task began to use it. */
  readonly usedMs: number | undefined;
};

/** A volume that an agent has, or left behind. */
export type VolumeRecord = {
  readonly agentId: AgentId;
  readonly hostname: string;
  readonly found: FoundVolume;
  /** Another agent has taken it on: this one came back with it, and may not use it. */
  readonly isStale: boolean;
  /** When its agent went out of the books; undefined while it has it. */
  readonly leftMs: number | undefined;
};

/** What an operation takes on. */
export type Adoption = {
  readonly origin: string;
  /** That it had when it was found. */
  readonly foundEpoch: number;
  readonly epoch: number;
};

/** Of one agent, beyond which it does not tell of more, and masters do not remember more. */
export const orphansMax = 1000;

/** Volumes that agents left behind; the ones that were left longest are forgotten first. */
export const leftVolumesMax = 10_000;

/** Of the volumes that one operation makes, in their order. */
export const originOf = (operationUuid: string, at: number): string =>
  at === 0 ? operationUuid : `${operationUuid}.${at}`;
