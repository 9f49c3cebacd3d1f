/**
 * A framework's store as a process of it asks that is not subscribed: one that stands by for the one that
 * is, or a command line. It is known by its credential, so masters have to run with
 * `--authenticate-http-frameworks`, and `framework.principal` has to be the credential's.
 */
import { HttpError, type HttpClient } from '#internal/runtime/http.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import { type FrameworkStore, frameworkStore } from './framework-store.ts';
import * as masters from './masters.ts';
import type { Question, Reply } from './scheduler-client.ts';
import { wholeBody } from './whole-body.ts';

export type StandingStoreDependencies = { readonly clock: Clock; readonly http: HttpClient };

export type StandingStoreOptions = {
  /** `host:port` of some masters, leading or not. */
  readonly masters: readonly string[];
  readonly frameworkId: string;
  /** `basicAuthorization` of its credential. */
  readonly authorization: string;
  /** 5 s when left out. */
  readonly answerTimeoutMs?: number;
};

/** Each master is asked once, and the leader that one of them names: nobody waits for a leader here. */
export function openFrameworkStore(
  dependencies: StandingStoreDependencies,
  options: StandingStoreOptions,
): FrameworkStore {
  let known = masters.newMasters(options.masters);
  return frameworkStore({
    async ask(path, question) {
      // A round begins with whoever answered last; each master may name another one.
      const asksMax = 2 * options.masters.length + 1;
      for (let n = 0; n < asksMax; n++) {
        const next = masters.nextMaster(known);
        known = next.masters;
        const reply = await askOne(dependencies, options, {
          ...question,
          path,
          target: next.target,
        });
        if (reply.kind === 'answered') {
          if (reply.status === 307 && reply.leader !== undefined) {
            known = masters.redirected(known, reply.leader);
            continue;
          }
          if (reply.status === 307 || reply.status === 503) continue;
          known = masters.redirected(masters.newMasters(options.masters), next.target);
        }
        if (reply.kind !== 'not-subscribed') return reply;
      }
      return { kind: 'not-subscribed' };
    },
  });
}

type Asking = Question & { readonly path: string; readonly target: string };
type OneReply = Reply & { readonly leader?: string | undefined };

/** Codes of a connection that was never there: nothing was asked. */
const unasked: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH']);

async function askOne(
  { clock, http }: StandingStoreDependencies,
  { frameworkId, authorization, answerTimeoutMs = 5000 }: StandingStoreOptions,
  { path, target, mediaType, body, replyBytesMax }: Asking,
): Promise<OneReply> {
  const late = new AbortController();
  const timer = clock.after(answerTimeoutMs, () => late.abort());
  try {
    const reply = await http.call({
      method: 'POST',
      url: `http://${target}${path}`,
      headers: { 'content-type': mediaType, accept: mediaType, authorization },
      body: body(frameworkId),
      signal: late.signal,
    });
    const leader = masters.locationTarget(reply.headers['location']);
    const whole = await wholeBody(reply.body, replyBytesMax);
    return { kind: 'answered', status: reply.status, body: whole, leader };
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    return unasked.has(error.code) ? { kind: 'not-subscribed' } : { kind: 'broken' };
  } finally {
    timer.cancel();
  }
}
