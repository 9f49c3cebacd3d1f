/**
 * What a run is about to break, written down and synced before it is broken: one file a run, in a folder
 * that outlives runs. Whoever comes next reads the files of runs whose process is gone, and heals what
 * they left behind, however they ended.
 *
 * Names in it are unique to the run, and a process is named by when it began as well, so nobody else's
 * things are touched. Healing twice does no harm.
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { isSameProcess, type ProcessIdentity } from '#internal/runtime/processes.ts';
import { systemProcesses } from '#internal/runtime/real/processes.ts';
import { undo, type Undo } from './undo.ts';

/** Where runs write of themselves, unless they are told otherwise. */
export const usualJournals = '/var/tmp/altiplano-chaos';

type Line = { readonly kind: 'run'; readonly process: ProcessIdentity } | Undo;

export class UndoJournal implements Disposable {
  readonly run: string;
  readonly #path: string;
  readonly #file: number;
  readonly #written: Undo[] = [];

  /** `run` is unique among all runs of the machine. */
  static open(folder: string, run: string): UndoJournal {
    mkdirSync(folder, { recursive: true });
    const self = systemProcesses().find(process.pid);
    if (self === undefined) throw new Error('there is no /proc to know processes by');
    return new UndoJournal(folder, run, self);
  }

  private constructor(folder: string, run: string, self: ProcessIdentity) {
    this.run = run;
    this.#path = `${folder}/${run}.journal`;
    this.#file = openSync(this.#path, 'wx');
    this.#write({ kind: 'run', process: self });
  }

  /** Returns when it is on the disk: only then may be done what it undoes. */
  willUndo(what: Undo): void {
    this.#written.push(what);
    this.#write(what);
  }

  /** Undoes all of it, and forgets the run. Complaints, if not all of it could be. */
  heal(): readonly string[] {
    const problems = undoAll(this.#written);
    if (problems.length === 0) rmSync(this.#path, { force: true });
    return problems;
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }

  #write(line: Line): void {
    writeSync(this.#file, `${JSON.stringify(line)}\n`);
    fsyncSync(this.#file);
  }
}

/** What became of what one run had left. */
export type Healed = { readonly run: string; readonly problems: readonly string[] };

/** Heals what runs left whose process is gone. Those that go on are left alone. */
export function healLeftovers(folder: string): readonly Healed[] {
  return journalsIn(folder).flatMap((name) => {
    const path = `${folder}/${name}`;
    const lines = linesOf(readFileSync(path, 'utf8'));
    if (lines.some((line) => line.kind === 'run' && isAlive(line.process))) return [];
    const problems = undoAll(lines.filter((line) => line.kind !== 'run'));
    if (problems.length === 0) rmSync(path, { force: true });
    return [{ run: name.replace(/\.journal$/, ''), problems }];
  });
}

function journalsIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.journal'));
  } catch {
    return [];
  }
}

/** A last line that was torn announced what was never done. */
function linesOf(text: string): readonly Line[] {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- we wrote it ourselves.
  return whole.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Line]));
}

function isAlive(known: ProcessIdentity): boolean {
  const now = systemProcesses().find(known.pid);
  return now !== undefined && isSameProcess(now, known);
}

/** The last thing first, as it was built on those before. */
function undoAll(list: readonly Undo[]): readonly string[] {
  return list.toReversed().flatMap((what) => {
    try {
      undo(what);
      return [];
    } catch (fault) {
      return [`${JSON.stringify(what)}: ${fault instanceof Error ? fault.message : String(fault)}`];
    }
  });
}
