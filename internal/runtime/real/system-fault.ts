/** What the system says no to, as the fault of a port: its code and whose path it was. */
import { FilesError } from '../files.ts';

/** Throws `FilesError` for whatever `work` throws; one that it made itself stays as it is. */
export async function faults<Value>(path: string, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof FilesError) throw cause;
    throw new FilesError(codeOf(cause), `${path}: ${String(cause)}`, { cause });
  }
}

/** The system's code of an error, `ENOENT`; `EIO` for one that has none. */
export function codeOf(error: unknown): string {
  const isCoded = error instanceof Error && 'code' in error && typeof error.code === 'string';
  return isCoded ? String(error.code) : 'EIO';
}
