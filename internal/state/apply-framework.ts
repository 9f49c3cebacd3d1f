/** Frameworks: they subscribe, fall silent, come back or are removed (contract 3.2, 3.6). */
import { List, Map } from 'immutable';
import { type Executor, type Framework, isTerminal, type Task } from '#internal/model/cluster.ts';
import { noStore } from '#internal/model/framework-store.ts';
import type { FrameworkId } from '#internal/model/ids.ts';
import { endAll } from './apply-executor.ts';
import { orphanOperations } from './apply-operation.ts';
import {
  complete,
  type Draft,
  inOrder,
  masterUpdate,
  putFramework,
  recordOf,
  retire,
  withUpdate,
} from './draft.ts';
import { completedFramework, type ExecutorKey } from './state.ts';

export function subscribeFramework(draft: Draft, framework: Framework): void {
  const { id } = framework;
  if (completedFramework(draft.state, id) !== undefined) {
    draft.effects.push({ kind: 'framework-refused', frameworkId: id });
    return;
  }
  const known = draft.state.frameworks.get(id);
  if (known === undefined) {
    const record = {
      framework,
      tasks: Map<Task['id'], Task>(),
      unreachable: Map<Task['id'], Task>(),
      completed: List<Task>(),
      completedFirst: 0,
      executors: Map<ExecutorKey, Executor>(),
      store: noStore,
    };
    draft.state = { ...draft.state, frameworks: draft.state.frameworks.set(id, record) };
  } else {
    // These may not change while the framework lives (contract 3.2).
    const { user, checkpoint, registeredMs } = known.framework;
    putFramework(draft, {
      ...framework,
      user,
      checkpoint,
      registeredMs,
      reregisteredMs: draft.atMs,
    });
  }
  draft.effects.push({
    kind: 'framework-subscribed',
    frameworkId: id,
    isNew: known === undefined,
  });
}

export function disconnectFramework(draft: Draft, id: FrameworkId, deadlineMs: number): void {
  const known = draft.state.frameworks.get(id);
  if (known === undefined) return;
  const connection = { kind: 'disconnected', sinceMs: draft.atMs, deadlineMs } as const;
  putFramework(draft, { ...known.framework, connection });
  draft.effects.push({ kind: 'framework-disconnected', frameworkId: id });
}

/** Nobody listens any more, so its tasks' updates are only remembered. */
export function removeFramework(draft: Draft, id: FrameworkId): void {
  const known = draft.state.frameworks.get(id);
  if (known === undefined) return;
  const running = [...known.tasks.values(), ...known.unreachable.values()];
  const executors = [...known.executors.values()];
  const places = [...running, ...executors].map(({ agentId }) => agentId);
  const agentIds = [...new Set(places)].toSorted();
  const killed = masterUpdate(draft, {
    state: 'killed',
    reason: 'framework-removed',
    message: `Framework ${id} removed`,
  });
  for (const task of inOrder(running)) {
    if (isTerminal(task.state)) {
      complete(draft, task);
      continue;
    }
    const ended = withUpdate(task, killed);
    complete(draft, ended);
    draft.effects.push({ kind: 'task-recorded', task: ended, update: killed, isNews: true });
  }
  endAll(draft, recordOf(draft.state, id).executors.values());
  retire(draft, recordOf(draft.state, id));
  orphanOperations(draft, id);
  draft.effects.push({ kind: 'framework-removed', frameworkId: id, agentIds });
}
