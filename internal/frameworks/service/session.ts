/**
 * A process's time as the leading one: subscribes, takes the lease, reads the records, and from then on
 * feeds the machine and carries out what it says, one effect after the other. Nothing of it survives the
 * session: whoever leads next begins with the store.
 *
 * The session ends when another process took over, when the store cannot be written, or when it is asked to.
 */
import { assert } from '#internal/base/assert.ts';
import type { Random } from '#internal/base/random.ts';
import { frameworkStore } from '#internal/client/framework-store.ts';
import {
  SchedulerClient,
  schedulerDefaults,
  type SchedulerOptions,
} from '#internal/client/scheduler-client.ts';
import { protobufFormat } from '#internal/client/wire-format.ts';
import type { Clock, Timer } from '#internal/runtime/clock.ts';
import type { HttpClient } from '#internal/runtime/http.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type { FrameworkInfo } from '#proto/gen/mesos/v1.ts';
import type { Event } from '#proto/gen/mesos/v1/scheduler.ts';
import { beatsPerLease, leaseBytes, leaseKey, type LeaseHolder } from './lease.ts';
import { RecordError } from './records.ts';
import { RecordStore, StoreLost } from './record-store.ts';
import { type Input, step } from './step.ts';
import { type Effect, newWorld, type World } from './world.ts';

export type SessionDependencies = {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly http: HttpClient;
};

export type SessionOptions = {
  /** `host:port` each. */
  readonly masters: readonly string[];
  /** With its id, which we choose ourselves. */
  readonly framework: FrameworkInfo;
  readonly role: string;
  readonly authorization: string | undefined;
  readonly holder: LeaseHolder;
  readonly leaseMs: number;
  /** Of the lease that was taken over; undefined: whatever is there. */
  readonly lease: bigint | undefined;
};

export type SessionEnd =
  | { readonly kind: 'asked' }
  /** Another process leads, or nobody can say. */
  | { readonly kind: 'lost'; readonly reason: string }
  /** Nothing will help. */
  | { readonly kind: 'refused'; readonly reason: string };

type Work =
  | Effect
  | { readonly kind: 'lease' }
  /** All that was asked for before has been done. */
  | { readonly kind: 'done'; readonly resolve: () => void };

const tickMs = 1000;
/** Effects that have not happened yet; with more of them the store does not keep up, and we begin anew. */
const workMax = 20_000;
/** What came while the records were read. */
const eventsMax = 10_000;

export class Session {
  readonly #with: SessionDependencies;
  readonly #options: SessionOptions;
  readonly #client: SchedulerClient;
  readonly #store: RecordStore;
  readonly #closing = new AbortController();
  readonly #ended = Promise.withResolvers<SessionEnd>();
  readonly #work: Work[] = [];
  #world: World | undefined;
  /** Undefined until the records are being read. */
  #loading: Promise<void> | undefined;
  #early: Event[] = [];
  #lease: bigint | undefined;
  #beat = 0;
  #isWorking = false;
  #working: Promise<void> | undefined;
  #timers: Timer[] = [];

