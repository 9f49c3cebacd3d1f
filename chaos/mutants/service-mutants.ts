/** Bugs of the service framework, for the simulation of the cluster to find. */
import type { Mutant } from './mutant.ts';

export const serviceMutants: readonly Mutant[] = [
  {
    name: 'launched-before-recorded',
    about: 'A task is asked for while its record is on its way: the next process starts another.',
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
    name: 'instances-not-read',
    about: 'A process that begins reads what is wanted, and not what is there already.',
    edits: [
      {
        file: 'internal/frameworks/service/record-store.ts',
        find: 'else instances.push(stored.record);',
        replace: 'else instances.splice(0, 0);',
      },
    ],
  },
  {
    name: 'second-life-of-an-instance',
    about: 'A task that may live still is given up when its instance is asked about in vain.',
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
    edits: [
      {
        file: 'internal/frameworks/service/settle.ts',
        find: 'if (isServing(instance) && othersAway >= spec.update.maxUnavailable) continue;',
        replace: 'if (isServing(instance) && othersAway >= spec.instances) continue;',
      },
    ],
  },
  {
    name: 'volume-of-another-instance',
    about: 'What is reserved for one instance is used for another.',
    edits: [
      {
        file: 'internal/frameworks/service/offer-pool.ts',
        find: 'if (holder !== undefined) return holder === owner ? 0 : 3;',
        replace: 'if (holder !== undefined) return 0;',
      },
    ],
  },
];
