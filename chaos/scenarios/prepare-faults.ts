/** What faults need beforehand: libraries in the programs, disks of their own, tools of the machine. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { groupObstacle } from '#chaos/nemesis/control-group.ts';
import { faults } from '#chaos/nemesis/faults/catalogue.ts';
import type { Need } from '#chaos/nemesis/faults/fault.ts';
import { LoopDisk } from '#chaos/nemesis/loop-disk.ts';
import { compileLibrary, compileProgram, compilerObstacle } from '#chaos/nemesis/native.ts';
import { Network } from '#chaos/nemesis/network.ts';
import type { MemberKind } from '#chaos/nemesis/real-cluster.ts';
import type { Scenario } from './scenario.ts';

export type PreparedFaults = {
  readonly relay: string | undefined;
  readonly switches: string;
  readonly disks: readonly MemberKind[];
  readonly environmentOf: (name: string) => Readonly<Record<string, string>>;
};

/** Why the scenario cannot be run on this machine; undefined when it can. */
export function obstacleTo(scenario: Scenario): string | undefined {
  const needs = needsOf(scenario);
  const isCompiled = (['compiler', 'syncs', 'clock', 'disk'] as const).some((need) =>
    needs.has(need),
  );
  return (
    Network.obstacle() ??
    (isCompiled ? compilerObstacle() : undefined) ??
    (needs.has('disk') ? LoopDisk.obstacle() : undefined) ??
    (needs.has('freezer') ? groupObstacle('freezer') : undefined) ??
    (needs.has('memory') ? groupObstacle('memory') : undefined)
  );
}

const needsOf = (scenario: Scenario): ReadonlySet<Need> =>
  new Set(scenario.faults.flatMap(({ fault }) => faults[fault]?.needs ?? []));

export function prepareFaults(
  needs: ReadonlySet<Need>,
  asked: { readonly scenario: Scenario; readonly out: string; readonly mutant: string | undefined },
): PreparedFaults {
  const { scenario, out, mutant } = asked;
  const switches = `${out}/switches`;
  mkdirSync(switches, { recursive: true });
  const libraries = [
    ...(needs.has('syncs') ? [compileLibrary('sync-faults.c', switches)] : []),
    ...(needs.has('clock') ? [compileLibrary('clock-shift.c', switches)] : []),
  ];
  const planted = fileURLToPath(new URL('../mutants/planting.ts', import.meta.url));
  return {
    relay: needs.has('compiler') ? compileProgram('relay.c', switches) : undefined,
    switches,
    disks: disksOf(scenario),
    environmentOf(name) {
      if (needs.has('clock')) writeFileSync(`${switches}/${name}.clock`, Buffer.alloc(8));
      return {
        ...(libraries.length > 0 && { LD_PRELOAD: libraries.join(':') }),
        ...(needs.has('syncs') && { SYNC_FAULT_FILE: `${switches}/${name}.syncs` }),
        ...(needs.has('clock') && { CLOCK_SHIFT: `${switches}/${name}.clock` }),
        ...(mutant !== undefined && { NODE_OPTIONS: `--import=${planted}`, MUTANT: mutant }),
      };
    },
  };
}

/** Of those whose disks something is done to. */
function disksOf(scenario: Scenario): readonly MemberKind[] {
  const kinds = scenario.faults.flatMap(({ fault, target }): readonly MemberKind[] => {
    if (faults[fault]?.needs.includes('disk') !== true) return [];
    const isAgent =
      (target.kind === 'some' && target.of === 'agents') ||
      (target.kind === 'one' && target.name.startsWith('agent'));
    return [isAgent ? 'agent' : 'master'];
  });
  return [...new Set(kinds)];
}
