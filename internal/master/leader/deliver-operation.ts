/** Operations on their way from the log to their agents. */
import type { AgentId } from '#internal/model/ids.ts';
import { isOver, type Operation } from '#internal/model/operation.ts';
import { operationsOnAgent } from '#internal/state/state.ts';
import { conversionToWire } from '#internal/wire/operation-record.ts';
import { adoptionToWire } from '#internal/wire/volume.ts';
import { decode } from '#internal/wire/protobuf.ts';
import { instruct, type Lead } from './lead.ts';

/** Sends an operation, perhaps again: an agent that knows it does nothing twice. */
export function deliverOperation(lead: Lead, operation: Operation): void {
  const { uuid, agentId, frameworkId, info, conversions, adopts } = operation;
  const { clusterId } = lead.state;
  instruct(lead, agentId, {
    apply_operation: {
      uuid,
      ...(frameworkId !== undefined && { framework_id: { value: frameworkId } }),
      info: decode('mesos.v1.Offer.Operation', info),
      conversions: conversions.map(conversionToWire),
      ...(adopts !== undefined && { adopts: adoptionToWire(adopts) }),
      ...(clusterId !== undefined && { cluster_id: clusterId }),
    },
  });
}

/** Those that an agent which is back has never heard of, in their order. */
export function deliverOperations(lead: Lead, id: AgentId, known: ReadonlySet<string>): void {
  for (const operation of operationsOnAgent(lead.state, id)) {
    if (!isOver(operation.state) && !known.has(operation.uuid)) deliverOperation(lead, operation);
  }
}
