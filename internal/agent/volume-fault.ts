/** A fault of the disk under a volume, or what must not be done with it, as a value. */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { FilesError } from '#internal/runtime/files.ts';
import { VolumeError } from './volume-manifest.ts';

export async function volumeResult<Value>(
  work: Promise<Value>,
): Promise<Result<Value, FilesError | VolumeError>> {
  try {
    return accept(await work);
  } catch (error) {
    if (error instanceof FilesError || error instanceof VolumeError) return refuse(error);
    throw error;
  }
}
