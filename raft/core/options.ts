/** The settings of a core, with what breaks when they are wrong. */
import { assert } from '#internal/base/assert.ts';
import type { ConfState, HardState, Index, NodeId } from './types.ts';

export type RawNodeOptions = {
  readonly id: NodeId;
  /** As the log store recovered it: `LogStore.initial`. */
  readonly initial: { readonly hard: HardState; readonly conf: ConfState };
  /** What the state machine holds already: entries up to here are not handed out again. */
  readonly appliedIndex: Index;
  /**
   * Ticks of quiet before a campaign; each time drawn anew from `[electionTicks, 2 * electionTicks)`.
   * Ten heartbeats are usual. Below two, one late heartbeat costs an election.
   */
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  /** Data in one MsgApp. A larger entry travels alone. */
  readonly messageBytesMax: number;
  /** MsgApps to one peer that were not answered yet, by count and by data. */
  readonly inflightMessagesMax: number;
  readonly inflightBytesMax: number;
  /** Data of our own proposals that no quorum has yet. Beyond it proposals are refused: `busy`. */
  readonly uncommittedBytesMax: number;
  /** Data of one proposal. Beyond it: `too-large`. */
  readonly entryBytesMax: number;
  /** Data in `committed` of one Ready, so that applying never holds the loop for long. */
  readonly committedBytesMax: number;
};

/** Everything but the identity and what was recovered. */
export const defaultLimits: Omit<RawNodeOptions, 'id' | 'initial' | 'appliedIndex'> = {
  electionTicks: 10,
  heartbeatTicks: 1,
  messageBytesMax: 1 << 20,
  inflightMessagesMax: 256,
  inflightBytesMax: 8 << 20,
  uncommittedBytesMax: 64 << 20,
  entryBytesMax: 1 << 20,
  committedBytesMax: 4 << 20,
};

/** Options are ours, not a user's: a relation that cannot work is a bug of the caller. */
export function assertOptions(options: RawNodeOptions): void {
  const { id, initial, electionTicks, heartbeatTicks } = options;
  const { conf } = initial;
  assert(Number.isSafeInteger(id) && id > 0, `node id ${id} is not a positive safe integer`);
  assert(heartbeatTicks >= 1, `heartbeatTicks ${heartbeatTicks} is below one`);
  assert(
    electionTicks > heartbeatTicks,
    `electionTicks ${electionTicks} must exceed heartbeatTicks ${heartbeatTicks}`,
  );
  assert(conf.outgoing.length === 0, 'this core knows no joint configurations');
  assert(conf.voters.length > 0, 'the configuration has no voter');
  const everyone = [...conf.voters, ...conf.learners];
  assert(new Set(everyone).size === everyone.length, 'a node is listed twice in the configuration');
  for (const name of limitNames) {
    const limit = options[name];
    assert(Number.isSafeInteger(limit) && limit > 0, `${name} ${limit} is not a positive integer`);
  }
}

const limitNames = [
  'electionTicks',
  'heartbeatTicks',
  'messageBytesMax',
  'inflightMessagesMax',
  'inflightBytesMax',
  'uncommittedBytesMax',
  'entryBytesMax',
  'committedBytesMax',
] as const;
