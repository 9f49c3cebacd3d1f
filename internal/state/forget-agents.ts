/**
 * Agents that nobody has heard of for weeks, or more of them than are worth remembering (contract 2.2).
 * Their unreachable tasks stay in their frameworks' lists, which have bounds of their own: an agent that
 * comes back after all brings them along.
 */
import type { AgentId } from '#internal/model/ids.ts';
import { endAll } from './apply-executor.ts';
import { concludeOperations } from './apply-operation.ts';
import { leaveVolumes } from './apply-volume.ts';
import { complete, type Draft, inOrder } from './draft.ts';
import { executorsOnAgent, tasksOnAgent } from './state.ts';

/** One that has come back meanwhile is not meant. */
export function forgetAgents(draft: Draft, ids: readonly AgentId[]): void {
  for (const id of ids) {
    const { goneAgents } = draft.state;
    if (goneAgents.has(id)) draft.state = { ...draft.state, goneAgents: goneAgents.remove(id) };
    forgetUnreachable(draft, id);
  }
}

function forgetUnreachable(draft: Draft, id: AgentId): void {
  const agent = draft.state.agents.get(id);
  if (agent?.reach.kind !== 'unreachable') return;
  concludeOperations(draft, id, 'dropped', 'Agent was forgotten');
  // They have ended, and wait for an acknowledgement that the agent would have to hear of.
  for (const task of inOrder(tasksOnAgent(draft.state, id))) complete(draft, task);
  endAll(draft, executorsOnAgent(draft.state, id));
  leaveVolumes(draft, id);
  const { agents, registrations } = draft.state;
  draft.state = {
    ...draft.state,
    agents: agents.remove(id),
    registrations: registrations.remove(agent.registration),
  };
}
