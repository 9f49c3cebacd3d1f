/**
 * New ids, made of the id of this master (contract 2.1). The master draws its own id anew whenever its
 * process starts, so that counting from zero never gives an id twice, whoever leads in between.
 */
import {
  agentId,
  type AgentId,
  frameworkId,
  type FrameworkId,
  type MasterId,
  offerId,
  type OfferId,
} from '#internal/model/ids.ts';

export type Ids = {
  nextAgentId(): AgentId;
  nextFrameworkId(): FrameworkId;
  nextOfferId(): OfferId;
};

export function newIds(master: MasterId): Ids {
  let agents = 0;
  let frameworks = 0;
  let offers = 0;
  return {
    nextAgentId: () => agentId(`${master}-S${agents++}`),
    nextFrameworkId: () => frameworkId(`${master}-${String(frameworks++).padStart(4, '0')}`),
    nextOfferId: () => offerId(`${master}-O${offers++}`),
  };
}
