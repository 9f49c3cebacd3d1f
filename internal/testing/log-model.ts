/**
 * A log as a test sees it: what it holds, what a node may do to it, and what it holds then. The log
 * on disk is held against it.
 */
import { isDeepStrictEqual } from 'node:util';
import { unreachable } from '#internal/base/assert.ts';
import type { Random } from '#internal/base/random.ts';
import type { LogBatch, LogReader, LogStore } from '#raft/core/log-store.ts';
import { type Entry, type HardState, nodeId, type SnapshotMark } from '#raft/core/types.ts';

export const conf = (...ids: number[]): SnapshotMark['conf'] => ({
  voters: ids.map(nodeId),
  outgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
});

/** All that a log says of itself. */
export type Contents = {
  readonly hard: HardState;
  readonly mark: SnapshotMark;
  /** Of the last entry before those that are there. */
  readonly begin: { readonly index: number; readonly term: number | undefined };
  readonly entries: readonly Entry[];
};

export const contentsOf = (log: LogReader, hard: HardState): Contents => ({
  hard,
  mark: log.snapshot(),
  begin: { index: log.firstIndex() - 1, term: log.term(log.firstIndex() - 1) },
  entries:
    log.firstIndex() > log.lastIndex()
      ? []
      : log.entries(log.firstIndex(), log.lastIndex() + 1, Infinity),
});

export const newborn: Contents = {
  hard: { term: 0, vote: undefined, commit: 0 },
  mark: { index: 0, term: 0, conf: conf(1, 2, 3) },
  begin: { index: 0, term: 0 },
  entries: [],
};

export type Step =
  | { readonly kind: 'append'; readonly batch: LogBatch }
  | { readonly kind: 'compact'; readonly mark: SnapshotMark; readonly tailBytes: number }
  | { readonly kind: 'install'; readonly mark: SnapshotMark };

export const isSame = (one: Contents, other: Contents): boolean => isDeepStrictEqual(one, other);

export function take(log: LogStore, step: Step): Promise<void> {
  if (step.kind === 'append') return log.append(step.batch);
  return step.kind === 'compact' ? log.compact(step.mark, step) : log.installSnapshot(step.mark);
}

export function after(model: Contents, step: Step): Contents {
  switch (step.kind) {
    case 'append': {
      const { hard = model.hard, entries } = step.batch;
      const from = entries[0]?.index ?? Infinity;
      const kept = model.entries.filter(({ index }) => index < from);
      return { ...model, hard, entries: [...kept, ...entries] };
    }
    case 'compact':
      return compacted(model, step.mark, step.tailBytes);
    case 'install': {
      const { index, term } = step.mark;
      return { ...model, mark: step.mark, begin: { index, term }, entries: [] };
    }
    default:
      return unreachable(step);
  }
}

function compacted(model: Contents, mark: SnapshotMark, tailBytes: number): Contents {
  if (mark.index <= model.mark.index) return model;
  const gone = model.entries.filter(({ index }) => index <= mark.index);
  for (let bytes = 0; ;) {
    bytes += gone.at(-1)?.data.length ?? Infinity;
    if (bytes > tailBytes) break;
    gone.pop();
  }
  const { index, term } = gone.at(-1) ?? model.begin;
  return { ...model, mark, begin: { index, term }, entries: model.entries.slice(gone.length) };
}

/** Something that a node may do to a log that holds `model`. */
export function drawStep(random: Random, model: Contents): Step {
  const { hard, mark, begin, entries } = model;
  const last = begin.index + entries.length;
  const commit = Math.max(hard.commit, mark.index);
  if (random.oneIn(12)) {
    return {
      kind: 'install',
      mark: { index: last + 1 + random.below(5), term: hard.term, conf: conf(1, 4) },
    };
  }
  const kept = entries[random.below(entries.length + 3)];
  if (random.oneIn(4) && kept !== undefined && kept.index <= commit) {
    const { index, term } = kept;
    const tailBytes = random.oneIn(2) ? 0 : random.below(1500);
    return { kind: 'compact', mark: { index, term, conf: conf(5, 6) }, tailBytes };
  }
  // One term more whenever entries are replaced, as a new leader would have it.
  const from = random.oneIn(3) ? commit + 1 + random.below(last - commit + 1) : last + 1;
  const term = hard.term + (from <= last || random.oneIn(5) ? 1 : 0);
  const added = Array.from({ length: random.below(4) }, (_, i) =>
    entry(term, from + i, random.oneIn(6) ? random.below(1200) : random.below(40)),
  );
  const end = added.length === 0 ? last : from + added.length - 1;
  const vote = random.oneIn(2) ? undefined : nodeId(1 + random.below(2 ** 53 - 1));
  const wanted = { term, vote, commit: commit + random.below(end - commit + 1) };
  return { kind: 'append', batch: { hard: wanted, entries: added } };
}

export function entry(term: number, index: number, size = 5): Entry {
  const kinds = ['normal', 'conf', 'noop'] as const;
  const data = Uint8Array.from({ length: size }, (_, i) => (index * 31 + i * 7 + term) % 256);
  return { term, index, kind: kinds[index % 3] ?? 'normal', data };
}
