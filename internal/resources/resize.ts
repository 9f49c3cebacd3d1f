/** Volumes that grow and shrink (contract 5.6, 6.5): on the agent's own disk, not shared. */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import type { Conversion } from './conversion.ts';
import { isIndivisible, isSameThing } from './identity.ts';
import type { Resource } from './resource.ts';
import { diskUnder, isVolume, resized } from './volume.ts';

/** The addition is disk of the same kind; a whole disk has none, so its volume cannot grow. */
export function growVolume(volume: Resource, addition: Resource): Result<Conversion, string> {
  const milli = sizeMilli(addition);
  if (milli <= 0) {
    return refuse("The size of 'GrowVolume.addition' field must be greater than zero");
  }
  const fault = fixedSize(volume, 'Growing');
  if (fault !== undefined) return refuse(fault);
  const disk = diskUnder(volume);
  if (isIndivisible(disk) || !isSameThing(disk, addition)) {
    return refuse(
      "Incompatible resources in the 'GrowVolume.volume' and 'GrowVolume.addition' fields",
    );
  }
  const converted = [resized(volume, milli)];
  return accept({ consumed: [volume, addition], converted, destroyed: undefined });
}

/** Frees a part of the disk under the volume, and leaves another. */
export function shrinkVolume(volume: Resource, subtractMilli: number): Result<Conversion, string> {
  if (subtractMilli <= 0) {
    return refuse("Value of 'ShrinkVolume.subtract' must be greater than zero");
  }
  if (subtractMilli >= sizeMilli(volume)) {
    return refuse(
      "Value of 'ShrinkVolume.subtract' must be smaller than the size of 'ShrinkVolume.volume'",
    );
  }
  const fault = fixedSize(volume, 'Shrinking');
  if (fault !== undefined) return refuse(fault);
  const disk = diskUnder(volume);
  if (isIndivisible(disk)) {
    const kind = volume.disk?.source?.kind.toUpperCase() ?? 'ROOT';
    return refuse(`Shrinking a volume on a ${kind} disk is not supported`);
  }
  const freed: Resource = { ...disk, value: { kind: 'scalar', milli: subtractMilli } };
  const converted = [resized(volume, -subtractMilli), freed];
  return accept({ consumed: [volume], converted, destroyed: undefined });
}

/** Why a volume keeps its size, whatever it lies on. */
function fixedSize(volume: Resource, verb: string): string | undefined {
  if (!isVolume(volume)) {
    const field = verb === 'Growing' ? 'GrowVolume' : 'ShrinkVolume';
    return `Invalid persistent volume in the '${field}.volume' field: 'persistence' is not set`;
  }
  if (volume.providerId !== undefined) {
    return `${verb} a volume from a resource provider is not supported`;
  }
  return volume.shared ? `${verb} a shared persistent volume is not supported` : undefined;
}

function sizeMilli({ value }: Resource): number {
  return value.kind === 'scalar' ? value.milli : 0;
}