  constructor(dependencies: SessionDependencies, options: SessionOptions) {
    this.#with = dependencies;
    this.#options = options;
    this.#lease = options.lease;
    this.#client = new SchedulerClient(dependencies, clientOptions(options), {
      onEvent: (event) => this.#onEvent(event),
      onDisconnected: (reason) => dependencies.logger.info('looking for a leader', { reason }),
      onRefused: (reason) => this.#end(endOfRefusal(reason)),
    });
    const store = frameworkStore(this.#client);
    const { signal } = this.#closing;
    this.#store = new RecordStore({ store, clock: dependencies.clock }, { signal });
  }

  /** Undefined until the records were read. */
  get world(): World | undefined {
    return this.#world;
  }

  /** Ends it, with what is on its way to the store; the lease is given up, so that nobody waits for its end. */
  async stop(): Promise<void> {
    if (this.#world !== undefined) {
      await Promise.race([this.#allDone(), this.#ended.promise]);
      const store = frameworkStore(this.#client);
      if (this.#lease !== undefined) await store.delete(leaseKey, this.#lease);
    }
    this.#end({ kind: 'asked' });
  }

  /** Leads until it ends. */
  async run(): Promise<SessionEnd> {
    this.#client.start();
    const end = await this.#ended.promise;
    await this.#client.close();
    await this.#loading;
    await this.#working;
    return end;
  }

  /** Resolves when the store knows of it; false when it may not: the session has ended. */
  async change(input: Extract<Input, { kind: 'change' }>): Promise<boolean> {
    this.#feed(input);
    const isKept = this.#allDone().then(() => true);
    return await Promise.race([isKept, this.#ended.promise.then(() => false)]);
  }

  async #allDone(): Promise<void> {
    await new Promise<void>((resolve) => this.#push([{ kind: 'done', resolve }]));
  }

  #onEvent(event: Event): void {
    if (this.#closing.signal.aborted) return;
    if (this.#world !== undefined) {
      if (event.type === 'SUBSCRIBED') this.#push([{ kind: 'lease' }]);
      this.#feed({ kind: 'event', event });
      return;
    }
    // What an earlier subscription said is void.
    if (event.type === 'SUBSCRIBED') this.#early = [];
    if (this.#early.length >= eventsMax) {
      this.#end({ kind: 'lost', reason: 'more came than could be kept while records were read' });
      return;
    }
    this.#early.push(event);
    this.#loading ??= this.#load();
  }

  async #load(): Promise<void> {
    try {
      if (this.#lease === undefined) {
        this.#lease = (await this.#store.get(leaseKey))?.version ?? 0n;
      }
      await this.#renew();
      const { services, instances } = await this.#store.load();
      const { role, framework } = this.#options;
      const world = newWorld({ role, principal: framework.principal }, services, instances);
      this.#with.logger.info('leading', { services: services.length, instances: instances.length });
      this.#world = world;
      for (const event of this.#early.splice(0)) this.#feed({ kind: 'event', event });
      this.#tick();
      this.#beats();
    } catch (error) {
      this.#fail(error);
    }
  }

  #feed(input: Input): void {
    assert(this.#world !== undefined, 'only what was read is changed');
    const { clock, random } = this.#with;
    const { world, effects } = step(this.#world, input, { nowMs: clock.monotonic(), random });
    this.#world = world;
    this.#push(effects);
  }

  #push(effects: readonly Work[]): void {
    this.#work.push(...effects);
    if (this.#work.length > workMax) {
      this.#end({ kind: 'lost', reason: 'the store does not keep up' });
    }
    if (this.#isWorking) return;
    this.#isWorking = true;
    this.#working = this.#carryOutAll();
  }

  async #carryOutAll(): Promise<void> {
    try {
      for (let next = this.#work.shift(); next !== undefined; next = this.#work.shift()) {
        if (this.#closing.signal.aborted) break;
        await this.#carryOut(next);
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isWorking = false;
    }
  }

  async #carryOut(work: Work): Promise<void> {
    const { logger } = this.#with;
    if (work.kind === 'store') return await this.#store.write(work.key, work.value);
    if (work.kind === 'lease') return await this.#renew();
    if (work.kind === 'tell') return logger.info(work.event, work.fields);
    if (work.kind === 'done') return work.resolve();
    const outcome = await this.#client.call(work.call);
    // A call that was lost with its master is made good after the next subscription.
    if (outcome.kind !== 'refused') return;
    const { status, text } = outcome;
    logger.warn('the master refused a call', { call: work.call.type, status, text });
  }

  async #renew(): Promise<void> {
    const value = leaseBytes(this.#options.holder, this.#beat++);
    this.#lease = await this.#store.put(leaseKey, value, this.#lease ?? 0n);
  }

  #tick(): void {
    // While much is on its way, what is open may only look so.
    if (this.#work.length === 0) this.#feed({ kind: 'tick' });
    this.#timers[0] = this.#with.clock.after(tickMs, () => this.#tick());
  }

  #beats(): void {
    this.#push([{ kind: 'lease' }]);
    const beatMs = this.#options.leaseMs / beatsPerLease;
    this.#timers[1] = this.#with.clock.after(beatMs, () => this.#beats());
  }

  #fail(error: unknown): void {
    if (error instanceof StoreLost) {
      const kind = error.code === 'REFUSED' ? 'refused' : 'lost';
      this.#end({ kind, reason: error.message });
    } else if (error instanceof RecordError) {
      this.#end({ kind: 'refused', reason: error.message });
    } else throw error;
  }

  #end(end: SessionEnd): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
    this.#closing.abort();
    this.#ended.resolve(end);
  }
}

/** Contract 3.2: another process subscribed as us; anything else will be said of the next one, too. */
const endOfRefusal = (reason: string): SessionEnd =>
  reason.includes('failed over') ? { kind: 'lost', reason } : { kind: 'refused', reason };

function clientOptions(options: SessionOptions): SchedulerOptions {
  const { masters, framework, authorization } = options;
  return { ...schedulerDefaults, masters, framework, format: protobufFormat, authorization };
}
