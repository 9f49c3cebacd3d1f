/**
 * Named pipes as a port: what programs that outlive us say and read, and nothing of it lies on a disk.
 * A pipe holds some 64 KiB; who writes more waits for the reader.
 *
 * Faults are `FilesError`s: `ENOENT`, `ENOTPIPE` for what is something else, or leads to it.
 */
export type Pipes = {
  openReader(path: string): Promise<PipeReader>;
  openWriter(path: string): Promise<PipeWriter>;
};

/** A pipe stays open while it has a reader, also when nobody writes to it. For one reader. */
export type PipeReader = {
  /** What is in it, as it comes; ends after `finish`, when the pipe is empty and nobody writes. */
  readonly chunks: AsyncIterator<Uint8Array>;
  finish(): void;
  /** Ends it at once. */
  close(): void;
};

/** While there is one, whoever reads from the pipe does not see its end. */
export type PipeWriter = {
  /** Resolves when the pipe has taken it, or was closed. */
  write(chunk: Uint8Array): Promise<void>;
  close(): void;
};
