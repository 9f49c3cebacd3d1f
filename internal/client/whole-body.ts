/** Collects a reply's body, up to a bound. */
import { HttpError } from '#internal/runtime/http.ts';

/** Throws `HttpError` with code `TOO_LARGE` when there is more. */
export async function wholeBody(
  chunks: AsyncIterable<Uint8Array>,
  bytesMax: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    size += chunk.length;
    if (size > bytesMax) throw new HttpError('TOO_LARGE', `the reply exceeds ${bytesMax} bytes`);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
