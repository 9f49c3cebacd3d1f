/** Bugs by which data of volumes are lost or shared, for the simulation of the cluster to find. */
import { test, type TestKiller } from './bug.ts';
import type { Mutant } from './mutant.ts';

/** Without tests it is for the simulation. */
type VolumeMutant = Mutant & { readonly tests?: readonly TestKiller[] };

export const volumeMutants: readonly VolumeMutant[] = [
  {
    name: 'unknown-volume-removed',
    about: 'An agent that starts tidies away what its checkpoint does not know.',
    from: 188,
    edits: [
      {
        file: 'internal/agent/volume-survey.ts',
        find: `  return { held, found: manifests.filter(({ volume }) => !known.has(volumeName(volume))) };`,
        replace: `  const found = manifests.filter(({ volume }) => !known.has(volumeName(volume)));
  for (const { volume, agentId = '' } of found) {
    await volumes.discard([volume], { agentId, clusterId: undefined, nowMs: 0 });
  }
  return { held, found };`,
      },
    ],
  },
  {
    name: 'volume-adopted-twice',
    about: 'A volume is taken on while the agent that has it is in the books.',
    from: 188,
    edits: [
      {
        file: 'internal/state/apply-volume.ts',
        find: `if (holder.leftMs === undefined) return 'volume-held';`,
        replace: `if (holder.leftMs === 0) return 'volume-held';`,
      },
    ],
  },
  {
    name: 'manifest-not-synced',
    about:
      'The manifest of a volume is written and not synced: a power cut leaves it torn or empty.',
    from: 188,
    edits: [
      {
        file: 'internal/agent/volume-manifest.ts',
        find: `    await file.sync();\n`,
        replace: '',
      },
    ],
  },
  {
    name: 'destroyed-before-decision',
    about: 'An agent is told to destroy a volume while that is on its way into the log.',
    tests: test(
      'internal/master/leader/resource-operation',
      'one ACCEPT reserves, makes a volume, and launches on it; the rest comes back',
    ),
    edits: [
      {
        file: 'internal/master/leader/resource-operation.ts',
        find: `if (!lead.propose({ kind: 'apply-operation', operation })) {`,
        replace: `deliverOperation(lead, operation);
  if (!lead.propose({ kind: 'apply-operation', operation })) {`,
      },
      {
        file: 'internal/master/leader/resource-operation.ts',
        find: `import type { Lead`,
        replace: `import { deliverOperation } from './deliver-operation.ts';
import type { Lead`,
      },
    ],
  },
  {
    name: 'volume-offered-to-all',
    about: 'A volume is offered to roles that it is not reserved for.',
    from: 1042,
    edits: [
      {
        file: 'internal/resources/reservation.ts',
        find: 'return !isReserved(resource) || owner === role || isAncestor(owner, role);',
        replace: `const isAnyones = !isReserved(resource) || resource.disk?.persistence !== undefined;
  return isAnyones || owner === role || isAncestor(owner, role);`,
      },
    ],
  },
];
