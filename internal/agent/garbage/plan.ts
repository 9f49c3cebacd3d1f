/**
 * Which sandboxes go: those that nobody uses, when they are old enough; the fuller the disk, the younger.
 * One that is used is never among them, whatever its age.
 */
import type { AgentState } from '../core/state.ts';

export type SandboxRun = {
  readonly path: string;
  readonly containerId: string;
  /** When it was last known to be used, by wall time. Its task may have set that to anything. */
  readonly usedMs: number;
};

export type GarbagePlan = {
  /** To be marked as used now. */
  readonly marked: readonly SandboxRun[];
  readonly removed: readonly SandboxRun[];
  /** What to know at the next time. */
  readonly memory: GarbageMemory;
};

/** By path: since when we know that nobody uses it, or that somebody did when we looked last. */
export type GarbageMemory = ReadonlyMap<string, 'used' | number>;

export type GarbageSettings = {
  /** How old a sandbox gets on an empty disk. */
  readonly delayMs: number;
  /** The share of the disk that is to stay free. */
  readonly headroom: number;
};

/** Mesos's rule (features 8): a straight line from all of the delay to nothing. */
export function allowedAgeMs({ delayMs, headroom }: GarbageSettings, usedShare: number): number {
  return delayMs * Math.max(0, 1 - headroom - usedShare);
}

export function planGarbage(
  runs: readonly SandboxRun[],
  used: ReadonlySet<string>,
  moment: {
    readonly nowMs: number;
    readonly ageMsMax: number;
    readonly memory: GarbageMemory;
    /** A mark that is younger is good enough. */
    readonly markMs: number;
  },
): GarbagePlan {
  const { nowMs, ageMsMax, markMs } = moment;
  const marked: SandboxRun[] = [];
  const removed: SandboxRun[] = [];
  const memory = new Map<string, 'used' | number>();
  for (const run of runs) {
    const before = moment.memory.get(run.path);
    if (used.has(run.containerId)) {
      memory.set(run.path, 'used');
      if (Math.abs(nowMs - run.usedMs) > markMs) marked.push(run);
      continue;
    }
    // Its end is what counts, and must not be forgotten by the agent's own.
    if (before === 'used') marked.push(run);
    const sinceMs = typeof before === 'number' ? before : nowMs;
    const endedMs = before === 'used' ? nowMs : Math.min(run.usedMs, sinceMs);
    if (endedMs + ageMsMax <= nowMs) removed.push(run);
    else memory.set(run.path, sinceMs);
  }
  return { marked, removed, memory };
}

/** Containers whose sandboxes somebody may still use, or ask for. */
export function usedContainers({ tasks, executors }: AgentState): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const { containerId, pod } of tasks.values()) {
    ids.add(containerId);
    if (pod !== undefined) ids.add(pod.containerId);
  }
  for (const { containerId } of executors.values()) ids.add(containerId);
  return ids;
}
