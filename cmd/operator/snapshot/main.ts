/**
 * `altiplano operator snapshot …`: keeps the whole state of a cluster in a file, tells what such a file
 * holds, and makes a new cluster of it when all masters are lost.
 *
 * Exit status: 0 done, 1 it failed and says why, 2 the command line is wrong.
 */
import { resolve } from 'node:path';
import { durationMs, integer, list, text } from '#internal/config/flag.ts';
import type { Program } from '#internal/config/flags.ts';
import { systemClock } from '#internal/runtime/real/clock.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { openLogger } from '#internal/runtime/real/logger.ts';
import type { State } from '#internal/state/state.ts';
import { stateFromChunks } from '#internal/wire/state-stream.ts';
import { nodeId } from '#raft/core/types.ts';
import { OperatorCallError } from '#raft/transport/grpc-operators.ts';
import { askForSave } from '#raft/transport/grpc-saves.ts';
import { devAddresses } from '../../dev/addresses.ts';
import { explain } from '../../explain.ts';
import { parsePeer } from '../../master/flags.ts';
import { readCommandLine } from '../../read-command-line.ts';
import { type FileContent, readFile, writeFile } from './file.ts';
import { restore } from './restore.ts';

type Verb = {
  readonly name: string;
  readonly summary: string;
  /** The lines that tell what was done, or the exit status when there was nothing to do. */
  carryOut(file: string, argv: readonly string[]): Promise<readonly string[] | number>;
};

const name = 'altiplano operator snapshot';

export async function runSnapshot(argv: readonly string[]): Promise<number> {
  const [word, ...rest] = argv;
  const verb = verbs.find((candidate) => candidate.name === word);
  if (verb === undefined) return explainVerbs(argv);
  const isHelp = rest.includes('--help');
  const [file = '', ...flags] = isHelp ? ['', '--help'] : rest;
  if (!isHelp && (file === '' || file.startsWith('-'))) {
    console.error(`${name} ${verb.name}: which file? '${name} ${verb.name} FILE …'`);
    return 2;
  }
  try {
    const told = await verb.carryOut(resolve(file), flags);
    if (typeof told === 'number') return told;
    for (const line of told) console.log(line);
    return 0;
  } catch (error) {
    const line = explain(error);
    if (line === undefined) throw error;
    console.error(`${name}: ${line}`);
    return 1;
  }
}

type SaveFlags = { readonly masters: readonly string[]; readonly timeout: number };

const saveProgram: Program<SaveFlags> = {
  name: 'operator snapshot save FILE',
  summary: 'Keeps all that the masters agree on, as of now, in a file.',
  flags: {
    masters: list({
      meaning: 'host:port of some masters, at their --peer-port; the first that answers gives it',
      fallback: devAddresses.masters.map(({ peerPort }) => `127.0.0.1:${peerPort}`),
    }),
    timeout: durationMs({ meaning: 'how long it may take', fallback: 600_000 }),
  },
};

type RestoreFlags = {
  readonly workDir: string;
  readonly cluster: string;
  readonly nodeId: number;
  readonly peers: readonly string[];
};

const restoreProgram: Program<RestoreFlags> = {
  name: 'operator snapshot restore FILE',
  summary:
    'Makes the work directory of a master of a new cluster that begins with what the file holds. ' +
    'Owed for each master, with its own --node-id; start them with the same flags.',
  flags: {
    workDir: text({ meaning: "the master's --work-dir; must be empty or not be there" }),
    cluster: text({ meaning: "the new cluster's --cluster, another name than the old one's" }),
    nodeId: integer({
      meaning: "the master's --node-id",
      fallback: 1,
      min: 1,
      max: Number.MAX_SAFE_INTEGER,
    }),
    peers: list({
      meaning: 'all masters of the new cluster as id=host:port; without it this one is alone',
      fallback: [],
    }),
  },
  check: ({ peers, nodeId: own }) => {
    const parsed = peers.map(parsePeer);
    const ids = parsed.flatMap((peer) => (peer === undefined ? [] : [peer.id]));
    return [
      ...peers
        .filter((_, n) => parsed[n] === undefined)
        .map((peer) => `--peers: '${peer}' is not id=host:port`),
      ...(new Set(ids).size < ids.length ? ['--peers names an id twice'] : []),
      ...(peers.length > 0 && !ids.includes(own)
        ? [`--node-id=${own} is none of --peers=${peers.join(',')}`]
        : []),
    ];
  },
};

