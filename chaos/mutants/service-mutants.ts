/** Bugs of the service framework, for the simulation of the cluster to find. */
import type { Mutant } from './mutant.ts';

export const serviceMutants: readonly Mutant[] = [
  {
    name: 'launched-before-recorded',
    about: 'A task is asked for while its record is on its way: the next process starts another.',
    from: 8,
    edits: [
      {
        file: 'internal/frameworks/service/session.ts',
        find: `if (work.kind === 'store') return await this.#store.write(work.key, work.value);`,
        replace: `if (work.kind === 'store') {
      const { key, value } = work;
      this.#with.clock.after(500, () => {
        this.#store.write(key, value).catch((error: unknown) => this.#fail(error));
      });
      return;
    }`,
      },
    ],
  },
  {
    name: 'second-life-of-an-instance',
    about: 'A task that may live still is given up when its instance is asked about in vain.',
    from: 8,
    edits: [
      {
        file: 'internal/frameworks/service/world.ts',
        find: `  if (record.task === undefined) return 'start';`,
        replace: `  if (record.task === undefined || seen.kind === 'starting') return 'start';`,
      },
    ],
  },
  {
    name: 'update-exceeds-bound',
    about: 'All instances are replaced at once, whatever may be away.',
    from: 14,
    edits: [
      {
        file: 'internal/frameworks/service/settle.ts',
        find: 'if (isServing(instance) && othersAway >= spec.update.maxUnavailable) continue;',
        replace: 'if (isServing(instance) && othersAway >= spec.instances) continue;',
      },
    ],
  },
];
