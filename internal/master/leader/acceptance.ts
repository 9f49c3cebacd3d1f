/**
 * An ACCEPT under way: what is left of its offers, what it launches, and how its scheduler hears that
 * something of it came to nothing. Each kind of operation is a module of its own that is called with it.
 */
import { assert } from '#internal/base/assert.ts';
import type { Agent, Framework, MasterUpdate, Task } from '#internal/model/cluster.ts';
import { agentId, type FrameworkId, type Role, taskId } from '#internal/model/ids.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { add, contains, nothing, sum } from '#internal/resources/resources.ts';
import { copiesOf, eachOnce } from '#internal/resources/volume.ts';
import type { LaunchWithExecutor } from '#internal/state/command.ts';
import type { Offer_Operation, TaskInfo } from '#proto/gen/mesos/v1.ts';
import { bookExecutor } from './arriving.ts';
import { batches } from './batches.ts';
import { masterStatus, operationEvent, updateEvent } from './events.ts';
import { agentOf, isPartitionAware, type Lead, type OutstandingOffer, tell } from './lead.ts';
import type { Settlement } from './settlement.ts';

/** `remaining` shrinks with every task, and changes with every operation. */
export type Acceptance = {
  readonly framework: Framework;
  readonly agent: Agent;
  readonly role: Role;
  remaining: Resources;
  /** Shared volumes that its tasks may use, each any number of times (contract 4.2). */
  sharable: Resources;
  /** Of those: what tasks use beyond what was offered. Nobody has allocated it yet. */
  copies: Resources;
  /** Booked, and not proposed yet: tasks that stand side by side go into the log together. */
  launching: Task[];
  /** What operations made that this ACCEPT can use, and what it cannot. */
  made: Resources;
  aside: Resources;
  /** Once there was an operation: nothing goes back before the log has it. */
  settlement: Settlement | undefined;
  /** Whether a task was launched at all. */
  hasLaunched: boolean;
};

export function newAcceptance(
  lead: Lead,
  framework: Framework,
  offers: readonly OutstandingOffer[],
): Acceptance {
  const first = offers[0];
  assert(first !== undefined, 'an ACCEPT of no offers passed');
  const agent = agentOf(lead, first.agentId);
  assert(agent !== undefined, `an offer of an agent that is in no book: ${first.agentId}`);
  const remaining = sum(offers.map(({ resources }) => resources));
  return {
    framework,
    agent,
    role: first.role,
    remaining,
    sharable: remaining.filter(({ shared }) => shared),
    copies: nothing,
    launching: [],
    made: nothing,
    aside: nothing,
    settlement: undefined,
    hasLaunched: false,
  };
}

/** What of the shared volumes is wanted more often than it is left. */
export function missingCopies({ remaining, sharable }: Acceptance, wanted: Resources): Resources {
  const shared = wanted.filter((one) => one.shared && contains(sharable, [one]));
  return sum(
    eachOnce(shared).map((one) => {
      const missing = copiesOf(shared, one) - copiesOf(remaining, one);
      return Array.from({ length: Math.max(0, missing) }, () => one);
    }),
  );
}

/** They are there from now on; whoever asked for them is found to be right. */
export function takeCopies(acceptance: Acceptance, missing: Resources): void {
  acceptance.remaining = add(acceptance.remaining, missing);
  acceptance.copies = add(acceptance.copies, missing);
}

/** Tasks hold their resources from now on; they are proposed by `proposeLaunches`. */
export function book(lead: Lead, acceptance: Acceptance, task: Task): void {
  acceptance.launching.push(task);
  acceptance.hasLaunched = true;
  holdFor(lead, task);
}

/** Tasks and the executor that they run in, launched whole, after all that was booked before. */
export function bookWithExecutor(
  lead: Lead,
  acceptance: Acceptance,
  launch: Omit<LaunchWithExecutor, 'kind'>,
): void {
  proposeLaunches(lead, acceptance);
  acceptance.hasLaunched = true;
  bookExecutor(lead, launch.executor, launch.isExecutorHeld);
  for (const task of launch.tasks) holdFor(lead, task);
  const isProposed = lead.propose({ kind: 'launch-with-executor', ...launch });
  assert(isProposed, 'a group larger than an entry');
}

/** What was booked is proposed before anything else of the same ACCEPT is: the log keeps its order. */
export function proposeLaunches(lead: Lead, acceptance: Acceptance): void {
  for (const tasks of batches(acceptance.launching, ({ info }) => info.length, lead.options)) {
    assert(lead.propose({ kind: 'launch-tasks', tasks }), 'a batch of tasks larger than an entry');
  }
  acceptance.launching = [];
}

function holdFor(lead: Lead, task: Task): void {
  const launching = lead.launching.get(task.frameworkId) ?? new Map();
  lead.launching.set(task.frameworkId, launching.set(task.id, task));
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

/** Without an id nobody is told, not even of errors (contract 8). */
export function refuseOperation(
  lead: Lead,
  framework: Framework,
  { id }: Offer_Operation,
  message: string,
): void {
  if (id === undefined) return;
  const status = { operation_id: id, state: 'OPERATION_ERROR', message } as const;
  tell(lead, framework.id, operationEvent(status));
}

/** The state of a task that was never launched, in the words of its framework (contract 7.3). */
export function droppedState(framework: Framework | undefined): 'dropped' | 'lost' {
  return isPartitionAware(framework) ? 'dropped' : 'lost';
}

/** The tasks that an operation would launch. */
export function tasksOf(operation: Offer_Operation): readonly TaskInfo[] {
  const { type, launch, launch_group: group } = operation;
  if (type === 'LAUNCH') return launch?.task_infos ?? [];
  return type === 'LAUNCH_GROUP' ? (group?.task_group.tasks ?? []) : [];
}
