/** What is written to a file of a sandbox, as it comes. A file that was made shorter is read anew. */
import type { Clock } from '#internal/runtime/clock.ts';
import type { FileTree } from '#internal/runtime/file-tree.ts';
import { FilesError } from '#internal/runtime/files.ts';
import type { OutputChunk } from '../containerizer.ts';

const pollMs = 50;
const pieceBytes = 64 * 1024;

export type FollowedFile = {
  readonly path: string;
  /** A resolved folder that a link must not lead out of. */
  readonly within: string;
  /** Where the reading starts. */
  readonly fromBytes: number;
  /** True when nothing more is written. */
  readonly isOver: () => boolean;
};

export async function* followFile(
  { clock, fileTree }: { readonly clock: Clock; readonly fileTree: FileTree },
  { path, within, fromBytes, isOver }: FollowedFile,
): AsyncGenerator<OutputChunk> {
  let offset = fromBytes;
  for (;;) {
    // Asked first: what was written before the end is read after it.
    const wasOver = isOver();
    const sizeBytes = (await fileTree.look(path))?.sizeBytes ?? 0;
    if (sizeBytes < offset) offset = 0;
    const data =
      sizeBytes === offset
        ? undefined
        : await fileTree.read(path, { offset, length: pieceBytes, within }).catch(unlessDenied);
    if (data !== undefined && data.length > 0) {
      offset += data.length;
      yield { stream: 'stdout', data };
    } else if (wasOver) return;
    else await clock.sleep(pollMs);
  }
}

/** A task that hides its own output is not shown. */
function unlessDenied(error: unknown): undefined {
  if (!(error instanceof FilesError)) throw error;
  return undefined;
}
