/**
 * What may never be seen of the service framework, in what crosses the wire: an instance has one task at a
 * time, what is reserved for an instance is used by it alone, a volume has one instance for ever, and of a
 * service that is updated no more is away than it allows. Told by all lives of the framework.
 */
import { ownerOf } from '#internal/frameworks/service/offer-pool.ts';
import { keyOfTask } from '#internal/frameworks/service/records.ts';
import type { Resource, TaskInfo } from '#proto/gen/mesos/v1.ts';
import type { Call, Event } from '#proto/gen/mesos/v1/scheduler.ts';

/**
 * A kill is decided on what is known, written down, and then sent, for which a master has to be found:
 * a task that did not serve when that began may have come to do so. Milliseconds.
 */
const decisionMsMax = 5000;

export class ServiceLaws {
  readonly violations: string[] = [];
  launches = 0;
  /** Services whose instances are always wanted, and of which one may be away for an update. */
  readonly steady: Set<string> = new Set();
  /** Tasks by their instance. */
  readonly #asked = new Map<string, string[]>();
  /** Tasks that were said to have ended, or to be out of reach. */
  readonly #givenUp = new Set<string>();
  /** Which instance's tasks have had a volume. */
  readonly #users = new Map<string, string>();
  readonly #creating = new Map<string, readonly string[]>();
  readonly made: Set<string> = new Set();
  /** Tasks that were asked to end and have no successor that runs, by their instance. */
  readonly #ending = new Map<string, string>();
  /** Since when they were said to run. */
  readonly #running = new Map<string, number>();
  readonly #now: () => number;

  /** `now`: milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  onCall({ accept, kill }: Call): void {
    if (kill !== undefined) this.#onKill(kill.task_id.value);
    for (const { id, launch, create } of accept?.operations ?? []) {
      for (const info of launch?.task_infos ?? []) this.#onLaunch(info);
      if (id !== undefined && create !== undefined) {
        this.#creating.set(id.value, volumeIdsOf(create.volumes ?? []));
      }
    }
  }

  onEvent({ update, update_operation_status: operation }: Event): void {
    if (operation?.status.state === 'OPERATION_FINISHED') {
      const ids = this.#creating.get(operation.status.operation_id?.value ?? '') ?? [];
      for (const id of ids) this.made.add(id);
    }
    if (update === undefined) return;
    const { state, task_id } = update.status;
    const task = task_id.value;
    if (!alive.has(state)) this.#givenUp.add(task);
    if (state !== 'TASK_RUNNING') {
      this.#running.delete(task);
      return;
    }
    if (!this.#running.has(task)) this.#running.set(task, this.#now());
    const instance = keyOfTask(task) ?? '';
    if (this.#ending.get(instance) !== task) this.#ending.delete(instance);
  }

  /** Of instances that are wanted all the time: then a kill of what runs makes room for what is newer. */
  #onKill(task: string): void {
    const instance = keyOfTask(task) ?? '';
    const [service = ''] = instance.split('/');
    const isNewest = this.#asked.get(instance)?.at(-1) === task;
    // One that was given up with its agent, and has come back, is nobody's: it has to go.
    if (!isNewest || this.#givenUp.has(task)) return;
    if (!this.steady.has(service) || this.#ending.get(instance) === task) return;
    const others = [...this.#ending.keys()].filter((one) => one.startsWith(`${service}/`));
    const runsMs = this.#now() - (this.#running.get(task) ?? this.#now());
    if (runsMs > decisionMsMax && others.length > 0) {
      this.violations.push(`${task} is killed for an update while ${others.join()} are away`);
    }
    this.#ending.set(instance, task);
  }

  #onLaunch({ task_id, resources = [] }: TaskInfo): void {
    this.launches++;
    const task = task_id.value;
    const instance = keyOfTask(task) ?? '';
    const before = this.#asked.get(instance) ?? [];
    const open = before.filter((one) => !this.#givenUp.has(one));
    if (open.length > 0) this.violations.push(`${task} is launched beside ${open.join()}`);
    this.#asked.set(instance, [...before, task]);
    for (const one of resources) {
      const owner = ownerOf(one) ?? instance;
      if (owner !== instance) this.violations.push(`${task} has what is ${owner}'s`);
    }
    for (const id of volumeIdsOf(resources)) {
      const user = this.#users.get(id) ?? instance;
      if (user !== instance) this.violations.push(`${task} uses volume ${id} of ${user}`);
      this.#users.set(id, user);
    }
  }
}

const alive: ReadonlySet<string> = new Set([
  'TASK_STAGING',
  'TASK_STARTING',
  'TASK_RUNNING',
  'TASK_KILLING',
]);

const volumeIdsOf = (resources: readonly Resource[]): readonly string[] =>
  resources.flatMap(({ disk }) => disk?.persistence?.id ?? []);
