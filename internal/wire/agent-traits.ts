/** What an agent shows of itself to offer constraints and to frameworks that mind regions. */
import type {
  AgentAttribute,
  AgentTraits,
  FaultDomain,
} from '#internal/model/offer-constraints.ts';
import type { AgentInfo, Attribute, DomainInfo } from '#proto/gen/mesos/v1.ts';

export function agentTraitsFromWire({ hostname, attributes, domain }: AgentInfo): AgentTraits {
  return {
    hostname,
    attributes: (attributes ?? []).map(attributeFromWire),
    domain: domain && domainFromWire(domain),
  };
}

export function domainFromWire({ fault_domain: fault }: DomainInfo): FaultDomain | undefined {
  return fault && { region: fault.region.name, zone: fault.zone.name };
}

export const domainToWire = ({ region, zone }: FaultDomain): DomainInfo => ({
  fault_domain: { region: { name: region }, zone: { name: zone } },
});

const attributeFromWire = ({ name, type, text }: Attribute): AgentAttribute => ({
  name,
  text: type === 'TEXT' ? (text?.value ?? '') : undefined,
});
