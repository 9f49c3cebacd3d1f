/** Opens a `Scheduler`: what its type promises, on a `SchedulerClient` and the `SchedulerBooks`. */
import { assert } from '#internal/base/assert.ts';
import { newUuid, uuidText } from '#internal/base/uuid.ts';
import type { Timer } from '#internal/runtime/clock.ts';
import type {
  Filters,
  FrameworkInfo,
  KillPolicy,
  Offer,
  Offer_Operation,
  OfferID,
  OperationStatus,
  TaskStatus,
} from '#proto/gen/mesos/v1.ts';
import type { Call, Event } from '#proto/gen/mesos/v1/scheduler.ts';
import { type FrameworkStore, frameworkStore } from './framework-store.ts';
import type {
  ExecutorMessage,
  ExecutorPlace,
  FrameworkSchedulerHandlers,
  FrameworkSchedulerOptions,
  OperationPlace,
  Scheduler,
  SchedulerEnd,
  TaskPlace,
} from './scheduler.ts';
import { killOf, onAgent, SchedulerBooks } from './scheduler-books.ts';
import {
  type CallOutcome,
  SchedulerClient,
  schedulerDefaults,
  type SchedulerDependencies,
} from './scheduler-client.ts';
import { protobufFormat } from './wire-format.ts';

/**
 * It begins to look for the leading master. Rejects with what the keeper of its id throws; whatever goes
 * wrong later is told by `ended`.
 */
export async function openScheduler(
  dependencies: SchedulerDependencies,
  options: FrameworkSchedulerOptions,
  handlers: FrameworkSchedulerHandlers,
): Promise<Scheduler> {
  const own = options.framework.id?.value;
  const id = own ?? (await options.identity?.load());
  const identified = id === undefined ? {} : { id: { value: id } };
  const framework = { ...options.framework, ...identified };
  return new RunningScheduler(dependencies, { ...options, framework }, handlers);
}

const usualReconcileEveryMs = 15_000;
const usualUpdatesInHandMax = 10_000;
const teardownAttemptsMax = 50;
const teardownPauseMs = 200;

class RunningScheduler implements Scheduler {
  readonly store: FrameworkStore;
  readonly ended: Promise<SchedulerEnd>;
  readonly #with: SchedulerDependencies;
  readonly #options: FrameworkSchedulerOptions;
  readonly #handlers: FrameworkSchedulerHandlers;
  readonly #client: SchedulerClient;
  readonly #books = new SchedulerBooks();
  readonly #suppressed = new Set<string>();
  /** Updates that handlers have not resolved, by uuid. */
  readonly #inHand = new Set<string>();
  #framework: FrameworkInfo;
  #keptId: string | undefined;
  #nextQuestions: Timer | undefined;
  #end: (end: SchedulerEnd) => void = () => {};
  #isOver = false;

  constructor(
    dependencies: SchedulerDependencies,
    options: FrameworkSchedulerOptions,
    handlers: FrameworkSchedulerHandlers,
  ) {
    const { masters, framework, authorization, format = protobufFormat } = options;
    this.#with = dependencies;
    this.#options = options;
    this.#handlers = handlers;
    this.#framework = framework;
    this.#keptId = framework.id?.value;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#client = new SchedulerClient(
      dependencies,
      { ...schedulerDefaults, masters, framework, authorization, format },
      {
        onEvent: (event) => this.#hear(event),
        onDisconnected: (reason) => {
          this.#nextQuestions?.cancel();
          this.#tell(() => handlers.onDisconnected?.(reason));
        },
        onRefused: (reason) => this.#finish({ kind: 'refused', reason }),
      },
    );
    this.store = frameworkStore(this.#client);
    this.#client.start();
  }

  get frameworkId(): string | undefined {
    return this.#client.frameworkId;
  }

  get isSubscribed(): boolean {
    return this.#client.isSubscribed;
  }

