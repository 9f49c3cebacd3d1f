/**
 * A scheduler's connection to the cluster (contract 3). It finds the leading master, subscribes,
 * reads the event stream, and when that breaks finds the next leader and subscribes again under the
 * same framework id.
 *
 * Promised: events come in the order of the stream; `onDisconnected` comes between two subscriptions,
 * so that a framework knows when to reconcile. Owed: a framework acknowledges its updates and
 * reconciles after each SUBSCRIBED, because calls may be lost with a master.
 */
import { assert } from '#internal/base/assert.ts';
import { backoffMs } from '#internal/base/backoff.ts';
import type { Random } from '#internal/base/random.ts';
import type { Clock } from '#internal/runtime/clock.ts';
import {
  type HttpCall,
  HttpError,
  type HttpClient,
  type HttpReply,
} from '#internal/runtime/http.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import { newRecordReader } from '#internal/wire/record-io.ts';
import { WireError } from '#internal/wire/wire-error.ts';
import type { FrameworkInfo } from '#proto/gen/mesos/v1.ts';
import type { Call, Event } from '#proto/gen/mesos/v1/scheduler.ts';
import * as masters from './masters.ts';
import { Turnstile } from './turnstile.ts';
import { wholeBody } from './whole-body.ts';
import type { WireFormat } from './wire-format.ts';

export type SchedulerDependencies = {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly http: HttpClient;
};

export type SchedulerOptions = {
  /** `host:port` of some masters, leading or not. */
  readonly masters: readonly string[];
  /** `id` is set to come back as the framework of before. */
  readonly framework: FrameworkInfo;
  readonly format: WireFormat;
  /** How long one master may take to answer. */
  readonly answerTimeoutMs: number;
  /** Pause after a round of masters none of which leads: doubling from min to max, with jitter. */
  readonly pauseMinMs: number;
  readonly pauseMaxMs: number;
  /** Heartbeats in a row that may be missed before the stream counts as dead. */
  readonly heartbeatsMissedMax: number;
  readonly recordBytesMax: number;
  /** Calls under way at a time, each on a connection of its own; the others wait their turn. */
  readonly callsMax: number;
  /** A call is refused when so many wait. */
  readonly callsWaitingMax: number;
  /** What masters are told of who we are (`basicAuthorization`); undefined: nothing. */
  readonly authorization?: string | undefined;
};

export const schedulerDefaults: Omit<SchedulerOptions, 'masters' | 'framework' | 'format'> = {
  answerTimeoutMs: 5000,
  pauseMinMs: 100,
  pauseMaxMs: 5000,
  heartbeatsMissedMax: 5,
  recordBytesMax: 64 * 1024 * 1024,
  callsMax: 32,
  callsWaitingMax: 100_000,
};

export type SchedulerHandlers = {
  /** Every event but HEARTBEAT; the first of a stream is SUBSCRIBED. The stream waits for what it promises. */
  onEvent(event: Event): void | Promise<void>;
  /** The stream is over; the client goes on looking for a leader. */
  onDisconnected(reason: string): void;
  /** The cluster will not have this framework. Nothing more happens. */
  onRefused(reason: string): void;
};

export type CallOutcome =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly status: number; readonly text: string }
  /** Nobody knows whether the call arrived: wait for SUBSCRIBED and reconcile. */
  | { readonly kind: 'disconnected' };

/** In a media type of its own. */
export type Question = {
  readonly mediaType: string;
  readonly body: (frameworkId: string) => Uint8Array;
  readonly replyBytesMax: number;
};

export type Reply =
  | { readonly kind: 'answered'; readonly status: number; readonly body: Uint8Array }
  /** Nobody was asked. */
  | { readonly kind: 'not-subscribed' }
  /** Nobody knows whether it was heard. */
  | { readonly kind: 'broken' };

type Subscription = {
  readonly target: string;
  readonly streamId: string;
  /** Ends the stream on this side: the other one has forgotten it, or cannot be reached. */
  readonly giveUp: () => void;
};

