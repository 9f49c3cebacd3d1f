/**
 * Makes the work directory of a master of a new cluster that begins with a saved state. Each of its
 * masters is made so, from the same file and for the same members; then they are started as ever.
 *
 * The cluster gets a name of its own, so that a master of the old one that was thought lost can never
 * mix with it. Its terms begin far above the old one's: agents obey no lower term than they have met,
 * and the old cluster may have gone through more elections after it was saved.
 */
import { assert } from '#internal/base/assert.ts';
import type { Files } from '#internal/runtime/files.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type { ConfState, NodeId, SnapshotMark, Term } from '#raft/core/types.ts';
import { prefixed } from '#raft/node/snapshot-prefix.ts';
import { SnapshotError } from '#storage/snapshot/snapshot-error.ts';
import { openSnapshotStore } from '#storage/snapshot/snapshot-store.ts';
import { openWal } from '#storage/wal/wal.ts';
import { layoutOf, segmentBytes, snapshotChunkBytes } from '../../master/layout.ts';
import { type FileContent, readFile, verifyFile } from './file.ts';

export type RestoreDependencies = {
  readonly files: Files;
  readonly clock: Clock;
  readonly logger: Logger;
};

export type RestoreOptions = {
  readonly file: string;
  /** Absolute; is made, and must be empty if it is there. */
  readonly workDir: string;
  readonly clusterId: string;
  readonly nodeId: NodeId;
  readonly voters: readonly NodeId[];
};

/** So many elections a lost cluster could not have had since it was saved. */
const termsAhead = 1_000_000;

/** Throws `SnapshotError`: `CORRUPT` (the file), `CLOSED` (the folder or the name is in use). */
export async function restore(
  dependencies: RestoreDependencies,
  options: RestoreOptions,
): Promise<FileContent> {
  const { files } = dependencies;
  const { file, workDir, clusterId, voters } = options;
  assert(voters.includes(options.nodeId), 'a master that is not among its own peers');
  const content = await verifyFile(files, file);
  if (content.clusterId === clusterId) {
    const why = 'a lost master of the old one could come back and mix with it';
    throw new SnapshotError(
      'CLOSED',
      `The new cluster cannot be called "${clusterId}" too: ${why}`,
    );
  }
  const found = await files.stat(workDir);
  if (found !== undefined && (found.kind !== 'folder' || (await files.list(workDir)).length > 0)) {
    throw new SnapshotError('CLOSED', `${workDir} is not empty; nothing was changed`);
  }
  const ids = [...voters].toSorted((one, other) => one - other);
  const conf: ConfState = {
    voters: ids,
    outgoing: [],
    learners: [],
    learnersNext: [],
    autoLeave: false,
  };
  const term = content.term + termsAhead;
  try {
    await files.makeFolder(workDir);
    await putState(dependencies, options, { index: content.index, term, conf });
    await putLog(dependencies, options, { index: content.index, term, conf });
  } catch (fault) {
    // Half of it would be taken for a master that has lost its log.
    await files.remove(workDir);
    throw fault;
  }
  return { ...content, term };
}

async function putState(
  { files, logger }: RestoreDependencies,
  { file, workDir, clusterId }: RestoreOptions,
  mark: SnapshotMark,
): Promise<void> {
  const folder = layoutOf(workDir).snapshots;
  const store = await openSnapshotStore(
    { files, logger },
    { folder, clusterId, chunkBytes: snapshotChunkBytes },
  );
  const writer = await store.create(mark);
  await readFile(files, file, async ({ chunks }) => {
    // The ids that the old cluster used up mean nothing in this one.
    for await (const chunk of prefixed(new Uint8Array(), chunks)) await writer.write(chunk);
  });
  await writer.commit();
  await store.close();
}

/** A log that begins behind the state, in a term that no agent has met. */
async function putLog(
  { files, logger, clock }: RestoreDependencies,
  { workDir, clusterId, nodeId }: RestoreOptions,
  mark: SnapshotMark,
): Promise<void> {
  const faults: unknown[] = [];
  const log = await openWal(
    { files, logger, clock, onFault: (fault) => void faults.push(fault) },
    { folder: layoutOf(workDir).log, clusterId, nodeId, bootstrap: mark.conf, segmentBytes },
  );
  try {
    const hard = { term: mark.term satisfies Term, vote: undefined, commit: 0 };
    await log.append({ hard, entries: [] });
    await log.installSnapshot(mark);
  } finally {
    await log.close();
  }
  if (faults.length > 0) throw faults[0];
}
