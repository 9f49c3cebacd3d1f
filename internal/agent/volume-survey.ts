/**
 * What lies on the disks of an agent that starts, against what its checkpoint knows: what is its own is
 * given a manifest where an older program made none, what is not is told to the masters. Nothing that
 * is found is ever changed, or removed.
 */
import type { Random } from '#internal/base/random.ts';
import { newUuid } from '#internal/base/uuid.ts';
import type { FoundVolume } from '#internal/model/volume.ts';
import type { Resources } from '#internal/resources/resource.ts';
import { isVolume } from '#internal/resources/volume.ts';
import { volumeName } from '#internal/resources/volume-place.ts';
import type { Logger } from '#internal/runtime/logger.ts';
import type { AgentState } from './core/state.ts';
import { volumeResult } from './volume-fault.ts';
import type { Holder, Survey, Volumes } from './volumes.ts';

type Dependencies = {
  readonly volumes: Volumes;
  readonly logger: Logger;
  readonly random: Random;
};

export async function surveyVolumes(
  { volumes, logger, random }: Dependencies,
  state: AgentState,
  { disks, by }: { readonly disks: Resources; readonly by: Holder },
): Promise<{ readonly held: readonly FoundVolume[]; readonly found: readonly FoundVolume[] }> {
  const surveyed = await volumeResult(volumes.survey(disks));
  if (!surveyed.ok) logger.warn('disks not looked at for volumes', { error: surveyed.refusal });
  const nothing: Survey = { manifests: [], problems: [] };
  const { manifests, problems } = surveyed.ok ? surveyed.value : nothing;
  for (const problem of problems) logger.warn('manifest of a volume not read', { problem });
  const own = state.total.filter(isVolume);
  const ownNames = new Set(own.map(volumeName));
  const known = new Set([...ownNames, ...state.doomed.map(volumeName)]);
  const held: FoundVolume[] = manifests.filter(({ volume }) => ownNames.has(volumeName(volume)));
  const described = new Set([
    ...held.map(({ volume }) => volumeName(volume)),
    ...namesUnderWay(state),
  ]);
  for (const volume of own.filter((one) => !described.has(volumeName(one)))) {
    const one = { volume, origin: newUuid(random), frameworkId: undefined, isNew: false };
    const made = await volumeResult(volumes.make([one], by));
    if (made.ok) held.push(...made.value);
    else logger.error('a volume is not there', { problem: made.refusal.message });
  }
  return { held, found: manifests.filter(({ volume }) => !known.has(volumeName(volume))) };
}

/** Their operations are gone on with. */
function namesUnderWay({ operations }: AgentState): readonly string[] {
  return [...operations.values()]
    .filter(({ status }) => status.state === 'OPERATION_PENDING')
    .flatMap(({ conversions }) => conversions.flatMap(({ converted }) => converted))
    .filter(isVolume)
    .map(volumeName);
}
