/**
 * Operators who watch the cluster (contract 11). Each is told the state as of one entry of the log, and
 * then what the entries after it change: nothing is missing between the two, and nothing is told twice.
 */
import { isTerminal, type Task, type TaskUpdate } from '#internal/model/cluster.ts';
import type { AgentId, FrameworkId } from '#internal/model/ids.ts';
import { sum } from '#internal/resources/resources.ts';
import type { Effect } from '#internal/state/command.ts';
import { holdersOnAgent, type State } from '#internal/state/state.ts';
import { decode } from '#internal/wire/protobuf.ts';
import type { Timer } from '#internal/runtime/clock.ts';
import type { Happening, MasterView, Observer } from '../door.ts';
import { agentOf, frameworkOf, type Lead } from './lead.ts';

/** Takes an operator in; if there are too many, the one who has watched longest makes room. */
export function observe(lead: Lead, observer: Observer, view: MasterView): void {
  const { observersMax, heartbeatIntervalMs } = lead.options;
  const [oldest] = lead.observers.keys();
  if (lead.observers.size >= observersMax && oldest !== undefined) {
    lead.logger.info('too many operators watch: the oldest is let go', { observersMax });
    letGo(lead, oldest);
  }
  lead.observers.set(observer, armHeartbeat(lead, observer));
  observer.begin(view, heartbeatIntervalMs);
  const over = (): void => lead.turn(() => letGo(lead, observer));
  if (observer.closed.aborted) over();
  else observer.closed.addEventListener('abort', over, { once: true });
}

/** Nobody watches any more. */
export function letAllGo(lead: Lead): void {
  for (const observer of lead.observers.keys()) letGo(lead, observer);
}

/**
 * Called before an effect is carried out, while somebody watches; the result is called after, when
 * what it means can be seen. `before` is the state before the entry.
 */
export function witness(lead: Lead, effect: Effect, before: State): () => void {
  if (effect.kind === 'agent-admitted' || effect.kind === 'agent-reregistered') {
    return agentComing(lead, effect.agentId);
  }
  if (effect.kind === 'framework-subscribed') {
    return frameworkComing(lead, effect.frameworkId, before);
  }
  return () => announceAll(lead, happeningsOf(lead, effect, before));
}

function happeningsOf(lead: Lead, effect: Effect, before: State): readonly Happening[] {
  const { kind } = effect;
  if (kind === 'task-launched' || kind === 'task-regained') {
    return [{ kind: 'task-added', task: effect.task }];
  }
  if (kind === 'executor-launched') {
    return effect.tasks.map((task) => ({ kind: 'task-added', task }));
  }
  if (kind === 'task-updated') {
    // Of one that is back it was said that it is there, and how it is.
    return isReturn(effect.update) ? [] : [taskUpdated(effect.task, effect.update)];
  }
  if (kind === 'task-recorded') {
    const { task, update, isNews } = effect;
    return isNews || isCheck(update) ? [taskUpdated(task, update)] : [];
  }
  if (kind === 'agent-removed') return removedAgent(lead, effect.agentId, before);
  if (kind !== 'framework-removed') return [];
  const framework = before.frameworks.get(effect.frameworkId)?.framework;
  return framework === undefined ? [] : [{ kind: 'framework-removed', framework }];
}

const taskUpdated = (task: Task, update: TaskUpdate): Happening => ({
  kind: 'task-updated',
  task,
  update,
});

const isReturn = (update: TaskUpdate): boolean =>
  update.kind === 'master' && update.reason === 'agent-reregistered';

/** It says how a task is doing, not what became of it. */
function isCheck(update: TaskUpdate): boolean {
  if (update.kind === 'master' || isTerminal(update.state)) return false;
  const { reason } = decode('mesos.v1.TaskStatus', update.status);
  return (
    reason === 'REASON_TASK_CHECK_STATUS_UPDATED' ||
    reason === 'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED'
  );
}

/** Neither one that was never let in, nor one that is gone (contract 11). */
function removedAgent(lead: Lead, id: AgentId, before: State): readonly Happening[] {
  if (!before.agents.has(id) || lead.state.goneAgents.has(id)) return [];
  return [{ kind: 'agent-removed', agentId: id }];
}

/** One that was not there, out of reach, or not heard of since this master leads. */
function agentComing(lead: Lead, id: AgentId): () => void {
  const wasListed = isListed(lead, id);
  return () => {
    const agent = agentOf(lead, id);
    if (wasListed || !isListed(lead, id) || agent === undefined) return;
    const isConnected = lead.peers.get(id)?.presence.kind === 'connected';
    const used = sum(holdersOnAgent(lead.state, id).map(({ resources }) => resources));
    announceAll(lead, [{ kind: 'agent-added', agent, isConnected, used }]);
  };
}

function isListed(lead: Lead, id: AgentId): boolean {
  const presence = lead.peers.get(id)?.presence.kind;
  return presence !== undefined && presence !== 'recovered';
}

/** New, or with another stream, or another in its own words. */
function frameworkComing(lead: Lead, id: FrameworkId, before: State): () => void {
  const known = before.frameworks.get(id)?.framework;
  const stream = lead.schedulers.get(id)?.stream;
  return () => {
    const framework = frameworkOf(lead, id);
    if (framework === undefined) return;
    const isConnected = lead.schedulers.has(id);
    if (known === undefined) {
      announceAll(lead, [{ kind: 'framework-added', framework, isConnected }]);
      return;
    }
    const isAnother = lead.schedulers.get(id)?.stream !== stream;
    if (isAnother || !isSame(known.info, framework.info)) {
      announceAll(lead, [{ kind: 'framework-updated', framework, isConnected }]);
    }
  };
}

const isSame = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, at) => byte === other[at]);

function announceAll(lead: Lead, happenings: readonly Happening[]): void {
  for (const happening of happenings) {
    for (const observer of lead.observers.keys()) observer.tell(happening);
  }
}

function letGo(lead: Lead, observer: Observer): void {
  const heartbeat = lead.observers.get(observer);
  if (heartbeat === undefined) return;
  heartbeat.cancel();
  lead.observers.delete(observer);
  observer.end();
}

function armHeartbeat(lead: Lead, observer: Observer): Timer {
  return lead.after(lead.options.heartbeatIntervalMs, () => {
    if (!lead.observers.has(observer)) return;
    lead.observers.set(observer, armHeartbeat(lead, observer));
    observer.tell({ kind: 'heartbeat' });
  });
}
