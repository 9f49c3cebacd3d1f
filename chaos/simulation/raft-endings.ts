/** Why a program ended itself: what it may end of, and what is a bug. */
import { FilesError } from '#internal/runtime/files.ts';
import { PeerBookError } from '#raft/node/peer-book.ts';
import { NoSnapshotError } from '#raft/node/snapshot-desk.ts';
import { SnapshotError } from '#storage/snapshot/snapshot-error.ts';
import { WalError } from '#storage/wal/wal-error.ts';

/** `refused`: what is on the disk is not what was written, and the program says so. */
export type Ending = 'disk-failed' | 'disk-full' | 'refused';

/** Undefined: nothing that the world did explains it. */
export function endingOf(fault: unknown): Ending | undefined {
  if (fault instanceof PeerBookError || fault instanceof NoSnapshotError) return 'refused';
  if (fault instanceof WalError && fault.code === 'CORRUPT') return 'refused';
  const cause = fault instanceof WalError || fault instanceof SnapshotError ? fault.cause : fault;
  if (!(cause instanceof FilesError)) return undefined;
  if (cause.code === 'ENOSPC') return 'disk-full';
  return cause.code === 'EIO' ? 'disk-failed' : undefined;
}
