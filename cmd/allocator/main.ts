/**
 * `altiplano allocator replay FILE`: plays a recording of the allocator again. Without a policy it
 * checks that all is offered as it was recorded; with one it prints what would have been offered
 * otherwise.
 *
 * Exit status: 0 as recorded, or differences were printed; 1 not as recorded, or the recording is
 * damaged; 2 the command line is wrong.
 */
import { RecordingError } from '#internal/allocator/recording-codec.ts';
import { readRecording } from '#internal/allocator/recording.ts';
import { replay, type ReplayedRun } from '#internal/allocator/replay.ts';
import { differencesIn, differenceText, runText } from '#internal/allocator/replay-text.ts';
import type { Policy } from '#internal/allocator/what-if.ts';
import { list, repeated, toggle } from '#internal/config/flag.ts';
import type { Program } from '#internal/config/flags.ts';
import { systemFiles } from '#internal/runtime/real/files.ts';
import { explain } from '../explain.ts';
import { readCommandLine } from '../read-command-line.ts';
import { parsePolicy, type PolicyFlags } from './policy.ts';

/** A recording is read as a whole. */
const fileBytesMax = 256 * 1024 * 1024;

const program: Program<PolicyFlags> = {
  name: 'allocator replay FILE',
  summary:
    'Plays a recording of the allocator again; with another policy, prints the placements that differ.',
  flags: {
    weights: list({ meaning: 'ROLE=WEIGHT: what if roles had these weights', fallback: [] }),
    quota: repeated({
      meaning:
        'ROLE=GUARANTEES/LIMITS, say a=cpus:4;mem:1024/cpus:8: what if a role had this quota; ' +
        'as often as needed',
    }),
    ignoreFilters: toggle({ meaning: 'what if nothing that was declined were filtered' }),
  },
  check: (flags) => {
    const policy = parsePolicy(flags);
    return policy.ok ? [] : policy.refusal;
  },
};

export async function run(argv: readonly string[]): Promise<number> {
  const [verb, ...rest] = argv;
  const isHelp = verb === undefined || verb === '--help' || verb === 'help';
  if (!isHelp && verb !== 'replay') {
    console.error(`altiplano allocator: there is no command '${verb}'. Try 'allocator --help'`);
    return 2;
  }
  const flags = readCommandLine(program, isHelp ? ['--help'] : rest.filter(isFlag));
  if (typeof flags === 'number') return flags;
  const [path, ...others] = rest.filter((word) => !isFlag(word));
  if (path === undefined || others.length > 0) {
    console.error('altiplano allocator: replay takes one FILE');
    return 2;
  }
  const policy = parsePolicy(flags);
  return policy.ok ? await replayFile(path, policy.value) : 2;
}

/** Flags are written `--name=value` here, so that the file is told from a value. */
const isFlag = (word: string): boolean => word.startsWith('--');

async function replayFile(path: string, policy: Policy): Promise<number> {
  try {
    const recording = readRecording((await textOf(path)).split('\n'));
    const isTried = policy.events.length > 0 || policy.ignoresFilters;
    return tell(replay(recording, policy), isTried);
  } catch (error) {
    const line = error instanceof RecordingError ? `${path}: ${error.message}` : explain(error);
    if (line === undefined) throw error;
    console.error(`altiplano allocator: ${line}`);
    return 1;
  }
}

function tell(runs: Iterable<ReplayedRun>, isTried: boolean): number {
  const sums = { runs: 0, offers: 0, differing: 0, agents: 0 };
  let firstMs: number | undefined;
  for (const one of runs) {
    firstMs ??= one.nowMs;
    sums.runs++;
    sums.offers += one.rounds.reduce((sum, { offers }) => sum + offers.length, 0);
    if (!one.isSame) {
      console.error(`altiplano allocator: ${runText(one, firstMs)} is not as it was recorded`);
      return 1;
    }
    const differences = isTried ? differencesIn(one) : [];
    if (differences.length === 0) continue;
    sums.differing++;
    sums.agents += differences.length;
    console.log(`${runText(one, firstMs)}:`);
    for (const difference of differences) console.log(`  ${differenceText(difference)}`);
  }
  const replayed = `${sums.runs} runs, ${sums.offers} offers, all as recorded`;
  const tried = `; ${sums.differing} runs would have been otherwise, on ${sums.agents} agents`;
  console.log(`${replayed}${isTried ? tried : ''}`);
  return 0;
}

async function textOf(path: string): Promise<string> {
  const file = await systemFiles().open(path);
  try {
    const size = await file.size();
    if (size > fileBytesMax) throw new RecordingError(`it is longer than ${fileBytesMax} bytes`);
    return new TextDecoder().decode(await file.read(0, size));
  } finally {
    await file.close();
  }
}
