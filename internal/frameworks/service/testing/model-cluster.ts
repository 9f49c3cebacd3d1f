/**
 * A cluster in a few lines, for the laws of the service framework: agents that lose tasks and go away,
 * statuses that come late, twice and out of order between tasks, calls that are lost with a leader. It
 * judges every call: a launch of an instance that has a task, a volume in the wrong hands, a kill that an
 * update must not make are assertion errors.
 */
import { assert } from '#internal/base/assert.ts';
import type { Random } from '#internal/base/random.ts';
import { uuidV4 } from '#internal/base/uuid.ts';
import type {
  AgentID,
  Offer_Operation,
  OperationID,
  OperationStatus,
  Resource,
  TaskInfo,
  TaskState,
  TaskStatus,
} from '#proto/gen/mesos/v1.ts';
import type { Call, Event } from '#proto/gen/mesos/v1/scheduler.ts';
import { ownerOf } from '../offer-pool.ts';
import { keyOfTask, readRecord } from '../records.ts';
import type { Effect } from '../world.ts';
import { ModelAgent, type ModelTask, volumeIdsOf } from './model-agent.ts';

export class ModelCluster {
  readonly agents: readonly ModelAgent[];
  readonly store: Map<string, Uint8Array> = new Map();
  readonly tasks: Map<string, ModelTask> = new Map();
  /** On their way to the framework. */
  readonly events: Event[] = [];
  /** The last state of each task that the framework was told; one that it gave up and forgot is unreachable. */
  readonly #heard = new Map<string, TaskState>();
  readonly #givenUp = new Set<string>();
  /** Volumes that were made and not destroyed, with the instance each is labelled with. */
  readonly made: Map<string, string> = new Map();
  /** What agents have said of operations and nobody has acknowledged, by its uuid. */
  readonly #unheard = new Map<
    string,
    { readonly status: OperationStatus; readonly agent: ModelAgent }
  >();
  /** Which volumes an instance's tasks have had, from its first running task on. */
  readonly kept: Map<string, string> = new Map();
  readonly #offers = new Map<
    string,
    { readonly agent: ModelAgent; readonly resources: readonly Resource[] }
  >();
  readonly #random: Random;
  #offersMade = 0;
  #isSuppressed = false;

  constructor(random: Random, role: string) {
    this.#random = random;
    this.agents = ['h0', 'h1', 'h2', 'h3'].map(
      (host, n) =>
        new ModelAgent(`S${n}`, host, [
          { name: 'cpus', type: 'SCALAR', scalar: { value: 3 }, allocation_info: { role } },
          { name: 'mem', type: 'SCALAR', scalar: { value: 1000 }, allocation_info: { role } },
          { name: 'disk', type: 'SCALAR', scalar: { value: 1000 }, allocation_info: { role } },
          { name: 'ports', type: 'RANGES', ranges: { range: [{ begin: 80n, end: 90n }] } },
        ]),
    );
  }

  carryOut(effect: Effect): void {
    if (effect.kind === 'store') {
      if (effect.value === undefined) this.store.delete(effect.key);
      else {
        assert(readRecord(effect.key, effect.value) !== undefined, 'what is kept can be read');
        this.store.set(effect.key, effect.value);
      }
    }
    if (effect.kind === 'call') this.#onCall(effect.call);
  }

  /** The framework is about to be told this. */
  hears({ task_id, state }: TaskStatus): void {
    this.#heard.set(task_id.value, state);
    if (state === 'TASK_UNREACHABLE') this.#givenUp.add(task_id.value);
  }

