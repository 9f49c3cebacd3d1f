/**
 * An executor that a framework brought, as a program of its own that talks to the real face of its agent
 * over the network. It runs what the data of its tasks say, keeps what nobody has acknowledged, and
 * looks for its agent when that is gone. What it runs, and how that ends, it tells the witness: a task
 * in it is as real as a container.
 */
import type { ContainerEnd, ContainerSpec } from '#internal/agent/containerizer.ts';
import type { SimulatedProgram } from '#internal/agent/containers/simulated.ts';
import { assert } from '#internal/base/assert.ts';
import type { Random } from '#internal/base/random.ts';
import { uuidText, uuidV4 } from '#internal/base/uuid.ts';
import { HttpError } from '#internal/runtime/http.ts';
import type { Life } from '#internal/runtime/simulated/life.ts';
import { fromJson, toJson } from '#internal/wire/json.ts';
import type { MediaType } from '#internal/wire/media-type.ts';
import { decode, encode } from '#internal/wire/protobuf.ts';
import { newRecordReader } from '#internal/wire/record-io.ts';
import type { Call, Event } from '#proto/gen/mesos/v1/executor.ts';
import type { TaskInfo, TaskState, TaskStatus } from '#proto/gen/mesos/v1.ts';
import type { Ground } from './cluster-ground.ts';

const lonelyMsMax = 400;
const hurryMs = 100;
const recordBytesMax = 1 << 20;

export class ExecutorProgram implements SimulatedProgram {
  readonly #ground: Ground;
  readonly #spec: ContainerSpec;
  readonly #agent: string;
  readonly #exit: (end: ContainerEnd) => void;
  readonly #life: Life;
  readonly #random: Random;
  readonly #mediaType: MediaType;
  readonly #running = new Set<string>();
  readonly #tasks = new Map<string, TaskInfo>();
  /** By uuid. */
  readonly #updates = new Map<string, TaskStatus>();
  #isEnding = false;

  constructor(
    dependencies: { readonly ground: Ground; readonly exit: (end: ContainerEnd) => void },
    options: { readonly spec: ContainerSpec; readonly agent: string },
  ) {
    const { world } = dependencies.ground;
    const name = `executor-${options.spec.containerId}`;
    this.#ground = dependencies.ground;
    this.#exit = dependencies.exit;
    this.#spec = options.spec;
    this.#agent = options.agent;
    this.#life = world.boot(name);
    this.#random = world.random(name);
    this.#mediaType = this.#random.chance(0.5) ? 'application/json' : 'application/x-protobuf';
    void this.#run();
  }

