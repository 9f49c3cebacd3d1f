/**
 * What is known of tasks, for a scheduler that asks (contract 7.5). Answers are
 * events without uuid. They come at once, also while the agents are away after a change of leaders: no
 * agent has a task that the log does not know.
 */
import {
  type Framework,
  isTerminal,
  type MasterUpdate,
  type Task,
} from '#internal/model/cluster.ts';
import { type AgentId, agentId, taskId } from '#internal/model/ids.ts';
import { withUpdate } from '#internal/state/draft.ts';
import { reconciliationToWire } from '#internal/wire/status.ts';
import type { Call_Reconcile, Call_Reconcile_Task } from '#proto/gen/mesos/v1/scheduler.ts';
import { masterStatus, updateEvent } from './events.ts';
import { agentOf, isPartitionAware, type Lead, taskOf, tell } from './lead.ts';
import { unloggedReports } from './reports.ts';
import { eachSlowly } from './slow-work.ts';

/** No tasks named: all live ones of the framework. */
export function reconcile(lead: Lead, framework: Framework, { tasks }: Call_Reconcile): void {
  const { id } = framework;
  if (tasks !== undefined && tasks.length > 0) {
    eachSlowly(lead, tasks, (piece) => {
      const unlogged = unloggedReports(lead, id);
      for (const task of piece) answerFor(lead, framework, task, unlogged);
    });
    return;
  }
  const live = [...(lead.state.frameworks.get(id)?.tasks.keys() ?? [])];
  eachSlowly(lead, [...live, ...(lead.launching.get(id)?.keys() ?? [])], (piece) => {
    const unlogged = unloggedReports(lead, id);
    for (const named of piece) {
      // As it is now, and not as it was when the call came: nothing older than what was told is said.
      const task = taskOf(lead, id, named);
      if (task !== undefined) latest(lead, task, unlogged);
    }
  });
}

/** The same for one task. */
export function reconcileTask(lead: Lead, framework: Framework, asked: Call_Reconcile_Task): void {
  answerFor(lead, framework, asked, unloggedReports(lead, framework.id));
}

type Unlogged = ReturnType<typeof unloggedReports>;

/** The first row of the table that fits answers, or nobody does. */
function answerFor(
  lead: Lead,
  framework: Framework,
  asked: Call_Reconcile_Task,
  unlogged: Unlogged,
): void {
  const id = taskId(asked.task_id.value);
  const task = taskOf(lead, framework.id, id);
  if (task !== undefined) {
    latest(lead, task, unlogged);
    return;
  }
  const given = asked.agent_id === undefined ? undefined : agentId(asked.agent_id.value);
  const answer = unknownTask(lead, framework, given);
  const status = masterStatus({ ...answer, atMs: lead.clock.now() }, id, given);
  tell(lead, framework.id, updateEvent(status));
}

/** An update is told before it is logged, and no answer may be older than what was told. */
function latest(lead: Lead, task: Task, unlogged: Unlogged): void {
  const report = unlogged.get(task.id);
  const isNewer = report !== undefined && report.agentId === task.agentId && !isEnded(task);
  const told = isNewer ? withUpdate(task, report.update) : task;
  tell(lead, task.frameworkId, updateEvent(reconciliationToWire(told, lead.clock.now())));
}

/** Nothing follows the end, so what comes after it is not logged either. */
const isEnded = ({ update }: Task): boolean => update !== undefined && isTerminal(update.state);

type Answer = Pick<MasterUpdate, 'state' | 'reason' | 'message' | 'unreachableMs'>;

function unknownTask(lead: Lead, framework: Framework, id: AgentId | undefined): Answer {
  const isAware = isPartitionAware(framework);
  const reach = id === undefined ? undefined : agentOf(lead, id)?.reach;
  const answer = (state: MasterUpdate['state'], why: string, unreachableMs?: number): Answer => ({
    state: isAware ? state : 'lost',
    reason: 'reconciliation',
    message: `Reconciliation: Task is ${why}`,
    unreachableMs,
  });
  if (reach === undefined) {
    const isGone = id !== undefined && lead.state.goneAgents.has(id);
    return isGone ? answer('gone-by-operator', 'gone') : answer('unknown', 'unknown');
  }
  return reach.kind === 'admitted'
    ? answer('gone', 'unknown to the agent')
    : answer('unreachable', 'unreachable', reach.sinceMs);
}
