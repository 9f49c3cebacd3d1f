/** An outstanding offer in the shape that its framework got it (contract 3.7). */
import type { Framework } from '#internal/model/cluster.ts';
import { unallocated } from '#internal/resources/resources.ts';
import { decode } from '#internal/wire/protobuf.ts';
import { resourcesToWire } from '#internal/wire/resources.ts';
import type { Offer } from '#proto/gen/mesos/v1.ts';
import type { OfferView } from '../door.ts';

export function offerToWire(offer: OfferView, { capabilities }: Framework): Offer {
  const { agent, role } = offer;
  const hasRoles = capabilities.has('MULTI_ROLE');
  const form = capabilities.has('RESERVATION_REFINEMENT') ? 'new' : 'old';
  const resources = hasRoles ? offer.resources : unallocated(offer.resources);
  const { attributes, domain } = decode('mesos.v1.AgentInfo', agent.info);
  return {
    id: { value: offer.id },
    framework_id: { value: offer.frameworkId },
    agent_id: { value: agent.id },
    hostname: agent.hostname,
    url: {
      scheme: 'http',
      address: { hostname: agent.hostname, ip: agent.ip, port: agent.port },
      path: '/slave(1)',
    },
    ...(domain !== undefined && { domain }),
    resources: resourcesToWire(resources, form),
    ...(attributes !== undefined && { attributes }),
    ...(hasRoles && { allocation_info: { role } }),
  };
}
