/** The verbs of `altiplano operator raft`: a table of flags each, and the request that they make. */
import { accept, refuse } from '#internal/base/result.ts';
import { durationMs, type Flag, list, optionalText, toggle } from '#internal/config/flag.ts';
import type { Program } from '#internal/config/flags.ts';
import { type NodeId, nodeId } from '#raft/core/types.ts';
import type { OperatorRequest } from '#raft/node/operator-desk.ts';
import { devAddresses } from '../dev/addresses.ts';
import { readCommandLine } from '../read-command-line.ts';

/** What a command line asks for. */
export type Wish = {
  readonly masters: readonly string[];
  readonly timeoutMs: number;
  readonly request: OperatorRequest;
};

export type Verb = {
  readonly name: string;
  readonly summary: string;
  /** The exit status when there is nothing (more) to do. */
  read(argv: readonly string[]): Wish | number;
};

type Common = { readonly masters: readonly string[]; readonly timeout: number };
type Change = { readonly nodes: readonly NodeId[]; readonly acceptNoSpare: boolean };

const common: Program<Common>['flags'] = {
  masters: list({
    meaning: 'host:port of some masters, at their --peer-port',
    fallback: devAddresses.masters.map(({ peerPort }) => `127.0.0.1:${peerPort}`),
  }),
  timeout: durationMs({ meaning: 'how long an answer is waited for', fallback: 600_000 }),
};

const acceptNoSpare: Flag<boolean> = toggle({
  meaning: 'also when the cluster could not lose one more master and go on',
});

/** One change has room for a set of voters, and no more. */
const idsMax = 9;

const nodeIds = (meaning: string, fallback?: readonly NodeId[]): Flag<readonly NodeId[]> => ({
  ...list({ meaning }),
  fallback,
  show: (ids) => ids.join(','),
  parse: (texts) => {
    const words = texts.flatMap((text) => text.split(','));
    const odd = words.find((word) => !isNodeId(word));
    if (odd !== undefined) return refuse(`'${odd}' is not a node id`);
    if (words.length > idsMax) return refuse(`more than ${idsMax} at a time`);
    return accept(words.map((word) => nodeId(Number(word))));
  },
});

const maybeNodeId = (meaning: string): Flag<NodeId | undefined> => ({
  ...optionalText({ meaning }),
  fallback: undefined,
  show: (id) => id?.toString(),
  parse: ([word = '']) =>
    isNodeId(word) ? accept(nodeId(Number(word))) : refuse(`'${word}' is not a node id`),
});

const isNodeId = (word: string): boolean =>
  /^[1-9]\d*$/.test(word) && Number(word) <= Number.MAX_SAFE_INTEGER;

export const verbs: readonly Verb[] = [
  verb<Common>(
    {
      name: 'list',
      summary: 'Shows who the masters are, who leads, and how much of the log each has.',
      flags: common,
    },
    () => ({ kind: 'list' }),
  ),
  verb<Common & Change & { readonly insteadOf: readonly NodeId[] }>(
    {
      name: 'add',
      summary: 'Makes masters that were started with --join members, once they have caught up.',
      flags: {
        ...common,
        nodes: nodeIds('their node ids'),
        insteadOf: nodeIds('node ids of masters that leave in the same change', []),
        acceptNoSpare,
      },
    },
    ({ nodes, insteadOf, acceptNoSpare: isAccepted }) => ({
      kind: 'change',
      add: nodes,
      remove: insteadOf,
      acceptNoSpare: isAccepted,
    }),
  ),
  verb<Common & Change>(
    {
      name: 'promote',
      summary: 'Makes voters of masters that an `add` left as learners, once they have caught up.',
      flags: { ...common, nodes: nodeIds('their node ids'), acceptNoSpare },
    },
    ({ nodes, acceptNoSpare: isAccepted }) => ({
      kind: 'change',
      add: nodes,
      remove: [],
      acceptNoSpare: isAccepted,
    }),
  ),
  verb<Common & Change>(
    {
      name: 'remove',
      summary: 'Removes masters for ever: their node ids are used up.',
      flags: { ...common, nodes: nodeIds('their node ids'), acceptNoSpare },
    },
    ({ nodes, acceptNoSpare: isAccepted }) => ({
      kind: 'change',
      add: [],
      remove: nodes,
      acceptNoSpare: isAccepted,
    }),
  ),
  verb<Common & { readonly to: NodeId | undefined }>(
    {
      name: 'transfer',
      summary: 'Hands leadership over, to the master that has most of the log or to another.',
      flags: { ...common, to: maybeNodeId('the node id of the one that shall lead') },
    },
    ({ to }) => ({ kind: 'transfer', to }),
  ),
];

function verb<Values extends Common>(
  program: Program<Values>,
  requestOf: (values: Values) => OperatorRequest,
): Verb {
  const { name, summary } = program;
  const whole: Program<Values> = {
    ...program,
    name: `operator raft ${name}`,
    check: (values) => [...complaintsOf(values), ...(program.check?.(values) ?? [])],
  };
  return {
    name,
    summary,
    read(argv) {
      const values = readCommandLine(whole, argv);
      if (typeof values === 'number') return values;
      const { masters, timeout: timeoutMs } = values;
      return { masters, timeoutMs, request: requestOf(values) };
    },
  };
}

const complaintsOf = ({ masters }: Common): readonly string[] => [
  ...(masters.length === 0 ? ['--masters is empty'] : []),
  ...masters
    .filter((master) => !/^[^\s/]+:\d+$/.test(master))
    .map((master) => `--masters: '${master}' is not host:port`),
];
