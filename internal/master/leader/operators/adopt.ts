/**
 * Orphans: volumes that an agent found on its disks and does not know. They are offered to nobody until
 * they are taken on, by an operator or by `--adopt_volumes`: then they are the agent's as they were,
 * with their ids and reservations, by an operation like any other.
 */
import { unreachable } from '#internal/base/assert.ts';
import { newUuid } from '#internal/base/uuid.ts';
import type { Agent } from '#internal/model/cluster.ts';
import { encoded } from '#internal/model/encoded.ts';
import type { AgentId } from '#internal/model/ids.ts';
import type { Operation } from '#internal/model/operation.ts';
import type { FoundVolume } from '#internal/model/volume.ts';
import { convert } from '#internal/resources/conversion.ts';
import { formatResource } from '#internal/resources/format.ts';
import { foundUnder, volumeName } from '#internal/resources/volume-place.ts';
import { adoptionRefusal } from '#internal/state/apply-volume.ts';
import type { OperationRefusal } from '#internal/state/operation-command.ts';
import { isFromVolumesOn } from '#internal/state/version.ts';
import { encode } from '#internal/wire/protobuf.ts';
import { resourcesToWire } from '#internal/wire/resources.ts';
import { accepted, conflict, notFound, unavailable } from '../events.ts';
import { agentOf, instruct, type Lead } from '../lead.ts';
import { makeFree } from '../settlement.ts';
import { decide, type Reply } from './decide.ts';

/** Which orphans are taken on without being asked for. */
export type AdoptionPolicy = 'never' | 'same-cluster' | 'always';

/** The volume of that origin, which the agent has found. Answered when the log has it. */
export function adoptVolume(
  lead: Lead,
  { agentId, origin }: { readonly agentId: AgentId; readonly origin: string },
  reply: Reply,
): void {
  const agent = agentOf(lead, agentId);
  if (agent === undefined || !lead.peers.has(agent.id)) {
    return reply(notFound('No agent found with specified ID'));
  }
  if (!isFromVolumesOn(lead.state)) return reply(unavailable(textOf('too-early')));
  const orphan = agent.orphans.find((one) => one.origin === origin);
  if (orphan === undefined) return reply(notFound(textOf('volume-unknown')));
  return propose(lead, agent, orphan, reply);
}

/** Those that the policy takes on, of an agent that has come. */
export function adoptByPolicy(lead: Lead, id: AgentId): void {
  const { adoptVolumes } = lead.options;
  const agent = agentOf(lead, id);
  if (agent === undefined || adoptVolumes === 'never') return;
  for (const orphan of agent.orphans) {
    const isOurs = orphan.clusterId === lead.state.clusterId;
    if (adoptVolumes === 'same-cluster' && !isOurs) continue;
    const about = { agentId: id, origin: orphan.origin, volume: volumeName(orphan.volume) };
    propose(lead, agent, orphan, ({ status, text }) => {
      if (status === accepted.status) lead.logger.info('volume adopted', about);
      else lead.logger.warn('volume not adopted', { ...about, reason: text });
    });
  }
}

/** The programs of all masters know by now what orphans are: agents that have some say so again. */
export function askForVolumes(lead: Lead): void {
  for (const { presence, id } of lead.peers.values()) {
    if (presence.kind !== 'connected' || !presence.visitor.hasVolumes) continue;
    instruct(lead, id, { introduce_yourself: {} });
  }
}

function propose(lead: Lead, agent: Agent, orphan: FoundVolume, reply: Reply): void {
  const operation = adoptionOf(lead, agent, orphan);
  const refusal = adoptionRefusal(lead.state, agent, operation);
  if (refusal !== undefined) return reply(conflict(textOf(refusal)));
  makeFree(lead, agent.id, operation.conversions);
  const left = convert(lead.allocator.freeOn(agent.id), operation.conversions);
  if (!left.ok) return reply(conflict(`There is no room for the volume: ${left.refusal}`));
  const { uuid } = operation;
  lead.operating.set(uuid, { operation, settlement: undefined });
  const unanswered: Reply = (answer) => {
    lead.operating.delete(uuid);
    reply(answer);
  };
  return decide(lead, { kind: 'apply-operation', operation }, unanswered, () =>
    lead.state.operations.get(agent.id)?.has(uuid) === true
      ? accepted
      : conflict(`The volume ${formatResource(orphan.volume)} cannot be taken on any more`),
  );
}

/** To those who know no adoption it is a CREATE. */
function adoptionOf(lead: Lead, agent: Agent, orphan: FoundVolume): Operation {
  const { volume, origin, epoch } = orphan;
  const volumes = resourcesToWire([volume], 'new');
  const info = encode('mesos.v1.Offer.Operation', { type: 'CREATE', create: { volumes } });
  return {
    uuid: newUuid(lead.random),
    agentId: agent.id,
    frameworkId: undefined,
    id: undefined,
    info: encoded(info),
    conversions: [{ consumed: [foundUnder(volume)], converted: [volume], destroyed: undefined }],
    adopts: { origin, foundEpoch: epoch, epoch: epoch + 1 },
    ordinal: 0,
    state: 'pending',
    updates: [],
  };
}

type AdoptionRefusal = Extract<
  OperationRefusal,
  'volume-unknown' | 'volume-held' | 'volume-outdated' | 'volume-id-taken' | 'too-early'
>;

const adoptionTexts: Readonly<Record<AdoptionRefusal, string>> = {
  'volume-unknown': 'The agent does not find such a volume',
  'volume-held': 'Another agent has this volume: what was found is a copy, or the same disk',
  'volume-outdated': 'What was found is an old copy: another agent has used the volume since',
  'volume-id-taken': 'The agent has a volume with this id',
  'too-early': 'Some masters run a program that knows of no adoption yet',
};

export function textOf(refusal: OperationRefusal): string {
  switch (refusal) {
    case 'framework-unknown':
      return 'Framework removed';
    case 'agent-unknown':
    case 'agent-unreachable':
      return 'Agent removed';
    case 'resources-unavailable':
      return 'The agent does not have these resources free';
    case 'volume-unknown':
    case 'volume-held':
    case 'volume-outdated':
    case 'volume-id-taken':
    case 'too-early':
      return adoptionTexts[refusal];
    default:
      return unreachable(refusal);
  }
}
