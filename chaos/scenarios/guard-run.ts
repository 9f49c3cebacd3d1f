/**
 * Runs a scenario in a process of its own, inside a network namespace of its own, and heals what that has
 * left when it is over, however it ended. Should both be killed, whoever comes next heals: before a run
 * begins, what earlier ones have left is undone.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { command } from '#chaos/nemesis/command.ts';
import { type Healed, healLeftovers, UndoJournal } from '#chaos/nemesis/undo-journal.ts';

export type GuardOptions = {
  readonly run: string;
  readonly journals: string;
  readonly launcher: string;
  /** Of `altiplano chaos inside`. */
  readonly argv: readonly string[];
};

/** The exit status of the run. */
export async function guardRun(
  { run, journals, launcher, argv }: GuardOptions,
  tell: (line: string) => void,
): Promise<number> {
  for (const healed of healLeftovers(journals)) tell(wordsOf(healed));
  using journal = UndoJournal.open(journals, run);
  const namespace = `altiplano-${run}-client`;
  journal.willUndo({ kind: 'namespace', name: namespace });
  command('ip', 'netns', 'add', namespace);
  const within = [`--net=/run/netns/${namespace}`, process.execPath, launcher, 'chaos', 'inside'];
  const child = spawn('nsenter', [...within, ...argv, `--namespace=${namespace}`], {
    stdio: ['pipe', 'inherit', 'inherit'],
    detached: true,
  });
  const pass = (): void => void child.kill('SIGTERM');
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, pass);
  try {
    const [status]: unknown[] = await once(child, 'exit');
    return typeof status === 'number' ? status : 2;
  } finally {
    for (const healed of healLeftovers(journals)) tell(wordsOf(healed));
    for (const problem of journal.heal()) tell(`not healed: ${problem}`);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, pass);
  }
}

export const wordsOf = ({ run, problems }: Healed): string =>
  problems.length === 0
    ? `healed what run ${run} had left`
    : `run ${run} is not healed: ${problems.join('; ')}`;
