/** Opens an `Executor`: what its type promises, on the HTTP API of its agent. */
import { backoffMs } from '#internal/base/backoff.ts';
import { uuidText, uuidV4 } from '#internal/base/uuid.ts';
import type { Timer } from '#internal/runtime/clock.ts';
import { HttpError, type HttpReply } from '#internal/runtime/http.ts';
import { decode, encode } from '#internal/wire/protobuf.ts';
import { newRecordReader } from '#internal/wire/record-io.ts';
import { WireError } from '#internal/wire/wire-error.ts';
import type { TaskInfo, TaskStatus } from '#proto/gen/mesos/v1.ts';
import type { Call, Event } from '#proto/gen/mesos/v1/executor.ts';
import type {
  Executor,
  ExecutorDependencies,
  ExecutorEnd,
  ExecutorHandlers,
  ExecutorOptions,
  TaskWord,
  UpdateOutcome,
} from './executor.ts';
import { wholeBody } from './whole-body.ts';

/** It begins to look for its agent. */
export function openExecutor(
  dependencies: ExecutorDependencies,
  options: ExecutorOptions,
  handlers: ExecutorHandlers,
): Executor {
  return new RunningExecutor(dependencies, options, handlers);
}

const mediaType = 'application/x-protobuf';
const answerTimeoutMs = 10_000;
/** How long one that may not outlive its agent looks for it at the beginning: so long it is waited for. */
const registrationMs = 60_000;
const pauseFirstMs = 50;
const updatesMax = 10_000;
const recordBytesMax = 64 * 1024 * 1024;
const answerBytesMax = 1024 * 1024;
const heartbeatMs = 30 * 60_000;

type Unsafe = {
  readonly status: TaskStatus;
  readonly settle: (outcome: UpdateOutcome) => void;
  /** The stream that it was said on last. */
  stream: number;
};

class RunningExecutor implements Executor {
  readonly ended: Promise<ExecutorEnd>;
  readonly #with: ExecutorDependencies;
  readonly #options: ExecutorOptions;
  readonly #handlers: ExecutorHandlers;
  readonly #closing = new AbortController();
  /** Given, and no update of them is safe. */
  readonly #tasks = new Map<string, TaskInfo>();
  /** By uuid, as they were made. */
  readonly #updates = new Map<string, Unsafe>();
  readonly #running: Promise<void>;
  #nextBeat: Timer | undefined;
  #leaveStream: (() => void) | undefined;
  /** Streams that were opened. */
  #streams = 0;
  #isSaying = false;
  #isShuttingDown = false;
  #end: (end: ExecutorEnd) => void = () => {};

  constructor(
    dependencies: ExecutorDependencies,
    options: ExecutorOptions,
    handlers: ExecutorHandlers,
  ) {
    this.#with = dependencies;
    this.#options = options;
    this.#handlers = handlers;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#running = this.#run();
    this.#beat();
  }

  get isSubscribed(): boolean {
    return this.#leaveStream !== undefined;
  }

