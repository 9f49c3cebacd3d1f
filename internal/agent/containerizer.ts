/**
 * What runs containers, as a port. `containers/posix.ts` runs them as groups of processes of this
 * machine, `containers/simulated.ts` on virtual time; both pass `containers/containerizer.suite.ts`.
 *
 * A container outlives the agent, and its end is kept for the agent that comes next. Container ids
 * are drawn anew for each launch and never used again.
 */
import type { Resource, Resources } from '#internal/resources/resource.ts';
import type { ProcessRecord } from '#proto/gen/altiplano/agent/v1.ts';
import type { CommandInfo_URI, ContainerInfo, TaskStatus_Reason } from '#proto/gen/mesos/v1.ts';

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
  signal(containerId: string, signal: 'TERM' | 'KILL'): Promise<void>;
  /** Forgets a container that has ended. Its sandbox stays. */
  release(containerId: string): Promise<void>;
};

export type ContainerSpec = {
  readonly containerId: string;
  readonly agentId: string;
  readonly frameworkId: string;
  readonly executorId: string;
  /** Undefined for one that no task asked for: an executor's own, or an operator's. */
  readonly taskId: string | undefined;
  /** Of the container that this one is nested in; undefined for one that stands alone. */
  readonly parentId: string | undefined;
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

/** What a container may use. Undefined: nothing bounds it. */
export type ContainerLimits = {
  /** Its share when the machine is busy. */
  readonly cpus: number | undefined;
  /** Never more than this, busy or not. */
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
