/**
 * What reading calls are answered from, while this master leads and while it does not. A view is of its
 * moment, however long it is read; what takes more than a look at ten thousand agents and their offers is
 * made of it when somebody asks.
 */
import type { AgentId } from '#internal/model/ids.ts';
import type { MasterView, OfferView } from '../door.ts';
import { executorIdsOn } from './arriving.ts';
import type { Lead, Presence } from './lead.ts';

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
  const offers = later(offersOf(lead));
  const connected = later(agentsThatAre(lead, 'connected'));
  const recovered = later(agentsThatAre(lead, 'recovered'));
  return {
    ...standing,
    state: lead.state,
    electedMs: lead.electedMs,
    inverseAnswers: [...lead.inverseAnswers.values()].flatMap((of) => [...of.values()]),
    connectedFrameworks: new Set(lead.schedulers.keys()),
    recoveredFrameworks: new Set(lead.recoveredFrameworks),
    get offers() {
      return offers();
    },
    get connectedAgents() {
      return connected();
    },
    get recoveredAgents() {
      return recovered();
    },
  };
}

/** Made once, when it is first asked for. */
function later<Value extends object>(make: () => Value): () => Value {
  let made: Value | undefined;
  return () => (made ??= make());
}

/** Keeps the offers of this moment, which do not change any more themselves. */
function offersOf({ state, offers, arriving }: Lead): () => readonly OfferView[] {
  const outstanding = [...offers.values()];
  const then = { state, arriving: new Map(arriving) };
  return () =>
    outstanding.flatMap(({ agentId, ...offer }) => {
      const agent = state.agents.get(agentId);
      const executorIds = executorIdsOn(then, { ...offer, agentId });
      return agent === undefined ? [] : [{ ...offer, agent, executorIds }];
    });
}

/** Who an agent is to us changes, so that is looked at now. */
function agentsThatAre({ peers }: Lead, kind: Presence['kind']): () => ReadonlySet<AgentId> {
  const ids: AgentId[] = [];
  for (const { id, presence } of peers.values()) if (presence.kind === kind) ids.push(id);
  return () => new Set(ids);
}