  async update({ taskId, ...word }: TaskWord): Promise<UpdateOutcome> {
    if (this.#closing.signal.aborted) return { kind: 'unheard' };
    if (this.#updates.size >= updatesMax) {
      return { kind: 'refused', text: `${updatesMax} updates wait for the agent already` };
    }
    const uuid = uuidV4(this.#with.random);
    const status: TaskStatus = {
      ...word,
      task_id: { value: taskId },
      executor_id: { value: this.#options.executorId },
      source: 'SOURCE_EXECUTOR',
      timestamp: this.#with.clock.now() / 1000,
      uuid,
    };
    const outcome = new Promise<UpdateOutcome>((settle) => {
      this.#updates.set(uuidText(uuid), { status, settle, stream: 0 });
    });
    void this.#sayUpdates();
    return await outcome;
  }

  async message(bytes: Uint8Array): Promise<boolean> {
    if (!this.isSubscribed) return false;
    const answer = await this.#say({ type: 'MESSAGE', message: { data: bytes } });
    return answer === undefined || answer.status === 202;
  }

  async close(): Promise<void> {
    this.#finish({ kind: 'closed' });
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #finish(end: ExecutorEnd): void {
    this.#closing.abort();
    this.#nextBeat?.cancel();
    for (const { settle } of this.#updates.values()) settle({ kind: 'unheard' });
    this.#updates.clear();
    this.#end(end);
  }

  /** Looks for the agent, again and again, for as long as it is sensible. */
  async #run(): Promise<void> {
    const { clock, random } = this.#with;
    const { isCheckpointed, recoveryTimeoutMs, backoffMsMax } = this.#options;
    const { signal } = this.#closing;
    let sinceMs = clock.monotonic();
    let failures = 0;
    let patienceMs = isCheckpointed ? recoveryTimeoutMs : registrationMs;
    while (!signal.aborted) {
      const before = this.#streams;
      const refusal = await this.#attempt();
      if (signal.aborted) return;
      if (refusal !== undefined) return await this.#abandoned(refusal);
      if (this.#streams > before) {
        failures = 0;
        sinceMs = clock.monotonic();
        if (!isCheckpointed) patienceMs = 0;
      }
      if (clock.monotonic() - sinceMs >= patienceMs)
        return await this.#abandoned('the agent is gone');
      failures += 1;
      const backoff = { firstMs: Math.min(pauseFirstMs, backoffMsMax), mostMs: backoffMsMax };
      await clock.sleep(backoffMs(failures, backoff, random), { signal }).catch(() => {});
    }
  }

  async #abandoned(reason: string): Promise<void> {
    await this.#askToEnd(reason);
    this.#finish({ kind: 'abandoned', reason });
  }

  /** One stream to its end; why there will not be another one, if so. */
  async #attempt(): Promise<string | undefined> {
    const leaving = new AbortController();
    try {
      const reply = await this.#subscribe(leaving.signal);
      if (reply.status !== 200) return await refusalOf(reply);
      this.#leaveStream = () => leaving.abort();
      this.#streams += 1;
      return await this.#follow(reply);
    } catch (error) {
      if (!(error instanceof HttpError) && !(error instanceof WireError)) throw error;
      this.#with.logger.debug('no stream from the agent', { error: String(error) });
      return undefined;
    } finally {
      leaving.abort();
      const wasSubscribed = this.#leaveStream !== undefined;
      this.#leaveStream = undefined;
      if (wasSubscribed && !this.#closing.signal.aborted) {
        this.#tell(() => this.#handlers.onDisconnected?.('the stream from the agent is over'));
      }
    }
  }

  async #subscribe(leaving: AbortSignal): Promise<HttpReply> {
    const next = this.#streams + 1;
    for (const update of this.#updates.values()) update.stream = next;
    const subscribe = {
      unacknowledged_tasks: [...this.#tasks.values()],
      unacknowledged_updates: [...this.#updates.values()].map(({ status }) => ({ status })),
    };
    return await this.#inTime((late) =>
      this.#post(
        { type: 'SUBSCRIBE', subscribe },
        AbortSignal.any([late, leaving, this.#closing.signal]),
      ),
    );
  }

  async #follow(reply: HttpReply): Promise<string | undefined> {
    const reader = newRecordReader({ recordBytesMax });
    for await (const chunk of reply.body) {
      for (const record of reader.feed(chunk)) {
        const event = decode('mesos.v1.executor.Event', record);
        if (event.error !== undefined) return event.error.message;
        this.#hear(event);
      }
      if (this.#closing.signal.aborted) break;
    }
    return undefined;
  }

  #hear(event: Event): void {
    const { type, subscribed, launch, launch_group: group, kill, acknowledged, message } = event;
    const handlers = this.#handlers;
    if (subscribed !== undefined) {
      const { executor_info: executor, framework_info, agent_info: agent } = subscribed;
      this.#tell(() => handlers.onSubscribed?.({ executor, framework: framework_info, agent }));
      void this.#sayUpdates();
    }
    if (launch !== undefined) this.#launch([launch.task]);
    if (group !== undefined) this.#launch(group.task_group.tasks ?? []);
    if (acknowledged !== undefined) this.#safe(acknowledged.task_id.value, acknowledged.uuid);
    this.#tell(() => kill && handlers.onKill?.(kill.task_id.value, kill.kill_policy));
    this.#tell(() => message && handlers.onMessage?.(message.data));
    if (type === 'SHUTDOWN') void this.#shutDown();
  }

  #launch(tasks: readonly TaskInfo[]): void {
    for (const task of tasks) this.#tasks.set(task.task_id.value, task);
    this.#tell(() => this.#handlers.onLaunch(tasks));
  }

  #safe(taskId: string, uuid: Uint8Array): void {
    this.#tasks.delete(taskId);
    const name = uuidText(uuid);
    this.#updates.get(name)?.settle({ kind: 'safe' });
    this.#updates.delete(name);
  }

