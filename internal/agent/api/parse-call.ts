/**
 * From a request to a call of the agent operator API: the checks of contract 1.7, rows 6 to 11, with
 * those of 12.2 where streams of records come in or go out.
 */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { type HttpRequest, type HttpResponse, HttpError } from '#internal/runtime/http.ts';
import { fromJson } from '#internal/wire/json.ts';
import {
  type MediaType,
  acceptsType,
  negotiateMediaType,
  parseContentType,
} from '#internal/wire/media-type.ts';
import { decode } from '#internal/wire/protobuf.ts';
import { newRecordReader } from '#internal/wire/record-io.ts';
import { WireError } from '#internal/wire/wire-error.ts';
import type { Call, Call_Type } from '#proto/gen/mesos/v1/agent.ts';
import { errorResponse } from './response.ts';
import { structuralFault } from './validate-call.ts';

export type AskedCall = {
  readonly call: Call;
  readonly reply: ReplyMedia;
  /** The calls that follow the first one of a stream; undefined when it is none. */
  readonly followers: AsyncGenerator<Call> | undefined;
};

/** How a reply is written; `isRecordIo` when the client asked for that by name. */
export type ReplyMedia = { readonly type: MediaType; readonly isRecordIo: boolean };

type Parsed<T> = Result<T, HttpResponse>;

/** A record of a stream is no longer than another call may be. */
const recordBytesMax = 16 * 1024 * 1024;

const recordIo = 'application/recordio';
const plainTypes = 'application/json or application/x-protobuf';

const streamedReplies: ReadonlySet<Call_Type> = new Set([
  'ATTACH_CONTAINER_OUTPUT',
  'LAUNCH_NESTED_CONTAINER_SESSION',
]);

export async function parseCall(request: HttpRequest): Promise<Parsed<AskedCall>> {
  const content = contentOf(request);
  if (!content.ok) return content;
  const followers = content.value.isStream ? callsOf(request, content.value.type) : undefined;
  const first = await firstCall(request, content.value.type, followers);
  if (!first.ok) return first;
  const call = first.value;
  const wrong = structuralFault(call);
  if (wrong !== undefined) {
    return refuse(errorResponse(400, `Failed to validate agent::Call: ${wrong}`));
  }
  const misplaced = streamFault(call, content.value.isStream);
  if (misplaced !== undefined) return refuse(errorResponse(415, misplaced));
  const reply = replyMedia(request, call);
  return reply.ok ? accept({ call, reply: reply.value, followers }) : reply;
}

type Content = { readonly type: MediaType; readonly isStream: boolean };

/** Rows 6 to 8. */
function contentOf({ method, headers }: HttpRequest): Parsed<Content> {
  if (method !== 'POST') {
    const text = `405 Method Not Allowed. Expecting one of { 'POST' }, but received '${method}'.`;
    return refuse(errorResponse(405, text, { allow: 'POST' }));
  }
  const header = headers['content-type'];
  if (header === undefined) {
    return refuse(errorResponse(400, "Expecting 'Content-Type' to be present"));
  }
  const message = headers['message-content-type'];
  if (header === recordIo) return recordContent(message);
  const type = parseContentType(header);
  if (type === undefined) {
    const text = `Expecting 'Content-Type' of ${plainTypes} or ${recordIo}`;
    return refuse(errorResponse(415, text));
  }
  if (message === undefined) return accept({ type, isStream: false });
  const text = "Expecting 'Message-Content-Type' to be not set for non-streaming requests";
  return refuse(errorResponse(415, text));
}

function recordContent(message: string | undefined): Parsed<Content> {
  if (message === undefined) {
    const text = "Expecting 'Message-Content-Type' to be set for streaming requests";
    return refuse(errorResponse(400, text));
  }
  const type = parseContentType(message);
  if (type !== undefined) return accept({ type, isStream: true });
  return refuse(errorResponse(415, `Expecting 'Message-Content-Type' of ${plainTypes}`));
}

/** Row 9. */
async function firstCall(
  { body }: HttpRequest,
  type: MediaType,
  followers: AsyncGenerator<Call> | undefined,
): Promise<Parsed<Call>> {
  try {
    if (followers === undefined) return accept(readCall(body, type));
    const first = await followers.next();
    if (first.done !== true) return accept(first.value);
    return refuse(errorResponse(400, 'Received EOF while reading request body'));
  } catch (error) {
    if (error instanceof WireError) return refuse(errorResponse(400, textOf(error, type)));
    if (!(error instanceof HttpError)) throw error;
    // Nobody is there to read it.
    return refuse(errorResponse(400, error.message));
  }
}

function readCall(body: Uint8Array, type: MediaType): Call {
  if (type === 'application/x-protobuf') return decode('mesos.v1.agent.Call', body);
  return fromJson('mesos.v1.agent.Call', new TextDecoder().decode(body));
}

/** What is wrong with a body, in the contract's words. */
export const textOf = (error: WireError, type: MediaType): string =>
  type === 'application/json' || error.code === 'record-io'
    ? error.message
    : 'Failed to parse body into Call protobuf';

/** Throws `WireError` at what is no call, and `HttpError` when the client has gone. */
async function* callsOf({ stream, body }: HttpRequest, type: MediaType): AsyncGenerator<Call> {
  const reader = newRecordReader({ recordBytesMax });
  for await (const piece of stream ?? [body]) {
    for (const record of reader.feed(piece)) yield readCall(record, type);
  }
  reader.end();
}

function streamFault({ type }: Call, isStream: boolean): string | undefined {
  const takesStream = type === 'ATTACH_CONTAINER_INPUT';
  if (isStream === takesStream) return undefined;
  return isStream
    ? `Streaming 'Content-Type' ${recordIo} is not supported for ${type} call`
    : `Expecting 'Content-Type' to be ${recordIo} for ATTACH_CONTAINER_INPUT call`;
}

/** Row 11, with the rules of 12.2. */
function replyMedia({ headers }: HttpRequest, { type: call }: Call): Parsed<ReplyMedia> {
  const { accept: wanted, 'message-accept': messages } = headers;
  const plain = negotiateMediaType(wanted);
  if (plain !== undefined) {
    if (messages === undefined) return accept({ type: plain, isRecordIo: false });
    return unacceptable("Expecting 'Message-Accept' to be not set for non-streaming responses");
  }
  if (!acceptsType(wanted, recordIo)) {
    return unacceptable(`Expecting 'Accept' to allow ${plainTypes} or ${recordIo}`);
  }
  const type = negotiateMediaType(messages);
  if (type === undefined) {
    return unacceptable(`Expecting 'Message-Accept' to allow ${plainTypes}`);
  }
  if (call !== undefined && streamedReplies.has(call)) return accept({ type, isRecordIo: true });
  return unacceptable(`Streaming response is not supported for ${call} call`);
}

const unacceptable = (text: string): Parsed<ReplyMedia> => refuse(errorResponse(406, text));
