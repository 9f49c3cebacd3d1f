/** The one place that chooses a gRPC status: by what happened, so that all services answer alike. */
import { status } from '@grpc/grpc-js';
import { unreachable } from '#internal/base/assert.ts';

export type RpcFailure = {
  readonly kind:
    /** The caller wants somebody else: another cluster, another node, another version. */
    | 'wrong-peer'
    /** Bytes that are no message. */
    | 'malformed'
    /** The caller has to say who it is. */
    | 'nameless'
    /** The caller may not. */
    | 'forbidden'
    /** What is asked about is not there. */
    | 'absent'
    /** Something else is there than the caller expected. */
    | 'conflict'
    /** Longer than such a thing may ever be. */
    | 'too-large'
    /** A bound is reached; the same call may succeed later. */
    | 'overloaded'
    /** We are starting, stopping or not the leader; another address may serve. */
    | 'unavailable'
    /** It was begun; nobody can tell whether it was done, or will be. */
    | 'undecided';
  readonly message: string;
};

/** As `@grpc/grpc-js` wants an error of a call. */
export type RpcStatus = { readonly code: status; readonly details: string };

export const toRpcStatus = ({ kind, message }: RpcFailure): RpcStatus => ({
  code: codeOf(kind),
  details: message,
});

function codeOf(kind: RpcFailure['kind']): status {
  switch (kind) {
    case 'wrong-peer':
      return status.FAILED_PRECONDITION;
    case 'malformed':
      return status.INVALID_ARGUMENT;
    case 'nameless':
      return status.UNAUTHENTICATED;
    case 'absent':
      return status.NOT_FOUND;
    case 'conflict':
      return status.ABORTED;
    case 'too-large':
      return status.OUT_OF_RANGE;
    case 'undecided':
      return status.DEADLINE_EXCEEDED;
    case 'forbidden':
      return status.PERMISSION_DENIED;
    case 'overloaded':
      return status.RESOURCE_EXHAUSTED;
    case 'unavailable':
      return status.UNAVAILABLE;
    default:
      return unreachable(kind);
  }
}
