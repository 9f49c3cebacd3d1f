/**
 * `/api/altiplano/v1/store`: where a framework keeps what it must not forget, in JSON or protobuf
 * (`docs/store.md`).
 */
import type { HttpRequest } from '#internal/runtime/http.ts';
import { toJson } from '#internal/wire/json.ts';
import { type MediaType, negotiateMediaType } from '#internal/wire/media-type.ts';
import { encode } from '#internal/wire/protobuf.ts';
import type { Reply } from '#proto/gen/altiplano/store/v1.ts';
import type { MasterDoor, Speaker } from '../door.ts';
import { parseCall } from './parse-call.ts';
import { answerResponse, bodyResponse, notAcceptable, type WholeResponse } from './response.ts';
import { askStore } from './store-desk.ts';

export type StoreHandler = (request: HttpRequest, principal?: string) => Promise<WholeResponse>;

export function storeHandler(door: MasterDoor): StoreHandler {
  return async (request, principal) => {
    const parsed = parseCall('altiplano.store.v1.Call', request);
    if (!parsed.ok) return parsed.refusal;
    const mediaType = negotiateMediaType(request.headers['accept']);
    if (mediaType === undefined) return notAcceptable();
    const speaker: Speaker = { streamId: request.headers['mesos-stream-id'], principal };
    const reply = await askStore(door, parsed.value, speaker);
    return reply.ok ? replyResponse(mediaType, reply.value) : answerResponse(reply.refusal);
  };
}

function replyResponse(mediaType: MediaType, reply: Reply): WholeResponse {
  const name = 'altiplano.store.v1.Reply';
  return bodyResponse(
    mediaType,
    mediaType === 'application/json' ? toJson(name, reply) : encode(name, reply),
  );
}
