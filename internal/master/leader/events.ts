/** What a leader says: the events of the scheduler API (contract 3.4) and the answers to its calls. */
import type { MasterAddress, MasterUpdate } from '#internal/model/cluster.ts';
import {
  type AgentId,
  agentId as toAgentId,
  type ExecutorId,
  type FrameworkId,
  type OfferId,
  type TaskId,
} from '#internal/model/ids.ts';
import type { FaultDomain } from '#internal/model/offer-constraints.ts';
import { domainToWire } from '#internal/wire/agent-traits.ts';
import { statusToWire } from '#internal/wire/status.ts';
import type {
  InverseOffer,
  MasterInfo,
  Offer,
  OperationStatus,
  TaskStatus,
} from '#proto/gen/mesos/v1.ts';
import type { Event } from '#proto/gen/mesos/v1/scheduler.ts';
import type { Answer } from '../door.ts';

export const accepted: Answer = { status: 202, text: '' };
export const done: Answer = { status: 200, text: '' };
export const badRequest = (text: string): Answer => ({ status: 400, text });
export const forbidden = (text: string): Answer => ({ status: 403, text });
export const notFound = (text: string): Answer => ({ status: 404, text });
export const conflict = (text: string): Answer => ({ status: 409, text });
export const unavailable = (text: string): Answer => ({ status: 503, text });

/** Contract 3.1, row 2, and 3.2: nobody speaks for another's framework. */
export const principalMismatch = (principal: string, claimed = ''): string =>
  `Authenticated principal '${principal}' does not match principal '${claimed}' ` +
  'set in `FrameworkInfo`';

export const heartbeat: Event = { type: 'HEARTBEAT' };

export const errorEvent = (message: string): Event => ({ type: 'ERROR', error: { message } });

export const updateEvent = (status: TaskStatus): Event => ({ type: 'UPDATE', update: { status } });

export const operationEvent = (status: OperationStatus): Event => ({
  type: 'UPDATE_OPERATION_STATUS',
  update_operation_status: { status },
});

export const offersEvent = (offers: readonly Offer[]): Event => ({
  type: 'OFFERS',
  offers: { offers },
});

export const rescindEvent = (id: OfferId): Event => ({
  type: 'RESCIND',
  rescind: { offer_id: { value: id } },
});

export const inverseOffersEvent = (inverse_offers: readonly InverseOffer[]): Event => ({
  type: 'INVERSE_OFFERS',
  inverse_offers: { inverse_offers },
});

export const rescindInverseEvent = (id: OfferId): Event => ({
  type: 'RESCIND_INVERSE_OFFER',
  rescind_inverse_offer: { inverse_offer_id: { value: id } },
});

export const agentFailureEvent = (id: AgentId): Event => ({
  type: 'FAILURE',
  failure: { agent_id: { value: id } },
});

export const executorFailureEvent = (
  agent: AgentId,
  executor: ExecutorId,
  status: number,
): Event => ({
  type: 'FAILURE',
  failure: { agent_id: { value: agent }, executor_id: { value: executor }, status },
});

export const messageEvent = (agent: AgentId, executor: string, data: Uint8Array): Event => ({
  type: 'MESSAGE',
  message: { agent_id: { value: agent }, executor_id: { value: executor }, data },
});

export function subscribedEvent(
  id: FrameworkId,
  heartbeatIntervalMs: number,
  master: MasterInfo,
): Event {
  return {
    type: 'SUBSCRIBED',
    subscribed: {
      framework_id: { value: id },
      heartbeat_interval_seconds: heartbeatIntervalMs / 1000,
      master_info: master,
    },
  };
}

/** A master as schedulers are told of it. */
export function masterInfo(
  self: MasterAddress,
  { version, domain }: { readonly version: string; readonly domain: FaultDomain | undefined },
): MasterInfo {
  const { id, hostname, ip, httpPort: port } = self;
  return {
    id,
    ip: packedIp(ip),
    port,
    pid: `master@${ip}:${port}`,
    hostname,
    version,
    address: { hostname, ip, port },
    ...(domain !== undefined && { domain: domainToWire(domain) }),
  };
}

/** An update that a master makes of a task that is in no book: nobody acknowledges it. */
export function masterStatus(
  said: Pick<MasterUpdate, 'state' | 'reason' | 'message' | 'atMs'> &
    Partial<Pick<MasterUpdate, 'unreachableMs'>>,
  id: TaskId,
  /** As the scheduler gave it, perhaps not at all. */
  agentId: AgentId | undefined,
): TaskStatus {
  const update: MasterUpdate = { kind: 'master', unreachableMs: undefined, ...said };
  const { agent_id: _agent, ...status } = statusToWire(update, {
    id,
    agentId: toAgentId(''),
    executorId: undefined,
  });
  return agentId === undefined ? status : { ...status, agent_id: { value: agentId } };
}

/** An IPv4 address as Mesos packs it: the first byte is the lowest (127.0.0.1 is 16777343). */
function packedIp(ip: string): number {
  return ip
    .split('.')
    .reduceRight((packed, byte) => packed * 256 + (Number.parseInt(byte, 10) || 0), 0);
}
