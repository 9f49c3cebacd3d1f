/**
 * A Ready as messages to threads of storage, for a driver that has some: one thread appends, one
 * applies, each in the order it is told. What a message's `responses` hold is sent when it is done:
 * messages to peers, and the news for the core itself (`RawNode.stepStorage`).
 *
 * It goes with the options `writesMax` above one and `reportsApplied`; with others it is merely another
 * way to say the same.
 */
import type { Ready } from './ready.ts';
import type { Entry, HardState, Index, Message, SnapshotMark } from './types.ts';

export type StorageMessage =
  | {
      readonly kind: 'MsgStorageAppend';
      readonly hard: HardState | undefined;
      readonly entries: readonly Entry[];
      readonly snapshot: SnapshotMark | undefined;
      readonly responses: readonly (Message | StorageResponse)[];
    }
  | {
      readonly kind: 'MsgStorageApply';
      readonly entries: readonly Entry[];
      readonly responses: readonly StorageResponse[];
    };

export type StorageResponse =
  | { readonly kind: 'MsgStorageAppendResp' }
  | { readonly kind: 'MsgStorageApplyResp'; readonly index: Index };

export function storageMessages(ready: Ready): readonly StorageMessage[] {
  const { hard, entries, snapshot, committed, messagesAfterSync, mustSync } = ready;
  const told = mustSync ? [{ kind: 'MsgStorageAppendResp' } as const] : [];
  const responses = [...messagesAfterSync, ...told];
  const last = committed.at(-1);
  return [
    ...(responses.length === 0
      ? []
      : [{ kind: 'MsgStorageAppend', hard, entries, snapshot, responses } as const]),
    ...(last === undefined
      ? []
      : [
          {
            kind: 'MsgStorageApply',
            entries: committed,
            responses: [{ kind: 'MsgStorageApplyResp', index: last.index }],
          } as const,
        ]),
  ];
}
