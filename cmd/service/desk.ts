/** Asks the service framework that leads, which any master knows by the address that it gave. */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { wholeBody } from '#internal/client/whole-body.ts';
import { askLeader, type LeaderDoor } from '#internal/frameworks/service/ask-leader.ts';
import type { ServiceView } from '#internal/frameworks/service/view.ts';
import { HttpError } from '#internal/runtime/http.ts';

export type Desk = {
  /** Its JSON, or a line for each fault. */
  ask(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Result<Reply, Faults>>;
};

/** What the framework answers; which part of it depends on the question. */
export type Reply = {
  readonly services?: readonly ServiceView[];
  readonly service?: ServiceView;
  readonly basis?: number;
  readonly lines?: readonly string[];
  readonly text?: string;
  readonly faults?: readonly string[];
  /** Of a master. */
  readonly frameworks?: readonly { readonly id: string; readonly webui_url?: string }[];
};

type Faults = readonly string[];

const replyBytesMax = 64 * 1024 * 1024;
/** Until another process leads, or a master does. */
const triesMax = 60;
const pauseMs = 500;

export function openDesk(door: LeaderDoor, frameworkId: string): Desk {
  return {
    ask: async (method, path, body) => {
      let last: Faults = [];
      for (let tried = 0; tried < triesMax; tried++) {
        if (tried > 0) await door.clock.sleep(pauseMs);
        const url = await urlOf(door, frameworkId);
        if (!url.ok) {
          last = url.refusal;
          continue;
        }
        const answer = await askAt(door, `${url.value}${path}`, { method, body });
        if (answer.kind === 'answered') return answer.result;
        last = [`the service framework at ${url.value} does not answer: ${answer.reason}`];
        // What may have been heard is not said twice.
        if (answer.kind === 'broken') break;
      }
      return refuse(last);
    },
  };
}

async function urlOf(door: LeaderDoor, frameworkId: string): Promise<Result<string, Faults>> {
  const answer = await askLeader(door, { method: 'GET', target: '/frameworks', replyBytesMax });
  if (answer.kind !== 'answered') {
    return refuse([
      'no leading master answers',
      ...(answer.kind === 'nobody' ? answer.reasons : []),
    ]);
  }
  if (answer.status !== 200) return refuse([`the leading master answers ${answer.status}`]);
  const url = jsonOf(answer.body)?.frameworks?.find(({ id }) => id === frameworkId)?.webui_url;
  return url !== undefined && url !== ''
    ? accept(url)
    : refuse([
        `there is no service framework '${frameworkId}': 'altiplano service-framework' starts one`,
      ]);
}

type Answer =
  | { readonly kind: 'answered'; readonly result: Result<Reply, Faults> }
  /** Nothing was done. */
  | { readonly kind: 'again'; readonly reason: string }
  | { readonly kind: 'broken'; readonly reason: string };

async function askAt(
  { http, authorization }: LeaderDoor,
  url: string,
  { method, body }: { readonly method: string; readonly body: unknown },
): Promise<Answer> {
  try {
    const reply = await http.call({
      method,
      url,
      headers: {
        'content-type': 'application/json',
        ...(authorization !== undefined && { authorization }),
      },
      ...(body !== undefined && { body: new TextEncoder().encode(JSON.stringify(body)) }),
    });
    const value = jsonOf(await wholeBody(reply.body, replyBytesMax));
    if (reply.status === 200) return { kind: 'answered', result: accept(value ?? {}) };
    const lines = value?.faults ?? [`it answers ${reply.status}`];
    return reply.status === 503
      ? { kind: 'again', reason: lines.join('; ') }
      : { kind: 'answered', result: refuse(lines) };
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    const isUnheard = method === 'GET' || error.code === 'ECONNREFUSED';
    return { kind: isUnheard ? 'again' : 'broken', reason: error.message };
  }
}

function jsonOf(bytes: Uint8Array): Reply | undefined {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
