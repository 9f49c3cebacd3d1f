/**
 * Processes of this machine as a port: programs that outlive us, and are known again by whoever comes
 * next. A pid alone is no name: the kernel gives it to another process sooner or later.
 */
import type { Signal } from './signal.ts';

export type Processes = {
  /**
   * Starts a program as the leader of a session of its own, with nothing on its standard streams and
   * just the environment given. Rejects with `ProcessesError` when it cannot be.
   */
  start(program: Program): Promise<StartedProcess>;
  /**
   * Starts a program in the same way and talks with it: `onLine` hears each line that it prints. When we
   * end, its input ends; it lives on until it minds.
   */
  converse(program: Program, onLine: (line: string) => void): Promise<Conversation>;
  /** The live process of that pid. One that has ended and was not yet collected is none. */
  find(pid: number): ProcessIdentity | undefined;
  /**
   * Signals the process group that `leader` leads or led; `KILL` also reaches those of its session that
   * have left the group. Nothing happens when the pid belongs to another process by now or, with
   * `owner` given, to another user.
   */
  signalGroup(leader: ProcessIdentity, signal: Signal, owner?: number): void;
  /** Kills processes, whoever they are by now: of pids that cannot belong to anybody else. */
  killAll(pids: readonly number[]): void;
  /** Threads of a process; 0 when there is none of that pid. */
  threads(pid: number): number;
  /** What the session that `leader` leads or led uses; undefined when nothing of it is left. */
  sessionUse(leader: ProcessIdentity): ProcessUse | undefined;
  /** Of this run of the machine's kernel. */
  readonly bootId: string;
  /** The user that we run as. */
  readonly self: User;
  /** A user of this machine, by name. */
  user(name: string): Promise<User | undefined>;
  /** Where a program lies that is looked up in our own PATH. */
  which(name: string): Promise<string | undefined>;
};

export type Program = {
  readonly path: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  /** Undefined: our own. Another one takes root. */
  readonly user: User | undefined;
};

export type StartedProcess = {
  readonly identity: ProcessIdentity;
  /** Resolves when it has ended, however; never rejects. */
  readonly ended: Promise<void>;
};

export type Conversation = StartedProcess & {
  /** Harmless when it has ended. */
  send(text: string): void;
  /** Ends its input. */
  close(): void;
};

/** Equal for one process alone, across restarts of the machine too. */
export type ProcessIdentity = {
  readonly pid: number;
  /** Since the kernel booted, in its clock ticks. */
  readonly startTicks: number;
  readonly bootId: string;
};

export type ProcessUse = {
  readonly processes: number;
  readonly threads: number;
  /** Of processor time, with that of children that have ended. */
  readonly userSeconds: number;
  readonly systemSeconds: number;
  /** Of memory that is theirs at the moment. */
  readonly residentBytes: number;
};

export type User = { readonly name: string; readonly uid: number; readonly gid: number };

export function isSameProcess(one: ProcessIdentity, other: ProcessIdentity): boolean {
  return (
    one.pid === other.pid && one.startTicks === other.startTicks && one.bootId === other.bootId
  );
}

/** `code` is the system's: `ENOENT`, `EACCES`, `EAGAIN`, `EPERM`… */
export class ProcessesError extends Error {
  override readonly name: string = 'ProcessesError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
