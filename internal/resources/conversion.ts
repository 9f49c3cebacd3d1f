/**
 * Taking something out of a list and putting something else in its place (contract 6.5): what is left
 * of any operation on resources once it is known what it means.
 */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { format, formatResource } from './format.ts';
import type { Resource, Resources } from './resource.ts';
import { add, contains, subtract } from './resources.ts';
import { isVolume } from './volume.ts';
import { volumeName } from './volume-place.ts';

/** `consumed` must be there; `converted` is there instead. */
export type Conversion = {
  readonly consumed: Resources;
  readonly converted: Resources;
  /** A volume of which no copy may be left. */
  readonly destroyed: Resource | undefined;
};

/** The volumes that are new by these, in order. */
export function volumesMadeBy(conversions: readonly Conversion[]): Resources {
  const known = new Set(
    conversions.flatMap(({ consumed }) => consumed.filter(isVolume).map(volumeName)),
  );
  return conversions
    .flatMap(({ converted }) => converted.filter(isVolume))
    .filter((one) => !known.has(volumeName(one)));
}

/** Makes all of them in turn; or says which is the first that cannot be made. */
export function convert(
  list: Resources,
  conversions: readonly Conversion[],
): Result<Resources, string> {
  let current = list;
  for (const { consumed, converted, destroyed } of conversions) {
    if (!contains(current, consumed)) {
      return refuse(`${format(current)} does not contain ${format(consumed)}`);
    }
    current = add(subtract(current, consumed), converted);
    if (destroyed !== undefined && contains(current, [destroyed])) {
      const volume = formatResource(destroyed);
      return refuse(
        `Persistent volume ${volume} cannot be removed due to additional shared copies`,
      );
    }
  }
  return accept(current);
}
