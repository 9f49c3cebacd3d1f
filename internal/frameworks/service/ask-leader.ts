/**
 * Asks the leading master something beside the scheduler API, whichever master one begins with: for what a
 * process asks that is not subscribed.
 */
import type { SchedulerClient } from '#internal/client/scheduler-client.ts';
import { locationTarget } from '#internal/client/masters.ts';
import { wholeBody } from '#internal/client/whole-body.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import { HttpError, type HttpCall, type HttpClient } from '#internal/runtime/http.ts';

export type LeaderDoor = {
  readonly clock: Clock;
  readonly http: HttpClient;
  /** `host:port` each. */
  readonly masters: readonly string[];
  readonly authorization: string | undefined;
};

export type Asked = Pick<HttpCall, 'method' | 'headers' | 'body'> & {
  /** Path and query. */
  readonly target: string;
  readonly replyBytesMax: number;
};

export type LeaderAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly body: Uint8Array }
  /** Nobody leads, or nobody was reached: nothing was done. */
  | { readonly kind: 'nobody'; readonly reasons: readonly string[] }
  /** It was heard, perhaps. */
  | { readonly kind: 'broken'; readonly reason: string };

/** Of one master. */
const answerTimeoutMs = 5000;
/** Masters that name each other must not keep us busy. */
const hopsMax = 10;

/** Asks nobody twice whom the question may have reached. */
export async function askLeader(door: LeaderDoor, asked: Asked): Promise<LeaderAnswer> {
  const reasons: string[] = [];
  const waiting = [...door.masters];
  const tried = new Set<string>();
  for (let hop = 0; hop < hopsMax; hop++) {
    const master = waiting.shift();
    if (master === undefined) break;
    if (tried.has(master)) continue;
    tried.add(master);
    const answer = await askOne(door, master, asked);
    if (answer.kind === 'unreachable') reasons.push(`${master}: ${answer.reason}`);
    else if (answer.kind === 'broken') return answer;
    else if (answer.status === 307) {
      const leader = locationTarget(answer.headers['location']);
      if (leader !== undefined) waiting.unshift(leader);
    } else if (answer.status === 503) reasons.push(`${master}: nobody leads`);
    else return { kind: 'answered', status: answer.status, body: answer.body };
  }
  return { kind: 'nobody', reasons };
}

type OneAnswer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Uint8Array;
    }
  | { readonly kind: 'unreachable'; readonly reason: string }
  | { readonly kind: 'broken'; readonly reason: string };

async function askOne(door: LeaderDoor, master: string, asked: Asked): Promise<OneAnswer> {
  const { target, method, headers, body, replyBytesMax } = asked;
  const late = new AbortController();
  const timer = door.clock.after(answerTimeoutMs, () => late.abort());
  try {
    const { authorization } = door;
    const reply = await door.http.call({
      method,
      url: `http://${master}${target}`,
      headers: { ...headers, ...(authorization !== undefined && { authorization }) },
      ...(body !== undefined && { body }),
      signal: late.signal,
    });
    const whole = await wholeBody(reply.body, replyBytesMax);
    return { kind: 'answered', status: reply.status, headers: reply.headers, body: whole };
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    const isUnheard = error.code === 'ECONNREFUSED' || method === 'GET';
    return { kind: isUnheard ? 'unreachable' : 'broken', reason: error.message };
  } finally {
    timer.cancel();
  }
}

/** The framework's store for a process of it that is not subscribed, and has its credential. */
export const storeAsker = (
  door: LeaderDoor,
  frameworkId: string,
): Pick<SchedulerClient, 'ask'> => ({
  ask: async (target, { mediaType, body, replyBytesMax }) => {
    const answer = await askLeader(door, {
      method: 'POST',
      target,
      headers: { 'content-type': mediaType, accept: mediaType },
      body: body(frameworkId),
      replyBytesMax,
    });
    if (answer.kind === 'nobody') return { kind: 'not-subscribed' };
    return answer.kind === 'broken' ? { kind: 'broken' } : answer;
  },
});