  async #shutDown(): Promise<void> {
    if (this.#isShuttingDown) return;
    const { clock } = this.#with;
    const { signal } = this.#closing;
    const late = clock.after(this.#options.shutdownGraceMs, () =>
      this.#finish({ kind: 'shut-down' }),
    );
    await this.#askToEnd('the agent asked for it');
    while (this.#updates.size > 0 && !signal.aborted) {
      await clock.sleep(pauseFirstMs, { signal }).catch(() => {});
    }
    late.cancel();
    this.#finish({ kind: 'shut-down' });
  }

  async #askToEnd(reason: string): Promise<void> {
    if (this.#isShuttingDown) return;
    this.#isShuttingDown = true;
    try {
      await this.#handlers.onShutdown?.(reason);
    } catch (error) {
      this.#with.logger.error('a handler of a shutdown failed', { error });
    }
  }

  /** A handler that fails takes nothing with it. */
  #tell(handle: () => void | Promise<void>): void {
    const complain = (error: unknown): void =>
      this.#with.logger.error('a handler failed', { error });
    try {
      handle()?.catch(complain);
    } catch (error) {
      complain(error);
    }
  }

  /**
   * One after the other, as they were made. What an agent does not take makes a new stream, with which all
   * of them are said again.
   */
  async #sayUpdates(): Promise<void> {
    if (this.#isSaying) return;
    this.#isSaying = true;
    try {
      for (let next = this.#nextUnsaid(); next !== undefined; next = this.#nextUnsaid()) {
        next.stream = this.#streams;
        const answer = await this.#say({ type: 'UPDATE', update: { status: next.status } });
        if (answer?.status === 202) continue;
        if (answer?.status === 400) this.#refused(next, answer.text);
        else this.#leaveStream?.();
      }
    } finally {
      this.#isSaying = false;
    }
  }

  /** Not said on this stream. */
  #nextUnsaid(): Unsafe | undefined {
    if (!this.isSubscribed) return undefined;
    return [...this.#updates.values()].find(({ stream }) => stream < this.#streams);
  }

  /** It would be refused for ever, and what comes after it is not to wait. */
  #refused({ status, settle }: Unsafe, text: string): void {
    this.#with.logger.error('the agent refused an update', { task: status.task_id.value, text });
    if (status.uuid !== undefined) this.#updates.delete(uuidText(status.uuid));
    settle({ kind: 'refused', text });
  }

  /** Undefined when no answer came. */
  async #say(
    call: Omit<Call, 'framework_id' | 'executor_id'>,
  ): Promise<{ readonly status: number; readonly text: string } | undefined> {
    try {
      return await this.#inTime(async (late) => {
        const { status, body } = await this.#post(call, late);
        return { status, text: new TextDecoder().decode(await wholeBody(body, answerBytesMax)) };
      });
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      return undefined;
    }
  }

  async #post(
    call: Omit<Call, 'framework_id' | 'executor_id'>,
    signal: AbortSignal,
  ): Promise<HttpReply> {
    const { frameworkId, executorId, agent, token } = this.#options;
    const ids = { framework_id: { value: frameworkId }, executor_id: { value: executorId } };
    return await this.#with.http.call({
      method: 'POST',
      url: `http://${agent}/api/v1/executor`,
      headers: {
        'content-type': mediaType,
        accept: mediaType,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: encode('mesos.v1.executor.Call', { ...ids, ...call }),
      signal,
    });
  }

  async #inTime<Value>(work: (late: AbortSignal) => Promise<Value>): Promise<Value> {
    const late = new AbortController();
    const timer = this.#with.clock.after(answerTimeoutMs, () => late.abort());
    try {
      return await work(late.signal);
    } finally {
      timer.cancel();
    }
  }

  /** So that what stands between them keeps the connection (contract 9.2). */
  #beat(): void {
    this.#nextBeat = this.#with.clock.after(heartbeatMs, () => {
      if (this.isSubscribed) void this.#say({ type: 'HEARTBEAT' });
      this.#beat();
    });
  }
}

/** An agent that recovers, or is too busy, takes it later. */
async function refusalOf({ status, body }: HttpReply): Promise<string | undefined> {
  const text = new TextDecoder().decode(await wholeBody(body, answerBytesMax));
  return status >= 400 && status < 500 ? `${status} ${text}` : undefined;
}