export class SchedulerClient {
  readonly #with: SchedulerDependencies;
  readonly #options: SchedulerOptions;
  readonly #handlers: SchedulerHandlers;
  readonly #closing = new AbortController();
  readonly #turnstile: Turnstile;
  #framework: FrameworkInfo;
  #suppressedRoles: readonly string[] = [];
  #masters: masters.Masters;
  #frameworkId: string | undefined;
  #subscription: Subscription | undefined;
  #running: Promise<void> | undefined;

  constructor(
    dependencies: SchedulerDependencies,
    options: SchedulerOptions,
    handlers: SchedulerHandlers,
  ) {
    assert(options.masters.length > 0, 'a scheduler needs at least one master to ask');
    this.#with = dependencies;
    this.#options = options;
    this.#handlers = handlers;
    const { callsMax: insideMax, callsWaitingMax: waitingMax } = options;
    this.#turnstile = new Turnstile({ insideMax, waitingMax });
    this.#masters = masters.newMasters(options.masters);
    this.#framework = options.framework;
    this.#frameworkId = options.framework.id?.value;
  }

  /** As the cluster named us; undefined until the first SUBSCRIBED. */
  get frameworkId(): string | undefined {
    return this.#frameworkId;
  }

  /** It has a stream, as far as it knows. */
  get isSubscribed(): boolean {
    return this.#subscription !== undefined;
  }

  /** How it introduces itself from the next subscription on. */
  introduce(framework: FrameworkInfo, suppressedRoles: readonly string[]): void {
    this.#framework = framework;
    this.#suppressedRoles = suppressedRoles;
  }

