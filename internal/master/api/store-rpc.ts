/**
 * The store of a framework over gRPC (`docs/store.md`): the call and the answers of HTTP, and who asks is
 * said in metadata of the same names. A refusal has HTTP's status as its trailer `altiplano-status`:
 * gRPC's own `UNAVAILABLE` can also mean a connection that broke, after which nobody knows.
 */
import { unreachable } from '#internal/base/assert.ts';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { RpcFailure } from '#internal/rpc/status.ts';
import type { RpcHandler, RpcRefusal } from '#internal/rpc/unary.ts';
import { decode, encode } from '#internal/wire/protobuf.ts';
import { WireError } from '#internal/wire/wire-error.ts';
import type { Call } from '#proto/gen/altiplano/store/v1.ts';
import type { Answer, MasterDoor } from '../door.ts';
import type { Doormen } from './doorman.ts';
import { noLeaderText, recoveringText } from './leadership-gate.ts';
import { callBytesMax, callLimits } from './parse-call.ts';
import { askStore } from './store-desk.ts';

export const storeMethod = '/altiplano.store.v1.FrameworkStore/Ask';
const realm = 'mesos-master-scheduler';

/** Never throws; in the order of the checks of HTTP (contract 1.7). */
export function storeRpc(door: MasterDoor, doormen: Doormen): RpcHandler {
  return async ({ headers, body }) => {
    const verdict = doormen[realm]?.authenticate(headers, realm);
    if (verdict?.kind === 'unauthenticated') return no({ status: 401, text: verdict.challenge });
    const away = turnedAway(door);
    if (away !== undefined) return refuse(away);
    const call = parse(body);
    if (!call.ok) return no(call.refusal);
    const streamId = headers['mesos-stream-id'];
    const reply = await askStore(door, call.value, { streamId, principal: verdict?.principal });
    return reply.ok ? accept(encode('altiplano.store.v1.Reply', reply.value)) : no(reply.refusal);
  };
}

function turnedAway(door: MasterDoor): RpcRefusal | undefined {
  const leadership = door.leadership();
  switch (leadership.kind) {
    case 'leading':
      return undefined;
    case 'recovering':
      return refusalOf({ status: 503, text: recoveringText });
    case 'leaderless':
      return refusalOf({ status: 503, text: noLeaderText });
    case 'following': {
      const { hostname, grpcPort } = leadership.leader;
      const leader = `${hostname}:${grpcPort}`;
      return refusalOf({ status: 307, text: `${leader} leads` }, { 'altiplano-leader': leader });
    }
    default:
      return unreachable(leadership);
  }
}

function parse(body: Uint8Array): Result<Call, Answer> {
  if (body.length > callBytesMax) {
    return refuse({ status: 413, text: `A call has at most ${callBytesMax} bytes` });
  }
  try {
    return accept(decode('altiplano.store.v1.Call', body, callLimits));
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return refuse({ status: 400, text: 'Failed to parse body into Call protobuf' });
  }
}

const no = (answer: Answer): { readonly ok: false; readonly refusal: RpcRefusal } =>
  refuse(refusalOf(answer));

function refusalOf({ status, text }: Answer, more: RpcRefusal['trailers'] = {}): RpcRefusal {
  const trailers = { 'altiplano-status': String(status), ...more };
  return { kind: kindOf(status), message: text, trailers };
}

/** Those of the page of the manual; a master that is not sure of itself is one that does not lead. */
function kindOf(status: number): RpcFailure['kind'] {
  switch (status) {
    case 400:
      return 'malformed';
    case 401:
      return 'nameless';
    case 403:
      return 'forbidden';
    case 404:
      return 'absent';
    case 409:
      return 'overloaded';
    case 412:
      return 'conflict';
    case 413:
      return 'too-large';
    case 504:
      return 'undecided';
    default:
      return 'unavailable';
  }
}
