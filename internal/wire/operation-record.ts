/** Operations as the masters write them down: commands and records. */
import { unreachable } from '#internal/base/assert.ts';
import { encoded } from '#internal/model/encoded.ts';
import { agentId, frameworkId, operationId } from '#internal/model/ids.ts';
import type { Operation, OperationUpdate } from '#internal/model/operation.ts';
import type { Conversion } from '#internal/resources/conversion.ts';
import type { OperationCommand } from '#internal/state/operation-command.ts';
import type * as written from '#proto/gen/altiplano/state/v1.ts';
import { operationStateFromWire, operationStateToWire } from './operation-state.ts';
import { resourcesAsWritten, resourcesToWire } from './resources.ts';
import {
  adoptionFromWritten,
  adoptionToWritten,
  foundVolumeFromWritten,
  foundVolumeToWritten,
} from './volume.ts';

export function operationCommandToWritten(
  command: OperationCommand,
): Omit<written.Command, 'at_ms'> {
  switch (command.kind) {
    case 'apply-operation':
      return { apply_operation: { operation: operationToWritten(command.operation) } };
    case 'update-operation': {
      const { agentId: agent, operationUuid, update } = command;
      const ids = { agent_id: agent, operation_uuid: operationUuid };
      return { update_operation: { ...ids, update: updateToWritten(update) } };
    }
    case 'acknowledge-operation': {
      const { frameworkId: framework, agentId: agent, operationId: id, uuid } = command;
      const ids = { framework_id: framework, agent_id: agent, operation_id: id };
      return { acknowledge_operation: { ...ids, uuid } };
    }
    case 'note-volume-uses': {
      const volumes = command.volumes.map(foundVolumeToWritten);
      return { note_volume_uses: { agent_id: command.agentId, volumes } };
    }
    default:
      return unreachable(command);
  }
}

/** Undefined for a command of another sort. */
export function operationCommandFromWritten(from: written.Command): OperationCommand | undefined {
  if (from.apply_operation !== undefined) {
    const operation = operationFromWritten(from.apply_operation.operation);
    return { kind: 'apply-operation', operation };
  }
  if (from.update_operation !== undefined) {
    const { agent_id: agent, operation_uuid: operationUuid, update } = from.update_operation;
    const ids = { agentId: agentId(agent), operationUuid };
    return { kind: 'update-operation', ...ids, update: updateFromWritten(update) };
  }
  if (from.acknowledge_operation !== undefined) {
    const { framework_id: framework, agent_id: agent, ...rest } = from.acknowledge_operation;
    return {
      kind: 'acknowledge-operation',
      frameworkId: frameworkId(framework),
      agentId: agentId(agent),
      operationId: operationId(rest.operation_id),
      uuid: rest.uuid,
    };
  }
  if (from.note_volume_uses !== undefined) {
    const { agent_id: agent, volumes = [] } = from.note_volume_uses;
    const used = volumes.map(foundVolumeFromWritten);
    return { kind: 'note-volume-uses', agentId: agentId(agent), volumes: used };
  }
  return undefined;
}

export function operationToWritten(operation: Operation): written.Operation {
  const { uuid, agentId: agent, frameworkId: framework, id, info, ordinal, state } = operation;
  const { adopts } = operation;
  return {
    uuid,
    agent_id: agent,
    ...(framework !== undefined && { framework_id: framework }),
    ...(id !== undefined && { id }),
    info,
    conversions: operation.conversions.map(conversionToWire),
    ordinal,
    state: operationStateToWire(state),
    updates: operation.updates.map(updateToWritten),
    ...(adopts !== undefined && { adopts: adoptionToWritten(adopts) }),
  };
}

export function operationFromWritten(from: written.Operation): Operation {
  const { uuid, agent_id: agent, framework_id: framework, id, info, ordinal, state } = from;
  const { adopts } = from;
  return {
    uuid,
    agentId: agentId(agent),
    frameworkId: framework === undefined ? undefined : frameworkId(framework),
    id: id === undefined ? undefined : operationId(id),
    info: encoded<'mesos.v1.Offer.Operation'>(info),
    conversions: (from.conversions ?? []).map(conversionFromWire),
    ordinal,
    state: operationStateFromWire(state),
    updates: (from.updates ?? []).map(updateFromWritten),
    ...(adopts !== undefined && { adopts: adoptionFromWritten(adopts) }),
  };
}

/** As it is written down, and as it is said to agents. */
export function conversionToWire(conversion: Conversion): written.Conversion {
  const { consumed, converted, destroyed } = conversion;
  const [gone] = destroyed === undefined ? [] : resourcesToWire([destroyed], 'new');
  return {
    consumed: resourcesToWire(consumed, 'new'),
    converted: resourcesToWire(converted, 'new'),
    ...(gone !== undefined && { destroyed: gone }),
  };
}

export function conversionFromWire(from: written.Conversion): Conversion {
  const { consumed, converted, destroyed } = from;
  return {
    consumed: resourcesAsWritten(consumed),
    converted: resourcesAsWritten(converted),
    destroyed: destroyed === undefined ? undefined : resourcesAsWritten([destroyed])[0],
  };
}

function updateToWritten(update: OperationUpdate): written.OperationUpdate {
  const { state, uuid, message, atMs } = update;
  return {
    state: operationStateToWire(state),
    ...(uuid !== undefined && { uuid }),
    ...(message !== undefined && { message }),
    at_ms: atMs,
  };
}

function updateFromWritten(from: written.OperationUpdate): OperationUpdate {
  const { state, uuid, message, at_ms: atMs } = from;
  return { state: operationStateFromWire(state), uuid, message, atMs };
}
