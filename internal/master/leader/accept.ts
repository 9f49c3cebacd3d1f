/**
 * ACCEPT, in the strict order of contract 4.1: the offers, then each operation's shape, then the
 * operations in their order against what is left of the offers, then the rest goes back.
 *
 * Tasks that pass are booked here (they hold their resources from now on) and proposed as one decision;
 * no agent hears of them before that is in the log. Whatever goes wrong is told on the stream.
 */
import { assert } from '#internal/base/assert.ts';
import type { Agent, Framework, MasterUpdate, Task, TaskState } from '#internal/model/cluster.ts';
import { agentId, type FrameworkId, offerId, type Role, taskId } from '#internal/model/ids.ts';
import { subtract, sum } from '#internal/resources/resources.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { resourcesFromWire, resourcesToWire } from '#internal/wire/resources.ts';
import { injectRole, taskFromWire } from '#internal/wire/task.ts';
import type { Offer_Operation, TaskInfo } from '#proto/gen/mesos/v1.ts';
import type { Call_Accept } from '#proto/gen/mesos/v1/scheduler.ts';
import { batches } from './batches.ts';
import { masterStatus, operationEvent, updateEvent } from './events.ts';
import {
  agentOf,
  isPartitionAware,
  type Lead,
  type OutstandingOffer,
  taskOf,
  tell,
} from './lead.ts';
import { findOffers } from './offered.ts';
import { filterOf, returnDeclined, returnResources, takeOffer } from './offers.ts';
import { operationFault } from './operation.ts';
import { withHealthCheckType } from './validate-command.ts';
import { validateTask } from './validate-task.ts';

/** An ACCEPT under way. `remaining` shrinks, `launched` grows. */
type Acceptance = {
  readonly framework: Framework;
  readonly agent: Agent;
  readonly role: Role;
  remaining: Resources;
  readonly launched: Task[];
};

export function accept(lead: Lead, framework: Framework, call: Call_Accept): void {
  const ids = (call.offer_ids ?? []).map(({ value }) => offerId(value));
  const operations = call.operations ?? [];
  const found = findOffers(lead, framework.id, ids);
  if (!found.ok) {
    for (const id of ids) giveBackOwn(lead, framework.id, lead.offers.get(id));
    for (const operation of operations) refuseForOffers(lead, framework, operation, found.refusal);
    return;
  }
  for (const offer of found.value) takeOffer(lead, offer);
  const acceptance = newAcceptance(lead, framework, found.value);
  for (const operation of operations) carryOut(lead, acceptance, operation);
  proposeLaunches(lead, acceptance.launched);
  const holder = { frameworkId: framework.id, agentId: acceptance.agent.id };
  // Launches end by themselves when nothing is left, so what they leave need not wait.
  const giveBack = acceptance.launched.length > 0 ? returnResources : returnDeclined;
  giveBack(lead, holder, acceptance.remaining, filterOf(lead, call.filters));
}

/** Tells a scheduler that a task of its ACCEPT came to nothing. */
export function refuseTask(
  lead: Lead,
  frameworkId: FrameworkId,
  info: Pick<TaskInfo, 'task_id' | 'agent_id'>,
  why: Pick<MasterUpdate, 'state' | 'reason' | 'message'>,
): void {
  const said = { ...why, atMs: lead.clock.now() };
  const status = masterStatus(said, taskId(info.task_id.value), agentId(info.agent_id.value));
  tell(lead, frameworkId, updateEvent(status));
}

/** The state of a task that was never launched, in the words of its framework (contract 7.3). */
export function droppedState(framework: Framework | undefined): 'dropped' | 'lost' {
  return isPartitionAware(framework) ? 'dropped' : 'lost';
}

function newAcceptance(
  lead: Lead,
  framework: Framework,
  offers: readonly OutstandingOffer[],
): Acceptance {
  const first = offers[0];
  assert(first !== undefined, 'an ACCEPT of no offers passed');
  const agent = agentOf(lead, first.agentId);
  assert(agent !== undefined, `an offer of an agent that is in no book: ${first.agentId}`);
  const remaining = sum(offers.map(({ resources }) => resources));
  return { framework, agent, role: first.role, remaining, launched: [] };
}

/** Offers of others stay theirs, whoever names them. */
function giveBackOwn(
  lead: Lead,
  frameworkId: FrameworkId,
  offer: OutstandingOffer | undefined,
): void {
  if (offer?.frameworkId !== frameworkId) return;
  takeOffer(lead, offer);
  returnDeclined(lead, offer, offer.resources, undefined);
}

