/**
 * A folder of ours in which files are put together that somebody else gets when they are complete, as a
 * port. Nobody else can write there, so its paths lead where they say. Faults are `FilesError`s.
 */
export type Stages = {
  /** Makes the folder anew, empty, for us alone. */
  open(folder: string): Promise<Stage>;
};

export type Stage = {
  readonly folder: string;
  /** A folder with those above it; of one that is there nothing changes. */
  makeFolder(path: readonly string[], mode: number): Promise<void>;
  /** A new file, and the folders above it. What of its content came before a fault stays. */
  writeFile(
    path: readonly string[],
    content: AsyncIterable<Uint8Array>,
    mode: number,
  ): Promise<void>;
  /** A copy of a file of ours from elsewhere. */
  copyFile(path: readonly string[], from: string, mode: number): Promise<void>;
  setMode(path: readonly string[], mode: number): Promise<void>;
  /** A symbolic link; `EEXIST` where something is. */
  link(path: readonly string[], target: string): Promise<void>;
  /** Another name of a file of this stage. */
  hardLink(path: readonly string[], existing: readonly string[]): Promise<void>;
  /** A file, not a folder; fine when it is missing. */
  removeFile(path: readonly string[]): Promise<void>;
};
