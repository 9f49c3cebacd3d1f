/** Bugs that an algebra of resources is most likely to ship, each with the law that must notice it. */
import type { Mutant } from './mutant.ts';

export type ResourceMutant = {
  readonly mutant: Mutant;
  /** The title of the law. */
  readonly law: string;
};

const room = 'internal/resources';

export const resourceMutants: readonly ResourceMutant[] = [
  {
    mutant: {
      name: 'range-adjacency',
      about: 'Ranges that touch are taken for two: the same ports look different.',
      edits: [
        {
          file: `${room}/ranges.ts`,
          find: 'next.begin > last.end + 1)',
          replace: 'next.begin > last.end)',
        },
      ],
    },
    law: 'ranges hold the numbers they are made of, sorted, apart and not adjacent',
  },
  {
    mutant: {
      name: 'range-hole-too-small',
      about: 'The last port that is taken out of a range stays in it: it is lent twice.',
      edits: [
        {
          file: `${room}/ranges.ts`,
          find: 'begin = hole.end + 1;',
          replace: 'begin = hole.end;',
        },
      ],
    },
    law: 'ranges add up and are taken away like sets of numbers',
  },
  {
    mutant: {
      name: 'range-counted-beyond-exactness',
      about:
        'Ends are added up before beginnings are taken off: large numbers lose their last bit.',
      edits: [
        {
          file: `${room}/ranges.ts`,
          find: 'count + (end - begin + 1)',
          replace: 'count + end - begin + 1',
        },
      ],
    },
    law: 'ranges hold the numbers they are made of, sorted, apart and not adjacent',
  },
  {
    mutant: {
      name: 'doubles-added',
      about: 'Scalars are added as the doubles of the wire: 0.1 and 0.2 are not 0.3.',
      edits: [
        {
          file: `${room}/value.ts`,
          find: "return { kind: 'scalar', milli: left.milli + right.milli };",
          replace:
            "return { kind: 'scalar', milli: Math.floor((left.milli / 1000 + right.milli / 1000) * 1000) };",
        },
      ],
    },
    law: 'a scalar is what its three decimals say, however it is added up',
  },
  {
    mutant: {
      name: 'mount-counts',
      about: 'A volume mounted elsewhere is another volume: databases do not start again.',
      edits: [
        {
          file: `${room}/identity.ts`,
          find: 'left.persistence?.id === right.persistence?.id &&',
          replace:
            'left.persistence?.id === right.persistence?.id &&\n' +
            '    left.volume?.containerPath === right.volume?.containerPath &&',
        },
      ],
    },
    law: 'who made a volume and where it is mounted do not count',
  },
  {
    mutant: {
      name: 'reserver-forgotten',
      about: 'Reservations of two principals for one role are taken for one.',
      edits: [
        {
          file: `${room}/identity.ts`,
          find: '    left.principal === right.principal &&\n',
          replace: '',
        },
      ],
    },
    law: 'things are the same when all of the contract agrees, and else are kept apart',
  },
  {
    mutant: {
      name: 'label-order-counts',
      about: 'The same labels in another order make another reservation.',
      edits: [
        {
          file: `${room}/identity.ts`,
          find: 'return left.every((label) => countIn(left, label) === countIn(right, label));',
          replace: 'return false;',
        },
      ],
    },
    law: 'things are the same when all of the contract agrees, and else are kept apart',
  },
  {
    mutant: {
      name: 'mount-disk-split',
      about: 'A part of a whole disk is lent, and the rest to somebody else.',
      edits: [
        {
          file: `${room}/identity.ts`,
          find: "    source.kind === 'mount' ||\n",
          replace: '',
        },
      ],
    },
    law: 'containing and taking away are what simple-minded bookkeeping says',
  },
  {
    mutant: {
      name: 'shared-counted-once',
      about: 'A second use of a shared volume is not counted: the first to end frees it.',
      edits: [
        {
          file: `${room}/resources.ts`,
          find: 'if (isNothing(one.value)) return;',
          replace:
            'if (isNothing(one.value)) return;\n' +
            '  if (one.shared && result.some((other) => isSameThing(other, one))) return;',
        },
      ],
    },
    law: 'copies of a shared volume are counted',
  },
  {
    mutant: {
      name: 'shared-charged-twice',
      about: 'Each use of a shared volume is charged to a quota with all of its size.',
      edits: [
        {
          file: `${room}/volume.ts`,
          find: 'if (!list.some(({ shared }) => shared)) return list;',
          replace: 'if (list.length > 0) return list;',
        },
      ],
    },
    law: 'a shared volume takes its place once, however many use it',
  },
  {
    mutant: {
      name: 'reservation-lost',
      about: 'A volume that is destroyed leaves disk that nobody has reserved.',
      edits: [
        {
          file: `${room}/volume.ts`,
          find: 'return { ...volume, disk, shared: false };',
          replace: 'return { ...volume, disk, shared: false, reservations: [] };',
        },
      ],
    },
    law: 'a volume is made, grown, shrunk and destroyed under the same reservations',
  },
  {
    mutant: {
      name: 'unreserved-altogether',
      about: 'To unreserve takes away the whole stack: a refined reservation frees for all.',
      edits: [
        {
          file: `${room}/reservation.ts`,
          find: 'resource.reservations.slice(0, -1)',
          replace: '[]',
        },
      ],
    },
    law: 'what was reserved and unreserved again is as it was',
  },
  {
    mutant: {
      name: 'sibling-for-ancestor',
      about: 'The role ab is taken to lie below a: it is offered what is reserved to a.',
      edits: [
        {
          file: `${room}/reservation.ts`,
          find: "role.length > ancestor.length && role[ancestor.length] === '/' && ",
          replace: 'role.length > ancestor.length && ',
        },
      ],
    },
    law: 'a reservation serves its role and the roles below, and is charged to it and those above',
  },
  {
    mutant: {
      name: 'copies-survive',
      about: 'A shared volume is destroyed while others use it.',
      edits: [
        {
          file: `${room}/conversion.ts`,
          find: 'destroyed !== undefined && contains(current, [destroyed])',
          replace: 'destroyed !== undefined && contains(consumed, [destroyed, destroyed])',
        },
      ],
    },
    law: 'a shared volume is destroyed only with its last copy',
  },
  {
    mutant: {
      name: 'shrunk-in-vain',
      about: 'A volume that shrinks frees nothing.',
      edits: [
        {
          file: `${room}/resize.ts`,
          find: 'const converted = [resized(volume, -subtractMilli), freed];',
          replace: 'const converted = [resized(volume, -subtractMilli), freed].slice(0, 1);',
        },
      ],
    },
    law: 'an operation changes no amount, only reservations and volumes',
  },
  {
    mutant: {
      name: 'gpus-rounded-up',
      about: 'A limit of one and a half gpus lets two through.',
      edits: [
        {
          file: `${room}/limits.ts`,
          find: 'Math.floor(left / 1000)',
          replace: 'Math.ceil(left / 1000)',
        },
      ],
    },
    law: 'a chopped list is a part of the list and within its limits',
  },
  {
    mutant: {
      name: 'chopped-to-whole',
      about: 'A scalar is chopped to the next whole number above its limit.',
      edits: [
        {
          file: `${room}/limits.ts`,
          find: 'Math.floor(left / 1000) * 1000 : left;',
          replace:
            'Math.floor(left / 1000) * 1000 : Math.min(milli, Math.ceil(left / 1000) * 1000);',
        },
      ],
    },
    law: 'a chopped list is a part of the list and within its limits',
  },
  {
    mutant: {
      name: 'no-limit-is-zero',
      about: 'What has no limit has a limit of 0.',
      edits: [
        {
          file: `${room}/limits.ts`,
          find: 'milliMaxOf.get(name) ?? Infinity',
          replace: 'milliMaxOf.get(name) ?? 0',
        },
      ],
    },
    law: 'what is divisible is chopped to just its limit, gpus to whole ones',
  },
  {
    mutant: {
      name: 'old-form-loses-principal',
      about: 'A framework that knows only the old form is not told who reserved.',
      edits: [
        {
          file: 'internal/wire/resources.ts',
          find: 'reservation: originToWire(last)',
          replace: 'reservation: {}',
        },
      ],
    },
    law: 'the old form says what it can say, and nothing of the new',
  },
];
