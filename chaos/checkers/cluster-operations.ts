/**
 * The promises of operations on resources (contract 8), checked where schedulers hear of them:
 *
 * - tenants: nobody hears of an operation that it did not ask for;
 * - final: an operation comes to one end, and no other state follows;
 * - true: only of agents that an operator declared gone are operations gone.
 *
 * Who reconciles an operation that is in no book hears of its agent instead. That is not a word on the
 * operation: it may have ended before and been acknowledged, or its ACCEPT may still be on its way, as
 * calls overtake each other. But an agent that is gone does nothing any more, so after that answer an
 * operation can only be refused.
 */
import type { OperationState, OperationStatus } from '#proto/gen/mesos/v1.ts';
import { Violation } from './violation.ts';

type History = {
  readonly owner: string;
  end: OperationState | undefined;
  /** Its framework was answered that the agent is gone, and the operation in no book. */
  isDenied: boolean;
};

const ends: ReadonlySet<OperationState> = new Set([
  'OPERATION_FINISHED',
  'OPERATION_FAILED',
  'OPERATION_ERROR',
  'OPERATION_DROPPED',
  'OPERATION_GONE_BY_OPERATOR',
]);

export class OperationLaws {
  readonly #histories = new Map<string, History>();
  readonly #goneAgents = new Set<string>();

  /** An ACCEPT with it leaves its framework, which gives each its own id. */
  asked(owner: string, id: string): void {
    if (this.#histories.has(id)) return;
    this.#histories.set(id, { owner, end: undefined, isDenied: false });
  }

  /** The log has it that an agent never comes back. */
  agentGone(id: string): void {
    this.#goneAgents.add(id);
  }

  heard(owner: string, status: OperationStatus): void {
    const { operation_id, state, agent_id } = status;
    const id = operation_id?.value ?? '';
    const history = this.#histories.get(id);
    if (history?.owner !== owner) {
      throw new Violation('tenants', `${owner} heard of operation '${id}', which is not its own`);
    }
    if (state === 'OPERATION_GONE_BY_OPERATOR' && !this.#goneAgents.has(agent_id?.value ?? '')) {
      throw new Violation('true-updates', `${id} is ${state}, and nobody declared its agent gone`);
    }
    if (isOfAgent(status)) history.isDenied ||= state === 'OPERATION_GONE_BY_OPERATOR';
    else hear(id, history, state);
  }
}

function hear(id: string, history: History, state: OperationState): void {
  const { end, isDenied } = history;
  if (end !== undefined && end !== state) {
    throw new Violation('final-state', `operation ${id} was ${end}, then ${state}`);
  }
  if (end === undefined && isDenied && state !== 'OPERATION_ERROR') {
    throw new Violation('final-state', `operation ${id} was gone with its agent, then ${state}`);
  }
  if (ends.has(state)) history.end = state;
}

/** An answer about an operation that no master knows; of one that is known, it repeats the last word. */
export function isOfAgent({ uuid, message }: OperationStatus): boolean {
  return uuid === undefined && message?.startsWith('Reconciliation: ') === true;
}

export const isEnd = (state: OperationState): boolean => ends.has(state);
