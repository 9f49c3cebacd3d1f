/**
 * What runs containers, as a port. `containers/posix.ts` runs them as groups of processes of this
 * machine, `containers/simulated.ts` on virtual time; both pass `containers/containerizer.suite.ts`.
 *
 * A container outlives the agent, and its end is kept for the agent that comes next. Container ids
 * are drawn anew for each launch and never used again.
 */
import type { Signal } from '#internal/runtime/signal.ts';
import type { Resource, Resources } from '#internal/resources/resource.ts';
import type { ProcessRecord } from '#proto/gen/altiplano/agent/v1.ts';
import type {
  CommandInfo_URI,
  ContainerInfo,
  ResourceStatistics,
  TaskStatus_Reason,
} from '#proto/gen/mesos/v1.ts';

export type Containerizer = {
  /**
   * Starts a container; resolves when its process exists. Rejects with `ContainerError` when it
   * cannot be: then nothing of it runs, or ever will.
   */
  launch(spec: ContainerSpec): Promise<RunningContainer>;
  /**
   * What became of a container whose launch was once asked for, by this agent or one before it. After
   * the answer `absent` it never starts.
   */
  recover(spec: ContainerSpec): Promise<RecoveredContainer>;
  /** Sends a signal to all its processes. Harmless when it has ended or is not known. */
  signal(containerId: string, signal: Signal): Promise<void>;
  /**
   * The ends of its input and output, also once it has ended, until it is released; undefined when it
   * has none to attach to (`io` of files and no terminal) or is not known.
   */
  attach(containerId: string): Promise<ContainerIo | undefined>;
  /** What it uses now, and what it may; undefined when it does not run. */
  usage(containerId: string): Promise<ResourceStatistics | undefined>;
  /**
   * Bounds a container anew, as an executor's when it is given tasks. Harmless when it has ended or is
   * not known. Rejects with `ContainerError` when the machine refuses.
   */
  update(containerId: string, limits: ContainerLimits): Promise<void>;
  /** Forgets a container that has ended. Its sandbox stays. */
  release(containerId: string): Promise<void>;
  /**
   * Ends and forgets all that earlier agents left here and that are not `known`: nobody asks for them any
   * more. For the start of an agent, before anything is launched or recovered.
   */
  sweep(known: ReadonlySet<string>): Promise<readonly Swept[]>;
};

/** `fault` says why something of it is left, for the next start; undefined when nothing is. */
export type Swept = { readonly containerId: string; readonly fault: string | undefined };

export type ContainerSpec = {
  readonly containerId: string;
  readonly agentId: string;
  readonly frameworkId: string;
  readonly executorId: string;
  /** Undefined for one that no task asked for: an executor's own, or an operator's. */
  readonly taskId: string | undefined;
  /** Of the container that this one is nested in; undefined for one that stands alone. */
  readonly parentId: string | undefined;
  /**
   * Of one with a parent, with which it ends. A member has a sandbox of its own, in its parent's. A
   * debug container joins a parent that runs: it shares its sandbox, namespaces and limits.
   */
  readonly nesting: 'member' | 'debug';
  /**
   * Where its streams lead: to files of its sandbox, with nothing to read; or to whoever attaches, and
   * then it waits while nobody reads. `container.tty_info` makes a terminal of them, which can be
   * attached to in either case.
   */
  readonly io: 'files' | 'attached';
  readonly command: ContainerCommand;
  /** What the task is given; the containerizer adds what it alone knows (the sandbox). */
  readonly environment: Readonly<Record<string, string>>;
  /** Undefined: the agent's own. */
  readonly user: string | undefined;
  readonly volumes: readonly VolumeMount[];
  /** Fetched into the sandbox before the command starts. */
  readonly uris: readonly CommandInfo_URI[];
  readonly limits: ContainerLimits;
  /** Image, further volumes, capabilities, rlimits, terminal and networks, as they were asked for. */
  readonly container: ContainerInfo | undefined;
};

export type ContainerIo = {
  /**
   * What it says, from what nobody has read yet on; ends with the container. Any number of readers at
   * a time; each is told all that comes while it reads, and the slowest of them sets the pace.
   */
  output(): AsyncIterable<OutputChunk>;
  /**
   * What it reads; empty is the end of its input. Resolves when there is room for more. What comes
   * after the end of the input or of the container is lost.
   */
  write(data: Uint8Array): Promise<void>;
  /** Of its terminal. Rejects with `ContainerError` when it has none. */
  resize(size: WindowSize): Promise<void>;
};

/** With a terminal everything is `stdout`. */
export type OutputChunk = { readonly stream: 'stdout' | 'stderr'; readonly data: Uint8Array };

export type WindowSize = { readonly rows: number; readonly columns: number };

/** What a container may use. Undefined: nothing bounds it. */
export type ContainerLimits = {
  /** Its share when the machine is busy. */
  readonly cpus: number | undefined;
  /** Never more than this, busy or not; `Infinity`: nothing bounds it, whatever agents do as a rule. */
  readonly cpusMax: number | undefined;
  readonly memBytes: number | undefined;
  /** Of its sandbox. */
  readonly diskBytes: number | undefined;
};

/** A persistent volume, and where in its sandbox the task sees it: a relative path. */
export type VolumeMount = { readonly volume: Resource; readonly containerPath: string };

export type ContainerCommand =
  | { readonly kind: 'shell'; readonly line: string }
  /** `path` is looked up in the task's PATH; `arguments` do not repeat it. */
  | { readonly kind: 'argv'; readonly path: string; readonly arguments: readonly string[] }
  /** What its image runs, which takes these arguments when there are any. */
  | { readonly kind: 'image'; readonly arguments: readonly string[] };

export type RunningContainer = {
  readonly process: ProcessRecord;
  /** Resolves once, when all its processes are gone; never rejects. */
  readonly ended: Promise<ContainerEnd>;
};

export type RecoveredContainer =
  | { readonly kind: 'absent' }
  | { readonly kind: 'running'; readonly container: RunningContainer }
  | {
      readonly kind: 'ended';
      /** Undefined when it ended before anybody saw its process. */
      readonly process: ProcessRecord | undefined;
      readonly end: ContainerEnd;
    };

export type ContainerEnd =
  | { readonly kind: 'exited'; readonly status: number }
  /** `signal` is its number: 15. */
  | { readonly kind: 'signaled'; readonly signal: number }
  /** It used more than it may, and was ended for it. */
  | { readonly kind: 'limited'; readonly limitation: Limitation }
  /** Nobody can tell how. `reason` says why, for people. */
  | { readonly kind: 'lost'; readonly reason: string };

export type Limitation = {
  /** `REASON_CONTAINER_LIMITATION_MEMORY` or `REASON_CONTAINER_LIMITATION_DISK`. */
  readonly reason: TaskStatus_Reason;
  /** For people: how much it used, and how much it may. */
  readonly message: string;
  /** What it used of the resource that ran out. */
  readonly resources: Resources;
};

/** A launch that was refused, by us or by the machine; the message is for the task's owner. */
export class ContainerError extends Error {
  override readonly name: string = 'ContainerError';
}
