/** An agent of the model cluster: its books, by the letter of what an operation may do (contract 4.2). */
import { assert } from '#internal/base/assert.ts';
import type { Offer_Operation, Resource, TaskInfo } from '#proto/gen/mesos/v1.ts';
import { withoutVolume } from '../offer-pool.ts';

export type ModelTask = {
  readonly info: TaskInfo;
  readonly agent: ModelAgent;
  state: 'starting' | 'running' | 'killing' | 'over';
};

export class ModelAgent {
  readonly id: string;
  readonly host: string;
  isUp = true;
  /** Amounts in thousandths (ports: the numbers), by what they are besides. */
  readonly #free = new Map<string, { readonly kind: Resource; milli: number }>();
  readonly #ports = new Set<number>();

  constructor(id: string, host: string, resources: readonly Resource[]) {
    this.id = id;
    this.host = host;
    this.give(resources);
  }

  /** All that nobody uses. */
  free(): readonly Resource[] {
    const scalars = [...this.#free.values()]
      .filter(({ milli }) => milli > 0)
      .map(({ kind, milli }) => ({ ...kind, scalar: { value: milli / 1000 } }));
    const range = [...this.#ports].toSorted((a, b) => a - b).map((port) => oneOf(port));
    return range.length === 0
      ? scalars
      : [...scalars, { name: 'ports', type: 'RANGES', ranges: { range } }];
  }

  give(resources: readonly Resource[]): void {
    for (const resource of resources) {
      for (const port of portsOf(resource)) this.#ports.add(port);
      if (resource.scalar === undefined) continue;
      const key = kindOf(resource);
      const entry = this.#free.get(key) ?? { kind: resource, milli: 0 };
      entry.milli += milliOf(resource);
      this.#free.set(key, entry);
    }
  }

  /** False, and nothing happened, when it is not all there. */
  take(resources: readonly Resource[]): boolean {
    const needed = new Map<string, number>();
    for (const one of resources) {
      if (one.scalar === undefined) continue;
      needed.set(kindOf(one), (needed.get(kindOf(one)) ?? 0) + milliOf(one));
    }
    const ports = resources.flatMap(portsOf);
    const hasScalars = [...needed].every(
      ([key, milli]) => (this.#free.get(key)?.milli ?? 0) >= milli,
    );
    if (!hasScalars || !ports.every((port) => this.#ports.has(port))) return false;
    for (const [key, milli] of needed) {
      const entry = this.#free.get(key);
      if (entry !== undefined) entry.milli -= milli;
    }
    for (const port of ports) this.#ports.delete(port);
    return true;
  }

  /** RESERVE, UNRESERVE, CREATE and DESTROY; false when it cannot be. */
  operate(operation: Offer_Operation): boolean {
    const [before, after] = conversionOf(operation);
    if (!this.take(before)) return false;
    this.give(after);
    return true;
  }
}

function conversionOf({
  type,
  reserve,
  unreserve,
  create,
  destroy,
}: Offer_Operation): readonly [readonly Resource[], readonly Resource[]] {
  if (type === 'RESERVE') return [freed(reserve?.resources ?? []), reserve?.resources ?? []];
  if (type === 'UNRESERVE') {
    const resources = unreserve?.resources ?? [];
    assert(
      resources.every(({ disk }) => disk?.persistence === undefined),
      'no volume is unreserved',
    );
    return [resources, freed(resources)];
  }
  if (type === 'CREATE') return [(create?.volumes ?? []).map(withoutVolume), create?.volumes ?? []];
  assert(type === 'DESTROY', `the model knows no ${type}`);
  return [destroy?.volumes ?? [], (destroy?.volumes ?? []).map(withoutVolume)];
}

const freed = (list: readonly Resource[]): readonly Resource[] =>
  list.map((one) => ({ ...one, reservations: (one.reservations ?? []).slice(0, -1) }));

export const volumeIdsOf = (resources: readonly Resource[]): readonly string[] =>
  resources.flatMap(({ disk }) => disk?.persistence?.id ?? []);

const milliOf = ({ scalar }: Resource): number => Math.round((scalar?.value ?? 0) * 1000);

const kindOf = ({ name, reservations = [], disk }: Resource): string =>
  JSON.stringify([name, reservations, disk?.persistence?.id ?? '']);

const oneOf = (port: number): { readonly begin: bigint; readonly end: bigint } => ({
  begin: BigInt(port),
  end: BigInt(port),
});

const portsOf = ({ ranges }: Resource): readonly number[] =>
  (ranges?.range ?? []).flatMap(({ begin, end }) =>
    Array.from({ length: Number(end - begin) + 1 }, (_, n) => Number(begin) + n),
  );