  start(): void {
    assert(this.#running === undefined, 'a scheduler client starts once');
    this.#running = this.#run();
  }

  /** Ends the stream without a teardown: the framework may come back within its failover time-out. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  /** Sends a call other than SUBSCRIBE, in its turn. `framework_id` is filled in. */
  async call(call: Call): Promise<CallOutcome> {
    const subscription = this.#subscription;
    if (subscription === undefined) return { kind: 'disconnected' };
    const place = this.#turnstile.enter();
    if (place.kind === 'full') return tooManyWait;
    try {
      if (place.kind === 'waiting') await place.turn;
      // What was meant for a stream that broke meanwhile is not said on the next one.
      if (subscription !== this.#subscription) return { kind: 'disconnected' };
      return await this.#callOn(subscription, call);
    } finally {
      this.#turnstile.leave();
    }
  }

  async #callOn(subscription: Subscription, call: Call): Promise<CallOutcome> {
    const id = this.#frameworkId;
    assert(id !== undefined, 'whoever is subscribed has an id');
    const outcome = await this.#ask(subscription, { framework_id: { value: id }, ...call });
    // A machine that lost its power says nothing on the stream, and heartbeats are missed only after
    // longer than some frameworks are waited for. Here is the first sign, and a new stream costs little.
    if (outcome.kind === 'disconnected') subscription.giveUp();
    return outcome;
  }

  /** Asks the leader that has our stream something beside the v1 API, in the framework's name. */
  async ask(path: string, question: Question): Promise<Reply> {
    const subscription = this.#subscription;
    const id = this.#frameworkId;
    if (subscription === undefined || id === undefined) return { kind: 'not-subscribed' };
    const { mediaType, replyBytesMax } = question;
    const { authorization } = this.#options;
    try {
      return await this.#inTime(async (signal) => {
        const { status, body } = await this.#with.http.call({
          method: 'POST',
          url: `http://${subscription.target}${path}`,
          headers: {
            'content-type': mediaType,
            accept: mediaType,
            'mesos-stream-id': subscription.streamId,
            ...(authorization !== undefined && { authorization }),
          },
          body: question.body(id),
          signal,
        });
        // It leads no more, though its stream may look alive for as long as heartbeats may be missed.
        if (status === 307) subscription.giveUp();
        return { kind: 'answered', status, body: await wholeBody(body, replyBytesMax) };
      });
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      subscription.giveUp();
      return { kind: 'broken' };
    }
  }

  async #ask({ target, streamId }: Subscription, whole: Call): Promise<CallOutcome> {
    try {
      const { status, text } = await this.#inTime(async (signal) => {
        const headers = { 'mesos-stream-id': streamId };
        return await wholeAnswer(await this.#post(target, whole, { headers, signal }));
      });
      if (status >= 200 && status < 300) return { kind: 'accepted' };
      if (isOfNoStream(status, text)) return { kind: 'disconnected' };
      return { kind: 'refused', status, text };
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      return { kind: 'disconnected' };
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const next = masters.nextMaster(this.#masters);
      this.#masters = next.masters;
      if (next.pause) await this.#pause();
      if (signal.aborted) return;
      const outcome = await this.#attempt(next.target);
      if (outcome.kind === 'refused') {
        if (!signal.aborted) this.#handlers.onRefused(outcome.reason);
        return;
      }
      if (outcome.kind === 'redirect') {
        this.#masters = masters.redirected(this.#masters, outcome.target);
      }
    }
  }

  async #pause(): Promise<void> {
    if (this.#masters.roundsFailed % roundsPerWarning === 0) {
      const { known } = this.#masters;
      this.#with.logger.warn('no leading master found, still looking', {
        masters: known.join(','),
      });
    }
    const { pauseMinMs: firstMs, pauseMaxMs: mostMs } = this.#options;
    const delayMs = backoffMs(this.#masters.roundsFailed, { firstMs, mostMs }, this.#with.random);
    const { signal } = this.#closing;
    await this.#with.clock.sleep(delayMs, { signal }).catch(() => {});
  }

  async #attempt(target: string): Promise<Attempt> {
    // Whoever lets go of a stream closes its connection, however silent the other side is.
    const leaving = new AbortController();
    try {
      const reply = await this.#subscribe(target, leaving.signal);
      if (!('text' in reply)) return await this.#follow(target, reply, leaving);
      const { status, headers, text } = reply;
      if (status === 307) {
        const leader = masters.locationTarget(headers['location']);
        return leader === undefined ? { kind: 'again' } : { kind: 'redirect', target: leader };
      }
      if (status >= 500) return { kind: 'again' };
      return { kind: 'refused', reason: `${status} ${text}` };
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      this.#with.logger.debug('a master did not answer', { target, code: error.code });
      return { kind: 'again' };
    } finally {
      leaving.abort();
    }
  }

  /** A stream to follow, or an answer that is read to its end: that must come in time, too. */
  async #subscribe(target: string, leaving: AbortSignal): Promise<HttpReply | WholeAnswer> {
    return await this.#inTime(async (late) => {
      // A subscription ends with the client; other calls outlive it, so that a last word gets out.
      const signal = AbortSignal.any([late, leaving, this.#closing.signal]);
      const reply = await this.#post(target, this.#subscribeCall(), { headers: {}, signal });
      return reply.status === 200 ? reply : await wholeAnswer(reply);
    });
  }

  #subscribeCall(): Call {
    const id = this.#frameworkId === undefined ? {} : { id: { value: this.#frameworkId } };
    const framework_info: FrameworkInfo = { ...this.#framework, ...id };
    const framework_id = framework_info.id === undefined ? {} : { framework_id: framework_info.id };
    const suppressed = this.#suppressedRoles;
    const suppressed_roles = suppressed.length === 0 ? {} : { suppressed_roles: suppressed };
    return {
      type: 'SUBSCRIBE',
      ...framework_id,
      subscribe: { framework_info, ...suppressed_roles },
    };
  }

  async #post(
    target: string,
    call: Call,
    { headers, signal }: Pick<Required<HttpCall>, 'headers' | 'signal'>,
  ): Promise<HttpReply> {
    const { format, authorization } = this.#options;
    return await this.#with.http.call({
      method: 'POST',
      url: `http://${target}/api/v1/scheduler`,
      headers: {
        'content-type': format.mediaType,
        accept: format.mediaType,
        ...(authorization !== undefined && { authorization }),
        ...headers,
      },
      body: format.encodeCall(call),
      signal,
    });
  }

  /** Gives `work` up when it takes longer than a master may take to answer. */
  async #inTime<Result>(work: (late: AbortSignal) => Promise<Result>): Promise<Result> {
    const late = new AbortController();
    const timer = this.#with.clock.after(this.#options.answerTimeoutMs, () => late.abort());
    try {
      return await work(late.signal);
    } finally {
      timer.cancel();
    }
  }

  /** Reads a stream to its end, however it ends. */
  async #follow(target: string, reply: HttpReply, leaving: AbortController): Promise<Attempt> {
    const watch = this.#watchHeartbeats(() => leaving.abort());
    const { recordBytesMax, format } = this.#options;
    const reader = newRecordReader({ recordBytesMax });
    let ending: Attempt = { kind: 'again' };
    try {
      for await (const chunk of reply.body) {
        if (leaving.signal.aborted) break;
        watch.heard();
        for (const record of reader.feed(chunk)) {
          const event = format.decodeEvent(record);
          if (event.type === 'ERROR') ending = { kind: 'refused', reason: errorText(event) };
          const waitsFor = this.#handle(target, reply, event, watch);
          if (waitsFor !== undefined) await waitsFor;
        }
      }
    } catch (error) {
      if (!(error instanceof HttpError) && !(error instanceof WireError)) throw error;
      this.#with.logger.debug('the event stream broke', { target, error: String(error) });
    } finally {
      watch.stop();
    }
    const wasSubscribed = this.#subscription !== undefined;
    this.#subscription = undefined;
    if (wasSubscribed && ending.kind === 'again' && !this.#closing.signal.aborted) {
      this.#handlers.onDisconnected(`the stream from ${target} is over`);
    }
    return ending;
  }

  #handle(
    target: string,
    reply: HttpReply,
    event: Event,
    watch: HeartbeatWatch,
  ): void | Promise<void> {
    if (event.type === 'HEARTBEAT' || event.type === 'ERROR') return undefined;
    if (event.type === 'SUBSCRIBED' && event.subscribed !== undefined) {
      const { framework_id, heartbeat_interval_seconds } = event.subscribed;
      this.#frameworkId = framework_id.value;
      const streamId = reply.headers['mesos-stream-id'] ?? '';
      this.#subscription = { target, streamId, giveUp: () => watch.giveUp() };
      this.#masters = masters.subscribed(this.#masters, target);
      watch.expect(heartbeat_interval_seconds ?? 15);
    }
    return this.#handlers.onEvent(event);
  }

  /** Calls `giveUp` when nothing has come for too long. */
  #watchHeartbeats(giveUp: () => void): HeartbeatWatch {
    const { clock } = this.#with;
    let patienceMs = this.#options.answerTimeoutMs;
    let timer = clock.after(patienceMs, giveUp);
    const heard = (): void => {
      timer.cancel();
      timer = clock.after(patienceMs, giveUp);
    };
    return {
      heard,
      giveUp,
      expect: (intervalSeconds) => {
        patienceMs = intervalSeconds * 1000 * this.#options.heartbeatsMissedMax;
        heard();
      },
      stop: () => timer.cancel(),
    };
  }
}

