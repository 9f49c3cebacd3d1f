/**
 * Folders that somebody else may write to, as a port: what we do in them as root must not be led
 * elsewhere by a link that was put there a moment ago. So a folder is opened part by part, held, and
 * everything happens in the one that is held, wherever its name leads by then.
 *
 * Faults are `FilesError`s.
 */
import type { User } from './processes.ts';

export type GuardedFolders = {
  /** `root` is ours, with all above it; no part of `path` below it may be a link (`ELOOP`, `ENOTDIR`). */
  open(root: string, path: readonly string[]): Promise<GuardedFolder>;
};

export type GuardedFolder = AsyncDisposable & {
  /**
   * Gives all that lies in the folder `from`, which is ours and on the same file system, to `owner`, and
   * moves it here. A file of the same name is replaced; a folder that is not empty is `ENOTEMPTY`.
   */
  takeAll(from: string, owner: User | undefined): Promise<void>;
  /** Adds to a regular file, which is made when it is missing. Anything else of that name is left alone. */
  append(name: string, bytes: Uint8Array, owner: User | undefined): Promise<void>;
  /** Of the regular file of that name; 0 when there is none. */
  sizeOf(name: string): Promise<number>;
  /**
   * Empties the regular file `name`, and keeps the newest of what was in it as `name.1`, what was there
   * before as `name.2`, and so on; what is older than `keep` of them goes. Who has the file open to append
   * goes on. What is written between the last look at its end and the cut, some microseconds, is lost.
   */
  rotate(name: string, rotation: Rotation): Promise<void>;
};

export type Rotation = {
  /** Of what is kept of it; the rest, its beginning, is dropped. */
  readonly bytesMax: number;
  readonly keep: number;
};
