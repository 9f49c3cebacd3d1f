/**
 * A framework's side of one subscription, for tests: it says calls, and takes from the stream what it
 * waits for, in the order in which it came. It acknowledges nothing by itself.
 */
import type { ExecutionContext } from 'ava';
import type { FrameworkInfo, Offer, TaskID, TaskInfo, TaskStatus } from '#proto/gen/mesos/v1.ts';
import type {
  Call,
  Call_Reconcile_Task,
  Event,
  Event_Failure,
  Event_Message,
} from '#proto/gen/mesos/v1/scheduler.ts';
import { until } from './cluster.ts';
import { type EventStream, type Formats, openStream } from './plain-scheduler.ts';

/** Each step ends much earlier, the machine permitting. */
const limitMs = 60_000;
const uuidText = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u;

/** Of an agent that there is not: always answered, so it marks the end of the answers before it. */
const marker: Call_Reconcile_Task = {
  task_id: { value: 'marker' },
  agent_id: { value: 'no agent of this cluster' },
};

type Task = Pick<TaskInfo, 'task_id' | 'agent_id'>;

export function subscribeCall(framework_info: FrameworkInfo): Call {
  const { id } = framework_info;
  return {
    type: 'SUBSCRIBE',
    ...(id !== undefined && { framework_id: id }),
    subscribe: { framework_info },
  };
}

/** Opens the stream and holds its beginning to the contract (3.2). It is closed with the test. */
export async function subscribe(
  t: ExecutionContext,
  address: string,
  formats: Formats,
  info: FrameworkInfo,
): Promise<SubscribedScheduler> {
  const stream = await openStream(address, formats, subscribeCall(info));
  t.teardown(() => stream.close());
  t.is(stream.status, 200);
  t.is(stream.headers['content-type'], formats.events.mediaType);
  t.is(stream.headers['transfer-encoding'], 'chunked');
  t.regex(stream.streamId, uuidText);
  const { type, subscribed } = await stream.next();
  t.is(type, 'SUBSCRIBED');
  t.is(subscribed?.heartbeat_interval_seconds, 15);
  const { hostname, port } = subscribed?.master_info ?? {};
  t.is(`${hostname}:${port}`, address);
  t.deepEqual(await stream.next(), { type: 'HEARTBEAT' });
  return new SubscribedScheduler(t, stream, subscribed?.framework_id.value ?? '');
}

export class SubscribedScheduler {
  readonly stream: EventStream;
  readonly id: { readonly value: string };
  readonly #t: ExecutionContext;
  /** Offers that have come and that nobody has asked for. */
  #offers: Offer[] = [];
  /** The same of updates. */
  #statuses: TaskStatus[] = [];
  readonly #taken: TaskStatus[] = [];
  readonly #messages: Event_Message[] = [];
  readonly #failures: Event_Failure[] = [];

  constructor(t: ExecutionContext, stream: EventStream, id: string) {
    this.#t = t;
    this.stream = stream;
    this.id = { value: id };
  }

  async tell(call: Call): Promise<void> {
    const reply = await this.stream.call({ framework_id: this.id, ...call });
    this.#t.is(reply.status, 202, `${call.type}: ${reply.text}`);
    this.#t.is(reply.text, '');
  }

  async launch(offer: Offer, ...task_infos: readonly TaskInfo[]): Promise<void> {
    await this.tell({
      type: 'ACCEPT',
      accept: {
        offer_ids: [offer.id],
        operations: [{ type: 'LAUNCH', launch: { task_infos } }],
        filters: { refuse_seconds: 0 },
      },
    });
  }

  async acknowledge({ task_id, agent_id, uuid }: TaskStatus): Promise<void> {
    if (agent_id === undefined || uuid === undefined) throw new Error('it asks for nothing');
    await this.tell({ type: 'ACKNOWLEDGE', acknowledge: { task_id, agent_id, uuid } });
  }

