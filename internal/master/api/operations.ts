/** The operations that are not over, or not acknowledged, as GET_OPERATIONS shows them. */
import { operationsOnAgent } from '#internal/state/state.ts';
import { operationToWire } from '#internal/wire/operation.ts';
import type { Response_GetOperations } from '#proto/gen/mesos/v1/master.ts';
import type { MasterView } from '../door.ts';

export function getOperations({ state }: MasterView): Response_GetOperations {
  const agents = [...state.operations.keys()].toSorted();
  const operations = agents.flatMap((id) => operationsOnAgent(state, id).map(operationToWire));
  return operations.length === 0 ? {} : { operations };
}
