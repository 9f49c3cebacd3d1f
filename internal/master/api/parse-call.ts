/**
 * Rows 6 to 9 of contract 1.7: is this a POST, in a media type that we read, whose body is the call
 * of this face? What the call asks for is looked at by others.
 */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { HttpRequest } from '#internal/runtime/http.ts';
import { fromJson } from '#internal/wire/json.ts';
import { type MediaType, parseContentType } from '#internal/wire/media-type.ts';
import { decode } from '#internal/wire/protobuf.ts';
import { type ReadLimits, WireError } from '#internal/wire/wire-error.ts';
import type { Messages } from '#proto/gen/messages.ts';
import { errorResponse, methodNotAllowed, type WholeResponse } from './response.ts';

/**
 * A longer body is answered 413, and one whose lists and maps have more items in all 400: a call is read in
 * one turn, which must be short. Mesos has no such bounds.
 */
export const callBytesMax: number = 1024 * 1024;
const callItemsMax = 30_000;

export type CallName =
  | 'altiplano.store.v1.Call'
  | 'mesos.v1.master.Call'
  | 'mesos.v1.scheduler.Call';

export const callLimits: ReadLimits = { itemsMax: callItemsMax };
const textDecoder = new TextDecoder();

export function parseCall<Name extends CallName>(
  name: Name,
  request: HttpRequest,
): Result<Messages[Name], WholeResponse> {
  if (request.method !== 'POST') return refuse(methodNotAllowed(request.method, 'POST'));
  const header = request.headers['content-type'];
  if (header === undefined) {
    return refuse(errorResponse(400, `Expecting 'Content-Type' to be present`));
  }
  const type = parseContentType(header);
  if (type === undefined) {
    const expected = `Expecting 'Content-Type' of application/json or application/x-protobuf`;
    return refuse(errorResponse(415, expected));
  }
  return parseBody(name, type, request.body);
}

function parseBody<Name extends CallName>(
  name: Name,
  type: MediaType,
  body: Uint8Array,
): Result<Messages[Name], WholeResponse> {
  try {
    if (type === 'application/json') {
      return accept(fromJson(name, textDecoder.decode(body), callLimits));
    }
    return accept(decode(name, body, callLimits));
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    // Which byte of a protobuf body is wrong would help nobody, and the contract says less.
    const protobufText = 'Failed to parse body into Call protobuf';
    const text = type === 'application/json' ? error.message : protobufText;
    return refuse(errorResponse(400, text));
  }
}