  /** Its container ends: what it ran is over, and who was not told will not be told by it. */
  stop(): void {
    this.#ground.world.crash(this.#life.name, 'process');
    this.#ground.witness.see(({ containers }) => {
      for (const task of this.#running) containers.ended(task, { kind: 'lost', reason: '' });
      const unsaid = [...this.#updates.values()].map(({ task_id }) => task_id.value);
      for (const task of [...this.#running, ...unsaid]) containers.mayBeMistaken(task);
    });
  }

  async #run(): Promise<void> {
    const { witness } = this.#ground;
    try {
      for (;;) {
        await this.#subscribe();
        await this.#life.delay(this.#random.below(lonelyMsMax), 'executor looks for its agent');
      }
    } catch (error) {
      witness.fail(`executor of ${this.#spec.frameworkId}`, error);
    }
  }

  async #subscribe(): Promise<void> {
    const subscribe = {
      unacknowledged_tasks: [...this.#tasks.values()],
      unacknowledged_updates: [...this.#updates.values()].map((status) => ({ status })),
    };
    try {
      const reply = await this.#call({ ...this.#ids, type: 'SUBSCRIBE', subscribe });
      const reader = newRecordReader({ recordBytesMax });
      for await (const chunk of reply.body) {
        if (reply.status !== 200) continue;
        for (const record of reader.feed(chunk)) this.#hear(this.#read(record));
      }
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
    }
  }

  get #ids(): Pick<Call, 'framework_id' | 'executor_id'> {
    const { frameworkId, executorId } = this.#spec;
    return { framework_id: { value: frameworkId }, executor_id: { value: executorId } };
  }

  #call(call: Call): ReturnType<ReturnType<Ground['http']['client']>['call']> {
    const name = 'mesos.v1.executor.Call';
    const isJson = this.#mediaType === 'application/json';
    return this.#ground.http.client(this.#life).call({
      method: 'POST',
      url: `http://${this.#spec.environment['MESOS_AGENT_ENDPOINT']}/api/v1/executor`,
      headers: { 'content-type': this.#mediaType, accept: this.#mediaType },
      body: isJson ? new TextEncoder().encode(toJson(name, call)) : encode(name, call),
    });
  }

  #read(record: Uint8Array): Event {
    const name = 'mesos.v1.executor.Event';
    if (this.#mediaType === 'application/x-protobuf') return decode(name, record);
    return fromJson(name, new TextDecoder().decode(record));
  }

  #hear({ type, launch, launch_group: group, kill, acknowledged, message }: Event): void {
    if (launch !== undefined) this.#launch(launch.task);
    for (const task of group?.task_group.tasks ?? []) this.#launch(task);
    if (kill !== undefined) this.#end(kill.task_id.value, { kind: 'signaled', signal: 15 });
    if (message !== undefined) void this.#say({ type: 'MESSAGE', message });
    if (acknowledged !== undefined) {
      this.#updates.delete(uuidText(acknowledged.uuid));
      this.#tasks.delete(acknowledged.task_id.value);
      this.#leaveIfDone();
    }
    if (type !== 'SHUTDOWN') return;
    this.#isEnding = true;
    for (const task of this.#running) this.#end(task, { kind: 'signaled', signal: 15 });
    this.#leaveIfDone();
  }

  #launch(task: TaskInfo): void {
    const id = task.task_id.value;
    this.#ground.witness.see(({ containers }) => containers.started(this.#agent, id));
    this.#running.add(id);
    this.#tasks.set(id, task);
    this.#update(id, 'TASK_RUNNING');
    const line = new TextDecoder().decode(task.data);
    const [, seconds = '0', status = '0'] = /sleep ([\d.]+); exit (\d+)/u.exec(line) ?? [];
    this.#life.schedule(Number(seconds) * 1000, 'task in an executor', () =>
      this.#end(id, { kind: 'exited', status: Number(status) }),
    );
  }

  #end(task: string, end: Extract<ContainerEnd, { readonly kind: 'exited' | 'signaled' }>): void {
    if (!this.#running.delete(task)) return;
    this.#ground.witness.see(({ containers }) => containers.ended(task, end));
    if (end.kind === 'signaled') this.#update(task, 'TASK_KILLED');
    else this.#update(task, end.status === 0 ? 'TASK_FINISHED' : 'TASK_FAILED');
  }

  #update(task: string, state: TaskState): void {
    const uuid = uuidV4(this.#random);
    const status: TaskStatus = {
      task_id: { value: task },
      state,
      source: 'SOURCE_EXECUTOR',
      executor_id: { value: this.#spec.executorId },
      uuid,
    };
    this.#updates.set(uuidText(uuid), status);
    void this.#sayUpdates();
  }

  #saying: Promise<void> = Promise.resolve();

  /** One after the other, as they were made: an agent hears what comes first. */
  #sayUpdates(): Promise<void> {
    const latest = [...this.#updates].at(-1);
    assert(latest !== undefined, 'an update that was just made');
    this.#saying = this.#saying.then(() => this.#insist(latest));
    return this.#saying;
  }

  /** A connection that broke may have been that of this one call: no new SUBSCRIBE will tell it. */
  async #insist([uuid, status]: readonly [string, TaskStatus]): Promise<void> {
    while (this.#updates.has(uuid)) {
      const answer = await this.#say({ type: 'UPDATE', update: { status } });
      // An agent that went without a word forgot us, and our stream from it is none.
      if (answer === 403) void this.#subscribe();
      if (answer !== undefined) return;
      await this.#life.delay(this.#random.below(lonelyMsMax), 'executor says it again');
    }
  }

  /** The status; undefined when it may not have been heard. */
  async #say(call: Omit<Call, 'framework_id' | 'executor_id'>): Promise<number | undefined> {
    try {
      const reply = await this.#call({ ...this.#ids, ...call });
      for await (const _ of reply.body);
      return reply.status;
    } catch (error) {
      if (!(error instanceof HttpError)) this.#ground.witness.fail('an executor', error);
      return undefined;
    }
  }

  /** It has said all that it has to, and all of it was heard. Some do not care to end. */
  #leaveIfDone(): void {
    if (!this.#isEnding || this.#updates.size > 0) return;
    if (this.#spec.command.kind === 'shell' && this.#spec.command.line === 'serve STUBBORN') return;
    this.#life.schedule(this.#random.below(hurryMs), 'executor leaves', () =>
      this.#exit({ kind: 'exited', status: 0 }),
    );
  }
}
