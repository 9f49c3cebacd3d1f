/**
 * What the masters know of volumes: who has each, its epoch, and what agents that are gone left behind.
 * A volume has one holder. It is handed to another only when that one is in no book any more, and never
 * in a copy that is older than what became of it.
 */
import { Map as ImmutableMap } from 'immutable';
import type { Agent } from '#internal/model/cluster.ts';
import type { AgentId } from '#internal/model/ids.ts';
import type { Operation } from '#internal/model/operation.ts';
import {
  type FoundVolume,
  leftVolumesMax,
  originOf,
  type VolumeRecord,
} from '#internal/model/volume.ts';
import { volumesMadeBy } from '#internal/resources/conversion.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { isVolume } from '#internal/resources/volume.ts';
import { volumeName } from '#internal/resources/volume-place.ts';
import type { Draft } from './draft.ts';
import type { OperationCommand, OperationRefusal } from './operation-command.ts';
import type { State } from './state.ts';
import { isFromVolumesOn } from './version.ts';

/** Whether an agent's returning volume is another's by now: nothing of it may be launched on. */
export function isStaleOn({ volumes }: State, agentId: AgentId, wanted: Resources): boolean {
  const known = volumes.get(agentId);
  return (
    known !== undefined &&
    wanted.some((one) => isVolume(one) && known.get(volumeName(one))?.isStale === true)
  );
}

/** Why an orphan cannot be taken on. */
export function adoptionRefusal(
  state: State,
  agent: Agent,
  { adopts }: Operation,
): OperationRefusal | undefined {
  if (adopts === undefined) return undefined;
  if (!isFromVolumesOn(state)) return 'too-early';
  const orphan = orphanOf(agent, adopts);
  if (orphan === undefined) return 'volume-unknown';
  const name = volumeName(orphan.volume);
  if (agent.total.some((one) => isVolume(one) && volumeName(one) === name)) {
    return 'volume-id-taken';
  }
  const holder = holderOf(state, adopts.origin);
  if (holder === undefined) return undefined;
  if (holder.leftMs === undefined) return 'volume-held';
  return holder.found.epoch > orphan.epoch ? 'volume-outdated' : undefined;
}

/** Its volume gets an epoch above all that anybody knows of it. Only of one that is not refused. */
export function adopted(state: State, operation: Operation): Operation {
  const { adopts } = operation;
  if (adopts === undefined) return operation;
  const known = holderOf(state, adopts.origin)?.found.epoch ?? 0;
  const epoch = Math.max(adopts.foundEpoch, known) + 1;
  return { ...operation, adopts: { ...adopts, epoch } };
}

/** The agent's total became `after` by an operation. */
export function volumesChanged(draft: Draft, operation: Operation, before: Resources): void {
  const agent = draft.state.agents.get(operation.agentId);
  if (agent === undefined || !isFromVolumesOn(draft.state)) return;
  const { adopts } = operation;
  const orphan = adopts && orphanOf(agent, adopts);
  if (adopts !== undefined && orphan !== undefined) {
    // mark: a volume was adopted
    const { clusterId } = draft.state;
    takeOver(draft, agent, { ...orphan, epoch: adopts.epoch, clusterId });
    return;
  }
  const names = new Set(agent.total.filter(isVolume).map(volumeName));
  for (const one of before.filter(isVolume)) {
    if (!names.has(volumeName(one))) remove(draft, agent.id, volumeName(one));
  }
  const made = volumesMadeBy(operation.conversions);
  for (const volume of agent.total.filter(isVolume)) {
    const name = volumeName(volume);
    const known = draft.state.volumes.get(agent.id)?.get(name);
    const at = made.findIndex((one) => volumeName(one) === name);
    if (known !== undefined) resize(draft, known, volume);
    else if (at >= 0) {
      const { clusterId } = draft.state;
      const { uuid, frameworkId } = operation;
      const times = { madeMs: draft.atMs, usedMs: undefined };
      const found = { volume, origin: originOf(uuid, at), epoch: 1, clusterId, frameworkId };
      put(draft, recordOf(agent, { ...found, ...times }));
    }
  }
}

/** The agent is back, and its total is what counts; `told` are the manifests of its volumes. */
export function meetVolumes(draft: Draft, id: AgentId, told: readonly FoundVolume[]): void {
  const agent = draft.state.agents.get(id);
  if (agent === undefined || !isFromVolumesOn(draft.state)) return;
  const manifests = new Map(told.map((one) => [volumeName(one.volume), one]));
  const names = new Set(agent.total.filter(isVolume).map(volumeName));
  for (const name of draft.state.volumes.get(id)?.keys() ?? []) {
    if (!names.has(name)) remove(draft, id, name);
  }
  for (const volume of agent.total.filter(isVolume)) {
    const name = volumeName(volume);
    const known = draft.state.volumes.get(id)?.get(name);
    const said = manifests.get(name);
    if (said === undefined) {
      if (known !== undefined) put(draft, { ...known, leftMs: undefined });
      continue;
    }
    const isSame = known?.found.origin === said.origin;
    if (!isSame && known !== undefined) remove(draft, id, name);
    const epoch = Math.max(said.epoch, isSame ? known.found.epoch : 0);
    const holder = holderOf(draft.state, said.origin);
    const isStale = holder !== undefined && holder.agentId !== id;
    const isLeft = isStale && holder.leftMs !== undefined && holder.found.epoch <= said.epoch;
    if (isLeft) remove(draft, holder.agentId, volumeName(holder.found.volume));
    put(draft, { ...recordOf(agent, { ...said, volume, epoch }), isStale: isStale && !isLeft });
  }
  // It was told before it heard that they are its own.
  const orphans = agent.orphans.filter(({ volume }) => !names.has(volumeName(volume)));
  if (orphans.length === agent.orphans.length) return;
  draft.state = { ...draft.state, agents: draft.state.agents.set(id, { ...agent, orphans }) };
}

