/**
 * Only the leading master knows the cluster, so everybody else sends the client to it (contract
 * 1.7 rows 4 and 5, and 1.8). This comes before a request is even read: a follower redirects calls
 * that it could answer itself, and malformed ones too.
 */
import { unreachable } from '#internal/base/assert.ts';
import type { MasterAddress } from '#internal/model/cluster.ts';
import type { HttpHandler } from '#internal/runtime/http.ts';
import type { MasterDoor } from '../door.ts';
import { errorResponse, redirectResponse, type WholeResponse } from './response.ts';

export const recoveringText = 'Master has not finished recovery';
export const noLeaderText = 'No leader elected';

/** Lets a request through to `handler` while this master leads. */
export function onlyWhileLeading(door: MasterDoor, handler: HttpHandler): HttpHandler {
  return (request) => turnedAway(door, request.target) ?? handler(request);
}

/** `/redirect`: the leader's base URL, also when that is this master (contract 1.8). */
export function redirectHandler(door: MasterDoor): HttpHandler {
  return () => {
    const leadership = door.leadership();
    switch (leadership.kind) {
      case 'leading':
      case 'recovering':
        return redirectResponse(baseUrl(door.view().self));
      case 'following':
        return redirectResponse(baseUrl(leadership.leader));
      case 'leaderless':
        return noLeader();
      default:
        return unreachable(leadership);
    }
  };
}

function turnedAway(door: MasterDoor, target: string): WholeResponse | undefined {
  const leadership = door.leadership();
  switch (leadership.kind) {
    case 'leading':
      return undefined;
    case 'recovering':
      return errorResponse(503, recoveringText);
    case 'following':
      return redirectResponse(baseUrl(leadership.leader) + target);
    case 'leaderless':
      return noLeader();
    default:
      return unreachable(leadership);
  }
}

/** For one who asked what is true now, of a master that led when it was asked. */
export const unsure = (door: MasterDoor, target: string): WholeResponse =>
  turnedAway(door, target) ?? errorResponse(503, 'This master is not sure that it still leads');

const noLeader = (): WholeResponse => errorResponse(503, noLeaderText);
const baseUrl = (master: MasterAddress): string => `//${master.hostname}:${master.httpPort}`;
