/**
 * Files and folders as a port. What was written but not synced may be gone, or torn, after a crash;
 * a created, renamed or removed name may be forgotten until its folder was synced. The simulated
 * twin takes those liberties on purpose.
 *
 * Faults are thrown as `FilesError`. A failed `sync`, or write of a `durable` file, is final: the caller
 * stops the process and never tries it again, because the kernel may have dropped the data already
 * (`raft.md`, bug 41).
 */
export type Files = {
  /**
   * Opens for reading and writing. `create`: makes the file when missing; `exclusive`: must be new;
   * `durable`: what a write wrote is durable when it resolves, as if a sync of it belonged to it.
   */
  open(path: string, options?: OpenOptions): Promise<File>;
  /** Names (not paths) in a folder, sorted. */
  list(folder: string): Promise<readonly string[]>;
  /** What is at `path`, or undefined when nothing is. */
  stat(path: string): Promise<FileStat | undefined>;
  /** Makes the folder and those above it; fine when it exists. */
  makeFolder(path: string): Promise<void>;
  rename(source: string, target: string): Promise<void>;
  /** Removes a file or a whole tree; fine when nothing is there. */
  remove(path: string): Promise<void>;
  /** Makes names in the folder durable. */
  syncFolder(path: string): Promise<void>;
  /** Bytes free for us on the filesystem of `path`. */
  freeBytes(path: string): Promise<number>;
  /**
   * Takes the lock file at `path` for this process, or throws `FilesError` with code `LOCKED`. A lock
   * ends with its process, also when that was killed.
   */
  lock(path: string): Promise<AsyncDisposable>;
};

export type OpenOptions = {
  readonly create?: boolean;
  readonly exclusive?: boolean;
  readonly durable?: boolean;
};
export type FileStat = { readonly kind: 'file' | 'folder' | 'other'; readonly sizeBytes: number };

export type File = {
  /** Up to `length` bytes from `offset`; fewer only at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /**
   * Writes all parts one after the other from `offset` on; their bytes stay unchanged until it
   * resolves. On a full disk (`ENOSPC`) a part of them may have been written.
   */
  write(offset: number, parts: readonly Uint8Array[]): Promise<void>;
  truncate(sizeBytes: number): Promise<void>;
  /** Makes content and size durable (fdatasync). */
  sync(): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
};

/** `code` is the system's (`ENOENT`, `ENOSPC`, `EACCES`, `EIO`…) or `LOCKED`. */
export class FilesError extends Error {
  override readonly name: string = 'FilesError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
