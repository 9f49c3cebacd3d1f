/** The agents of the log, by what the leading master knows of them at the moment. */
import type { Agent } from '#internal/model/cluster.ts';
import type { MasterView } from '../door.ts';

export type AgentGroups = {
  /** Came back, or came first, since this master leads; some may have lost their link again. */
  readonly registered: readonly Agent[];
  /** Not heard of since this master leads, and not given up yet. */
  readonly recovered: readonly Agent[];
  readonly unreachable: readonly Agent[];
};

export function agentGroups({ state, recoveredAgents }: MasterView): AgentGroups {
  const agents = [...state.agents.values()];
  const reachable = agents.filter(({ reach }) => reach.kind === 'admitted');
  return {
    registered: reachable.filter(({ id }) => !recoveredAgents.has(id)),
    recovered: reachable.filter(({ id }) => recoveredAgents.has(id)),
    unreachable: agents.filter(({ reach }) => reach.kind === 'unreachable'),
  };
}