  /** The framework is a new one: nothing is on its way, and it has heard of nothing but its store. */
  subscribe(): void {
    for (const id of this.#givenUp) this.#heard.set(id, 'TASK_UNREACHABLE');
    this.events.length = 0;
    this.#withdraw();
    this.#isSuppressed = false;
    this.events.push({ type: 'SUBSCRIBED' });
    for (const task of this.tasks.values()) if (task.state === 'over') this.#tellEnd(task);
  }

  makeOffers(): void {
    if (this.#isSuppressed) return;
    const offers = this.agents
      .filter((agent) => agent.isUp && ![...this.#offers.values()].some((o) => o.agent === agent))
      .flatMap((agent) => {
        const resources = agent.free();
        if (resources.length === 0 || !agent.take(resources)) return [];
        const id = `O${this.#offersMade++}`;
        this.#offers.set(id, { agent, resources });
        const agent_id = { value: agent.id };
        const framework_id = { value: 'F' };
        return [{ id: { value: id }, framework_id, agent_id, hostname: agent.host, resources }];
      });
    if (offers.length > 0) this.events.push({ type: 'OFFERS', offers: { offers } });
  }

  /** One step of one task, mostly a good one; agents say again what nobody has acknowledged. */
  advance(isKind: boolean): void {
    if (isKind || this.#random.oneIn(3)) {
      for (const { status, agent } of this.#unheard.values()) {
        if (agent.isUp) this.#sayOperation(status);
      }
    }
    const alive = [...this.tasks.values()].filter(
      ({ state, agent }) => state !== 'over' && agent.isUp,
    );
    const task = alive[this.#random.below(Math.max(1, alive.length))];
    if (task === undefined) return;
    if (task.state === 'killing') this.#end(task, 'TASK_KILLED');
    else if (!isKind && this.#random.oneIn(6)) this.#end(task, 'TASK_FAILED');
    else if (task.state === 'starting') {
      task.state = 'running';
      this.#tell(task, 'TASK_RUNNING');
    }
  }

  loseAgent(): void {
    const agent = this.agents[this.#random.below(this.agents.length)];
    if (agent === undefined || !agent.isUp) return;
    for (const [id, offer] of this.#offers) {
      if (offer.agent !== agent) continue;
      this.#offers.delete(id);
      agent.give(offer.resources);
    }
    agent.isUp = false;
    for (const task of this.#aliveOn(agent)) this.#say(task.info, 'TASK_UNREACHABLE');
  }

  healAgents(): void {
    for (const agent of this.agents) {
      if (agent.isUp) continue;
      agent.isUp = true;
      for (const task of this.#aliveOn(agent)) this.#say(task.info, stateOf(task));
    }
  }

  #aliveOn(agent: ModelAgent): readonly ModelTask[] {
    return [...this.tasks.values()].filter((task) => task.agent === agent && task.state !== 'over');
  }

  #withdraw(): void {
    for (const { agent, resources } of this.#offers.values()) agent.give(resources);
    this.#offers.clear();
  }

  #onCall(call: Call): void {
    if (call.type === 'SUPPRESS') this.#isSuppressed = true;
    if (call.type === 'REVIVE') this.#isSuppressed = false;
    if (call.decline !== undefined) this.#giveBack(call.decline.offer_ids?.[0]?.value ?? '');
    if (call.accept !== undefined) {
      const id = call.accept.offer_ids?.[0]?.value ?? '';
      this.#onAccept(id, call.accept.operations ?? []);
    }
    if (call.kill !== undefined) this.#onKill(call.kill.task_id.value);
    if (call.acknowledge_operation_status !== undefined) {
      this.#unheard.delete(call.acknowledge_operation_status.uuid.join());
    }
    for (const { operation_id, agent_id } of call.reconcile_operations?.operations ?? []) {
      this.#onOperationAsked(operation_id, agent_id);
    }
    for (const { task_id, agent_id } of call.reconcile?.tasks ?? []) {
      const task = this.tasks.get(task_id.value);
      const info = task?.info ?? { name: '', task_id, agent_id: agent_id ?? { value: '' } };
      const isGone = task === undefined || task.state === 'over';
      const isAway = this.agents.some(({ id, isUp }) => id === agent_id?.value && !isUp);
      this.#say(info, isAway ? 'TASK_UNREACHABLE' : isGone ? 'TASK_GONE' : stateOf(task));
    }
    if (call.reconcile?.tasks?.length === 0) {
      for (const task of this.tasks.values()) {
        if (task.state !== 'over' && task.agent.isUp) this.#say(task.info, stateOf(task));
      }
    }
  }

  #giveBack(id: string): void {
    const offer = this.#offers.get(id);
    this.#offers.delete(id);
    if (offer !== undefined) offer.agent.give(offer.resources);
  }

  #onAccept(id: string, operations: readonly Offer_Operation[]): void {
    const agent = this.#offers.get(id)?.agent;
    this.#giveBack(id);
    // What was made for a task outlives its launch: that is to happen often enough.
    const dropOne = operations.some(({ create }) => create !== undefined) ? 2 : 15;
    for (const operation of operations) {
      const infos = operation.launch?.task_infos ?? [];
      if (agent === undefined || (infos.length > 0 && this.#random.oneIn(dropOne))) {
        for (const info of infos) this.#say(info, 'TASK_DROPPED');
        this.#tellOperation(operation, 'OPERATION_ERROR');
      } else if (infos.length > 0) {
        for (const info of infos) this.#launch(agent, info);
      } else {
        assert(agent.operate(operation), `an offer does not hold ${JSON.stringify(operation)}`);
        this.#tellOperation(operation, 'OPERATION_FINISHED', agent);
        this.#judgeVolumes(operation);
      }
    }
  }

  #judgeVolumes({ create, destroy }: Offer_Operation): void {
    for (const volume of create?.volumes ?? []) {
      for (const id of volumeIdsOf([volume])) this.made.set(id, ownerOf(volume) ?? '');
    }
    for (const volume of destroy?.volumes ?? []) {
      const key = ownerOf(volume) ?? '';
      const service = this.store.get(`service/${key.split('/')[0]}`) ?? new Uint8Array();
      const text = new TextDecoder().decode(service);
      assert(text.includes('"wish":"destroy"'), `a volume of ${key} is destroyed unasked`);
      this.kept.delete(key);
      for (const id of volumeIdsOf([volume])) this.made.delete(id);
    }
  }

  #launch(agent: ModelAgent, info: TaskInfo): void {
    const id = info.task_id.value;
    const key = keyOfTask(id) ?? '';
    const stored = new TextDecoder().decode(this.store.get(`instance/${key}`));
    assert(stored.includes(`"id":"${id}"`), `task ${id} is launched before it is in the store`);
    const resources = info.resources ?? [];
    assert(agent.take(resources), `an offer does not hold what ${id} is to have`);
    for (const one of resources) {
      const owner = ownerOf(one);
      assert(owner === undefined || owner === key, `${id} has what is reserved for ${owner}`);
    }
    const volumes = volumeIdsOf(resources).join();
    const kept = this.kept.get(key);
    assert(kept === undefined || kept === volumes, `${key} had volumes ${kept}, not ${volumes}`);
    for (const [other, { state, agent: where }] of this.tasks) {
      if (keyOfTask(other) !== key || state === 'over') continue;
      const said = this.#heard.get(other);
      assert(!where.isUp || said === 'TASK_UNREACHABLE', `${id} starts beside ${other}`);
    }
    const task: ModelTask = { info, agent, state: 'starting' };
    this.tasks.set(id, task);
    this.#tell(task, 'TASK_STARTING');
  }

  #onKill(id: string): void {
    const task = this.tasks.get(id);
    if (task === undefined || task.state === 'over') return;
    task.state = 'killing';
  }

  #end(task: ModelTask, state: TaskState): void {
    task.state = 'over';
    task.agent.give(task.info.resources ?? []);
    this.#tell(task, state);
  }

  #tellEnd({ info }: ModelTask): void {
    const said = this.#heard.get(info.task_id.value);
    if (said !== 'TASK_KILLED' && said !== 'TASK_FAILED') this.#say(info, 'TASK_FAILED');
  }

  /** By its agent, which wants an acknowledgement, and sometimes says it twice. */
  #tell({ info, agent }: ModelTask, state: TaskState): void {
    const key = keyOfTask(info.task_id.value) ?? '';
    const volumes = volumeIdsOf(info.resources ?? []).join();
    if (state === 'TASK_RUNNING' && volumes !== '') this.kept.set(key, volumes);
    const agent_id = { value: agent.id };
    const status = { task_id: info.task_id, agent_id, state, uuid: uuidV4(this.#random) };
    this.events.push({ type: 'UPDATE', update: { status } });
    if (this.#random.oneIn(5)) this.events.push({ type: 'UPDATE', update: { status } });
  }

  #say({ task_id, agent_id }: TaskInfo, state: TaskState): void {
    this.events.push({ type: 'UPDATE', update: { status: { task_id, agent_id, state } } });
  }

  #tellOperation(
    { id }: Offer_Operation,
    state: 'OPERATION_FINISHED' | 'OPERATION_ERROR',
    agent?: ModelAgent,
  ): void {
    if (id === undefined) return;
    if (agent === undefined) return this.#sayOperation({ operation_id: id, state });
    const uuid = uuidV4(this.#random);
    const status = {
      operation_id: id,
      state,
      agent_id: { value: agent.id },
      uuid: { value: uuid },
    };
    this.#unheard.set(uuid.join(), { status, agent });
    // It may come long after what was said of the task.
    if (this.#random.oneIn(2)) this.#sayOperation(status);
  }

  /** Contract 8: the last status without its uuid; UNKNOWN also of what is over and acknowledged. */
  #onOperationAsked(operation_id: OperationID, agent_id: AgentID | undefined): void {
    const said = [...this.#unheard.values()].find(
      ({ status }) => status.operation_id?.value === operation_id.value,
    );
    const isAway = this.agents.some(({ id, isUp }) => id === agent_id?.value && !isUp);
    const otherwise = isAway ? 'OPERATION_UNREACHABLE' : 'OPERATION_UNKNOWN';
    const state = said?.status.state ?? otherwise;
    this.#sayOperation({ operation_id, state, ...(agent_id !== undefined && { agent_id }) });
  }

  #sayOperation(status: OperationStatus): void {
    this.events.push({ type: 'UPDATE_OPERATION_STATUS', update_operation_status: { status } });
  }
}

const stateOf = ({ state }: ModelTask): TaskState =>
  state === 'running' ? 'TASK_RUNNING' : state === 'killing' ? 'TASK_KILLING' : 'TASK_STAGING';
