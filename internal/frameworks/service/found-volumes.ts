/**
 * Volumes in the cluster that carry the label of an instance which knows of none: what is left of a
 * service whose records were lost, with the masters' data or with `destroy --forget`. Such an instance
 * takes them up; it is never started beside them on new ones.
 */
import { accept, refuse, type Result } from '#internal/base/result.ts';
import { fromJson } from '#internal/wire/json.ts';
import { WireError } from '#internal/wire/wire-error.ts';
import { milliOf, ownerOf } from './offer-pool.ts';
import { type Binding, instanceKey, volumeNameIn } from './records.ts';
import type { ServiceSpec, VolumeSpec } from './service-spec.ts';
import type { World } from './world.ts';

export type FoundVolume = {
  /** The instance's key. */
  readonly owner: string;
  readonly name: string;
  /** The persistence id. */
  readonly id: string;
  readonly sizeMb: number;
  readonly agentId: string;
  readonly host: string;
  /** An agent has found it, and will not have it used before it is adopted. */
  readonly isOrphan: boolean;
};

/** Of what a master's `GET /volumes` says: those of `role` that are there. Undefined when it is not understood. */
export function readFoundVolumes(
  body: Uint8Array,
  role: string,
): readonly FoundVolume[] | undefined {
  try {
    const { volumes }: { readonly volumes: readonly Shown[] } = JSON.parse(
      new TextDecoder().decode(body),
    );
    return volumes
      .filter((one) => one.role === role && (one.state === 'held' || one.state === 'orphan'))
      .flatMap((one) => foundIn(one) ?? []);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError || error instanceof WireError) {
      return undefined;
    }
    throw error;
  }
}

type Shown = {
  readonly state: string;
  readonly agent_id: string;
  readonly hostname: string;
  readonly role: string;
  readonly resource?: object;
};

function foundIn({ state, agent_id, hostname, resource }: Shown): FoundVolume | undefined {
  const volume = fromJson('mesos.v1.Resource', JSON.stringify(resource ?? {}));
  const id = volume.disk?.persistence?.id;
  const owner = ownerOf(volume);
  const name = volumeNameIn(id ?? '');
  if (id === undefined || owner === undefined || name === undefined) return undefined;
  const sizeMb = volume.scalar?.value ?? 0;
  return {
    owner,
    name,
    id,
    sizeMb,
    agentId: agent_id,
    host: hostname,
    isOrphan: state === 'orphan',
  };
}

export type TakenUp = { readonly index: number; readonly binding: Binding };

/** Which instances of a service take up what was found; a refusal for each that cannot do so. */
export function takenUp(
  world: Pick<World, 'instances'>,
  spec: ServiceSpec,
  found: readonly FoundVolume[],
): Result<readonly TakenUp[], readonly string[]> {
  const { volumes } = spec.template;
  const taken: TakenUp[] = [];
  const faults: string[] = [];
  for (let index = 0; index < spec.instances && volumes.length > 0; index++) {
    const key = instanceKey(spec.name, index);
    const record = world.instances.get(key)?.record;
    if (record?.binding !== undefined || record?.task !== undefined) continue;
    const its = found.filter(({ owner }) => owner === key);
    if (its.length === 0) continue;
    const binding = bindingOf(volumes, its);
    if (binding === undefined) faults.push(faultText(key, its));
    else taken.push({ index, binding });
  }
  return faults.length > 0 ? refuse(faults) : accept(taken);
}

/** Undefined when they are not all that is wanted, or more, or cannot be used together. */
function bindingOf(
  wanted: readonly VolumeSpec[],
  found: readonly FoundVolume[],
): Binding | undefined {
  const [first] = found;
  if (first === undefined || found.length !== wanted.length) return undefined;
  const isUsable = (one: FoundVolume): boolean => !one.isOrphan && one.agentId === first.agentId;
  if (!found.every(isUsable)) return undefined;
  const volumes = wanted.flatMap(({ name, sizeMb }) => {
    const isIt = (one: FoundVolume): boolean =>
      one.name === name && milliOf(one.sizeMb) === milliOf(sizeMb);
    const one = found.find(isIt);
    return one === undefined ? [] : [{ name, sizeMb, id: one.id }];
  });
  if (volumes.length < wanted.length) return undefined;
  return { agentId: first.agentId, host: first.host, volumes };
}

function faultText(key: string, found: readonly FoundVolume[]): string {
  const each = found.map(
    ({ id, sizeMb, host, isOrphan }) =>
      `${id} of ${sizeMb} MB on ${host}${isOrphan ? ' (an orphan)' : ''}`,
  );
  return (
    `${key} has volumes that it cannot take up as they are: ${each.join(', ')}. ` +
    `Adopt or destroy them first: 'altiplano volume --help'`
  );
}
