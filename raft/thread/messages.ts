/**
 * What two threads say to each other: one has the log and the node, the other the state machine and
 * those who propose. Each pipe is in order, and that is what the rest is built on: an outcome, a read
 * or a standing that follows entries is heard when these are applied.
 */
import type { Index, NodeId } from '#raft/core/types.ts';
import type { HandOver } from '#raft/node/hand-over.ts';
import type { Figure } from '#raft/node/meter.ts';
import type { Proposal, Read, Standing } from '#raft/node/replicated-log.ts';
import type { CarriedError } from './carried-error.ts';
import type { PackedEntries } from './packed-entries.ts';

/** Counts what was asked for, so that the answer finds who asked. */
export type Ticket = number;

/** A state on its way, a piece for each time that one is wanted. */
export type ChunkMessage =
  | { readonly kind: 'chunk-wanted' | 'chunks-unwanted'; readonly stream: number }
  | { readonly kind: 'chunk'; readonly stream: number; readonly bytes: Uint8Array }
  | { readonly kind: 'chunks-over'; readonly stream: number; readonly fault?: CarriedError };

export type ToNode =
  | ChunkMessage
  /** The machine is there, and this far. */
  | { readonly kind: 'begin'; readonly appliedIndex: Index }
  /** Tickets stand where entries have their index. Each is for its term alone. */
  | { readonly kind: 'propose'; readonly asked: PackedEntries }
  | { readonly kind: 'read'; readonly ticket: Ticket }
  | { readonly kind: 'hand-over'; readonly ticket: Ticket; readonly to: NodeId | undefined }
  | { readonly kind: 'applied'; readonly index: Index }
  | { readonly kind: 'restored'; readonly stream: number; readonly fault?: CarriedError }
  /** Answers the last `beat`. */
  | { readonly kind: 'here' }
  | { readonly kind: 'leave' };

export type ToMachine =
  | ChunkMessage
  /** The disk is; the machine may be brought. */
  | { readonly kind: 'opened' }
  | { readonly kind: 'begun' }
  | { readonly kind: 'standing'; readonly standing: Standing }
  | {
      readonly kind: 'apply';
      readonly entries: PackedEntries;
      /** Whether `applied` shall say when it is done. */
      readonly isTold: boolean;
    }
  | {
      readonly kind: 'outcomes';
      /** Ticket, index and term of each. */
      readonly applied: Float64Array;
      readonly refused: readonly (readonly [Ticket, Extract<Proposal, { kind: 'refused' }>])[];
    }
  | { readonly kind: 'read-done'; readonly ticket: Ticket; readonly read: Read }
  | { readonly kind: 'handed-over'; readonly ticket: Ticket; readonly outcome: HandOver }
  /** The state as it is now is wanted. */
  | { readonly kind: 'snapshot'; readonly stream: number }
  | { readonly kind: 'restore'; readonly stream: number; readonly index: Index }
  /** Asks for a sign of life; one at a time. `machineVersion`: what every member's machine knows. */
  | {
      readonly kind: 'beat';
      readonly figures: readonly Figure[];
      readonly machineVersion: number | undefined;
    }
  | { readonly kind: 'left' }
  | { readonly kind: 'fault'; readonly fault: CarriedError };
