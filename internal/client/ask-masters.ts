/** One question to the masters over HTTP, for programs of operators. */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { HttpError, type HttpClient } from '#internal/runtime/http.ts';
import { locationTarget } from './masters.ts';
import { wholeBody } from './whole-body.ts';

type AskOptions = {
  /** `host:port` each. */
  readonly masters: readonly string[];
  readonly authorization: string | undefined;
  readonly signal: AbortSignal;
};

export type Question = {
  readonly method: 'GET' | 'POST';
  readonly target: string;
  /** What is sent, as JSON; nothing when it is undefined. */
  readonly json?: unknown;
};

const replyBytesMax = 256 * 1024 * 1024;
const encoder = new TextEncoder();

/** What the leader answers, whichever master is asked first. */
export async function askMasters(
  http: HttpClient,
  { masters, authorization, signal }: AskOptions,
  { method, target, json }: Question,
): Promise<Result<unknown, string>> {
  const reasons: string[] = [];
  const asked = new Set<string>();
  const waiting = [...masters];
  for (let master = waiting.shift(); master !== undefined; master = waiting.shift()) {
    if (asked.has(master)) continue;
    asked.add(master);
    try {
      const headers = {
        ...(authorization !== undefined && { authorization }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
      };
      const url = `http://${master}${target}`;
      const body = json === undefined ? {} : { body: encoder.encode(JSON.stringify(json)) };
      const reply = await http.call({ method, url, headers, ...body, signal });
      const text = new TextDecoder().decode(await wholeBody(reply.body, replyBytesMax));
      if (reply.status === 200) return accept(JSON.parse(text));
      if (reply.status === 202) return accept(undefined);
      const leader = reply.status === 307 ? locationTarget(reply.headers['location']) : undefined;
      if (leader !== undefined) waiting.unshift(leader);
      else reasons.push(`${master} answers ${reply.status}${text === '' ? '' : ` ${text.trim()}`}`);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      reasons.push(error.message);
    }
  }
  return refuse(['no leading master answers', ...reasons].join('; '));
}