function refuseForOffers(
  lead: Lead,
  framework: Framework,
  operation: Offer_Operation,
  text: string,
): void {
  const tasks = tasksOf(operation);
  for (const info of tasks) {
    refuseTask(lead, framework.id, info, {
      state: droppedState(framework),
      reason: 'invalid-offers',
      message: `Task launched with invalid offers: ${text}`,
    });
  }
  if (isLaunch(operation)) return;
  refuseOperation(lead, framework, operation, `Operation attempted with invalid offers: ${text}`);
}

function carryOut(lead: Lead, acceptance: Acceptance, operation: Offer_Operation): void {
  const { framework } = acceptance;
  // A type of a newer API, which reads as UNKNOWN: nobody can say what it would have done.
  if (operation.type === undefined || operation.type === 'UNKNOWN') return;
  const fault = operationFault(operation);
  if (fault !== undefined && !isLaunch(operation)) {
    refuseOperation(lead, framework, operation, fault);
    return;
  }
  for (const info of tasksOf(operation)) {
    if (fault === undefined) {
      launch(lead, acceptance, info);
      continue;
    }
    const reason = operation.type === 'LAUNCH' ? 'task-invalid' : 'task-group-invalid';
    refuseTask(lead, framework.id, info, { state: 'error', reason, message: fault });
  }
}

/** Without an id nobody is told, not even of errors (contract 8). */
function refuseOperation(
  lead: Lead,
  framework: Framework,
  { id }: Offer_Operation,
  message: string,
): void {
  if (id === undefined) return;
  const status = { operation_id: id, state: 'OPERATION_ERROR', message } as const;
  tell(lead, framework.id, operationEvent(status));
}

/** One task: a bad one does not touch its siblings, and consumes nothing. */
function launch(lead: Lead, acceptance: Acceptance, sent: TaskInfo): void {
  const { framework, agent, role, remaining } = acceptance;
  const resources = resourcesFromWire(injectRole(sent.resources ?? [], role));
  assert(resources.ok, 'resources that were valid before they were allocated');
  const info = completed(sent, resources.value);
  const valid = validateTask(info, {
    agent,
    resources: resources.value,
    remaining,
    namesake: namesakeState(lead, framework.id, info),
  });
  const fault = valid.ok ? undefined : valid.refusal;
  const task = taskFromWire(info, { frameworkId: framework.id, role, atMs: lead.clock.now() });
  assert(task.ok, 'resources that were valid before they were written');
  const message = fault ?? sizeFault(lead, task.value);
  if (message !== undefined) {
    refuseTask(lead, framework.id, info, { state: 'error', reason: 'task-invalid', message });
    return;
  }
  acceptance.remaining = subtract(remaining, resources.value);
  acceptance.launched.push(task.value);
  const launching = lead.launching.get(framework.id) ?? new Map();
  lead.launching.set(framework.id, launching.set(task.value.id, task.value));
}

/** What the scheduler left for the master to fill in (contract 4.1, step 4). */
function completed(info: TaskInfo, resources: Resources): TaskInfo {
  const check = info.health_check;
  return {
    ...info,
    resources: resourcesToWire(resources, 'new'),
    ...(check !== undefined && { health_check: withHealthCheckType(check) }),
  };
}

function namesakeState(
  lead: Lead,
  frameworkId: FrameworkId,
  info: TaskInfo,
): TaskState | undefined {
  const id = taskId(info.task_id.value);
  const unreachable = lead.state.frameworks.get(frameworkId)?.unreachable.has(id) === true;
  return unreachable ? 'unreachable' : taskOf(lead, frameworkId, id)?.state;
}

function sizeFault(lead: Lead, task: Task): string | undefined {
  const { taskBytesMax } = lead.options;
  return task.info.length > taskBytesMax
    ? `Task is described by more than ${taskBytesMax} bytes`
    : undefined;
}

function proposeLaunches(lead: Lead, launched: readonly Task[]): void {
  for (const tasks of batches(launched, ({ info }) => info.length, lead.options)) {
    assert(lead.propose({ kind: 'launch-tasks', tasks }), 'a batch of tasks larger than an entry');
  }
}

function tasksOf({ type, launch: one, launch_group: group }: Offer_Operation): readonly TaskInfo[] {
  if (type === 'LAUNCH') return one?.task_infos ?? [];
  return type === 'LAUNCH_GROUP' ? (group?.task_group.tasks ?? []) : [];
}

const isLaunch = ({ type }: Offer_Operation): boolean =>
  type === 'LAUNCH' || type === 'LAUNCH_GROUP';
