/** A reply of the agent operator API in the client's dialect. */
import type { HttpResponse } from '#internal/runtime/http.ts';
import { toJson } from '#internal/wire/json.ts';
import type { MediaType } from '#internal/wire/media-type.ts';
import { encode } from '#internal/wire/protobuf.ts';
import type { Response } from '#proto/gen/mesos/v1/agent.ts';
import { bodyResponse } from './response.ts';

export function replyTo(type: MediaType, response: Response): HttpResponse {
  const body =
    type === 'application/json'
      ? new TextEncoder().encode(toJson('mesos.v1.agent.Response', response))
      : encode('mesos.v1.agent.Response', response);
  return bodyResponse(type, body);
}
