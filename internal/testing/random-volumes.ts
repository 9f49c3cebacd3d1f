/** Volumes of chance: what agents find on their disks, how they tell of their own, and use them. */
import { assert } from '#internal/base/assert.ts';
import type { Random } from '#internal/base/random.ts';
import { encoded } from '#internal/model/encoded.ts';
import type { AgentId } from '#internal/model/ids.ts';
import type { Operation } from '#internal/model/operation.ts';
import type { FoundVolume } from '#internal/model/volume.ts';
import { parseResources } from '#internal/resources/parse.ts';
import { pushReservation } from '#internal/resources/reservation.ts';
import { foundUnder } from '#internal/resources/volume-place.ts';
import type { OperationCommand } from '#internal/state/operation-command.ts';
import type { State } from '#internal/state/state.ts';

/** From few origins, so that several agents find the same one, in copies of different ages. */
export function randomOrphans(random: Random, state: State): readonly FoundVolume[] {
  const all = [...state.volumes.values()].flatMap((records) => [...records.values()]);
  const left = all.filter(({ leftMs }) => leftMs !== undefined);
  const some = random.oneIn(2) && left.length > 0 ? left : all;
  const known = some[random.below(some.length + 1)];
  if (known !== undefined && random.oneIn(2)) {
    const epoch = Math.max(1, known.found.epoch - random.below(2));
    return [{ ...known.found, epoch }];
  }
  if (!random.oneIn(3)) return [];
  const id = `found${random.below(3)}`;
  const parsed = parseResources('disk:8');
  assert(parsed.ok && parsed.value[0] !== undefined, 'a disk that cannot be read');
  const reservation = { kind: 'dynamic', role: 'a', principal: undefined, labels: undefined };
  const disk = pushReservation(parsed.value[0], { ...reservation, kind: 'dynamic' });
  const persistence = { id, principal: undefined };
  const volume = { mode: 'rw', containerPath: 'data', hostPath: undefined } as const;
  return [
    {
      volume: { ...disk, disk: { source: undefined, persistence, volume } },
      origin: `origin of ${id}`,
      epoch: 1 + random.below(5),
      clusterId: random.oneIn(2) ? 'another' : undefined,
      frameworkId: undefined,
      madeMs: 1,
      usedMs: random.oneIn(2) ? 2 : undefined,
    },
  ];
}

/** What an agent tells of its own; it forgets some. */
export function randomManifests(random: Random, state: State, id: AgentId): readonly FoundVolume[] {
  const records = [...(state.volumes.get(id)?.values() ?? [])];
  return records
    .filter(() => !random.oneIn(6))
    .map(({ found }) => ({ ...found, epoch: found.epoch + random.below(2) }));
}

/** An orphan is taken on, or a volume of the agent is used; undefined when it has neither. */
export function randomVolumeCommand(
  random: Random,
  state: State,
  agentId: AgentId,
): OperationCommand | undefined {
  const orphans = state.agents.get(agentId)?.orphans ?? [];
  const orphan = orphans[random.below(orphans.length + 1)];
  if (orphan !== undefined) {
    return { kind: 'apply-operation', operation: adoptionOf(random, agentId, orphan) };
  }
  const volumes = randomManifests(random, state, agentId);
  if (volumes.length === 0) return undefined;
  return { kind: 'note-volume-uses', agentId, volumes };
}

function adoptionOf(random: Random, agentId: AgentId, orphan: FoundVolume): Operation {
  const { volume, origin, epoch } = orphan;
  return {
    uuid: `00000000-0000-4000-a000-${String(random.below(1e9)).padStart(12, '0')}`,
    agentId,
    frameworkId: undefined,
    id: undefined,
    info: encoded<'mesos.v1.Offer.Operation'>(random.bytes(4)),
    conversions: [{ consumed: [foundUnder(volume)], converted: [volume], destroyed: undefined }],
    adopts: { origin, foundEpoch: epoch, epoch: epoch + 1 },
    ordinal: 0,
    state: 'pending',
    updates: [],
  };
}