  newOperationId(): string {
    return newUuid(this.#with.random);
  }

  async accept(
    offers: readonly Pick<Offer, 'id' | 'agent_id'>[],
    operations: readonly Offer_Operation[],
    filters?: Filters,
  ): Promise<CallOutcome> {
    const asked = this.#books.asks(offers[0]?.agent_id.value, operations);
    const accept = { offer_ids: idsOf(offers), operations, ...filteredBy(filters) };
    const outcome = await this.#client.call({ type: 'ACCEPT', accept });
    if (outcome.kind === 'refused') this.#books.notSent(asked);
    else this.#books.sent(asked);
    return outcome;
  }

  async decline(offers: readonly Pick<Offer, 'id'>[], filters?: Filters): Promise<CallOutcome> {
    if (offers.length === 0) return { kind: 'accepted' };
    const decline = { offer_ids: idsOf(offers), ...filteredBy(filters) };
    return await this.#client.call({ type: 'DECLINE', decline });
  }

  async acceptInverse(offers: readonly { readonly id: OfferID }[]): Promise<CallOutcome> {
    const accept_inverse_offers = { inverse_offer_ids: idsOf(offers) };
    return await this.#client.call({ type: 'ACCEPT_INVERSE_OFFERS', accept_inverse_offers });
  }

  async declineInverse(
    offers: readonly { readonly id: OfferID }[],
    filters?: Filters,
  ): Promise<CallOutcome> {
    const decline_inverse_offers = { inverse_offer_ids: idsOf(offers), ...filteredBy(filters) };
    return await this.#client.call({ type: 'DECLINE_INVERSE_OFFERS', decline_inverse_offers });
  }

  async kill(task: TaskPlace, policy?: KillPolicy): Promise<CallOutcome> {
    this.#books.kills(task.taskId, policy);
    return await this.#client.call({ type: 'KILL', kill: killOf(task, policy) });
  }

  async revive(roles: readonly string[] = []): Promise<CallOutcome> {
    for (const role of this.#meant(roles)) this.#suppressed.delete(role);
    this.#introduce();
    return await this.#client.call({ type: 'REVIVE', revive: { roles } });
  }

  async suppress(roles: readonly string[] = []): Promise<CallOutcome> {
    for (const role of this.#meant(roles)) this.#suppressed.add(role);
    this.#introduce();
    return await this.#client.call({ type: 'SUPPRESS', suppress: { roles } });
  }

  async message(to: ExecutorPlace, data: Uint8Array): Promise<CallOutcome> {
    return await this.#client.call({ type: 'MESSAGE', message: { ...wireOf(to), data } });
  }

  async shutdown(executor: ExecutorPlace): Promise<CallOutcome> {
    return await this.#client.call({ type: 'SHUTDOWN', shutdown: wireOf(executor) });
  }

  async reconcile(tasks: readonly TaskPlace[] = []): Promise<CallOutcome> {
    const asked = tasks.map(({ taskId, agentId }) => ({
      task_id: { value: taskId },
      ...onAgent(agentId),
    }));
    return await this.#client.call({ type: 'RECONCILE', reconcile: { tasks: asked } });
  }

  async reconcileOperations(operations: readonly OperationPlace[] = []): Promise<CallOutcome> {
    const asked = operations.map(({ operationId, agentId }) => ({
      operation_id: { value: operationId },
      ...onAgent(agentId),
    }));
    return await this.#client.call({
      type: 'RECONCILE_OPERATIONS',
      reconcile_operations: { operations: asked },
    });
  }

  async updateFramework(framework: FrameworkInfo): Promise<CallOutcome> {
    const id = this.frameworkId;
    if (id === undefined) return { kind: 'disconnected' };
    const framework_info = { ...framework, id: { value: id } };
    const roles = new Set(rolesOf(framework));
    const suppressed_roles = [...this.#suppressed].filter((role) => roles.has(role));
    const update_framework = { framework_info, suppressed_roles };
    const outcome = await this.#client.call({ type: 'UPDATE_FRAMEWORK', update_framework });
    // Whoever heard it or not: the next subscription says it.
    if (outcome.kind !== 'refused') {
      this.#framework = framework_info;
      this.#introduce();
    }
    return outcome;
  }

  async teardown(): Promise<CallOutcome> {
    let outcome: CallOutcome = { kind: 'disconnected' };
    for (let attempt = 1; attempt <= teardownAttemptsMax && !this.#isOver; attempt++) {
      outcome = await this.#client.call({ type: 'TEARDOWN' });
      if (outcome.kind !== 'disconnected') break;
      await this.#with.clock.sleep(teardownPauseMs);
    }
    await this.close();
    return outcome;
  }

  async close(): Promise<void> {
    this.#finish({ kind: 'closed' });
    await this.#client.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #finish(end: SchedulerEnd): void {
    this.#isOver = true;
    this.#nextQuestions?.cancel();
    this.#end(end);
  }

  #hear(event: Event): void | Promise<void> {
    if (this.#isOver) return undefined;
    const { subscribed, offers, update, failure, message } = event;
    const handlers = this.#handlers;
    if (subscribed !== undefined) return this.#begin(subscribed);
    if (update !== undefined) this.#take(update.status);
    const operation = event.update_operation_status?.status;
    if (operation !== undefined) this.#takeOperation(operation);
    const rescinded = event.rescind?.offer_id.value;
    const inverse = event.inverse_offers?.inverse_offers;
    const inverseRescinded = event.rescind_inverse_offer?.inverse_offer_id.value;
    this.#tell(() => offers && handlers.onOffers?.(offers.offers ?? []));
    this.#tell(() => (rescinded === undefined ? undefined : handlers.onRescinded?.(rescinded)));
    this.#tell(() => inverse && handlers.onInverseOffers?.(inverse));
    this.#tell(() =>
      inverseRescinded === undefined
        ? undefined
        : handlers.onInverseOfferRescinded?.(inverseRescinded),
    );
    this.#tell(() => failure && handlers.onFailure?.(failure));
    this.#tell(() => message && handlers.onMessage?.(messageOf(message)));
    return undefined;
  }

  /** The id is kept before anybody acts as the framework that has it; events wait on the stream. */
  #begin(subscribed: NonNullable<Event['subscribed']>): void | Promise<void> {
    const id = subscribed.framework_id.value;
    const { identity } = this.#options;
    const go = (): void => {
      this.#keptId = id;
      const master = subscribed.master_info;
      this.#tell(() => this.#handlers.onSubscribed?.({ frameworkId: id, master }));
      this.#askAll();
    };
    if (identity === undefined || this.#keptId === id) return go();
    return identity.save(id).then(go, (fault: unknown) => {
      this.#with.logger.error('the id of the framework cannot be kept', { id, error: fault });
      this.#finish({ kind: 'failed', fault });
      void this.#client.close();
    });
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

  #take(status: TaskStatus): void {
    if (!this.#books.hears(status)) return;
    const { agent_id, task_id, uuid } = status;
    const acknowledgement: Call | undefined =
      uuid === undefined || agent_id === undefined
        ? undefined
        : { type: 'ACKNOWLEDGE', acknowledge: { agent_id, task_id, uuid } };
    this.#handOver(uuid, () => this.#handlers.onUpdate?.(status), acknowledgement);
  }

  #takeOperation(status: OperationStatus): void {
    this.#books.hearsOperation(status);
    const { agent_id, operation_id, resource_provider_id, uuid } = status;
    const acknowledgement: Call | undefined =
      uuid === undefined || operation_id === undefined
        ? undefined
        : {
            type: 'ACKNOWLEDGE_OPERATION_STATUS',
            acknowledge_operation_status: {
              operation_id,
              uuid: uuid.value,
              ...(agent_id && { agent_id }),
              ...(resource_provider_id && { resource_provider_id }),
            },
          };
    this.#handOver(uuid?.value, () => this.#handlers.onOperation?.(status), acknowledgement);
  }

  /** One that is in hand already was sent again, because we have not acknowledged it yet. */
  #handOver(
    uuid: Uint8Array | undefined,
    handle: () => void | Promise<void>,
    acknowledgement: Call | undefined,
  ): void {
    const name = uuid?.length === 16 ? uuidText(uuid) : undefined;
    const { updatesInHandMax: most = usualUpdatesInHandMax } = this.#options;
    if (name !== undefined) {
      if (this.#inHand.has(name) || this.#inHand.size >= most) return;
      this.#inHand.add(name);
    }
    void this.#resolve(handle, acknowledgement).finally(() => {
      if (name !== undefined) this.#inHand.delete(name);
    });
  }

  async #resolve(
    handle: () => void | Promise<void>,
    acknowledgement: Call | undefined,
  ): Promise<void> {
    try {
      await handle();
    } catch (error) {
      this.#with.logger.error('a handler of an update failed, so it is not acknowledged', {
        error,
      });
      return;
    }
    // What does not arrive is not missed: the update comes again.
    if (acknowledgement !== undefined) await this.#client.call(acknowledgement);
  }

  /** Everything, at the beginning of a stream: what was said on the last one may have been lost. */
  #askAll(): void {
    const everything: readonly Call[] = [
      { type: 'RECONCILE', reconcile: {} },
      { type: 'RECONCILE_OPERATIONS', reconcile_operations: {} },
    ];
    void this.#ask([...everything, ...this.#books.questions()]);
    this.#askAgainLater();
  }

  #askAgainLater(): void {
    const { reconcileEveryMs: everyMs = usualReconcileEveryMs } = this.#options;
    assert(Number.isSafeInteger(everyMs) && everyMs > 1, 'time between questions');
    this.#nextQuestions?.cancel();
    // Frameworks that a new leader took in together ask apart.
    const pauseMs = everyMs - this.#with.random.below(Math.ceil(everyMs / 4));
    this.#nextQuestions = this.#with.clock.after(pauseMs, () => {
      void this.#ask(this.#books.questions());
      this.#askAgainLater();
    });
  }

  async #ask(questions: readonly Call[]): Promise<void> {
    for (const call of questions) {
      const outcome = await this.#client.call(call);
      if (outcome.kind === 'disconnected') return;
      if (outcome.kind === 'refused') {
        const { status, text } = outcome;
        this.#with.logger.warn('a master refused a question', { call: call.type, status, text });
      }
    }
  }

  #meant(roles: readonly string[]): readonly string[] {
    return roles.length === 0 ? rolesOf(this.#framework) : roles;
  }

  #introduce(): void {
    const roles = new Set(rolesOf(this.#framework));
    const suppressed = [...this.#suppressed].filter((role) => roles.has(role));
    this.#client.introduce(this.#framework, suppressed);
  }
}

/** Which roles it is in (contract 3.2). */
function rolesOf({ capabilities = [], role = '*', roles = [] }: FrameworkInfo): readonly string[] {
  return capabilities.some(({ type }) => type === 'MULTI_ROLE') ? roles : [role];
}

const idsOf = (offers: readonly { readonly id: OfferID }[]): readonly OfferID[] =>
  offers.map(({ id }) => id);

const filteredBy = (filters: Filters | undefined): { readonly filters?: Filters } =>
  filters === undefined ? {} : { filters };

const messageOf = ({
  agent_id,
  executor_id,
  data: bytes,
}: NonNullable<Event['message']>): ExecutorMessage => ({
  agentId: agent_id.value,
  executorId: executor_id.value,
  bytes,
});

const wireOf = (
  place: ExecutorPlace,
): Pick<NonNullable<Call['shutdown']>, 'agent_id' | 'executor_id'> => ({
  agent_id: { value: place.agentId },
  executor_id: { value: place.executorId },
});
