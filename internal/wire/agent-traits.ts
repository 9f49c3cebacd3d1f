/** What an agent shows of itself to offer constraints and to frameworks that mind regions. */
import type { AgentAttribute, AgentTraits } from '#internal/model/offer-constraints.ts';
import type { AgentInfo, Attribute } from '#proto/gen/mesos/v1.ts';

export function agentTraitsFromWire({ hostname, attributes, domain }: AgentInfo): AgentTraits {
  const fault = domain?.fault_domain;
  return {
    hostname,
    attributes: (attributes ?? []).map(attributeFromWire),
    domain: fault && { region: fault.region.name, zone: fault.zone.name },
  };
}

const attributeFromWire = ({ name, type, text }: Attribute): AgentAttribute => ({
  name,
  text: type === 'TEXT' ? (text?.value ?? '') : undefined,
});
