/** What the agent knows of the volumes on its disks by their manifests, its own and those of nobody. */
import { type FoundVolume, orphansMax } from '#internal/model/volume.ts';
import { volumeName } from '#internal/resources/volume-place.ts';
import { foundVolumeToWire } from '#internal/wire/volume.ts';
import type { Input } from './input.ts';
import { change, note, tell, type Turn } from './turn.ts';

export function volumesSurveyed(
  turn: Turn,
  { held, found }: Extract<Input, { readonly kind: 'volumes-surveyed' }>,
): void {
  remember(turn, held);
  if (found.length > orphansMax) {
    note(turn, 'warn', 'too many unknown volumes are on the disks', { found: found.length });
  }
  change(turn, { found: found.slice(0, orphansMax) });
  for (const { origin, volume } of found) {
    note(turn, 'warn', 'unknown volume found', { origin, volume: volumeName(volume) });
  }
}

/** Their epochs have risen. */
export function volumesUsed(turn: Turn, used: readonly FoundVolume[]): void {
  remember(turn, used);
  if (used.length > 0) tell(turn, { volumes_used: { volumes: used.map(foundVolumeToWire) } });
}

/** They are the agent's: it knows them from now on. */
export function remember(turn: Turn, volumes: readonly FoundVolume[]): void {
  const { held, found } = turn.state;
  const origins = new Set(volumes.map(({ origin }) => origin));
  change(turn, {
    held: held.merge(volumes.map((one) => [volumeName(one.volume), one])),
    found: origins.size === 0 ? found : found.filter(({ origin }) => !origins.has(origin)),
  });
}
