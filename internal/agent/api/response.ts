/** The replies of the agent's HTTP face, with the headers of contract 1.3. */
import type { HttpResponse } from '#internal/runtime/http.ts';

const textEncoder = new TextEncoder();

export function jsonResponse(body: string, jsonp?: string): HttpResponse {
  const isScript = jsonp !== undefined && jsonp !== '';
  const type = isScript ? 'text/javascript' : 'application/json';
  return bodyResponse(type, textEncoder.encode(isScript ? `${jsonp}(${body})` : body));
}

export function bodyResponse(contentType: string, body: Uint8Array): HttpResponse {
  return { kind: 'whole', status: 200, headers: { 'content-type': contentType }, body };
}

export function emptyResponse(status: number): HttpResponse {
  return { kind: 'whole', status, headers: {}, body: new Uint8Array(0) };
}

/** A 4xx or 5xx with a text for people. */
export function errorResponse(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  return {
    kind: 'whole',
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
    body: textEncoder.encode(text),
  };
}
