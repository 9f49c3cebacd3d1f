/**
 * What can be wrong with a log on disk. `CORRUPT`: bytes that were acknowledged are gone or changed.
 * `FOREIGN`: the log of another cluster or node. `VERSION`: written by a newer program. `LOCKED`:
 * another process has it. `IO`: the disk failed; whoever gets this stops the process and never tries
 * the write again, because the kernel may have dropped what it could not write. `DISK_FULL`: even the
 * reserve is used up; stops the process too.
 */
export class WalError extends Error {
  override readonly name: string = 'WalError';
  readonly code: 'CORRUPT' | 'FOREIGN' | 'VERSION' | 'LOCKED' | 'IO' | 'DISK_FULL' | 'CLOSED';

  constructor(code: WalError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
