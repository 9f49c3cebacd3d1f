/** Brings the book to where the log is, when a node starts. */
import { confChangeOf } from '#raft/core/confchange-codec.ts';
import type { LogReader } from '#raft/core/log-store.ts';
import type { Index, NodeId } from '#raft/core/types.ts';
import type { RetiredIds } from './peer-book.ts';

/**
 * A crash may have kept from the book what is applied and does not come again. Or the book knows more
 * than the log: of a change whose being decided was not on disk yet. Then those whom it will remove are
 * needed once more, and are members until it is decided again.
 */
export function retireRemoved(
  book: RetiredIds,
  {
    log,
    appliedIndex,
    members,
  }: {
    readonly log: LogReader;
    readonly appliedIndex: Index;
    readonly members: readonly NodeId[];
  },
): void {
  book.reinstate(members);
  for (let from = log.firstIndex(); from <= appliedIndex;) {
    const entries = log.entries(from, appliedIndex + 1, 1 << 20);
    for (const entry of entries.filter(({ kind }) => kind === 'conf')) {
      const removed = confChangeOf(entry).changes.filter(({ kind }) => kind === 'remove');
      for (const { node } of removed) if (!members.includes(node)) book.retire(node);
    }
    from += entries.length;
  }
}