/** Its volumes lie where it was, and are known to. */
export function leaveVolumes(draft: Draft, id: AgentId): void {
  const records = draft.state.volumes.get(id);
  if (records === undefined) return;
  for (const [name, record] of records) {
    if (record.isStale) remove(draft, id, name);
    else put(draft, { ...record, leftMs: draft.atMs });
  }
  forgetOldest(draft);
}

export function noteVolumeUses(
  draft: Draft,
  { agentId, volumes }: Extract<OperationCommand, { kind: 'note-volume-uses' }>,
): void {
  for (const { volume, origin, epoch, usedMs } of volumes) {
    const known = draft.state.volumes.get(agentId)?.get(volumeName(volume));
    if (known?.found.origin !== origin || known.found.epoch >= epoch) continue;
    put(draft, { ...known, found: { ...known.found, epoch, usedMs } });
  }
}

/** The record of an origin, whoever has it or left it behind. */
export function holderOf(
  { volumeHolders, volumes }: State,
  origin: string,
): VolumeRecord | undefined {
  const holder = volumeHolders.get(origin);
  const ofHolder = holder === undefined ? undefined : volumes.get(holder)?.values();
  return (
    ofHolder && [...ofHolder].find(({ found, isStale }) => found.origin === origin && !isStale)
  );
}

const orphanOf = (
  { orphans }: Agent,
  { origin, foundEpoch }: NonNullable<Operation['adopts']>,
): FoundVolume | undefined =>
  orphans.find((one) => one.origin === origin && one.epoch === foundEpoch);

const recordOf = ({ id: agentId, hostname }: Agent, found: FoundVolume): VolumeRecord => ({
  agentId,
  hostname,
  found,
  isStale: false,
  leftMs: undefined,
});

function takeOver(draft: Draft, agent: Agent, found: FoundVolume): void {
  const before = holderOf(draft.state, found.origin);
  if (before !== undefined) remove(draft, before.agentId, volumeName(before.found.volume));
  const orphans = agent.orphans.filter(({ origin }) => origin !== found.origin);
  const agents = draft.state.agents.set(agent.id, { ...agent, orphans });
  draft.state = { ...draft.state, agents };
  put(draft, recordOf(agent, found));
}

function resize(draft: Draft, known: VolumeRecord, volume: FoundVolume['volume']): void {
  if (known.found.volume === volume) return;
  put(draft, { ...known, found: { ...known.found, volume } });
}

function put(draft: Draft, record: VolumeRecord): void {
  const { agentId, found, isStale } = record;
  const { volumes, volumeHolders } = draft.state;
  const ofAgent = volumes.get(agentId, ImmutableMap<string, VolumeRecord>());
  draft.state = {
    ...draft.state,
    volumes: volumes.set(agentId, ofAgent.set(volumeName(found.volume), record)),
    volumeHolders: isStale ? volumeHolders : volumeHolders.set(found.origin, agentId),
  };
}

function remove(draft: Draft, agentId: AgentId, name: string): void {
  const { volumes, volumeHolders } = draft.state;
  const ofAgent = volumes.get(agentId);
  const record = ofAgent?.get(name);
  if (ofAgent === undefined || record === undefined) return;
  const left = ofAgent.remove(name);
  draft.state = {
    ...draft.state,
    volumes: left.isEmpty() ? volumes.remove(agentId) : volumes.set(agentId, left),
    volumeHolders: record.isStale ? volumeHolders : volumeHolders.remove(record.found.origin),
  };
}

function forgetOldest(draft: Draft): void {
  const left: VolumeRecord[] = [];
  for (const records of draft.state.volumes.values()) {
    for (const record of records.values()) if (record.leftMs !== undefined) left.push(record);
  }
  const surplus = left.length - leftVolumesMax;
  if (surplus <= 0) return;
  for (const { agentId, found } of left.toSorted(leftLonger).slice(0, surplus)) {
    remove(draft, agentId, volumeName(found.volume));
  }
}

const leftLonger = (one: VolumeRecord, other: VolumeRecord): number =>
  (one.leftMs ?? 0) - (other.leftMs ?? 0) || (one.found.origin < other.found.origin ? -1 : 1);
