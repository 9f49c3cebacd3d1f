/** Who the agent is, as it is written down. */
import { change, type Turn } from './turn.ts';

export function writeIdentity(turn: Turn): void {
  const { registration, agentId, clusterId } = turn.state;
  const record = {
    registration_uuid: registration,
    ...(agentId === undefined ? {} : { agent_id: agentId }),
    agent_info: turn.settings.description.agent_info,
    ...(turn.settings.bootId === undefined ? {} : { boot_id: turn.settings.bootId }),
    ...(clusterId === undefined ? {} : { cluster_id: clusterId }),
  };
  turn.writes.push({ kind: 'identity', record });
}

/** What it is called is written into the manifests of its volumes. */
export function joinCluster(turn: Turn, clusterId: string): void {
  if (turn.state.clusterId === clusterId) return;
  change(turn, { clusterId });
  writeIdentity(turn);
}
