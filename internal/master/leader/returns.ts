/**
 * Agents that come back. After a change of leaders all of them do at once, so they go into the log in
 * batches: what comes while one is under way goes with the next. A batch is small enough that whoever
 * applies it has a turn for others soon, and few are under way at a time.
 */
import type { AgentId } from '#internal/model/ids.ts';
import type { AgentReturn } from '#internal/state/command.ts';
import { batches } from './batches.ts';
import type { Lead, Visitor } from './lead.ts';

export type Returns = {
  /** The newest word of each agent, until it goes into the log. */
  readonly waiting: Map<AgentId, AgentReturn>;
  /** Batches on their way into the log. */
  inFlight: number;
};

export const newReturns = (): Returns => ({ waiting: new Map(), inFlight: 0 });

const batchesInFlightMax = 2;
/** What an entry holds of a task beside its ids, and of an agent beside its description. */
const bytesOfTask = 64;
const bytesOfAgent = 512;

/** What an agent says of itself goes into the log; its link is let in when it is there. */
export function comeBack(lead: Lead, visitor: Visitor, agentReturn: AgentReturn): void {
  const { id } = agentReturn.agent;
  lead.reregistering.set(id, visitor);
  lead.returns.waiting.set(id, agentReturn);
  flush(lead);
}

function flush(lead: Lead): void {
  const { returns, options } = lead;
  if (returns.inFlight >= batchesInFlightMax || returns.waiting.size === 0) return;
  const { returnsMax: batchMax, batchBytesMax } = options;
  const next = [...returns.waiting.values()].slice(0, batchMax);
  for (const batch of batches(next, sizeOf, { batchMax, batchBytesMax })) {
    if (returns.inFlight >= batchesInFlightMax) return;
    for (const { agent } of batch) returns.waiting.delete(agent.id);
    propose(lead, batch);
  }
}

function propose(lead: Lead, batch: readonly AgentReturn[]): void {
  const { returns } = lead;
  const done = (): void => {
    returns.inFlight--;
    flush(lead);
  };
  returns.inFlight++;
  if (lead.propose({ kind: 'reregister-agents', returns: batch }, done)) return;
  for (const { agent } of batch) turnAway(lead, agent.id);
  done();
}

/** Alone it would still be too large: a batch with others is far below what an entry holds. */
function turnAway(lead: Lead, id: AgentId): void {
  const visitor = lead.reregistering.get(id);
  lead.reregistering.delete(id);
  if (visitor !== undefined) refuseTooLarge(lead, visitor);
}

/** An agent whose description does not fit into the log. */
export function refuseTooLarge(lead: Lead, visitor: Visitor): void {
  lead.logger.error('agent is described by more than an entry holds', {
    peer: visitor.link.peer,
  });
  visitor.link.close();
}

function sizeOf({ agent, tasks, operations }: AgentReturn): number {
  const ofTasks = tasks.reduce(
    (sum, { frameworkId, taskId }) => sum + frameworkId.length + taskId.length + bytesOfTask,
    0,
  );
  return bytesOfAgent + agent.info.length * 2 + ofTasks + operations.length * bytesOfTask;
}
