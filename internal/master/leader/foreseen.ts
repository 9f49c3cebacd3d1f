/** An agent as it will be once all that was proposed is in the log. */
import type { Agent } from '#internal/model/cluster.ts';
import type { AgentId } from '#internal/model/ids.ts';
import { convert } from '#internal/resources/conversion.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { add, nothing, sum, unallocated } from '#internal/resources/resources.ts';
import type { Lead } from './lead.ts';

export function foreseenTotal(lead: Lead, { id }: Agent): Resources {
  let total = lead.state.agents.get(id)?.total ?? nothing;
  for (const { operation } of lead.operating.values()) {
    if (operation.agentId !== id) continue;
    const next = convert(total, operation.conversions);
    if (next.ok) total = next.value;
  }
  return total;
}

/** What tasks hold of it, unallocated. */
export function foreseenUse(lead: Lead, id: AgentId): Resources {
  const coming = [...lead.launching.values()]
    .flatMap((tasks) => [...tasks.values()])
    .filter(({ agentId }) => agentId === id);
  const used = lead.state.loads.get(id)?.used ?? nothing;
  return add(used, unallocated(sum(coming.map(({ resources }) => resources))));
}
