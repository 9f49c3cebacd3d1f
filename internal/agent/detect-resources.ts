/**
 * What an agent offers when nobody says otherwise: all processors; memory but for 1 GB, or half of it
 * when there is less than 2; the disk of the work directory but for 5 GB, or half of it when there is
 * less than 10; ports 31000 to 32000. What the machine does not tell is taken to be 1 cpu, 1 GB and
 * 10 GB. A resource that is named in the flag is not detected.
 */
import { accept, type Result } from '#internal/base/result.ts';
import { staticallyReserved } from '#internal/resources/reservation.ts';
import type { Resource, Resources } from '#internal/resources/resource.ts';
import { parseRole } from '#internal/resources/role.ts';
import { resources } from '#internal/resources/resources.ts';
import { ranges, scalar } from '#internal/resources/value.ts';
import type { Machine } from '#internal/runtime/machine.ts';
import { parseResourcesFlag } from '#internal/wire/resources-flag.ts';

export type DetectOptions = {
  readonly workFolder: string;
  /** As in `cpus:4;mem:1024`, or JSON; empty detects everything. */
  readonly flag: string;
  /** To whom is reserved what names no role, and what is detected. */
  readonly defaultRole: string;
};

/** Refuses a flag that cannot be read, in words for whoever typed it. */
export async function detectResources(
  machine: Machine,
  { workFolder, flag, defaultRole }: DetectOptions,
): Promise<Result<Resources, string>> {
  const role = parseRole(defaultRole);
  if (!role.ok) return role;
  const given = parseResourcesFlag(flag, defaultRole);
  if (!given.ok) return given;
  const diskBytes = await machine.diskBytes(workFolder);
  const detected: readonly Resource[] = [
    unreserved('cpus', scalar(machine.cpus ?? 1)),
    unreserved('mem', scalar(megabytesLeft(machine.memoryBytes, { spare: 1024, fallback: 1024 }))),
    unreserved('disk', scalar(megabytesLeft(diskBytes, { spare: 5 * 1024, fallback: 10 * 1024 }))),
    unreserved('ports', ranges([{ begin: 31_000, end: 32_000 }])),
  ];
  const named = new Set(given.value.map(({ name }) => name));
  const added = detected
    .filter(({ name }) => !named.has(name))
    .map((one) => staticallyReserved(one, defaultRole));
  return accept(resources([...given.value, ...added]));
}

function megabytesLeft(
  bytes: number | undefined,
  { spare, fallback }: { readonly spare: number; readonly fallback: number },
): number {
  if (bytes === undefined) return fallback;
  const megabytes = Math.floor(bytes / 1024 / 1024);
  return megabytes >= 2 * spare ? megabytes - spare : Math.floor(megabytes / 2);
}

const unreserved = (name: string, value: Resource['value']): Resource => ({
  name,
  value,
  reservations: [],
  allocationRole: undefined,
  disk: undefined,
  providerId: undefined,
  revocable: false,
  shared: false,
});
