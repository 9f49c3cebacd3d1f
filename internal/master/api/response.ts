/**
 * The replies that every face gives, with the headers of contract 1.3: nothing on an empty body of
 * 2xx and 3xx, `text/plain` on every 4xx and 5xx. `Date` and `Content-Length` are the server's.
 */
import type { HttpResponse } from '#internal/runtime/http.ts';
import type { Answer } from '../door.ts';

export type WholeResponse = Extract<HttpResponse, { readonly kind: 'whole' }>;

const textEncoder = new TextEncoder();
const nothing = new Uint8Array(0);

/** A success without a body. */
export function emptyResponse(status: number): WholeResponse {
  return { kind: 'whole', status, headers: {}, body: nothing };
}

export function bodyResponse(contentType: string, body: Uint8Array | string): WholeResponse {
  return {
    kind: 'whole',
    status: 200,
    headers: { 'content-type': contentType },
    body: typeof body === 'string' ? textEncoder.encode(body) : body,
  };
}

/** A 4xx or 5xx: the text is what people see. Texts of v1 errors end without a newline. */
export function errorResponse(status: number, text: string): WholeResponse {
  return {
    kind: 'whole',
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: textEncoder.encode(text),
  };
}

/** Carries out what the one who decides has answered. */
export function answerResponse({ status, text }: Answer): WholeResponse {
  return status < 400 ? emptyResponse(status) : errorResponse(status, text);
}

/** Scheme-relative, so that it works behind TLS too; the client sends method and body again. */
export function redirectResponse(location: string): WholeResponse {
  return { kind: 'whole', status: 307, headers: { location }, body: nothing };
}

export function methodNotAllowed(method: string, expected: string): WholeResponse {
  const text = `405 Method Not Allowed. Expecting one of { '${expected}' }, but received '${method}'.`;
  const refused = errorResponse(405, text);
  return { ...refused, headers: { ...refused.headers, allow: expected } };
}

export const notFound = (): WholeResponse => errorResponse(404, '404 Not Found.');
export const notImplemented = (): WholeResponse => errorResponse(501, '501 Not Implemented.');

export function notAcceptable(): WholeResponse {
  const text = `Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'`;
  return errorResponse(406, text);
}
