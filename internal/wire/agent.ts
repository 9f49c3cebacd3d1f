/** An agent as it presents itself on its link, and as the cluster computes with it. */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { Agent } from '#internal/model/cluster.ts';
import { encoded } from '#internal/model/encoded.ts';
import type { AgentId } from '#internal/model/ids.ts';
import type { FoundVolume } from '#internal/model/volume.ts';
import { unallocated } from '#internal/resources/resources.ts';
import type { Description } from '#proto/gen/altiplano/agent/v1.ts';
import type { Resource } from '#proto/gen/mesos/v1.ts';
import { encode } from './protobuf.ts';
import { resourcesFromWire } from './resources.ts';

/** Contract, appendix B. */
const portDefault = 5051;

type Known = {
  readonly id: AgentId;
  readonly registration: string;
  /** What it says it has by now; nothing when that is what its description says. */
  readonly total: readonly Resource[];
  readonly orphans?: readonly FoundVolume[];
  readonly atMs: number;
};

/** An admitted agent that registers now. Refuses resources that are not valid. */
export function agentFromDescription(
  description: Description,
  { id, registration, total: told, orphans = [], atMs }: Known,
): Result<Agent, string> {
  const { agent_info: info, version, ip, capabilities } = description;
  const total = resourcesFromWire(told.length > 0 ? told : info.resources);
  if (!total.ok) return refuse(total.refusal);
  return accept({
    id,
    registration,
    info: encoded<'mesos.v1.AgentInfo'>(
      encode('mesos.v1.AgentInfo', { ...info, id: { value: id } }),
    ),
    hostname: info.hostname,
    ip,
    port: info.port ?? portDefault,
    version,
    capabilities: (capabilities ?? []).flatMap(({ type }) => (type === undefined ? [] : [type])),
    total: unallocated(total.value),
    registeredMs: atMs,
    reregisteredMs: undefined,
    reach: { kind: 'admitted' },
    deactivation: undefined,
    orphans,
  });
}
