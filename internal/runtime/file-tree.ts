/**
 * The tasks' side of the file system as a port: folders with owners and links, and what strangers may
 * look at. Nothing here is synced; what must survive goes through `Files`.
 *
 * Faults are `FilesError`s.
 */
import type { User } from './processes.ts';

export type FileTree = {
  /** Makes a folder and those above it; `owner` gets the last one. */
  makeFolder(path: string, owner: User | undefined): Promise<void>;
  /**
   * The same in one step, where nobody but us can write into what is above it, and that is on a disk: what
   * strangers put in the way may keep the system busy for ever.
   */
  makePath(path: string, owner: User | undefined): Promise<void>;
  /** Makes, or points anew, the symbolic link at `path`. */
  link(path: string, target: string): Promise<void>;
  /** `path` with all links followed; undefined when nothing is there. */
  resolve(path: string): Promise<string | undefined>;
  /** What is at `path`, a link followed; undefined when nothing is. */
  look(path: string): Promise<TreeEntry | undefined>;
  /**
   * What is in a folder, sorted by path, links as themselves; undefined when there is none. With `within`
   * set to a resolved folder, one that does not lie in it, or is it, once all links are followed is
   * `EACCES`, also when a link was put in the way a moment ago.
   */
  browse(path: string, within?: string): Promise<readonly TreeEntry[] | undefined>;
  /**
   * What is in a folder and what it takes of the disk, links as themselves, in no order; undefined when
   * there is none. Never more than `entriesMax` of it.
   */
  measure(path: string, entriesMax: number): Promise<readonly MeasuredEntry[] | undefined>;
  /**
   * Up to `length` bytes of a regular file from `offset`; fewer only at its end. With `within` set to
   * a resolved folder, a file that does not lie in it once all links are followed is `EACCES`, also
   * when a link was put in the way a moment ago.
   */
  read(path: string, range: ReadRange): Promise<Uint8Array>;
  /** Sets when it was changed last; a link is not followed. */
  touch(path: string, modifiedMs: number): Promise<void>;
  /** Of the file system that holds `path`: 0 is empty, 1 is full. */
  usedShare(path: string): Promise<number>;
};

export type ReadRange = {
  readonly offset: number;
  readonly length: number;
  readonly within?: string;
};

export type MeasuredEntry = {
  readonly path: string;
  readonly isFolder: boolean;
  /** Of blocks, whatever the file's size is. */
  readonly diskBytes: number;
  /** Equal for names of one and the same file. */
  readonly identity: string;
};

export type TreeEntry = {
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  /** As `stat` has it, the kind included. */
  readonly mode: number;
  readonly links: number;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly uid: number;
  readonly gid: number;
  /** Names where the machine has them, else the numbers. */
  readonly user: string;
  readonly group: string;
};
