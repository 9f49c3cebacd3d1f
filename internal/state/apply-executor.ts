/**
 * Executors: launched with their tasks, found on a returning agent, ended (contract 4.2, 9.7). An
 * executor holds its own resources once, however many tasks run in it.
 */
import type { Executor } from '#internal/model/cluster.ts';
import type { AgentId } from '#internal/model/ids.ts';
import { launchRefusal } from './apply-task.ts';
import type { Command, ExecutorName, LaunchWithExecutor } from './command.ts';
import { type Draft, isIdle, putExecutor, putLive, removeExecutor } from './draft.ts';
import { executorOf, executorsOnAgent } from './state.ts';

/** All of the tasks or none, so that no group is ever half there. */
export function launchWithExecutor(draft: Draft, command: LaunchWithExecutor): void {
  const { kind: _kind, ...launch } = command;
  const { executor, tasks } = command;
  const known = executorOf(draft.state, executor);
  const reason = launchRefusal(draft.state, {
    ...executor,
    ids: tasks.map(({ id }) => id),
    wanted: (known === undefined ? [executor, ...tasks] : tasks).map(({ resources }) => resources),
  });
  if (reason !== undefined) {
    draft.effects.push({ kind: 'executor-refused', ...launch, reason });
    return;
  }
  // One that its agent said has ended is started again for these.
  const { endsWith } = executor;
  putExecutor(draft, known === undefined ? executor : { ...known, endsWith });
  for (const task of tasks) putLive(draft, task);
  draft.effects.push({ kind: 'executor-launched', ...launch, isNew: known === undefined });
}

/**
 * One that still has tasks was launched anew, or its tasks' ends are on their way: it ends with the
 * last of them. An agent that is not reached any more says it all when it is back.
 */
export function endExecutors(
  draft: Draft,
  { agentId, executors }: Extract<Command, { kind: 'end-executors' }>,
): void {
  if (draft.state.agents.get(agentId)?.reach.kind !== 'admitted') return;
  for (const { frameworkId, executorId: id } of executors) {
    const executor = executorOf(draft.state, { frameworkId, agentId, id });
    if (executor !== undefined) endExecutor(draft, executor);
  }
}

/** An agent that is not reached any more says it when it is back. */
export function findExecutors(
  draft: Draft,
  { agentId, executors }: Extract<Command, { kind: 'find-executors' }>,
): void {
  if (draft.state.agents.get(agentId)?.reach.kind !== 'admitted') return;
  for (const executor of executors) {
    if (executor.agentId === agentId) findExecutor(draft, executor);
  }
}

/** `running` is what the returning agent says that it runs; its tasks have been compared already. */
export function meetExecutors(draft: Draft, id: AgentId, running: readonly Executor[]): void {
  const names = new Set(running.map(nameOf));
  for (const executor of inOrder(executorsOnAgent(draft.state, id))) {
    if (!names.has(nameOf(executor))) endExecutor(draft, executor);
    else if (isIdle(draft.state, executor)) putExecutor(draft, { ...executor, endsWith: 'agent' });
  }
  for (const executor of running) {
    const isKnown = executorOf(draft.state, executor) !== undefined;
    if (executor.agentId === id && !isKnown) findExecutor(draft, executor);
  }
}

/** Whatever runs in it, the agent knows more of it than the books do. */
function findExecutor(draft: Draft, executor: Executor): void {
  if (!draft.state.frameworks.has(executor.frameworkId)) return;
  const known = executorOf(draft.state, executor);
  const found: Executor = { ...(known ?? executor), endsWith: 'agent' };
  putExecutor(draft, found);
  if (known === undefined) draft.effects.push({ kind: 'executor-found', executor: found });
}

/** Agent or framework leave for good. */
export function endAll(draft: Draft, executors: Iterable<Executor>): void {
  for (const executor of inOrder(executors)) removeExecutor(draft, executor);
}

function endExecutor(draft: Draft, executor: Executor): void {
  if (isIdle(draft.state, executor)) removeExecutor(draft, executor);
  else putExecutor(draft, { ...executor, endsWith: 'tasks' });
}

const nameOf = ({ frameworkId, id }: Executor): string =>
  JSON.stringify({ frameworkId, executorId: id } satisfies ExecutorName);

/** By name, so that every master walks the same way. */
function inOrder(executors: Iterable<Executor>): readonly Executor[] {
  return [...executors].toSorted((one, other) => (pathOf(one) < pathOf(other) ? -1 : 1));
}

const pathOf = ({ frameworkId, agentId, id }: Executor): string =>
  `${frameworkId}/${agentId}/${id}`;
