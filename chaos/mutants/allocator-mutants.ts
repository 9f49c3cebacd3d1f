/** Bugs that an allocator is most likely to ship, for the judged clusters of its tests to find. */
import type { Mutant } from './mutant.ts';

const room = 'internal/allocator';

export const allocatorMutants: readonly Mutant[] = [
  {
    name: 'quota-chop-ignored',
    about: 'A role is offered all of an agent, however little its limit leaves.',
    edits: [
      {
        file: `${room}/quota-book.ts`,
        find: 'return Math.min(most, isGuaranteed ? lack : spare);',
        replace: 'return isGuaranteed ? lack : spare;',
      },
    ],
  },
  {
    name: 'headroom-not-kept',
    about: 'What guarantees of others are owed is given to whoever asks first.',
    edits: [
      {
        file: `${room}/quota-book.ts`,
        find: 'spare: isCounted ? lack + surplus : Infinity,',
        replace: 'spare: Infinity,',
      },
    ],
  },
  {
    name: 'filter-superset-inverted',
    about: 'A filter holds back what is more than was refused, and not what is less.',
    edits: [
      {
        file: `${room}/refusals.ts`,
        find: 'for (const { refused } of list) if (isCovered(portion, refused, contains)) return true;',
        replace:
          'for (const { refused } of list) if (contains(portion.resources, refused)) return true;',
      },
    ],
  },
  {
    name: 'expiry-wakes-nobody',
    about: 'A filter is over, and nobody looks at the agent again (work conservation).',
    edits: [
      {
        file: `${room}/refusals.ts`,
        find: '    count(agent, -1);\n    lookAtFor(books, agent, client);',
        replace: '    count(agent, -1);',
      },
    ],
  },
  {
    name: 'suppressed-framework-offered',
    about: 'A framework that wants no offers gets them.',
    edits: [
      {
        file: `${room}/rules.ts`,
        find: 'allows: ({ isSuppressed }) => !isSuppressed',
        replace: 'allows: () => true',
      },
    ],
  },
  {
    name: 'drained-agent-offered',
    about: 'An agent that is barred is offered as if it were not.',
    edits: [
      {
        file: `${room}/rules.ts`,
        find: 'allows: ({ bars }) => bars.size === 0',
        replace: 'allows: () => true',
      },
    ],
  },
  {
    name: 'constraints-unasked',
    about: 'Offer constraints are read, compiled and forgotten.',
    edits: [
      {
        file: `${room}/rules.ts`,
        find: 'return client.constraints === undefined || qualifies(client.constraints, agent.traits);',
        replace: 'return client.constraints === undefined || agent.traits !== undefined;',
      },
    ],
  },
  {
    name: 'reservation-leaked',
    about: 'What is reserved is offered to roles that it is not reserved for.',
    edits: [
      {
        file: `${room}/free.ts`,
        find: "if (!isForRole(one, role)) return 'reserved';",
        replace: '',
      },
    ],
  },
  {
    name: 'given-and-still-free',
    about: 'What was given in a run stays free in it: the next one is given it as well.',
    edits: [
      {
        file: `${room}/holdings.ts`,
        find: 'setFree(books, agent, freeWithout(books.reckoning, before, portion));',
        replace: '',
      },
    ],
  },
  {
    name: 'revival-wakes-nobody',
    about: 'A framework revives, and waits until something happens on each agent.',
    edits: [
      {
        file: `${room}/frameworks.ts`,
        find: `        settle(books, client);
        if (client.share.isQueued) wake(books, client);`,
        replace: '        settle(books, client);',
      },
    ],
  },
];
