/** A fault of the disk under a volume, as a value: the operation fails, not the agent. */
import { FilesError } from '#internal/runtime/files.ts';

export async function volumeFault(work: Promise<void>): Promise<FilesError | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof FilesError) return error;
    throw error;
  }
}