const noFlags: Program<Record<string, never>> = {
  name: 'operator snapshot inspect FILE',
  summary: 'Verifies the file, and tells what it holds.',
  flags: {},
};

const verbs: readonly Verb[] = [
  {
    name: 'save',
    summary: 'keeps all that the masters agree on in a file',
    async carryOut(file, argv) {
      const flags = readCommandLine(saveProgram, argv);
      return typeof flags === 'number' ? flags : await save(file, flags);
    },
  },
  {
    name: 'inspect',
    summary: 'verifies a file, and tells what it holds',
    async carryOut(file, argv) {
      const flags = readCommandLine(noFlags, argv);
      return typeof flags === 'number' ? flags : await inspect(file);
    },
  },
  {
    name: 'restore',
    summary: 'makes the work directory of a master of a new cluster from a file',
    async carryOut(file, argv) {
      const flags = readCommandLine(restoreProgram, argv);
      if (typeof flags === 'number') return flags;
      const { workDir, cluster: clusterId, nodeId: own, peers } = flags;
      const ids = peers.flatMap((peer) => parsePeer(peer)?.id ?? []);
      const content = await restore(
        { files: systemFiles(), clock: systemClock(), logger: openLogger({ level: 'warn' }) },
        {
          file,
          workDir: resolve(workDir),
          clusterId,
          nodeId: nodeId(own),
          voters: (ids.length === 0 ? [own] : ids).map(nodeId),
        },
      );
      return [
        `${workDir} is that of node ${own} of cluster "${clusterId}", at entry ${content.index} ` +
          `in term ${content.term}`,
      ];
    },
  },
];

async function save(file: string, { masters, timeout }: SaveFlags): Promise<readonly string[]> {
  const patience = new AbortController();
  const timer = systemClock().after(timeout, () => patience.abort());
  const faults: OperatorCallError[] = [];
  try {
    for (const address of masters) {
      try {
        const bytes = askForSave(address, { signal: patience.signal });
        return linesOf(await writeFile(systemFiles(), file, bytes));
      } catch (fault) {
        if (!(fault instanceof OperatorCallError) || fault.code !== 'UNREACHABLE') throw fault;
        faults.push(fault);
      }
    }
  } finally {
    timer.cancel();
  }
  const why = faults.map(({ message }) => message).join('; ');
  throw new OperatorCallError('UNREACHABLE', `no master gives its state: ${why}`);
}

async function inspect(file: string): Promise<readonly string[]> {
  return await readFile(systemFiles(), file, async ({ chunks, ...head }) => {
    let stateBytes = 0;
    const counted = async function* (): AsyncGenerator<Uint8Array, void> {
      for await (const chunk of chunks) {
        stateBytes += chunk.length;
        yield chunk;
      }
    };
    const state = await stateFromChunks(counted());
    return [...linesOf({ ...head, stateBytes }), ...holdings(state)];
  });
}

const linesOf = ({ clusterId, index, term, stateBytes }: FileContent): readonly string[] => [
  `cluster "${clusterId}", entry ${index}, term ${term}, ${stateBytes} bytes: sound`,
];

function holdings({ agents, frameworks, completedFrameworks, version }: State): readonly string[] {
  const count = (of: 'tasks' | 'unreachable' | 'completed'): number =>
    frameworks.valueSeq().reduce((sum, record) => sum + record[of].size, 0);
  return [
    `agents                 ${agents.size}`,
    `frameworks             ${frameworks.size}`,
    `frameworks of the past ${completedFrameworks.size}`,
    `tasks                  ${count('tasks')}`,
    `tasks out of reach     ${count('unreachable')}`,
    `tasks of the past      ${count('completed')}`,
    `version of the state   ${version}`,
  ];
}

function explainVerbs(argv: readonly string[]): number {
  const usage = [
    `Usage: ${name} VERB FILE [--flag=value …]`,
    '',
    ...verbs.map((verb) => `  ${verb.name.padEnd(10)}${verb.summary}`),
    '',
    `'${name} VERB --help' lists a verb's flags.`,
  ].join('\n');
  if (argv.includes('--help')) {
    console.log(usage);
    return 0;
  }
  const problem = argv.length === 0 ? 'which verb?' : `there is no verb '${argv[0]}'`;
  console.error(`${name}: ${problem}\n${usage}`);
  return 2;
}
