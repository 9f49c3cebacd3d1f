/**
 * What can go wrong with snapshots on disk. `CORRUPT`: one does not read as it was written. `FULL`: no
 * room; what was begun can be abandoned and tried again later. `IO`: the disk failed; whoever gets this
 * stops the process and never tries the write again, as with the log. `CLOSED`: the session is over.
 */
export class SnapshotError extends Error {
  override readonly name: string = 'SnapshotError';
  readonly code: 'CORRUPT' | 'FULL' | 'IO' | 'CLOSED';

  constructor(code: SnapshotError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
