/** Fills the book up from the log, when a node starts. */
import { confChangeOf } from '#raft/core/confchange-codec.ts';
import type { LogReader } from '#raft/core/log-store.ts';
import type { Index, NodeId } from '#raft/core/types.ts';
import type { RetiredIds } from './peer-book.ts';

/** What a crash may have kept from the book: changes that are applied do not come again. */
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
  for (let from = log.firstIndex(); from <= appliedIndex;) {
    const entries = log.entries(from, appliedIndex + 1, 1 << 20);
    for (const entry of entries.filter(({ kind }) => kind === 'conf')) {
      const removed = confChangeOf(entry).changes.filter(({ kind }) => kind === 'remove');
      for (const { node } of removed) if (!members.includes(node)) book.retire(node);
    }
    from += entries.length;
  }
}
