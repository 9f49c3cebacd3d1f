/** Bugs of what programs of a cluster write down, for the simulation of the cluster to find. */
import type { Mutant } from './mutant.ts';

export const storageMutants: readonly Mutant[] = [
  {
    name: 'journal-not-awaited',
    about: 'An agent speaks when its store has what it says, and its journal may not.',
    edits: [
      {
        file: 'storage/checkpoint/checkpoint.ts',
        find: 'const results = await Promise.allSettled([journal.append(frame), stored]);',
        replace: `journal.append(frame).catch(() => {});
    const results = await Promise.allSettled([stored]);`,
      },
    ],
  },
  {
    name: 'journal-not-read',
    about: 'What the store of an agent has lost is not looked for in its journal.',
    edits: [
      {
        file: 'storage/checkpoint/checkpoint.ts',
        find: '  for (const [key, value] of restored) {',
        replace: '  for (const [key, value] of version < 0 ? restored : []) {',
      },
    ],
  },
];
