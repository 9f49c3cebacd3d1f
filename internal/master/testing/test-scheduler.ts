/** A framework's scheduler in a test: what it was told, and what it says. */
import { assert } from '#internal/base/assert.ts';
import { newUuid } from '#internal/base/uuid.ts';
import type { Random } from '#internal/base/random.ts';
import { streamId } from '#internal/model/ids.ts';
import type {
  Filters,
  FrameworkInfo,
  FrameworkInfo_Capability_Type,
  Offer,
  Offer_Operation,
  TaskInfo,
  TaskStatus,
} from '#proto/gen/mesos/v1.ts';
import type { Call, Call_Subscribe, Event } from '#proto/gen/mesos/v1/scheduler.ts';
import type { Answer, EventStream, MasterDoor } from '../door.ts';

type Wishes = Partial<Omit<FrameworkInfo, 'capabilities'>> & {
  readonly capabilities?: readonly FrameworkInfo_Capability_Type[];
};

/** What most frameworks of today say of themselves. */
const modern: readonly FrameworkInfo_Capability_Type[] = [
  'MULTI_ROLE',
  'RESERVATION_REFINEMENT',
  'PARTITION_AWARE',
  'TASK_KILLING_STATE',
];

export class TestScheduler {
  readonly #random: Random;
  readonly #wishes: Wishes;
  #door: MasterDoor;
  #over = new AbortController();
  #streamId: string | undefined;
  #id: string | undefined;
  /** Everything it was told, by all streams. */
  readonly events: Event[] = [];
  readonly offers: Map<string, Offer> = new Map();

  constructor(door: MasterDoor, random: Random, wishes: Wishes = {}) {
    this.#door = door;
    this.#random = random;
    this.#wishes = wishes;
    this.#over.abort();
  }

  get id(): string {
    assert(this.#id !== undefined, 'the scheduler has not subscribed yet');
    return this.#id;
  }

  get streamId(): string {
    assert(this.#streamId !== undefined, 'the scheduler has not subscribed yet');
    return this.#streamId;
  }

  get isConnected(): boolean {
    return !this.#over.signal.aborted;
  }

  get info(): FrameworkInfo {
    const { capabilities = modern, ...info } = this.#wishes;
    const isMultiRole = capabilities.includes('MULTI_ROLE');
    return {
      user: 'root',
      name: 'test',
      failover_timeout: 60,
      checkpoint: true,
      ...(isMultiRole ? { roles: ['test'] } : { role: 'test' }),
      capabilities: capabilities.map((type) => ({ type })),
      ...info,
      ...(this.#id !== undefined && { id: { value: this.#id } }),
    };
  }

  subscribe(door: MasterDoor = this.#door, more: Partial<Call_Subscribe> = {}): EventStream {
    this.#door = door;
    const over = new AbortController();
    const stream: EventStream = {
      id: streamId(newUuid(this.#random)),
      send: (event) => {
        if (!over.signal.aborted) this.#hear(event);
      },
      end: () => over.abort(),
      closed: over.signal,
    };
    this.#over = over;
    this.#streamId = stream.id;
    const framework_info = this.info;
    const id = framework_info.id && { framework_id: framework_info.id };
    door.subscribe({ type: 'SUBSCRIBE', ...id, subscribe: { framework_info, ...more } }, stream);
    return stream;
  }

  /** Its connection breaks. */
  disconnect(): void {
    this.offers.clear();
    this.#over.abort();
  }

  call(call: Omit<Call, 'framework_id'>): Promise<Answer> {
    return this.#door.call({ ...call, framework_id: { value: this.id } }, this.#streamId);
  }

  accept(
    offers: readonly Offer[],
    operations: readonly Offer_Operation[],
    filters: Filters = {},
  ): Promise<Answer> {
    const offer_ids = offers.map(({ id }) => id);
    for (const { value } of offer_ids) this.offers.delete(value);
    return this.call({ type: 'ACCEPT', accept: { offer_ids, operations, filters } });
  }

  launch(offer: Offer, ...tasks: readonly TaskInfo[]): Promise<Answer> {
    return this.accept([offer], [{ type: 'LAUNCH', launch: { task_infos: tasks } }]);
  }

  acknowledge({ task_id, agent_id, uuid }: TaskStatus): Promise<Answer> {
    assert(agent_id !== undefined && uuid !== undefined, 'nothing to acknowledge');
    return this.call({ type: 'ACKNOWLEDGE', acknowledge: { task_id, agent_id, uuid } });
  }

  /** All updates so far, of one task or of all. */
  updates(taskId?: string): readonly TaskStatus[] {
    return this.events
      .flatMap(({ update }) => (update === undefined ? [] : [update.status]))
      .filter(({ task_id }) => taskId === undefined || task_id.value === taskId);
  }

  /** What it holds offers of, in all. */
  offered(name: string): number {
    return [...this.offers.values()]
      .flatMap(({ resources = [] }) => resources)
      .filter((resource) => resource.name === name)
      .reduce((sum, { scalar }) => sum + (scalar?.value ?? 0), 0);
  }

  /** An offer that it holds. */
  get offer(): Offer {
    const [offer] = this.offers.values();
    assert(offer !== undefined, 'nothing is on offer');
    return offer;
  }

  get errors(): readonly string[] {
    return this.events.flatMap(({ error }) => (error === undefined ? [] : [error.message]));
  }

  /** The types of all events so far. */
  types(): readonly (string | undefined)[] {
    return this.events.map(({ type }) => type);
  }

  #hear(event: Event): void {
    this.events.push(event);
    if (event.subscribed !== undefined) this.#id = event.subscribed.framework_id.value;
    for (const offer of event.offers?.offers ?? []) this.offers.set(offer.id.value, offer);
    if (event.rescind !== undefined) this.offers.delete(event.rescind.offer_id.value);
  }
}

/** A small command task for what was offered. */
export function taskFor(offer: Offer, id: string, more: Partial<TaskInfo> = {}): TaskInfo {
  return {
    name: id,
    task_id: { value: id },
    agent_id: offer.agent_id,
    resources: [
      { name: 'cpus', type: 'SCALAR', scalar: { value: 1 } },
      { name: 'mem', type: 'SCALAR', scalar: { value: 64 } },
    ],
    command: { value: 'true' },
    ...more,
  };
}