  /** The next offer, of this agent if one is named. */
  async offer(agentId?: string): Promise<Offer> {
    for (;;) {
      const n = this.#offers.findIndex(
        ({ agent_id }) => agentId === undefined || agent_id.value === agentId,
      );
      const [offer] = n < 0 ? [] : this.#offers.splice(n, 1);
      if (offer !== undefined) return offer;
      await this.#hear();
    }
  }

  /** The next update that an agent made of the task, other than those of before and `known`. */
  async update(task: { readonly task_id: TaskID }, known?: TaskStatus): Promise<TaskStatus> {
    return await this.#takeStatus(this.#isNewsOf(task, known));
  }

  /** Whether an update has come that `update` would hand out. */
  isTold(task: { readonly task_id: TaskID }): boolean {
    return this.#statuses.some(this.#isNewsOf(task));
  }

  /** Asks about the tasks, or about all of its own, and hands out every answer that comes. */
  async reconcile(tasks: readonly Call_Reconcile_Task[]): Promise<readonly TaskStatus[]> {
    await this.tell({ type: 'RECONCILE', reconcile: { tasks } });
    await this.tell({ type: 'RECONCILE', reconcile: { tasks: [marker] } });
    const answers: TaskStatus[] = [];
    for (;;) {
      const answer = await this.#takeStatus(({ reason }) => reason === 'REASON_RECONCILIATION');
      if (answer.task_id.value === marker.task_id.value) return answers;
      answers.push(answer);
    }
  }

  /** Asks about a task again and again, until the answer is this state. */
  async untilState({ task_id, agent_id }: Task, wanted: TaskStatus['state']): Promise<void> {
    let answers: readonly TaskStatus[] = [];
    await until(
      async () => {
        answers = await this.reconcile([{ task_id, agent_id }]);
        return answers.some(({ state }) => state === wanted);
      },
      limitMs,
      () => `${task_id.value} in ${wanted}: ${JSON.stringify(answers)}`,
    );
  }

  /** The next words of an executor. */
  async message(): Promise<Event_Message> {
    return await this.#takeFirst(this.#messages);
  }

  /** The next end of an executor. */
  async failure(): Promise<Event_Failure> {
    return await this.#takeFirst(this.#failures);
  }

  async #takeFirst<Told>(list: Told[]): Promise<Told> {
    for (;;) {
      const first = list.shift();
      if (first !== undefined) return first;
      await this.#hear();
    }
  }

  #isNewsOf(
    { task_id }: { readonly task_id: TaskID },
    known?: TaskStatus,
  ): (status: TaskStatus) => boolean {
    const old = new Set([...this.#taken, ...(known === undefined ? [] : [known])].map(uuidOf));
    return (status) =>
      status.task_id.value === task_id.value &&
      status.uuid !== undefined &&
      !old.has(uuidOf(status));
  }

  async #takeStatus(fits: (status: TaskStatus) => boolean): Promise<TaskStatus> {
    for (;;) {
      const found = this.#statuses.find(fits);
      if (found !== undefined) {
        this.#statuses = this.#statuses.filter((status) => status !== found);
        this.#taken.push(found);
        return found;
      }
      await this.#hear();
    }
  }

  async #hear(): Promise<void> {
    const event: Event = await this.stream.next();
    this.#t.not(event.type, 'ERROR', event.error?.message);
    const rescinded = event.rescind?.offer_id.value;
    this.#offers = this.#offers.filter(({ id }) => id.value !== rescinded);
    this.#offers.push(...(event.offers?.offers ?? []));
    if (event.message !== undefined) this.#messages.push(event.message);
    if (event.failure !== undefined) this.#failures.push(event.failure);
    if (event.update !== undefined) this.#statuses.push(event.update.status);
  }
}

const uuidOf = ({ uuid }: TaskStatus): string => Buffer.from(uuid ?? []).toString('hex');
