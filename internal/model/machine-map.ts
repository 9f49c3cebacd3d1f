/**
 * Machines by name, so that a schedule of ten thousand of them is looked up and not walked through. Names
 * are the same, and agents are on machines, as `policy.ts` says.
 */
import type { MachineId } from './policy.ts';

export type MachineMap<Value> = {
  /** What was entered first for the machine under this very name. */
  of(machine: MachineId): Value | undefined;
  /** What was entered first for a name that fits an agent. */
  around(agent: { readonly hostname: string; readonly ip: string }): Value | undefined;
};

type Entry<Value> = { readonly ordinal: number; readonly value: Value };

export function machineMap<Value>(
  entries: Iterable<readonly [MachineId, Value]>,
): MachineMap<Value> {
  const byName = new Map<string, Entry<Value>>();
  for (const [machine, value] of entries) {
    const name = nameOf(machine);
    if (!byName.has(name)) byName.set(name, { ordinal: byName.size, value });
  }
  return {
    of: (machine) => byName.get(nameOf(machine))?.value,
    around({ hostname, ip }) {
      let first: Entry<Value> | undefined;
      for (const name of [
        nameOf({ hostname, ip }),
        nameOf({ hostname, ip: undefined }),
        nameOf({ hostname: undefined, ip }),
        nameOf({ hostname: undefined, ip: undefined }),
      ]) {
        const found = byName.get(name);
        if (found !== undefined && found.ordinal < (first?.ordinal ?? Infinity)) first = found;
      }
      return first?.value;
    },
  };
}

/** The machines of a list, each for itself. A list that is asked about again is not read again. */
export function machinesIn(list: readonly MachineId[]): MachineMap<MachineId> {
  const known = maps.get(list);
  if (known !== undefined) return known;
  const map = machineMap(list.map((machine) => [machine, machine] as const));
  maps.set(list, map);
  return map;
}

const maps = new WeakMap<readonly MachineId[], MachineMap<MachineId>>();

/** What is left open is not what is empty. */
const nameOf = ({ hostname, ip }: MachineId): string =>
  JSON.stringify([hostname?.toLowerCase() ?? null, ip ?? null]);
