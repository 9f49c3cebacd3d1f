/** What reading calls are answered from, while this master leads and while it does not. */
import type { AgentId } from '#internal/model/ids.ts';
import type { MasterView, OfferView } from '../door.ts';
import { executorIdsOn } from './arriving.ts';
import { agentOf, type Lead, type Presence } from './lead.ts';

type Standing = Pick<MasterView, 'state' | 'self' | 'startedMs'>;

export function viewOf(standing: Standing, lead: Lead | undefined): MasterView {
  if (lead === undefined) {
    const nobody = new Set<never>();
    return {
      ...standing,
      electedMs: undefined,
      offers: [],
      inverseAnswers: [],
      connectedAgents: nobody,
      recoveredAgents: nobody,
      connectedFrameworks: nobody,
      recoveredFrameworks: nobody,
    };
  }
  return {
    ...standing,
    state: lead.state,
    electedMs: lead.electedMs,
    offers: offersOf(lead),
    inverseAnswers: [...lead.inverseAnswers.values()].flatMap((of) => [...of.values()]),
    connectedAgents: agentsThatAre(lead, 'connected'),
    recoveredAgents: agentsThatAre(lead, 'recovered'),
    connectedFrameworks: new Set(lead.schedulers.keys()),
    recoveredFrameworks: new Set(lead.recoveredFrameworks),
  };
}

function offersOf(lead: Lead): readonly OfferView[] {
  return [...lead.offers.values()].flatMap(({ agentId, ...offer }) => {
    const agent = agentOf(lead, agentId);
    const executorIds = executorIdsOn(lead, { ...offer, agentId });
    return agent === undefined ? [] : [{ ...offer, agent, executorIds }];
  });
}

function agentsThatAre(lead: Lead, kind: Presence['kind']): ReadonlySet<AgentId> {
  const peers = [...lead.peers.values()].filter(({ presence }) => presence.kind === kind);
  return new Set(peers.map(({ id }) => id));
}
