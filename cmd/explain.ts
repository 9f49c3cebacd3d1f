/**
 * What the world refused, in few words that an operator can act on. Anything else is a bug of ours and
 * keeps its stack.
 */
import { FilesError } from '#internal/runtime/files.ts';
import { HttpError } from '#internal/runtime/http.ts';
import { RpcListenError } from '#internal/rpc/grpc-server.ts';
import { CheckpointError } from '#storage/checkpoint/checkpoint.ts';
import { StoreError } from '#storage/key-value-store.ts';

/** `storage/checkpoint/DESIGN.md` says what is left out. */
const damageWays =
  'To go on with all but that, start it with --no-strict; to end all tasks and begin as a new agent, ' +
  'with --recover=cleanup --no-strict first';

/** The line, or undefined for an error that is no fault of the world. */
export function explain(error: unknown): string | undefined {
  if (error instanceof HttpError && error.code === 'EADDRINUSE') {
    return `${error.message.replace(/: listen EADDRINUSE.*$/, '')}: the port is in use`;
  }
  if (error instanceof HttpError || error instanceof RpcListenError) return error.message;
  if (error instanceof StoreError && error.code === 'LOCKED') {
    return `${error.message}: another process uses this work directory`;
  }
  if (error instanceof FilesError || error instanceof StoreError) return error.message;
  if (error instanceof CheckpointError && error.code === 'DAMAGED') {
    return `${error.message}\n${damageWays}`;
  }
  // Faults of rooms that own their errors: a damaged log, a state of a newer version, a bad network.
  if (error instanceof Error && 'code' in error && error.name !== 'Error') return error.message;
  return undefined;
}