type HeartbeatWatch = {
  heard(): void;
  giveUp(): void;
  expect(intervalSeconds: number): void;
  stop(): void;
};

/** As HTTP words it: it is our own refusal, before the call was sent. */
const tooManyWait: CallOutcome = {
  kind: 'refused',
  status: 429,
  text: 'Too many calls of this scheduler wait for their turn',
};

type Attempt =
  | { readonly kind: 'again' }
  | { readonly kind: 'redirect'; readonly target: string }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Whether an answer says that our stream is none to this master (contract 1.8, 3.1): it leads no more,
 * or not yet again, or it leads and does not count us as subscribed.
 */
const isOfNoStream = (status: number, text: string): boolean =>
  status === 307 ||
  status === 503 ||
  (status === 403 && text === 'Framework is not subscribed') ||
  (status === 400 && text.startsWith('The stream ID '));

/** A cluster that changes leaders is no news; one that has none for several rounds is. */
const roundsPerWarning = 5;

type WholeAnswer = Omit<HttpReply, 'body'> & { readonly text: string };

/** Replies other than streams are a line of text. */
const bodyBytesMax = 1024 * 1024;

async function wholeAnswer({ status, headers, body }: HttpReply): Promise<WholeAnswer> {
  const text = new TextDecoder().decode(await wholeBody(body, bodyBytesMax));
  return { status, headers, text };
}

const errorText = (event: Event): string => event.error?.message ?? 'unknown error';
