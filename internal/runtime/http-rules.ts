/**
 * What both HTTP twins do alike: plain error replies, the bound on bodies, compressed requests.
 * Sizes are checked before anything is inflated, and inflating stops at the same bound.
 */
import { gunzipSync } from 'node:zlib';
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { HttpResponse } from './http.ts';

export type WholeResponse = HttpResponse & { readonly kind: 'whole' };

export type BodyRefusal = 'too-large' | 'not-gzip';

/** Whether a request's body is handed on as it comes: a stream of records may never end. */
export const isStreamed = (contentType: string | undefined): boolean =>
  contentType === 'application/recordio';

/** An error told in plain text, as every 4xx and 5xx is (contract 1.3). */
export function plainReply(status: number, text: string): WholeResponse {
  return {
    kind: 'whole',
    status,
    headers: { 'Content-Type': 'text/plain; charset=utf-8' },
    body: new TextEncoder().encode(text),
  };
}

export function replyToRefusedBody(refusal: BodyRefusal): WholeResponse {
  return refusal === 'too-large'
    ? plainReply(413, '413 Request Entity Too Large.')
    : plainReply(400, 'Failed to decompress the gzip body of the request');
}

/** The body as the sender meant it; `bytesMax` bounds what comes out. */
export function inflate(
  body: Uint8Array,
  { encoding, bytesMax }: { readonly encoding: string | undefined; readonly bytesMax: number },
): Result<Uint8Array, BodyRefusal> {
  if (body.length > bytesMax) return refuse('too-large');
  if (encoding?.trim().toLowerCase() !== 'gzip') return accept(body);
  try {
    return accept(gunzipSync(body, { maxOutputLength: Math.max(1, bytesMax) }));
  } catch (error) {
    const large =
      error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    return refuse(large ? 'too-large' : 'not-gzip');
  }
}

/** True when `Accept-Encoding` names gzip, and not only to exclude it. */
export function acceptsGzip(header: string | undefined): boolean {
  return (header ?? '').split(',').some((choice) => {
    const [name, ...parameters] = choice.split(';').map((part) => part.trim().toLowerCase());
    if (name !== 'gzip' && name !== 'x-gzip') return false;
    return !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
  });
}
