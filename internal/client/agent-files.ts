/** Reads files of a sandbox through the agent's operator API (contract 12.1, READ_FILE). */
import type { HttpClient } from '#internal/runtime/http.ts';
import { HttpError } from '#internal/runtime/http.ts';
import { decode, encode } from '#internal/wire/protobuf.ts';
import { wholeBody } from './whole-body.ts';

/** One request's worth: agents serve at most 64 KiB a call. */
const lengthBytes = 64 * 1024;
const replyBytesMax = 1024 * 1024;

export type FilePart =
  | { readonly kind: 'part'; readonly data: Uint8Array; readonly fileBytes: number }
  /** Not there (yet), or not ours to read. */
  | { readonly kind: 'none'; readonly status: number };

/** `agent` is `host:port`. Throws `HttpError` when it cannot be reached. */
export async function readAgentFile(
  http: HttpClient,
  options: {
    readonly agent: string;
    readonly path: string;
    readonly offset: number;
    readonly signal: AbortSignal;
  },
): Promise<FilePart> {
  const reply = await http.call({
    method: 'POST',
    url: `http://${options.agent}/api/v1`,
    headers: { 'content-type': 'application/x-protobuf', accept: 'application/x-protobuf' },
    body: encode('mesos.v1.agent.Call', {
      type: 'READ_FILE',
      read_file: {
        path: options.path,
        offset: BigInt(options.offset),
        length: BigInt(lengthBytes),
      },
    }),
    signal: options.signal,
  });
  const body = await wholeBody(reply.body, replyBytesMax);
  if (reply.status !== 200) return { kind: 'none', status: reply.status };
  const file = decode('mesos.v1.agent.Response', body).read_file;
  if (file === undefined) throw new HttpError('BAD_REPLY', 'the agent answered something else');
  return { kind: 'part', data: file.data, fileBytes: Number(file.size) };
}
